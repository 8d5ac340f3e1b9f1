"""Letters leave at most once by themselves and are never forgotten, whatever fails at whichever moment."""

import asyncio
import datetime
import socket
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import DatabaseError, connection, connections, transaction
from django.db.models.functions import Now
from django.utils import timezone

from casetracker import deliveries, mail
from casetracker.enums import Language, Role
from casetracker.errors import IllegalMove
from casetracker.models import Delivery, Event, Letter, User
from tests.cast import make_person, make_unit


class Post:
    """A mail server that answers as it is told, and keeps every message it was given."""

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []
        self.answers: list[str] = []
        self.recipients: list[str] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.recipients.append(address)
        if self.answers and self.answers[0].startswith("rcpt "):
            return self.answers.pop(0).removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 kept"
        if answer.startswith(("250", "hang", "drop")):
            self.arrived.append(BytesParser(policy=default).parsebytes(envelope.content))  # type: ignore[arg-type]
        if answer == "hang":
            await asyncio.sleep(1.2)
        if answer in ("drop", "drop unkept"):
            server.transport.abort()
        return answer if answer[0].isdigit() else "250 kept"


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    """The mail server of the test, with waits of parts of a second."""
    handler = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = deliveries.SMTP_BACKEND
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_TIMEOUT, settings.MAIL_FINAL_REPLY_SECONDS = 2, 0.5
    settings.DELIVERY_LEASE_SECONDS = 60
    settings.MAIL_FROM = "督导 <office@example.org>"
    yield handler
    controller.stop()


@pytest.fixture
def person(db: None) -> User:
    unit = make_unit("市住建局", "department")  # type: ignore[arg-type]
    return make_person("zhou", "周航", (unit, Role.HANDLER), language=Language.CHINESE)


def owed(person: User, kind: str = "greeting", period: str = "2019-W50", text: str = "您好") -> Delivery:
    """A delivery with its letter, waiting to be sent."""
    row = Delivery.objects.create(
        kind=kind,
        period=period,
        person=person,
        message_id=Delivery.new_message_id("example.org"),
        created_at=timezone.now(),
    )
    Letter.objects.create(
        delivery=row,
        language="zh-hans",
        subject_line="逾期 7 件",
        text=text,
        html=f"<p>{text}</p>",
        as_of=timezone.now(),
        totals={"parts": []},
    )
    return row


def state(row: Delivery) -> str:
    return Delivery.objects.values_list("state", flat=True).get(pk=row.pk)


def lease_out(row: Delivery) -> None:
    """The lease ran out a minute ago."""
    Delivery.objects.filter(pk=row.pk).update(lease_until=Now() - datetime.timedelta(minutes=1))


def due_now(row: Delivery) -> None:
    Delivery.objects.filter(pk=row.pk).update(not_before=None)


def test_a_letter_arrives_with_its_own_message_id_and_both_parts(post: Post, person: User) -> None:
    row = owed(person)
    assert deliveries.send_waiting() == {"sent": 1}
    [message] = post.arrived
    assert message["Message-ID"] == row.message_id
    assert message["Subject"] == "逾期 7 件"
    assert "zhou@example.org" in message["To"]
    assert message["Auto-Submitted"] == "auto-generated"
    parts = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert parts == ["text/plain", "text/html"]
    row.refresh_from_db()
    assert (row.state, row.claim, row.lease_until, row.attempts) == ("sent", None, None, 1)
    assert row.sent_at is not None


def test_a_line_that_is_a_single_dot_does_not_end_the_letter(post: Post, person: User) -> None:
    owed(person, text="before\n.\n..two\nafter")
    deliveries.send_waiting()
    body = post.arrived[0].get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["before", ".", "..two", "after"]


def test_nothing_is_sent_twice_by_running_again(post: Post, person: User) -> None:
    owed(person)
    deliveries.send_waiting()
    assert deliveries.send_waiting() == {}
    assert len(post.arrived) == 1


def test_451_then_250_arrives_once_with_the_same_message_id(post: Post, person: User) -> None:
    row = owed(person)
    post.answers = ["451 try later"]
    assert deliveries.send_waiting() == {"pending": 1}
    row.refresh_from_db()
    assert row.not_before is not None
    assert row.not_before > timezone.now()
    assert "451" in row.error
    assert deliveries.send_waiting() == {}
    due_now(row)
    assert deliveries.send_waiting() == {"sent": 1}
    assert [message["Message-ID"] for message in post.arrived] == [row.message_id]


def test_550_is_failed_and_shown(post: Post, person: User) -> None:
    row = owed(person)
    post.answers = ["550 no such mailbox"]
    assert deliveries.send_waiting() == {"failed": 1}
    assert post.arrived == []
    assert [one.pk for one in deliveries.unsettled()] == [row.pk]


def test_550_to_the_recipient_is_failed_before_the_body_leaves(post: Post, person: User) -> None:
    row = owed(person)
    post.answers = ["rcpt 550 unknown here"]
    assert deliveries.send_waiting() == {"failed": 1}
    row.refresh_from_db()
    assert row.error == "550 unknown here"


def test_a_server_that_hangs_after_the_letter_leaves_it_in_doubt_and_it_is_not_sent_again(
    post: Post, person: User
) -> None:
    row = owed(person)
    post.answers = ["hang"]
    assert deliveries.send_waiting() == {"in_doubt": 1}
    deliveries.rescue()
    assert deliveries.send_waiting() == {}
    assert len(post.arrived) == 1
    assert [one.pk for one in deliveries.unsettled()] == [row.pk]


def test_a_server_that_drops_the_line_after_the_letter_leaves_it_in_doubt(post: Post, person: User) -> None:
    row = owed(person)
    post.answers = ["drop"]
    assert deliveries.send_waiting() == {"in_doubt": 1}
    assert (state(row), len(post.arrived)) == ("in_doubt", 1)


def test_without_a_server_the_first_try_ends_the_round_and_everything_waits(
    post: Post, person: User, settings: Any
) -> None:
    first, second = owed(person), owed(person, period="2019-W51")
    settings.EMAIL_PORT = 1
    assert deliveries.send_waiting() == {"pending": 1}
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.attempts, second.attempts) == (1, 0)


def test_waits_grow_and_end_at_six_hours() -> None:
    minutes = [deliveries.wait_after(attempts).total_seconds() / 60 for attempts in (1, 2, 3, 9, 60)]
    assert minutes == [1, 2, 4, 256, 360]


def test_killed_after_the_claim_it_is_sent_by_the_next_one(post: Post, person: User) -> None:
    row = owed(person)
    assert deliveries.claim() is not None
    assert deliveries.send_waiting() == {}
    lease_out(row)
    assert deliveries.rescue() == {"pending": 1, "in_doubt": 0}
    assert deliveries.send_waiting() == {"sent": 1}
    assert len(post.arrived) == 1


def test_killed_after_the_marker_it_is_in_doubt_and_not_sent_by_itself(post: Post, person: User) -> None:
    row = owed(person)
    mine = deliveries.claim()
    assert mine is not None
    assert deliveries._mark(mine)
    assert deliveries.rescue() == {"pending": 0, "in_doubt": 0}
    lease_out(row)
    assert deliveries.rescue() == {"pending": 0, "in_doubt": 1}
    assert deliveries.send_waiting() == {}
    assert post.arrived == []


def test_frozen_past_its_lease_it_wakes_and_sends_nothing(post: Post, person: User) -> None:
    row = owed(person)
    frozen = deliveries.claim()
    assert frozen is not None
    lease_out(row)
    deliveries.rescue()
    assert deliveries.send_waiting() == {"sent": 1}
    assert deliveries.send(frozen)[0] == "lost"
    assert len(post.arrived) == 1
    assert state(row) == "sent"


def test_frozen_before_anybody_took_over_it_still_stops(post: Post, person: User) -> None:
    row = owed(person)
    frozen = deliveries.claim()
    assert frozen is not None
    lease_out(row)
    assert deliveries.send(frozen)[0] == "lost"
    assert post.arrived == []
    assert state(row) == "claimed"


def test_frozen_after_the_letter_left_its_late_outcome_changes_nothing(post: Post, person: User) -> None:
    row = owed(person)
    mine = deliveries.claim()
    assert mine is not None
    assert deliveries._mark(mine)
    lease_out(row)
    deliveries.rescue()
    assert deliveries._store(mine, deliveries.Answer(deliveries.Outcome.ACCEPTED)) == "lost"
    assert state(row) == "in_doubt"


def test_somebody_who_left_gets_nothing(post: Post, person: User) -> None:
    row = owed(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert deliveries.send_waiting() == {"cancelled": 1}
    row.refresh_from_db()
    assert row.error
    assert post.arrived == []


def test_a_letter_that_is_no_longer_wanted_is_cancelled_with_the_reason(
    post: Post, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = owed(person)
    monkeypatch.setitem(deliveries.unwanted, "greeting", lambda delivery: "closed meanwhile")
    assert deliveries.send_waiting() == {"cancelled": 1}
    row.refresh_from_db()
    assert row.error == "closed meanwhile"


def test_a_line_break_in_a_name_makes_no_header(post: Post, person: User) -> None:
    User.objects.filter(pk=person.pk).update(name="Zhou\r\nBcc: all@example.org")
    owed(person)
    deliveries.send_waiting()
    [message] = post.arrived
    assert message["Bcc"] is None
    assert "Bcc: all@example.org" in message["To"]
    assert post.recipients == ["zhou@example.org"]


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "x@example.org\r\nRCPT TO:<y@example.org>", "督导@example.org"])
def test_an_address_that_no_mail_can_go_to_is_failed(post: Post, person: User, address: str) -> None:
    User.objects.filter(pk=person.pk).update(email=address)
    owed(person)
    assert deliveries.send_waiting() == {"failed": 1}
    assert post.recipients == []


def test_a_domain_in_chinese_letters_is_written_as_mail_servers_know_it(post: Post, person: User) -> None:
    User.objects.filter(pk=person.pk).update(email="zhou@例子.中国")
    owed(person)
    assert deliveries.send_waiting() == {"sent": 1}
    [message] = post.arrived
    assert post.recipients == ["zhou@xn--fsqu00a.xn--fiqs8s"]
    assert "<zhou@xn--fsqu00a.xn--fiqs8s>" in message["To"]


def test_one_row_that_cannot_be_sent_does_not_hold_up_the_others(post: Post, person: User) -> None:
    unwritten = Delivery.objects.create(
        kind="greeting",
        period="2019-W49",
        person=person,
        message_id=Delivery.new_message_id("example.org"),
        created_at=timezone.now(),
    )
    User.objects.filter(pk=person.pk).update(email=f"zhou@{'例' * 60}.中国")
    unreachable = owed(person)
    good = owed(make_person("qian", "钱树"))

    assert deliveries.send_waiting() == {"failed": 2, "sent": 1}

    assert (state(unwritten), state(unreachable), state(good)) == ("failed", "failed", "sent")
    assert not Delivery.objects.filter(claim__isnull=False).exists()


def test_without_a_mail_server_letters_land_in_the_folder_once(person: User, settings: Any) -> None:
    row = owed(person)
    assert deliveries.send_waiting() == {"sent": 1}
    name = deliveries.file_name(row)
    assert [found for found, _message in mail.newest()] == [name]
    message = mail.read(name)
    assert message["Message-ID"] == row.message_id
    mail.keep(message.as_bytes(), name)
    assert mail.count() == 1


def test_send_again_is_a_row_of_its_own_and_happens_once(post: Post, person: User) -> None:
    row = owed(person)
    post.answers = ["hang"]
    deliveries.send_waiting()
    boss = make_person("boss", "陈敏")
    again = deliveries.send_again(row, by=boss)
    assert again.message_id != row.message_id
    assert deliveries.is_resend(again)
    with pytest.raises(IllegalMove):
        deliveries.send_again(row, by=boss)
    assert deliveries.send_waiting() == {"sent": 1}
    assert len(post.arrived) == 2
    assert state(row) == "in_doubt"
    assert not deliveries.unsettled().exists()
    assert Event.objects.get(subject_type="delivery").verb == "send_again"


def test_what_was_received_is_settled_without_a_new_letter(post: Post, person: User) -> None:
    row = owed(person)
    post.answers = ["drop"]
    deliveries.send_waiting()
    deliveries.was_received(row, by=make_person("boss", "陈敏"))
    assert not deliveries.unsettled().exists()
    assert deliveries.send_waiting() == {}
    with pytest.raises(IllegalMove):
        deliveries.was_received(row, by=person)


def test_the_database_refuses_every_other_way(person: User) -> None:
    row = owed(person)
    deliveries.send_waiting()
    for change in ({"state": "pending"}, {"state": "failed", "sent_at": None}, {"period": "2019-W51"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Delivery.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Delivery.objects.filter(pk=row.pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Letter.objects.filter(pk=row.pk).update(text="other")


def test_the_backlog_counts_what_waits_and_what_nobody_decided_on(post: Post, person: User) -> None:
    owed(person)
    post.answers = ["550 no"]
    deliveries.send_waiting()
    owed(person, period="2019-W51")
    found = deliveries.backlog()
    assert (found["waiting"], found["failed"], found["in_doubt"]) == (1, 1, 0)
    assert found["oldest"] is not None


def test_four_senders_at_once_send_each_letter_once(committed: None, post: Post) -> None:
    unit = make_unit("市住建局", "department")  # type: ignore[arg-type]
    people = [make_person(f"reader{n}", f"读者{n}", (unit, Role.HANDLER)) for n in range(12)]
    rows = [owed(person) for person in people]

    def run() -> None:
        try:
            deliveries.send_waiting()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message["Message-ID"] for message in post.arrived) == sorted(row.message_id for row in rows)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_the_marker_is_committed_before_the_body_leaves(committed: None, post: Post) -> None:
    unit = make_unit("市住建局", "department")  # type: ignore[arg-type]
    row = owed(make_person("zhou", "周航", (unit, Role.HANDLER)))
    seen: list[str] = []
    kept = Post.handle_DATA

    async def look(self: Post, server: Any, session: Any, envelope: Any) -> str:
        def ask() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT state FROM casetracker_delivery WHERE id = %s", [row.pk])
                seen.append(cursor.fetchone()[0])
            connections.close_all()

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        return await kept(self, server, session, envelope)

    post.handle_DATA = look.__get__(post)  # type: ignore[method-assign]
    deliveries.send_waiting()
    assert seen == ["handing_over"]
