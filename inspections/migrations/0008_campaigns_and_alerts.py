"""A note on campaigns; campaigns and alerts end after they begin, and an office has each campaign's name once."""

from django.db import migrations, models

ENDS_AFTER_START = models.Q(until_on__isnull=True) | models.Q(until_on__gte=models.F("from_on"))


class Migration(migrations.Migration):
    dependencies = [("inspections", "0007_list_indexes")]

    operations = [
        migrations.AddField("campaign", "note", models.TextField(blank=True, default="", verbose_name="note"), False),
        migrations.AddConstraint(
            "campaign", models.UniqueConstraint(fields=["office", "name_zh"], name="campaign_name_once")
        ),
        migrations.AddConstraint(
            "campaign", models.CheckConstraint(condition=ENDS_AFTER_START, name="campaign_ends_after_start")
        ),
        migrations.AddConstraint(
            "alertperiod", models.CheckConstraint(condition=ENDS_AFTER_START, name="alert_ends_after_start")
        ),
    ]
