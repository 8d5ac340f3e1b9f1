"""Small words and marks of every page: icons, lights, dates, numbers, money, the language of a run of text."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import BaseForm, BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casetracker import dates, errors

register = template.Library()

LIGHTS = ("ok", "near", "late", "done", "stopped")
# Parameters that say where in a list one stands: a changed filter starts again at the first page.
PAGING = ("after", "before", "jump")
# What never breaks across lines: numbers of records, dates in either language, clock times after them.
WHOLE = re.compile(
    r"[\u4e00-\u9fff]{1,4}[〔\[]\d{4}[〕\]]\d+号(?:（\d+）)?"
    r"|(?:\d{4}年)?\d{1,2}月\d{1,2}日(?: \d{1,2}:\d{2})?"
    r"|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*(?: \d{4})?(?: \d{1,2}:\d{2})?"
    r"|\d{4}-\d{2}-\d{2}"
)
HAN_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff](?:[\w\u3000-\u303f\uff00-\uffef]*[\u3000-\u9fff\uff00-\uffef])?")
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
KINDS = {
    "radioselect": "radios",
    "checkboxselectmultiple": "checks",
    "checkbox": "check",
    "nullbooleanselect": "select",
    "clearablefile": "file",
}


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """A mark of the sprite, `size` px; always beside a word, so hidden from readers. Names: static/…/icons.svg."""
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" aria-hidden="true" focusable="false">'
        '<use href="{1}#{2}"></use></svg>',
        size,
        static("casetracker/icons.svg"),
        name,
    )


@register.simple_tag
def light(state: str, words: str, wash: bool = False, provisional: bool = False) -> SafeString:
    """Shape, word and colour of a state (ok, near, late, done, stopped); `wash` for the head of a page."""
    if state not in LIGHTS:
        raise template.TemplateSyntaxError(f"A light is one of {', '.join(LIGHTS)}, not {state!r}.")
    text = format_html('<span class="provisional">{}</span>', words) if provisional else format_html("{}", words)
    tag = format_html(' <span class="tag">{}</span>', _("provisional")) if provisional else SafeString("")
    return format_html(
        '<span class="light is-{}{}">{}<span>{}</span>{}</span>',
        state,
        " on-wash" if wash else "",
        icon(f"light-{state}", 12),
        text,
        tag,
    )


@register.simple_tag
def bar(value: float, most: float, late: bool = False) -> SafeString:
    """A horizontal bar as long as `value` is of `most`; the figure itself stands beside it in words."""
    width = max(0.0, min(100.0, 100 * value / most)) if most else 0.0
    return format_html(
        '<svg class="bar{}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect width="{}" height="8" fill="currentColor"></rect></svg>',
        " is-late" if late else "",
        f"{width:.1f}",
    )


@register.filter
def short_date(value: date | datetime | None, today: date | None = None) -> str:
    """9 Dec / 12月9日, the year only where it differs from this year's; empty for None."""
    return dates.short_date(_day(value), today) if value else ""


@register.filter
def long_date(value: date | datetime | None, today: date | None = None) -> str:
    """9 December 2019 / 2019年12月9日; empty for None."""
    return dates.long_date(_day(value), today) if value else ""


@register.filter
def date_time(value: datetime | None) -> str:
    """6 Dec 18:42 / 12月6日 18:42 in local time; empty for None."""
    return dates.short_moment(value) if value else ""


@register.filter
def clock_time(value: datetime | None) -> str:
    """18:42 in local time; empty for None."""
    return f"{timezone.localtime(value):%H:%M}" if value else ""


@register.filter
def iso(value: date | datetime | None) -> str:
    """What a machine reads in <time datetime="…">."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value).isoformat(timespec="seconds")
    return value.isoformat() if value else ""


@register.simple_tag
def printed_at() -> str:
    """The moment of this answer, for the foot of a printed page."""
    return dates.short_moment(timezone.now())


@register.simple_tag
def quote_number() -> str:
    """The number to quote about an error: the moment of this answer, as the log has it (20191209-092015)."""
    return f"{timezone.localtime():%Y%m%d-%H%M%S}"


@register.filter
def number(value: int | float | Decimal | None) -> str:
    """12,479; empty for None."""
    return "" if value is None or value == "" else f"{value:,}"


@register.filter
def money(value: Decimal | int | None) -> str | SafeString:
    """¥4,445,750, in Chinese 444.58 万元 (below ten thousand 5,000 元), the exact sum in the title; empty for None."""
    if value is None:
        return ""
    amount = Decimal(value)
    exact = f"¥{amount:,.2f}"
    whole = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"
    if not dates.in_chinese():
        shown = f"¥{whole}"
    elif abs(amount) < 10_000:
        shown = f"{whole} 元"
    else:
        shown = f"{(amount / 10_000).quantize(Decimal('0.01'), ROUND_HALF_UP):,} 万元"
    return format_html('<span class="nowrap" title="{}">{}</span>', exact, shown)


@register.filter
def lang_of(value: object) -> str:
    """The language of a run of data for its lang attribute: zh-Hans where it has a Chinese character, else en."""
    return "zh-Hans" if HAN.search(str(value)) else "en"


@register.filter
def lang_run(value: object) -> str | SafeString:
    """The text, in a span with its lang where that isn't the page's own language."""
    text = "" if value is None else str(value)
    spoken = lang_of(text)
    if not text.strip() or (spoken == "zh-Hans") == dates.in_chinese():
        return text
    return format_html('<span lang="{}">{}</span>', spoken, text)


@register.filter
def said(stored: str) -> str | SafeString:
    """Why something failed, as a worker stored it."""
    return lang_run(errors.said(stored))


@register.filter
def unbroken(sentence: Any) -> SafeString:
    """A sentence whose numbers and dates stay on one line each.

    Plain text is escaped, and its Chinese names say so where the page is English.
    """
    plain = not isinstance(sentence, SafeString) and not dates.in_chinese()
    parts = re.split(r"(<[^>]*>)", conditional_escape(sentence))
    kept = [part if part.startswith("<") else WHOLE.sub(r'<span class="nowrap">\g<0></span>', part) for part in parts]
    text = "".join(kept)
    return mark_safe(HAN_RUN.sub(r'<span lang="zh-Hans">\g<0></span>', text) if plain else text)  # noqa: S308


@register.simple_tag(takes_context=True)
def querystring_replace(context: Context, **changes: Any) -> str:
    """This page's query with some parameters changed and its place in the list forgotten; None or "" takes one away."""
    query = context["request"].GET.copy()
    for name in PAGING:
        query.pop(name, None)
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        elif isinstance(value, Iterable) and not isinstance(value, str):
            query.setlist(name, [str(one) for one in value])
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def querystring_toggle(context: Context, name: str, value: Any) -> str:
    """This page's query with one of a parameter's several values added, or taken away where it is there."""
    query = context["request"].GET
    values = query.getlist(name)
    text = str(value)
    return (
        querystring_replace(context, **{name: [v for v in values if v != text] or None})
        if text in values
        else (querystring_replace(context, **{name: [*values, text]}))
    )


@register.simple_tag(takes_context=True)
def once(context: Context) -> SafeString:
    """The id of a form that makes something, beside {% csrf_token %}: pressed again, it makes nothing twice."""
    from casetracker import presses

    return format_html('<input type="hidden" name="{}" value="{}">', presses.FIELD, presses.form_id(context["request"]))


@register.filter
def control_kind(field: BoundField) -> str:
    """How a form field is drawn: radios, checks, check, file, or the widget's own name in lower case."""
    return KINDS.get(field.widget_type, field.widget_type)


@register.filter
def consequence(field: BoundField, value: object) -> str:
    """What choosing `value` brings about, from the form field's `consequences` ({value: words}), where it has them."""
    consequences: dict[str, str] = getattr(field.field, "consequences", {})
    return str(consequences.get(str(value), ""))


@register.filter
def thumb_of(field: BoundField, value: object) -> str:
    """The hash of the picture that stands for `value`, from the form field's `thumbs`, where it has them."""
    thumbs: dict[str, str] = getattr(field.field, "thumbs", {})
    return thumbs.get(str(value), "")


@register.filter
def correction_count(form: BaseForm) -> str:
    """The sentence over a form with wrong fields; empty where only the form as a whole is refused, which says why."""
    fields = [name for name in form.errors if name != NON_FIELD_ERRORS]
    if not fields:
        return ""
    count = len(fields) + len(form.non_field_errors())
    return ngettext(
        "One thing to correct before this can be sent",
        "%(count)s things to correct before this can be sent",
        count,
    ) % {"count": count}


def _day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value
