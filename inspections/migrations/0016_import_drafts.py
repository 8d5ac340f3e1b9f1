"""Ledgers that are being read in, and how an office reads one that comes again."""

import casetracker.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('casetracker', '0011_units_in_order'),
        ('inspections', '0015_exposures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportDraft',
            fields=[
                ('id', models.UUIDField(default=casetracker.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('file', models.CharField(max_length=80)),
                ('file_name', models.CharField(max_length=200, verbose_name='file')),
                ('mapping', models.JSONField(default=dict)),
                ('reading', models.JSONField(default=dict)),
                ('is_fixed', models.BooleanField(default=False)),
                ('corrections', models.JSONField(default=dict)),
                ('settled', models.JSONField(default=dict)),
                ('checked', models.UUIDField(null=True)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('office', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='casetracker.unit')),
            ],
            options={
                'ordering': ['-changed_at'],
                'indexes': [models.Index(fields=['office', '-changed_at'], name='inspections_office__518543_idx')],
            },
        ),
        migrations.CreateModel(
            name='SavedMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('mapping', models.JSONField(default=dict)),
                ('saved_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('office', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='casetracker.unit')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('office', 'name'), name='saved_mapping_name_once')],
            },
        ),
    ]
