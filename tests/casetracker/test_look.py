"""The look: contrast of every colour pair, nothing inline, every component drawn in both languages."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, QueryDict
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation
from django.utils.safestring import mark_safe

from casetracker.templatetags import ui
from casetracker.views import design

STATIC = settings.BASE_DIR / "casetracker" / "static" / "casetracker"
TEMPLATES = settings.BASE_DIR / "templates"
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
STATES = ("ok", "near", "late", "done")
SURFACES = ("paper", "surface")
THEMES = {
    "light": r":root \{\s*color-scheme: light;(.*?)\}",
    "dark": r":root\[data-theme=\"dark\"\] \{(.*?)\}",
    "system dark": r":root:not\(\[data-theme=\"light\"\]\) \{(.*?)\}",
}


def colours(theme: str) -> dict[str, str]:
    found = re.search(THEMES[theme], (STATIC / "css" / "tokens.css").read_text(), re.S)
    assert found, theme
    return dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6});", found[1]))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, "relative luminance")."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> dict[str, str]:
    return colours(request.param)


def test_text_has_enough_contrast_on_everything_it_stands_on(theme: dict[str, str]) -> None:
    for ground in (*SURFACES, "sunken"):
        for ink in ("ink", "ink-2", "ink-3"):
            assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
        for state in STATES:
            assert contrast(theme[f"{state}-text"], theme[ground]) >= 4.5, (state, ground)
    for state in STATES:
        assert contrast(theme[f"{state}-text"], theme[f"{state}-wash"]) >= 4.5, state
    assert contrast(theme["on-ink"], theme["ink"]) >= 4.5
    assert contrast(theme["on-ink"], theme["ink-2"]) >= 4.5


def test_marks_and_edges_have_enough_contrast(theme: dict[str, str]) -> None:
    for ground in (*SURFACES, "sunken"):
        assert contrast(theme["edge"], theme[ground]) >= 3, ground
        for state in STATES:
            assert contrast(theme[f"{state}-mark"], theme[ground]) >= 3, (state, ground)
    for state in STATES:
        assert contrast(theme[f"{state}-mark"], theme[f"{state}-wash"]) >= 3 or state == "done", state
    assert contrast(theme["s3"], theme["surface"]) >= 3


def test_words_of_the_field_pages_reach_seven_to_one(theme: dict[str, str]) -> None:
    for ink in ("ink", "ink-2", *(f"{state}-text" for state in STATES if state != "done")):
        assert contrast(theme[ink], theme["surface"]) >= 7, ink


def test_dark_by_choice_is_the_dark_of_the_system() -> None:
    assert colours("dark") == colours("system dark")
    assert colours("dark").keys() == colours("light").keys()


def test_colours_are_named_once() -> None:
    """Elsewhere only black and white paper, the photo viewer and the strip on a photo name colours themselves."""
    allowed = {"#141312", "#1C1B19", "#F1EEE8", "#827D74", "#FFFFFF"}
    for sheet in (STATIC / "css").glob("*.css"):
        if sheet.name in ("tokens.css", "print.css"):
            continue
        assert set(re.findall(r"#[0-9A-Fa-f]{3,8}\b", sheet.read_text())) <= allowed, sheet.name


def test_stylesheets_use_only_what_is_defined() -> None:
    text = "\n".join(sheet.read_text() for sheet in (STATIC / "css").glob("*.css"))
    defined = set(re.findall(r"(--[\w-]+):", text))
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= defined
    assert not re.findall(r"font-style:\s*italic|font-weight:\s*(?!400|600|inherit)\S", text)
    assert text.count("{") == text.count("}")


def test_every_stylesheet_is_linked_and_layered() -> None:
    linked = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    for sheet in (STATIC / "css").glob("*.css"):
        assert f"casetracker/css/{sheet.name}" in linked
        assert re.search(r"^@layer (tokens|base|components|pages|print) \{", sheet.read_text(), re.M), sheet.name


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_templates_hold_no_inline_style_or_script(path: Path) -> None:
    if path.is_relative_to(TEMPLATES / "mail"):
        return
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert "<style" not in text
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag, tag


def test_every_icon_that_is_asked_for_exists() -> None:
    known = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    asked = {name for path in TEMPLATES.rglob("*.html") for name in re.findall(r'{% icon "([\w-]+)"', path.read_text())}
    assert asked <= known
    assert {f"light-{state}" for state in ui.LIGHTS} <= known
    assert {"work", "problems", "inbox", "me"} <= known


def request_for(path: str = "/design/") -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    return request


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_component_sheet_draws_every_component(language: str) -> None:
    with translation.override(language):
        html = get_template("gallery.html").render(design.sample(), request_for())
    assert f'lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in html
    for part in ("light is-late", "btn is-primary", "strip-day is-start", "data-bulk-bar", "error-summary", "timeline"):
        assert part in html
    assert 'style="' not in html


@pytest.mark.parametrize("page", ["403.html", "403_csrf.html", "404.html", "429.html", "500.html", "503.html"])
def test_error_pages_come_without_any_context(page: str) -> None:
    html = get_template(page).render()
    assert "<h1>" in html
    assert re.search(r"Number to quote: \d{8}-\d{6}", html)


def test_a_wrong_form_keeps_what_was_typed_and_names_each_field() -> None:
    html = design.SampleForm({"reason": "short", "unit": "1"}).render()
    assert "4 things to correct" in html
    assert 'href="#id_reason"' in html
    assert 'aria-describedby="id_new_date_helptext id_new_date_error"' in html
    assert 'id="id_new_date_error"' in html
    assert ">short</textarea>" in html.replace("\n", "")
    assert "can be closed then" in html
    assert html.count("(optional)") == 1


def test_a_light_says_its_state_three_times() -> None:
    html = ui.light("late", "3 days <late>")
    for part in ("is-late", "#light-late", "3 days &lt;late&gt;"):
        assert part in html
    assert "provisional" in ui.light("near", "by 14 Dec", provisional=True)
    with pytest.raises(TemplateSyntaxError, match="ok, near, late, done, stopped"):
        ui.light("red", "3 days late")


def test_a_run_of_the_other_language_says_so() -> None:
    assert ui.lang_run("市住建局") == '<span lang="zh-Hans">市住建局</span>'
    assert ui.lang_run("Chen Min") == "Chen Min"
    assert ui.lang_run(None) == ""
    with translation.override("zh-hans"):
        assert ui.lang_run("市住建局 <b>") == "市住建局 <b>"
        assert ui.lang_run("Chen <b>") == '<span lang="en">Chen &lt;b&gt;</span>'


def test_text_of_the_page_s_own_language_is_still_escaped_in_a_page() -> None:
    assert Template("{{ name|lang_run }}").render(Context({"name": "<b>Chen"})) == "&lt;b&gt;Chen"


def test_numbers_and_dates_of_a_sentence_never_break() -> None:
    html = ui.unbroken("焦督〔2026〕11号 <b> is due on 2 December 2026, 09:30")
    assert '<span class="nowrap"><span lang="zh-Hans">焦督〔2026〕11号</span></span>' in html
    assert '<span class="nowrap">2 December 2026</span>' in html
    assert "&lt;b&gt;" in html
    with translation.override("zh-hans"):
        said = ui.unbroken(mark_safe('<time datetime="2026-11-25">11月25日</time>前'))
    assert said == '<time datetime="2026-11-25"><span class="nowrap">11月25日</span></time>前'


@pytest.mark.parametrize(
    ("amount", "english", "chinese"),
    [
        (Decimal("4445750"), "¥4,445,750", "444.58 万元"),
        (Decimal("4445750.50"), "¥4,445,750.50", "444.58 万元"),
        (Decimal("5000"), "¥5,000", "5,000 元"),
        (163981200, "¥163,981,200", "16,398.12 万元"),
        (0, "¥0", "0 元"),
    ],
)
def test_money_is_written_as_each_language_does(amount: Decimal | int, english: str, chinese: str) -> None:
    assert f">{english}<" in str(ui.money(amount))
    with translation.override("zh-hans"):
        html = str(ui.money(amount))
    assert f">{chinese}<" in html
    assert f'title="¥{Decimal(amount):,.2f}"' in html


def test_dates_follow_the_language_and_leave_out_this_year() -> None:
    today = date(2019, 12, 9)
    assert ui.short_date(date(2019, 12, 9), today) == "9 Dec"
    assert ui.short_date(date(2018, 12, 9), today) == "9 Dec 2018"
    assert ui.clock_time(datetime(2019, 12, 6, 10, 42, tzinfo=UTC)) == "18:42"
    assert ui.iso(datetime(2019, 12, 6, 10, 42, tzinfo=UTC)) == "2019-12-06T18:42:00+08:00"
    assert ui.short_date(datetime(2019, 12, 6, 23, 0, tzinfo=UTC), today) == "7 Dec"
    assert ui.short_date(None) == ui.long_date(None) == ui.date_time(None) == ui.iso(None) == ""


def test_a_changed_filter_forgets_the_place_in_the_list() -> None:
    request = request_for()
    request.GET = QueryDict("state=open&state=closed&unit=7&after=abc")
    context = Context({"request": request})
    assert ui.querystring_replace(context, unit=None) == "?state=open&state=closed"
    assert ui.querystring_replace(context, state=["open"]) == "?state=open&unit=7"
    assert ui.querystring_toggle(context, "state", "closed") == "?state=open&unit=7"
    assert ui.querystring_toggle(context, "state", "void") == "?state=open&state=closed&state=void&unit=7"


def test_a_bar_never_leaves_its_frame() -> None:
    assert 'width="50.0"' in ui.bar(5, 10)
    assert 'width="100.0"' in ui.bar(15, 10)
    assert 'width="0.0"' in ui.bar(-1, 10)
    assert 'width="0.0"' in ui.bar(1, 0)


def test_phone_reaches_its_four_places_and_desk_its_language_switch() -> None:
    html = get_template("gallery.html").render(
        design.sample()
        | {
            "person": "陈敏",
            "places": [
                {"key": "work", "label": "My work", "url": "/", "current": True},
                {"key": "problems", "label": "Problems", "url": "/problems/", "current": False},
            ],
            "inbox_count": 4,
        },
        request_for(),
    )
    phone = html[html.index('class="phonebar"') :]
    assert "#work" in phone
    assert "#problems" in phone
    assert 'aria-current="page"' in phone
    assert '<span lang="zh-Hans">陈敏</span>' in html
