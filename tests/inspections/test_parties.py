"""Parties: entering and changing one, who may, and what its page shows to whom."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from casetracker.errors import Invalid, NotAllowed
from casetracker.models import Event
from inspections import parties
from inspections.models import Party
from tests.builders import make_problem
from tests.cast import Cast

# Invented, with right check digits.
CODE = "91141102MA0K12348H"


def test_a_code_is_brought_into_its_usual_form_and_checked() -> None:
    assert parties.checked_code(" ９１141102ma0k12348h ") == CODE
    assert parties.checked_code("") == ""
    for wrong in (CODE[:-1] + "X", CODE[:17], CODE.replace("K", "I"), "91"):
        with pytest.raises(Invalid) as refused:
            parties.checked_code(wrong)
        assert refused.value.field == "credit_code"


@pytest.mark.django_db
def test_entering_and_changing_a_party_is_on_the_record(people: Cast) -> None:
    party = parties.enter(people.office, by=people.inspector1, name="锦绣建筑公司", credit_code=CODE)
    parties.change(party, by=people.supervisor1, name="锦绣建设公司")
    party.refresh_from_db()
    assert party.name == "锦绣建设公司"
    assert [event.verb for event in Event.objects.filter(subject_id=party.pk)] == ["enter_party", "change_party"]
    assert Party.objects.visible_to(people.supervisor1).find("锦绣建设").get() == party
    with pytest.raises(Invalid, match="锦绣建设公司"):
        parties.enter(people.office, by=people.inspector1, name="另一家", credit_code=CODE)
    with pytest.raises(NotAllowed):
        parties.enter(people.office, by=people.handler1, name="不行")
    with pytest.raises(Invalid):
        parties.change(party, by=people.supervisor1, name="锦绣建设公司")


@pytest.mark.django_db
def test_the_pages_of_a_party(people: Cast, client: Client) -> None:
    client.force_login(people.supervisor1)
    answer = client.post(reverse("party_new"), {"name": "", "kind": "organisation"})
    assert answer.status_code == 422
    answer = client.post(reverse("party_new"), {"name": "锦绣建筑公司", "kind": "organisation", "credit_code": "123"})
    assert answer.status_code == 422
    assert "credit_code" in answer.context["form"].errors
    answer = client.post(reverse("party_new"), {"name": "锦绣建筑公司", "kind": "organisation", "credit_code": CODE})
    party = Party.objects.get()
    assert answer["Location"] == reverse("party", args=[party.pk])
    assert 'data-total="1"' in client.get(reverse("parties"), {"q": "锦绣"}).content.decode()
    assert client.post(
        reverse("party_change", args=[party.pk]), {"name": "锦绣建设公司", "kind": "organisation"}
    ).status_code == 302  # fmt: skip
    assert "锦绣建设公司" in client.get(reverse("party", args=[party.pk])).content.decode()


@pytest.mark.django_db
def test_who_sees_a_party(people: Cast, client: Client) -> None:
    party = parties.enter(people.office, by=people.supervisor1, name="锦绣建筑公司")
    for stranger in (people.outsider, people.handler1, people.admin):
        client.force_login(stranger)
        assert client.get(reverse("party", args=[party.pk])).status_code == 404
        assert client.get(reverse("party_change", args=[party.pk])).status_code == 404
        assert 'data-total="0"' in client.get(reverse("parties")).content.decode()


@pytest.mark.django_db
def test_the_page_asks_as_much_for_30_problems_as_for_1(
    people: Cast, client: Client, django_assert_num_queries: Any
) -> None:
    party = parties.enter(people.office, by=people.supervisor1, name="锦绣建筑公司")

    def name_it(count: int) -> None:
        for _number in range(count):
            problem = make_problem(people)
            problem.party = party
            problem.save(update_fields=["party"])

    client.force_login(people.supervisor1)
    name_it(1)
    client.get(reverse("party", args=[party.pk]))
    with django_assert_num_queries(20, exact=False) as first:
        client.get(reverse("party", args=[party.pk]))
    name_it(29)
    with django_assert_num_queries(len(first)):
        client.get(reverse("party", args=[party.pk]))


@pytest.mark.django_db
def test_the_forms_can_be_left_without_saving(people: Cast, client: Client) -> None:
    party = parties.enter(people.office, by=people.supervisor1, name="锦绣建筑公司")
    client.force_login(people.supervisor1)
    for address, back in (
        (reverse("party_new"), reverse("parties")),
        (reverse("party_change", args=[party.pk]), reverse("party", args=[party.pk])),
    ):
        foot = client.get(address).content.decode().split('class="form-foot"')[1]
        assert f'href="{back}"' in foot
