"""One of everything, for tests that walk all addresses: problems in each state, a visit, a batch, imports, jobs."""

import datetime
import uuid
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from casetracker import invitations
from casetracker.administering.recording import subject_id_of
from casetracker.enums import DeliveryState, JobState, Role
from casetracker.exporting import jobs as exporting
from casetracker.models import DeadlineRule, Delivery, Invitation, Job, Membership, Notice, SavedView, Unit, User
from inspections import workflow
from inspections.enums import AlertLevel, AssignmentRole, Route, Status
from inspections.models import (
    AlertPeriod,
    Batch,
    Campaign,
    ImportBatch,
    ImportDraft,
    ImportRow,
    Party,
    Problem,
    SavedMapping,
    Site,
    Visit,
)
from inspections.workflow import Addressee
from tests.builders import make_problem, make_site, make_visit, shot
from tests.cast import Cast, make_person

DAY = datetime.timedelta(days=1)


@dataclass
class World:
    """What the first city has; everything belongs to team 1, the housing bureau and supervisor1."""

    cast: Cast
    site: Site
    visit: Visit
    problems: dict[str, Problem]
    batch: Batch
    imported: ImportBatch
    checked: Job
    # A ledger on its way in, whose check that is, and how ledgers of the office are read.
    draft: ImportDraft
    way: SavedMapping
    running: Job
    exported: Job
    bulk: Job
    view: SavedView
    notice: Notice
    party: Party
    campaign: Campaign
    # It ended long ago, so no visit shows it.
    alert: AlertPeriod
    # A weekly letter to inspector1, who has no address.
    letter: Delivery
    post: Membership
    rule: DeadlineRule
    photo: str
    # Of a handler who was sent a link and has no password yet.
    invitation: Invitation
    # People and units that administrators imported.
    accounts: ImportBatch
    unit_list: ImportBatch

    @property
    def problem(self) -> Problem:
        """One that the housing bureau works on, three days late."""
        return self.problems[Status.RECTIFYING]

    @property
    def everybody(self) -> dict[str, User]:
        return self.cast.everybody()


def build(cast: Cast) -> World:
    """Write one of everything; about forty steps of the real workflow."""
    today = timezone.localdate()
    site = make_site(cast, "锦绣家园一号工地")
    visit = make_visit(cast, site)
    problems: dict[str, Problem] = {}
    for status in Status:
        due_on = today - 3 * DAY if status == Status.RECTIFYING else None
        given = visit if status == Status.FOUND else None
        problems[status] = make_problem(
            cast, status=status, site=site, visit=given, due_on=due_on, internal_note="内部"
        )
    problems["on_spot"] = make_problem(cast, status=Status.RECTIFYING, route=Route.ON_SPOT, site=site)
    problems["extension"] = make_problem(cast, status=Status.RECTIFYING, site=site, special=True)
    workflow.ask_extension(
        problems["extension"],
        by=cast.handler1,
        reason="连续降雨，无法施工",
        plan="雨停后三日内完成覆盖",
        wanted_on=today + 20 * DAY,
    )
    party = Party.objects.create(office=cast.office, name="宏远建筑有限公司")
    # The register is younger than the problem, which had the party's name only.
    Problem.objects.filter(pk=problems[Status.RECTIFYING].pk).update(party=party)
    late = problems[Status.RECTIFYING] = Problem.objects.get(pk=problems[Status.RECTIFYING].pk)
    attachment = late.attachments.first()
    assert attachment is not None
    draft = _draft(cast)
    return World(
        cast=cast,
        site=site,
        visit=visit,
        problems=problems,
        batch=_batch(cast, site),
        imported=_imported(cast),
        checked=Job.objects.get(pk=draft.checked),
        draft=draft,
        way=SavedMapping.objects.create(
            office=cast.office,
            name="每月台账",
            mapping={"kind": "problems"},
            by=cast.supervisor1,
            saved_at=timezone.now(),
        ),
        running=_job(cast.supervisor1, "ledger_check", JobState.PENDING, office=cast.office.pk),
        exported=_exported(cast.supervisor1),
        bulk=_job(cast.supervisor1, "bulk", JobState.DONE, verb="close", ids=[], data={}, back=""),
        view=SavedView.objects.create(owner=cast.supervisor1, page="problems", name="急件", query="state=open"),
        notice=_notice(cast.supervisor1),
        party=party,
        campaign=Campaign.objects.create(office=cast.office, name_zh="扬尘治理专项行动", from_on=today),
        alert=_alert(cast, datetime.date(2019, 12, 9)),
        letter=_letter(cast.inspector1),
        post=Membership.objects.get(user=cast.handler1),
        rule=DeadlineRule.objects.order_by("code", "pk")[0],
        photo=str(attachment.evidence_id),
        invitation=_invitation(cast),
        accounts=_of_accounts(cast, "people", "人员.xlsx", User.objects.get(username="invited")),
        unit_list=_of_accounts(cast, "units", "单位.xlsx", cast.housing),
    )


def _invitation(cast: Cast) -> Invitation:
    """Somebody new who was sent a link."""
    person = make_person("invited", "新来", (cast.housing, Role.HANDLER))
    person.set_unusable_password()
    person.save()
    return invitations.invite(person, by=cast.admin)


def _of_accounts(cast: Cast, kind: str, name: str, row: User | Unit) -> ImportBatch:
    """An import of one person or one unit by the administrator."""
    batch = ImportBatch.objects.create(
        office=cast.office,
        kind=kind,
        file_name=name,
        file_sha256="0" * 64,
        mapping={"kind": kind},
        by=cast.admin,
        created_at=timezone.now(),
        state="done",
        report={"rows": 1, "created": 1, "updated": 0, "unchanged": 0, "refused": [], "doubtful": []},
    )
    kept = {"pk": row.pk, "made": True, "columns": {}}
    ImportRow.objects.create(batch=batch, row=2, outcome="created", subject_id=subject_id_of(row), before=kept)
    return batch


def _batch(cast: Cast, site: Site) -> Batch:
    batch = workflow.open_batch(by=cast.supervisor1, office=cast.office, title="扬尘集中交办", requirement="限期整改")
    housing = Addressee(cast.housing, AssignmentRole.LEAD)
    workflow.assign(make_problem(cast, site=site), by=cast.supervisor1, addressees=[housing], batch=batch)
    return batch


def _imported(cast: Cast) -> ImportBatch:
    return ImportBatch.objects.create(
        office=cast.office,
        kind="problems",
        file_name="台账.xlsx",
        file_sha256="0" * 64,
        by=cast.supervisor1,
        created_at=timezone.now(),
        state="done",
        report={"created": 1, "updated": 0, "unchanged": 0, "refused": [], "doubtful": []},
    )


NAMES = ("found_on", "district", "site", "description", "unit")


def _draft(cast: Cast) -> ImportDraft:
    """A ledger with a refused cell, a doubtful one and a text that nobody has decided on."""
    now = timezone.now()
    job = _job(cast.supervisor1, "ledger_check", JobState.DONE, office=cast.office.pk, mapping={"kind": "problems"})
    told = {"row": 4, "column": "发现日期", "name": "found_on", "value": "8月32日", "code": "bad_date",
            "message": "", "message_zh": "“8月32日”不是日期。", "message_en": "“8月32日” is not a date."}  # fmt: skip
    unknown = {"row": 5, "column": "责任单位", "name": "unit", "value": "住建委", "code": "unknown_unit",
               "message": "", "message_zh": "没有这个单位。", "message_en": "There is no such unit."}  # fmt: skip
    job.result = job.result | {
        "rows": 3, "accepted": 2, "created": 2, "refused_rows": 1, "refused": [told], "doubtful": [unknown],
        "columns": {"found_on": "发现日期"}, "unread": ["整改情况"], "unmatched": {"unit": [["住建委", 1]]},
        "corrections": [{"row": 3, "name": "site", "column": "点位名称", "value": "锦绣工地"}],
    }  # fmt: skip
    keys = ["发现日期", "县区", "点位名称", "问题描述", "责任单位", "整改情况"]
    rows = [["2019-10-16", "解放区", "锦绣工地", "裸土未覆盖", "住建委", "已办结"]] * 3
    draft = ImportDraft.objects.create(
        office=cast.office, by=cast.supervisor1, file="0" * 64, file_name="台账.xlsx", checked=job.pk,
        created_at=now, changed_at=now, corrections={"3": {"site": "锦绣工地"}},
        mapping={"kind": "problems", "columns": dict(zip(NAMES, keys, strict=False))},
        reading={
            "form": "xlsx", "sheet": "台账", "rows": 4, "header_rows": [1], "keys": keys,
            "sheets": [{"name": name, "rows": 4, "columns": 6, "visible": True} for name in ("台账", "说明")],
            "samples": [[cell] for cell in rows[0]], "found": {}, "first": list(enumerate([keys, *rows], 1)),
        },
    )  # fmt: skip
    job.params["draft"] = str(draft.pk)
    job.save()
    return draft


def _job(by: User, kind: str, state: JobState, **params: object) -> Job:
    result = {"done": [], "refused": {}} if kind == "bulk" else {"created": 0, "refused": [], "doubtful": []}
    return Job.objects.create(
        kind=kind,
        params={**params, "file_name": "台账.xlsx"},
        requested_by=by,
        state=state,
        total=10,
        created_at=timezone.now(),
        result=result if state == JobState.DONE else {},
    )


def _exported(by: User) -> Job:
    """A list that a worker wrote for somebody."""
    job = _job(by, "export", JobState.PENDING, list="problems", query="state=open", form="csv")
    result = exporting.run(job, lambda done, total: None)
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, result=result, finished_at=timezone.now())
    return Job.objects.get(pk=job.pk)


def _alert(cast: Cast, day: datetime.date) -> AlertPeriod:
    return AlertPeriod.objects.create(office=cast.office, level=AlertLevel.ORANGE, from_on=day, until_on=day + 3 * DAY)


def _notice(person: User) -> Notice:
    notice = Notice.objects.filter(person=person).order_by("pk").first()
    assert notice is not None, "the workflow told the supervisor nothing"
    return notice


def _letter(person: User) -> Delivery:
    return Delivery.objects.create(
        kind="digest",
        period="2026-W40",
        person=person,
        state=DeliveryState.SKIPPED,
        message_id="<skipped@testserver>",
        error="no address",
        created_at=timezone.now(),
    )


def make_foreign(cast: Cast) -> list[Problem]:
    """Problems of the other city in three states, made by its own people, with its own site and visit."""
    site = make_site(cast, "离石北川河整治工地", district="141102", office=cast.far_office)
    visit = make_visit(cast, site, team=cast.far_team, people=[cast.outsider])
    made = []
    for _count in range(3):
        made.append(
            workflow.report(
                by=cast.outsider,
                team=cast.far_team,
                site=site,
                visit=visit,
                description="河道黄土裸露，渣土未清运",
                route=Route.CENTRAL,
                shots=[shot(cast.outsider)],
            )
        )
    for problem in made[1:]:
        _assign_far(cast, problem, cast.far_housing)
    workflow.claim(made[2], by=cast.far_handler)
    return made


def _assign_far(cast: Cast, problem: Problem, unit: Unit) -> None:
    workflow.assign(problem, by=cast.outsider, addressees=[Addressee(unit, AssignmentRole.LEAD)])


# --- Every address of the installation --------------------------------------------------------------


def url_names() -> dict[str, str]:
    """Each address of the URLconf: name (or the pattern where it has none) -> pattern."""
    found: dict[str, str] = {}
    _walk(get_resolver(), "", found)
    return found


def _walk(resolver: URLResolver, prefix: str, found: dict[str, str]) -> None:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            _walk(entry, pattern, found)
        else:
            assert isinstance(entry, URLPattern)
            found[entry.name or pattern] = pattern


def absent(args: tuple[object, ...]) -> tuple[object, ...]:
    """Arguments of the same shape that name nothing: another UUID, number or hash; further arguments stay."""
    first = args[0]
    if isinstance(first, uuid.UUID):
        nothing: object = uuid.UUID(int=first.int ^ 0xFFFF)
    elif isinstance(first, int):
        nothing = 999_999_999
    else:
        nothing = "f" * len(str(first))
    return (nothing, *args[1:])


def address_of(name: str, args: tuple[object, ...] = (), query: str = "") -> str:
    return reverse(name, args=args) + (f"?{query}" if query else "")
