"""The inbox is in the order of what happened, which may be told late: a phone was out of reach."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0007_words_for_a_name_in_use")]

    operations = [
        migrations.AlterModelOptions("notice", {"ordering": ["-created_at", "-id"]}),
        migrations.RemoveIndex("notice", "casetracker_person__794a91_idx"),
        migrations.AddIndex("notice", models.Index(fields=["person", "-created_at", "-id"], name="notice_by_time")),
    ]
