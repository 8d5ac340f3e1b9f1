"""Exposures that came with an import which was undone count no more."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inspections', '0016_import_drafts'),
    ]

    operations = [
        migrations.AddField(
            model_name='named',
            name='undone',
            field=models.BooleanField(default=False),
        ),
    ]
