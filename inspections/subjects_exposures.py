"""What the shared ground must know of exposures in the media: who sees them, where they are listed, events in words."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from casetracker.models import Event, Notice
from casetracker.registry import Subject
from casetracker.wording import fill, joined, strong
from inspections.models import Named


def event_sentence(event: Event) -> str:
    """What imports did to an exposure, as safe HTML in the active language."""
    who = strong(event.actor_name) if event.actor_name else "Casetracker"
    words = {"who": who, "file": event.details.get("file", ""), "row": event.details.get("row", "")}
    if event.verb == "undo_import" and event.details.get("taken_back"):
        return joined([fill(_("%(who)s undid the import of %(file)s: the exposure counts no more."), **words)])
    if event.verb == "undo_import":
        return joined([fill(_("%(who)s undid the import of %(file)s: the exposure is as it was before."), **words)])
    if event.details.get("revived"):
        return joined([fill(_("%(who)s imported it again from %(file)s, row %(row)s: it counts again."), **words)])
    return joined([fill(_("%(who)s imported its follow-up from %(file)s, row %(row)s."), **words)])


def notice_sentence(notice: Notice) -> str:
    return _("There is news of %(label)s.") % {"label": notice.subject_label}


def _link(key: Any) -> str:
    """An exposure has no page; the list shows it alone."""
    return f"{reverse('exposures')}?id={getattr(key, 'pk', key)}"


def _visible_to(user: Any) -> Any:
    return Named.objects.visible_to(user).counted()


EXPOSURE = Subject(
    type="exposure",
    model=Named,
    visible_to=_visible_to,
    link=_link,
    event_sentence=event_sentence,
    notice_sentence=notice_sentence,
)
