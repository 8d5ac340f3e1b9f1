"""The Chinese catalogue: how messages are found, merged, checked and compiled, and that ours is complete."""

from __future__ import annotations

import gettext as system_gettext
import io
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import translation
from pytest_django import Settings

from casetracker.catalogues import LOCALE, Message, MessagesError, compile_catalogue, extract, findings, merge

PYTHON = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext as many
from django.utils.translation import npgettext, pgettext_lazy as in_context
from django.utils import translation
from somewhere import gettext as stranger

ONE = _("One "
        "sentence")
LAZY = gettext_lazy("Lazy")
MANY = many("%(count)s row", "%(count)s rows", 3) % {"count": 3}
MONTH = in_context("month", "May")
BOTH = npgettext("ship", "%(n)s hull", "%(n)s hulls", 2)
MODULE = translation.gettext("By module")
OTHER = stranger("Not ours")
NAME = _(ONE)
"""
TEMPLATE = """{% load i18n %}<p title="{% translate "It's 100% done" %}">{% translate 'May' context "verb" %}</p>
{% blocktranslate trimmed count total=rows|length %}
  {{ total }} row in <b>{{ name }}</b>
{% plural %}
  {{ total }} rows in <b>{{ name }}</b>
{% endblocktranslate %}
{{ _("As variable") }} {% if x == _("In a tag") %}{% endif %} {{ x|default:_("In a filter") }}
{# translate "Comment" #}
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A small project of its own."""
    for folder in ("casetracker/migrations", "templates", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "casetracker/words.py").write_text(PYTHON)
    (tmp_path / "casetracker/migrations/0001.py").write_text(
        'from django.utils.translation import gettext as _\n_("M")'
    )
    (tmp_path / "tests/test_x.py").write_text('from django.utils.translation import gettext as _\n_("Test")')
    (tmp_path / "casetracker/page.js").write_text('say(gettext("From a script"));')
    (tmp_path / "templates/page.html").write_text(TEMPLATE)
    return tmp_path


@pytest.fixture
def po(base: Path) -> Path:
    path = base / "django.po"
    merge(extract(base), path)
    return path


def translate(po: Path, english: str, chinese: str) -> None:
    """Fill in one entry, given by its msgid line."""
    text = po.read_text()
    start = text.index(f'msgid "{english}"')
    before, after = text[:start], text[start:]
    field = 'msgstr[0] ""' if after.split("\n")[1].startswith("msgid_plural") else 'msgstr ""'
    po.write_text(before + after.replace(field, field.replace('""', f'"{chinese}"'), 1))


def test_every_form_of_message_in_python_templates_and_scripts_is_found(base: Path) -> None:
    assert extract(base) == sorted(
        [
            Message("One sentence"),
            Message("Lazy"),
            Message("%(count)s row", "%(count)s rows"),
            Message("May", context="month"),
            Message("%(n)s hull", "%(n)s hulls", "ship"),
            Message("By module"),
            Message("It's 100%% done"),
            Message("May", context="verb"),
            Message("%(total)s row in <b>%(name)s</b>", "%(total)s rows in <b>%(name)s</b>"),
            Message("As variable"),
            Message("In a tag"),
            Message("In a filter"),
            Message("From a script"),
        ]
    )


@pytest.mark.parametrize("argument", ['f"{x} rows"', '"%s rows" % x', '"rows " + x'])
def test_a_message_put_together_at_run_time_is_refused_with_its_place(base: Path, argument: str) -> None:
    (base / "casetracker/bad.py").write_text(f"from django.utils.translation import gettext as _\nx = 1\n_({argument})")
    with pytest.raises(MessagesError, match=r"bad\.py, line 3"):
        extract(base)


def test_one_text_with_two_plurals_is_refused(base: Path) -> None:
    (base / "casetracker/more.py").write_text(
        'from django.utils.translation import ngettext\nngettext("%(count)s row", "%(count)s ROWS", 2)'
    )
    with pytest.raises(MessagesError, match="two plurals"):
        extract(base)


def test_merging_twice_changes_nothing(base: Path, po: Path) -> None:
    before = po.read_bytes()
    assert merge(extract(base), po) == (0, 0)
    assert po.read_bytes() == before
    assert b"#:" not in before
    assert b"Date" not in before


def test_merging_keeps_translations_drops_the_obsolete_and_adds_the_new(base: Path, po: Path) -> None:
    translate(po, "Lazy", "懒")
    translate(po, "By module", "模块")
    source = base / "casetracker/words.py"
    source.write_text(PYTHON.replace("By module", "By another module"))
    assert merge(extract(base), po) == (1, 1)
    text = po.read_text()
    assert 'msgid "Lazy"\nmsgstr "懒"' in text
    assert 'msgid "By another module"\nmsgstr ""' in text
    assert "模块" not in text


def test_a_complete_catalogue_has_no_findings(base: Path, po: Path) -> None:
    for message in extract(base):
        translate(po, message.singular.replace('"', '\\"'), message.plural or message.singular)
    for context in ("month", "verb"):
        text = po.read_text()
        po.write_text(
            text.replace(
                f'msgctxt "{context}"\nmsgid "May"\nmsgstr ""', f'msgctxt "{context}"\nmsgid "May"\nmsgstr "五"'
            )
        )
    assert findings(extract(base), po) == []


def test_missing_fuzzy_stale_and_unfitting_entries_are_named(base: Path, po: Path) -> None:
    translate(po, "Lazy", "懒")
    translate(po, "One sentence", "一句 %(extra)s")
    translate(po, "%(count)s row", "几行")
    translate(po, "%(total)s row in <b>%(name)s</b>", "%(name)s 有 %(total)s 行")
    text = po.read_text().replace('msgid "Lazy"', '#, fuzzy\nmsgid "Lazy"')
    po.write_text(text + '\nmsgid "Gone"\nmsgstr "没了"\n')
    found = findings(extract(base), po)
    assert "missing: 'By module'" in found
    assert "fuzzy: 'Lazy'" in found
    assert "stale: 'Gone'" in found
    assert sum(line.startswith("placeholders or tags differ") for line in found) == 3


def test_a_compiled_catalogue_translates_and_leaves_out_the_fuzzy_and_the_empty(base: Path, po: Path) -> None:
    translate(po, "Lazy", "懒")
    translate(po, "%(count)s row", "%(count)s 行")
    translate(po, "By module", "模块")
    po.write_text(po.read_text().replace('msgid "By module"', '#, fuzzy\nmsgid "By module"'))
    assert compile_catalogue(po)
    with po.with_suffix(".mo").open("rb") as compiled:
        chinese = system_gettext.GNUTranslations(compiled)
    assert chinese.gettext("Lazy") == "懒"
    assert chinese.ngettext("%(count)s row", "%(count)s rows", 1) == "%(count)s 行"
    assert chinese.ngettext("%(n)s hull", "%(n)s hulls", 2) == "%(n)s hulls"
    assert chinese.gettext("By module") == "By module"
    assert chinese.gettext("One sentence") == "One sentence"


def test_compiling_is_left_out_until_the_catalogue_changes(po: Path) -> None:
    assert compile_catalogue(po)
    assert not compile_catalogue(po)
    later = po.with_suffix(".mo").stat().st_mtime + 10
    os.utime(po, (later, later))
    assert compile_catalogue(po)


def test_the_command_extracts_checks_and_compiles(base: Path, settings: Settings) -> None:
    settings.BASE_DIR, settings.LOCALE_PATHS = base, [base / "casetracker/locale"]
    out, errors = io.StringIO(), io.StringIO()
    call_command("messages", stdout=out)
    assert "13 added, 0 dropped" in out.getvalue()
    with pytest.raises(CommandError, match="13 findings"):
        call_command("messages", "--check", stderr=errors)
    assert "missing: 'One sentence'" in errors.getvalue()
    call_command("messages", "--compile", stdout=out)
    assert (base / "casetracker/locale" / LOCALE / "LC_MESSAGES/django.mo").exists()


def test_our_own_catalogue_has_nothing_missing_fuzzy_or_stale() -> None:
    po = Path(settings.LOCALE_PATHS[0]) / LOCALE / "LC_MESSAGES" / "django.po"
    assert findings(extract(settings.BASE_DIR), po) == []


def test_the_name_of_a_file_stands_apart_from_chinese() -> None:
    with translation.override("zh-hans"):
        assert translation.gettext("%(name)s is stored already") % {"name": "p3.jpg"} == "p3.jpg 已上传"
