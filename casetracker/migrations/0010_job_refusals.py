from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0009_presses")]

    operations = [
        migrations.AddField(model_name="job", name="refusal", field=models.JSONField(default=dict)),
    ]
