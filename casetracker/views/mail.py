"""The folder of mail, in demonstration mode: what was sent, as a reader would see it."""

from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from casetracker import mail

SHOWN = 200


@require_safe
def messages(request: HttpRequest) -> HttpResponse:
    """Everything in the folder, newest first; 404 outside demonstration mode."""
    _demonstration()
    rows = [_head(name, message) for name, message in mail.newest(SHOWN)]
    return render(request, "mailbox.html", {"rows": rows, "total": mail.count(), "shown": len(rows)})


@require_safe
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # typed for views without arguments
def message(request: HttpRequest, name: str) -> HttpResponse:
    """One message: its head, its HTML part in a frame of its own, its text part."""
    found = _read(name)
    text = found.get_body(("plain",))
    context: dict[str, Any] = {
        "head": _head(name, found),
        "text": text.get_content() if text is not None else "",
        "has_html": found.get_body(("html",)) is not None,
    }
    return render(request, "mailbox_message.html", context)


@require_safe
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]
    {
        "default-src": [NONE],
        "script-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "img-src": [NONE],
        "connect-src": [NONE],
        "form-action": [NONE],
        "frame-ancestors": [SELF],
        "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox", "allow-top-navigation-by-user-activation"],
    }
)
def message_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part as it was sent: no scripts, no pictures, no forms; links open outside the frame."""
    part = _read(name).get_body(("html",))
    if part is None:
        raise Http404
    html: str = part.get_content()
    return HttpResponse(html.replace("<head>", '<head><base target="_top">', 1))


@require_safe
def message_file(request: HttpRequest, name: str) -> HttpResponse:
    """The message as a file for a mail program."""
    _demonstration()
    try:
        data = mail.read_bytes(name)
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(data, content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="{name}.eml"'
    return response


def _demonstration() -> None:
    if not settings.DEMO:
        raise Http404


def _read(name: str) -> EmailMessage:
    _demonstration()
    try:
        return mail.read(name)
    except FileNotFoundError:
        raise Http404 from None


def _head(name: str, found: EmailMessage) -> dict[str, Any]:
    """What a list of mail shows of a message."""
    sent = found["Date"]
    try:
        at = parsedate_to_datetime(str(sent)) if sent else None
    except ValueError:
        at = None
    return {
        "name": name,
        "subject": str(found["Subject"] or ""),
        "to": str(found["To"] or ""),
        "from": str(found["From"] or ""),
        "at": at,
    }
