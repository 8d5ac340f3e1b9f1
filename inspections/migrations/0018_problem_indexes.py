"""Counts of a list by state, and of what is overdue, read indexes alone."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('casetracker', '0011_units_in_order'),
        ('inspections', '0017_undone_exposures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='problem',
            name='inspections_status_f70fb2_idx',
        ),
        migrations.RemoveIndex(
            model_name='problem',
            name='problem_open_due',
        ),
        migrations.AddIndex(
            model_name='problem',
            index=models.Index(condition=models.Q(('status__in', ['found', 'assigned', 'claimed', 'rectifying', 'reported', 'verified'])), fields=['due_on', 'id'], include=('status', 'met_on', 'paused_since', 'office', 'team', 'district', 'lead_unit', 'held'), name='problem_open_due'),
        ),
        migrations.AddIndex(
            model_name='problem',
            index=models.Index(fields=['status', '-found_on', '-id'], include=('office', 'team', 'district'), name='problem_by_status'),
        ),
    ]
