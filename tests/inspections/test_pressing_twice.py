"""Pressing a form again: after Back, twice at once, changed meanwhile, with somebody else's id."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from casetracker import presses
from casetracker.enums import Language
from casetracker.ids import uuid7
from casetracker.models import Press
from inspections import workflow
from inspections.enums import AssignmentRole, Status, Verb
from inspections.models import Batch, Party, Problem, Site, Visit
from inspections.workflow import Addressee
from tests.builders import make_problem, make_site
from tests.cast import Cast, cast, sign_in
from tests.inspections.pressing import do
from tests.inspections.visits import desk


def report(people: Cast, **more: Any) -> dict[str, Any]:
    facts = {"description": "土方堆场裸露", "route": "central", "team": people.team1.pk, "source": "patrol"}
    return facts | {"found_on": timezone.localdate().isoformat()} | more


def id_on(client: Client, address: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', client.get(address).content.decode())
    assert found is not None
    return found[1]


def said(client: Client, response: Any) -> str:
    return client.get(response.headers["Location"]).content.decode()


# --- Each kind of record ------------------------------------------------------------------------------


def test_every_showing_of_a_form_has_an_id_of_its_own_and_a_refused_one_keeps_it(people: Cast) -> None:
    client, site = sign_in(people.inspector1), make_site(people)
    address = f"/problems/new/?site={site.pk}"
    first = id_on(client, address)
    assert first != id_on(client, address)
    refused = client.post(address, report(people, description="", once=first))
    assert f'name="once" value="{first}"' in refused.content.decode()
    assert not Press.objects.exists()


def test_a_problem_pressed_again_is_there_once(people: Cast) -> None:
    client, site = sign_in(people.inspector1), make_site(people)
    address = f"/problems/new/?site={site.pk}"
    data = report(people, once=id_on(client, address))
    first, second = client.post(address, data), client.post(address, data)
    problem = Problem.objects.get()
    assert first.headers["Location"] == second.headers["Location"] == reverse("problem", args=[problem.pk])
    assert "This problem is already recorded." in said(client, second)


def test_a_visit_with_its_new_problems_is_there_once(people: Cast) -> None:
    client, site = sign_in(people.inspector1), make_site(people)
    address = f"/visits/new/?site={site.pk}"
    data = desk.form(people, once=id_on(client, address), **{"problem-1-description": "裸土", "started": "00:00"})
    data |= {"problem-2-description": "道路积尘", "problem-2-route": "central"}
    first, second = client.post(address, data), client.post(address, data)
    visit = Visit.objects.get()
    assert first.headers["Location"] == second.headers["Location"] == reverse("visit", args=[visit.pk])
    assert visit.problems.count() == 2
    assert "This visit is already recorded." in said(client, second)


def test_a_reinspection_pressed_again_answers_once(people: Cast) -> None:
    client, site = sign_in(people.inspector1), make_site(people)
    problem = make_problem(people, site=site, status=Status.REPORTED)
    address = f"/visits/new/?site={site.pk}&mode=recheck"
    data = desk.form(people, once=id_on(client, address))
    data |= {f"seen-{problem.pk}-result": "not_fixed", f"seen-{problem.pk}-note": "仍裸露"}
    data |= {f"seen-{problem.pk}-due_on": (timezone.localdate() + timedelta(days=3)).isoformat()}
    answers = [client.post(address, data) for _n in range(2)]
    assert {one.headers["Location"] for one in answers} == {reverse("visit", args=[Visit.objects.get().pk])}
    assert problem.rechecks.count() == 1


def test_a_batch_pressed_again_leads_to_the_batch(people: Cast) -> None:
    client, problem = sign_in(people.supervisor1), make_problem(people)
    data = {"title": "扬尘", "ids": [str(problem.pk)], "unit": people.housing.pk}
    data["once"] = id_on(client, "/batches/new/")
    client.post("/batches/new/", data)
    again = client.post("/batches/new/", data)
    assert again.headers["Location"] == reverse("batch", args=[Batch.objects.get().pk])
    assert "This batch is already issued." in said(client, again)


@pytest.mark.parametrize("address", ["/sites/new/", "/visits/new/"])
def test_a_site_pressed_again_is_one_site(people: Cast, address: str) -> None:
    client = sign_in(people.inspector1)
    data = {"name": "新开工地", "kind": make_site(people).kind_id, "district": "410802"}
    data["once"] = id_on(client, address)
    places = {client.post(address, data).headers["Location"] for _n in range(2)}
    new = Site.objects.get(name="新开工地")
    assert places == {f"/sites/{new.pk}/" if address == "/sites/new/" else f"/visits/new/?site={new.pk}"}


def test_a_party_pressed_again_is_one_party(people: Cast) -> None:
    client = sign_in(people.inspector1)
    data = {"name": "中原建工", "kind": "organisation", "once": id_on(client, "/parties/new/")}
    places = {client.post("/parties/new/", data).headers["Location"] for _n in range(2)}
    assert places == {reverse("party", args=[Party.objects.get().pk])}


def test_a_comment_pressed_again_is_said_once(people: Cast) -> None:
    problem = make_problem(people)
    data = {"audience": "internal", "text": "已约谈", "seen": problem.version, "once": str(uuid7())}
    client, address = sign_in(people.supervisor1), reverse("problem_verb", args=[problem.pk, "comment"])
    first, second = client.post(address, data), client.post(address, data)
    assert (first.status_code, second.status_code) == (302, 302)
    assert problem.comments.count() == 1
    assert "This comment is already saved." in said(client, second)


def test_a_move_pressed_again_leads_back_to_the_problem_instead_of_a_conflict(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED)
    data = {"responsible": people.handler1.pk, "once": str(uuid7())}
    assert do(people.handler1, problem, Verb.CLAIM, **data).status_code == 302
    again = do(people.handler1, problem, Verb.CLAIM, **data)
    assert again.headers["Location"] == reverse("problem", args=[problem.pk])
    assert do(people.handler1, problem, Verb.CLAIM, **(data | {"once": str(uuid7())})).status_code == 409


# --- Back with another id, changed words, somebody else's id -----------------------------------------------


def test_back_that_fetches_a_new_id_records_the_same_words_only_once(people: Cast) -> None:
    client, site = sign_in(people.inspector1), make_site(people)
    address = f"/problems/new/?site={site.pk}"
    first = client.post(address, report(people, once=str(uuid7())))
    second = client.post(address, report(people, once=str(uuid7())))
    assert second.headers["Location"] == first.headers["Location"]
    assert "say in it what is different" in said(client, second)
    assert client.post(address, report(people, quantity="3", once=str(uuid7()))).status_code == 302
    assert Problem.objects.count() == 2
    Press.objects.update(at=timezone.now() - timedelta(hours=2))
    client.post(address, report(people, once=str(uuid7())))
    assert Problem.objects.count() == 3


def test_back_to_a_visit_with_a_new_id_leads_to_it_instead_of_asking_for_another(people: Cast) -> None:
    client, site = sign_in(people.inspector1), make_site(people)
    address, data = f"/visits/new/?site={site.pk}", desk.form(people, started="00:00")
    first = client.post(address, data | {"once": str(uuid7())})
    second = client.post(address, data | {"once": str(uuid7())})
    assert second.headers["Location"] == first.headers["Location"]
    assert client.post(address, data | {"once": str(uuid7()), "another": "on"}).status_code == 302
    assert Visit.objects.count() == 2


def test_a_form_that_was_changed_after_it_was_recorded_asks_before_it_records_another(people: Cast) -> None:
    client, site = sign_in(people.inspector1), make_site(people)
    address = f"/problems/new/?site={site.pk}"
    form = id_on(client, address)
    client.post(address, report(people, once=form))
    asked = client.post(address, report(people, once=form, description="另一处堆场裸露"))
    text = asked.content.decode()
    assert asked.status_code == 409
    assert "This form recorded something before you changed it." in text
    assert "另一处堆场裸露" in text
    new = re.search(r'name="once" value="([^"]+)"', text)
    assert new is not None
    assert new[1] != form
    assert Problem.objects.count() == 1
    assert client.post(address, report(people, once=new[1], description="另一处堆场裸露")).status_code == 302
    assert Problem.objects.count() == 2


@pytest.mark.parametrize(
    ("language", "heading", "wrong"),
    [
        (Language.ENGLISH, "This form was used already", "Somebody was faster"),
        (Language.CHINESE, "这张表单已经用过", "别人已先一步处理"),
    ],
)
@pytest.mark.parametrize("inline", [{}, {"inline": "1"}])
def test_nobody_was_faster_than_a_form_of_ones_own(
    people: Cast, language: Language, heading: str, wrong: str, inline: dict[str, str]
) -> None:
    problem, form = make_problem(people), str(uuid7())
    people.supervisor1.language = language
    people.supervisor1.save(update_fields=["language"])
    client = sign_in(people.supervisor1)
    address = reverse("problem_verb", args=[problem.pk, Verb.COMMENT.value])
    data = {"audience": "unit", "once": form} | inline
    assert client.post(address, data | {"text": "请抓紧"}).status_code == 302
    asked = client.post(address, data | {"text": "请尽快"})
    text = asked.content.decode()
    assert asked.status_code == 409
    assert heading in text
    assert wrong not in text
    assert "请尽快" in text


def test_a_changed_form_of_ones_own_that_the_state_now_forbids_names_nobody_faster(people: Cast) -> None:
    problem, form = make_problem(people), str(uuid7())
    data = {"lead": people.housing.pk, "once": form}
    assert do(people.supervisor1, problem, Verb.ASSIGN, **data).status_code == 302
    mine = do(people.supervisor1, problem, Verb.ASSIGN, **data, goal="全部覆盖")
    theirs = do(people.supervisor1, problem, Verb.ASSIGN, **(data | {"once": str(uuid7())}), goal="覆盖")
    assert [one.status_code for one in (mine, theirs)] == [409, 409]
    assert "This form was used already" in mine.content.decode()
    assert "The last step here was your own" in theirs.content.decode()


def test_an_id_of_somebody_else_or_of_another_record_is_no_key_to_it(people: Cast) -> None:
    site, far = make_site(people), make_site(people, district="141102", office=people.far_office)
    form = str(uuid7())
    data = {"description": "外地", "route": "central", "team": people.far_team.pk, "source": "patrol"}
    data |= {"found_on": timezone.localdate().isoformat(), "once": form}
    assert sign_in(people.outsider).post(f"/problems/new/?site={far.pk}", data).status_code == 302
    theirs = Problem.objects.get()
    for sent in (form, str(theirs.pk), str(uuid4()), "no-id", ""):
        Press.objects.filter(person=people.inspector1).delete()
        response = sign_in(people.inspector1).post(f"/problems/new/?site={site.pk}", report(people, once=sent))
        assert response.status_code == 302
        assert str(theirs.pk) not in response.headers["Location"]
    assert Problem.objects.get(pk=theirs.pk).description == "外地"
    assert Problem.objects.count() == 6


def test_a_refused_record_leaves_no_mark(people: Cast) -> None:
    client, site = sign_in(people.inspector1), make_site(people)
    data = report(people, once=str(uuid7()), source="higher")
    assert client.post(f"/problems/new/?site={site.pk}", data).status_code == 422
    assert not Press.objects.exists()


def test_the_sentence_speaks_the_readers_language(people: Cast) -> None:
    people.inspector1.language = Language.CHINESE
    people.inspector1.save()
    client, site = sign_in(people.inspector1), make_site(people)
    data = report(people, once=str(uuid7()))
    client.post(f"/problems/new/?site={site.pk}", data)
    Press.objects.update(words="Visit recorded.")  # a sentence that the catalogue has
    assert "Visit recorded." not in said(client, client.post(f"/problems/new/?site={site.pk}", data))


def test_old_marks_are_forgotten(people: Cast) -> None:
    facts = {"person": people.inspector1, "digest": "", "address": "/", "words": ""}
    old = timezone.now() - timedelta(days=31)
    Press.objects.create(form=uuid7(), at=old, **facts)
    kept = Press.objects.create(form=uuid7(), at=timezone.now(), **facts)
    presses.forget()
    assert Press.objects.get() == kept


def test_a_co_handler_who_hands_back_twice_is_led_back(people: Cast) -> None:
    problem = make_problem(people)
    units = [Addressee(people.housing), Addressee(people.city_management, AssignmentRole.CO)]
    workflow.assign(problem, by=people.supervisor1, addressees=units)
    once = str(uuid7())
    answers = [do(people.handler2, problem, Verb.HAND_BACK, reason="不属我单位", once=once) for _press in range(2)]
    assert [one.status_code for one in answers] == [302, 302]


# --- At the same moment -------------------------------------------------------------------------------


def at_once(*acts: Any) -> list[Any]:
    gate = threading.Barrier(len(acts))

    def run(act: Any) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(timeout=60)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_second_press_while_the_first_is_still_at_work_is_told_so(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = cast()
    monkeypatch.setattr(presses, "PATIENCE", "300ms")
    address = f"/problems/new/?site={make_site(people).pk}"
    data = report(people, once=str(uuid7()))
    client = sign_in(people.inspector1)
    with transaction.atomic():
        assert sign_in(people.inspector1).post(address, data).status_code == 302
        (second,) = at_once(lambda: client.post(address, data))
    assert second.status_code == 409
    assert "is still being saved" in second.content.decode()
    assert client.post(address, data).status_code == 302
    assert Problem.objects.count() == 1


def test_two_presses_at_once_make_one_record_and_both_lead_to_it(committed: None) -> None:
    people = cast()
    site = make_site(people)
    clients = [sign_in(people.inspector1) for _n in range(4)]
    for kind, data in (
        ("problems", report(people, once=str(uuid7()))),
        ("visits", desk.form(people, once=str(uuid7()), **{"problem-1-description": "裸土"})),
    ):
        acts = [lambda one=one: one.post(f"/{kind}/new/?site={site.pk}", dict(data)) for one in clients]  # noqa: B023
        answers = at_once(*acts)
        assert [one.status_code for one in answers] == [302] * 4
        assert len({one.headers["Location"] for one in answers}) == 1
    assert Problem.objects.count() == 2
    assert Visit.objects.get().problems.count() == 1
