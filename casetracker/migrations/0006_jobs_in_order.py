"""Jobs are taken up by the moment they were asked for: identifiers of one millisecond have no order."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0005_photo_copies")]

    operations = [
        migrations.RemoveIndex("job", "job_open"),
        migrations.AddIndex(
            "job",
            models.Index(
                fields=["created_at", "id"], condition=Q(state__in=["pending", "running"]), name="job_open"
            ),
        ),
    ]
