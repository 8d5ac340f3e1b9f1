"""Handing out stored files: small pictures for pages, originals as downloads, and what the custody log says of it."""

from typing import Literal

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from casetracker import evidence as store
from casetracker import registry
from casetracker.enums import Role
from casetracker.errors import NotAllowed
from casetracker.models import Evidence, User

SIZES = ("thumbnail", "preview", "original")
# A file never changes under its hash, but the right to see it may end: an hour in the reader's own cache.
KEPT = "private, max-age=3600"
# Whatever a file is, it runs nothing, loads nothing and has no origin of ours.
SANDBOX = "sandbox; default-src 'none'"


@require_safe
def evidence(request: HttpRequest, sha256: str, size: Literal["thumbnail", "preview", "original"]) -> HttpResponseBase:
    """A stored file for somebody who sees a record that holds it; 404 for everybody else.

    Thumbnail and preview are our own JPEGs of a photo, without metadata. The original is a download for
    inspectors and supervisors, since it carries where and by what it was taken; files that no page can show
    (papers, video) have no other form, so whoever sees them may download them. Each download is entered in
    the file's custody log.
    """
    if size not in SIZES:
        raise Http404
    row = get_object_or_404(Evidence, pk=sha256)
    if not any(gate(sha256, request.user) for gate in registry.evidence_gates):
        raise Http404
    if size != "original":
        return _derivative(row, size)
    assert isinstance(request.user, User)
    if row.is_inline and not request.user.has_role(Role.INSPECTOR, Role.SUPERVISOR):
        raise NotAllowed(_("Only inspectors and supervisors may download the original of a photo."))
    return _original(row, request.user, log=request.method == "GET")


def _derivative(row: Evidence, size: Literal["thumbnail", "preview"]) -> FileResponse:
    if not row.is_inline:
        raise Http404
    try:
        content = store.open_derivative(row, size)
    except (FileNotFoundError, store.EvidenceRefused):
        # Gone from the disk, or just found to be unreadable, which the page says from now on.
        raise Http404 from None
    return _safe(FileResponse(content, content_type="image/jpeg", filename=f"{row.sha256[:12]}-{size}.jpg"))


def _original(row: Evidence, by: User, *, log: bool) -> FileResponse:
    try:
        content = store.open_original(row)
    except FileNotFoundError:
        raise Http404 from None
    if log:
        store.record_view(row, by, "downloaded")
    name = store.download_name(row)
    answer = _safe(FileResponse(content, content_type=row.mime, as_attachment=True, filename=name))
    answer["Cache-Control"] = "no-store"
    return answer


def _safe(answer: FileResponse) -> FileResponse:
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = SANDBOX
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = KEPT
    return answer
