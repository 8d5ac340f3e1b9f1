"""Forms that were pressed, so that none is recorded twice."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import casetracker.ids


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0008_notices_by_time")]

    operations = [
        migrations.CreateModel(
            "Press",
            [
                (
                    "id",
                    models.UUIDField(default=casetracker.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("form", models.UUIDField()),
                ("digest", models.CharField(max_length=64)),
                ("address", models.TextField()),
                ("words", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "presses",
                "indexes": [
                    models.Index(fields=["person", "digest"], name="press_alike"),
                    models.Index(fields=["at"], name="press_by_age"),
                ],
                "constraints": [models.UniqueConstraint(fields=("person", "form"), name="press_once")],
            },
        )
    ]
