"""What inspections hands to the shared ground: only names, each defined in its own module."""

from django.utils.translation import gettext_lazy as _

from casetracker import registry, work
from casetracker.enums import Role
from casetracker.models import User
from casetracker.registry import Export, Place
from inspections import (
    bulk,
    digests,
    finding,
    panels,
    queues,
    subjects,
    subjects_checklists,
    subjects_exposures,
    subjects_registers,
    subjects_sites,
)
from inspections.demo import people
from inspections.ledger.exporting import problem_ledger, problems, registers
from inspections.ledger.importing import jobs as ledger_jobs
from inspections.workflow.evidence import tell_unreadable


def _sees_visits(user: User) -> bool:
    return user.has_role(Role.INSPECTOR, Role.SUPERVISOR, Role.LEADER, Role.CASE_OFFICER, Role.LEGAL_REVIEWER)


def _anybody(user: User) -> bool:
    """The page answers everybody; what stands on it is what the person sees."""
    return True


def _operates(user: User) -> bool:
    return user.has_role(Role.ADMINISTRATOR, Role.SUPERVISOR)


def _oversees(user: User) -> bool:
    return user.has_role(Role.SUPERVISOR)


def _decides_periods(user: User) -> bool:
    # Administrators come there by the page of the administration.
    return user.has_role(Role.SUPERVISOR) and not user.has_role(Role.ADMINISTRATOR)


def _works(user: User) -> bool:
    return user.has_role(*(role for role in Role.values if role != Role.ADMINISTRATOR))


for place in (
    Place("work", _("My work"), "work", 1),
    Place("problems", _("Problems"), "problems", 2, _works),
    Place("visits", _("Visits"), "visits", 3, _sees_visits),
    Place("sites", _("Sites"), "sites", 4, _works),
    Place("figures", _("Figures"), "figures", 6, _works),
    Place("campaigns", _("Campaigns"), "campaigns", 7, _decides_periods),
):
    registry.places[place.key] = place

for export in (
    Export("problems", _("Problems"), "problems", _anybody, problems.table),
    Export("visits", _("Visits"), "visits", _anybody, registers.visits),
    Export("sites", _("Sites"), "sites", _anybody, registers.sites),
    Export("parties", _("Parties"), "parties", _anybody, registers.parties),
    Export("exposures", _("Exposures in the media"), "exposures", _anybody, registers.exposures),
    Export("batches", _("Central assignments"), "batches", _anybody, registers.batches),
    Export("campaigns", _("Campaigns"), "campaigns", _operates, registers.campaigns),
    Export("alerts", _("Heavy-pollution alerts"), "alerts", _operates, registers.alerts),
    Export("imports", _("Imports"), "import", _operates, registers.imports),
    Export("ledger", _("Ledger of problems"), "problems", _oversees, problem_ledger.table),
):
    registry.exports[export.key] = export

registry.demo_people = people.cards
registry.demo_password = people.PASSWORD

for job in ledger_jobs.KINDS:
    registry.jobs[job.key] = job

for queue in queues.QUEUES:
    registry.queues[queue.key] = queue
work.cuts[queues.ASKED.key] = queues.ASKED
work.panels.extend(panels.PANELS)

registry.jobs[bulk.JOB.key] = bulk.JOB
for group in finding.GROUPS:
    registry.searches[group.key] = group

registry.subjects[subjects.PROBLEM.type] = subjects.PROBLEM
registry.subjects[subjects.IMPORT.type] = subjects.IMPORT
registry.evidence_gates.append(subjects.may_open)
registry.unreadable_photos.append(tell_unreadable)
subjects_checklists.teach()
subjects_registers.teach()
for subject in (*subjects_checklists.SUBJECTS, *subjects_registers.SUBJECTS):
    registry.subjects[subject.type] = subject
for subject in (subjects_sites.SITE, subjects_sites.VISIT, subjects_sites.PARTY, subjects_exposures.EXPOSURE):
    registry.subjects[subject.type] = subject
registry.evidence_gates.append(subjects_sites.sent_lately)
registry.digest_sections["inspections"] = digests.SECTION
