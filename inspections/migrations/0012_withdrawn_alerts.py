"""An alert that was entered by mistake can be withdrawn."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inspections", "0011_in_order_of_time")]

    operations = [
        migrations.AddField("alertperiod", "withdrawn_on", models.DateField(blank=True, editable=False, null=True))
    ]
