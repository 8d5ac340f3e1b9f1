"""What the tests of visits share: signing in, a picture as a browser sends it, the form of a plain visit."""

import io
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from inspections.models import Site
from tests.cast import Cast, sign_in


def picture(colour: int = 90) -> SimpleUploadedFile:
    """A photo as a browser sends it; every colour another file."""
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (colour % 256, 120, 60)).save(out, "JPEG", comment=str(colour).encode())
    return SimpleUploadedFile(f"IMG_{colour}.jpg", out.getvalue(), content_type="image/jpeg")


def form(people: Cast, **more: Any) -> dict[str, Any]:
    """What the form of a plain visit posts, with changes."""
    today = timezone.localdate().isoformat()
    empty = {"problem-1-route": "central"}
    facts = {"team": people.team1.pk, "on": today, "mode": "patrol", "outcome": "inspected"}
    return {**facts, "inspectors": [people.inspector1.pk], **empty, **more}


def post(person: Any, site: Site, data: dict[str, Any], **query: str) -> Any:
    return sign_in(person).post(f"/visits/new/?{_query(site=str(site.pk), **query)}", data)


def _query(**values: str) -> str:
    return "&".join(f"{name}={value}" for name, value in values.items())


def total(response: Any) -> str:
    found = re.search(r'data-total="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]
