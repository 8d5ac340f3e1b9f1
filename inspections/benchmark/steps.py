"""What writes: a report with a photo, and every transition of the ordinary way, on problems made for it."""

import io
import random
from collections.abc import Callable, Iterator
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from inspections.benchmark.measuring import Measured, writing
from inspections.benchmark.scene import Scene
from inspections.models import Problem


class Refused(RuntimeError):
    """A form that was to be measured was not taken: what it answered is in the message."""


def measure(scene: Scene, runs: int) -> Iterator[Measured]:
    """Report so many problems, then take each of them through the loop; one line per verb."""
    chance = random.Random(f"benchmark {Problem.objects.count()}")
    inspector, supervisor = scene.client(scene.inspector), scene.client(scene.supervisor)
    handler, closer = scene.client(scene.handler), scene.client(scene.closer)
    made: list[str] = []

    def photo() -> SimpleUploadedFile:
        return SimpleUploadedFile("photo.jpg", picture(chance), content_type="image/jpeg")

    def report() -> None:
        facts = {"team": scene.team.pk, "found_on": scene.today.isoformat()}
        words = {"description": "测量：场内黄土裸露", "route": "central", "severity": "ordinary", "source": "patrol"}
        answer = _post(
            inspector, f"{reverse('problem_new')}?site={scene.site.pk}", {**facts, **words, "photos": photo()}
        )
        made.append(answer["Location"].rstrip("/").rsplit("/", 1)[1])

    yield writing("report with one photo", [report] * (runs + 1))

    def step(client: Client, verb: str, **facts: Any) -> list[Callable[[], object]]:
        def press(pk: str) -> Callable[[], object]:
            def call() -> object:
                given = {name: value() if callable(value) else value for name, value in facts.items()}
                return _post(client, reverse("problem_verb", args=[pk, verb]), given)

            return call

        return [press(pk) for pk in made]

    yield writing("assign", step(supervisor, "assign", lead=scene.unit.pk, goal="整改到位"))
    yield writing("claim", step(handler, "claim"))
    yield writing("begin", step(handler, "begin", plan="立即整改"))
    yield writing("report back with one photo", step(handler, "report_back", text="已整改", shots=photo))
    yield writing("verify with one photo", step(supervisor, "verify", result="fixed", shots=photo))
    yield writing("close", step(closer, "close"))


def picture(chance: random.Random) -> bytes:
    """A photo of a phone's preview size, other bytes each time."""
    out = io.BytesIO()
    image = Image.effect_noise((1280, 960), 20 + chance.random() * 10).convert("RGB")
    image.save(out, "JPEG", quality=70, comment=str(chance.random()).encode())
    return out.getvalue()


def _post(client: Client, address: str, facts: dict[str, Any]) -> Any:
    answer = client.post(address, facts)
    if answer.status_code not in (302, 303):
        raise Refused(f"{address} answered {answer.status_code}: {answer.content.decode()[:2000]}")
    return answer
