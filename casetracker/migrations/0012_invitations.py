import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import casetracker.ids

LIVES = Q(accepted_at__isnull=True, withdrawn_at__isnull=True)
RELEASED = Q(released_at__isnull=True, expires_at__isnull=True) | Q(released_at__isnull=False, expires_at__isnull=False)


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0011_units_in_order")]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=casetracker.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("waits_for", models.UUIDField(null=True)),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at"],
                "indexes": [models.Index(fields=["waits_for"], name="invitation_waits_for")],
                "constraints": [
                    models.UniqueConstraint(condition=LIVES, fields=("person",), name="invitation_one_lives"),
                    models.CheckConstraint(condition=RELEASED, name="invitation_released_expires"),
                ],
            },
        ),
    ]
