"""The message catalogue: what is translatable in the sources, merged into a .po file, checked and compiled.

English is the source language and has no catalogue. Everything is done by Babel and Django's own `templatize`, so
that no gettext programs are needed.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.extract import extract as babel_extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

FOLDERS = ("casetracker", "inspections", "penalties", "templates")
SKIPPED = frozenset(("migrations", "locale", "__pycache__", "node_modules"))
LOCALE = "zh_Hans"
# Nothing in it changes by itself: no dates, no versions, so that a difference is always a message.
HEADER = """\
# Messages of Casetracker in simplified Chinese, kept up by `manage.py messages`.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: zh_Hans\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""

# What each function of django.utils.translation takes: c context, s singular, p plural.
_FUNCTIONS = {
    "gettext": "s",
    "gettext_lazy": "s",
    "gettext_noop": "s",
    "ngettext": "sp",
    "ngettext_lazy": "sp",
    "pgettext": "cs",
    "pgettext_lazy": "cs",
    "npgettext": "csp",
    "npgettext_lazy": "csp",
}
_LITERAL = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_TEMPLATE_CALL = re.compile(
    rf"(?<!\w)(_|gettext|ngettext|pgettext|npgettext)\(({_LITERAL}(?:\s*,\s*{_LITERAL})*)", re.DOTALL
)
_PLACEHOLDER = re.compile(r"%(?:%|\(\w+\)[sdrf]|[sdrf])")
_TAG = re.compile(r"</?[a-z][a-z0-9]*")


class MessagesError(Exception):
    """A source that cannot be read for messages; names file, line and remedy."""


@dataclass(frozen=True, order=True)
class Message:
    """One translatable text: the English words, their plural where there is one, and a context."""

    singular: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What gettext looks the message up by."""
        return self.context, self.singular

    def __str__(self) -> str:
        return f"{self.context}: {self.singular!r}" if self.context else repr(self.singular)


# --- extraction -------------------------------------------------------------------------------------


def extract(base: Path) -> list[Message]:
    """Return every translatable text below the source folders of `base`, each once, sorted.

    Raises MessagesError for an argument built at run time and for a text used with two different plurals.
    """
    found: dict[tuple[str, str], Message] = {}
    for path in sources(base):
        for message in read_messages(path):
            known = found.setdefault(message.key, message)
            if known.plural and message.plural and known.plural != message.plural:
                raise MessagesError(f"{path}: {message} has two plurals: {known.plural!r} and {message.plural!r}")
            if message.plural:
                found[message.key] = message
    return sorted(found.values())


def sources(base: Path) -> Iterator[Path]:
    """Yield the files that can hold messages, in a fixed order."""
    for folder in FOLDERS:
        for path in sorted((base / folder).rglob("*")):
            if path.suffix in _READERS and not SKIPPED & set(path.relative_to(base).parts) and path.is_file():
                yield path


def read_messages(path: Path) -> Iterable[Message]:
    """Return the messages of one source file, chosen by its extension."""
    return _READERS[path.suffix](path, path.read_text(encoding="utf-8"))


def _from_python(path: Path, text: str) -> Iterator[Message]:
    tree = ast.parse(text, str(path))
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in _FUNCTIONS}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            function = called.attr if called.value.id == "translation" and called.attr in _FUNCTIONS else ""
        else:
            function = names.get(called.id, "") if isinstance(called, ast.Name) else ""
        if function:
            message = _message(_FUNCTIONS[function], [_literal(path, part) for part in node.args])
            if message:
                yield message


def _literal(path: Path, node: ast.expr) -> str | None:
    """Return a literal text, None for a name; refuse what is put together at run time, it is never found again."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    built = isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.BinOp) and any(isinstance(part, ast.Constant) for part in (node.left, node.right))
    )
    if built and any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(node)):
        raise MessagesError(
            f"{path}, line {node.lineno}: the message is put together at run time. "
            'Translate a literal text and fill it afterwards: _("%(count)s rows") % {...}'
        )
    return None


def _message(shape: str, arguments: list[str | None]) -> Message | None:
    """Return the message of a call, None when a part of it is not a literal."""
    parts = dict(zip(shape, arguments, strict=False))
    texts = {part: text for part, text in parts.items() if text is not None}
    if len(texts) < len(shape) or not texts["s"]:
        return None
    return Message(texts["s"], texts.get("p", ""), texts.get("c", ""))


def _from_template(path: Path, text: str) -> Iterator[Message]:
    try:
        calls = _TEMPLATE_CALL.findall(templatize(text, origin=str(path)))
    except SyntaxError as problem:
        raise MessagesError(str(problem)) from None
    for function, arguments in calls:
        literals: list[str | None] = [ast.literal_eval(part) for part in re.findall(_LITERAL, arguments, re.DOTALL)]
        message = _message("s" if function == "_" else _FUNCTIONS[function], literals)
        if message:
            yield message


def _from_script(path: Path, text: str) -> Iterator[Message]:
    if "gettext(" not in text:
        return
    keywords = {"gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
    for _line, words, _comments, context in babel_extract("javascript", BytesIO(text.encode()), keywords):
        parts = (words,) if isinstance(words, str) else words
        yield Message(parts[0], parts[1] if len(parts) > 1 else "", context or "")


_READERS = {".py": _from_python, ".html": _from_template, ".txt": _from_template, ".js": _from_script}


# --- the catalogue ----------------------------------------------------------------------------------


def merge(messages: list[Message], po: Path) -> tuple[int, int]:
    """Write the catalogue anew: what is translated stays, what is gone goes, what is new is empty.

    Returns how many messages were added and dropped. The file is only touched when it changes.
    """
    old = _entries(po)
    catalogue = Catalog(locale=LOCALE, fuzzy=False)
    for message in messages:
        entry = old.get(message.key)
        catalogue.add(
            (message.singular, message.plural) if message.plural else message.singular,
            _kept(entry, message),
            flags=entry.flags & {"fuzzy"} if entry else (),
            context=message.context or None,
        )
    body = BytesIO()
    write_po(body, catalogue, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    content = (HEADER + body.getvalue().decode().strip() + "\n").encode()
    if not po.exists() or po.read_bytes() != content:
        po.parent.mkdir(parents=True, exist_ok=True)
        po.write_bytes(content)
    keys = {message.key for message in messages}
    return len(keys - old.keys()), len(old.keys() - keys)


def findings(messages: list[Message], po: Path) -> list[str]:
    """Return one sentence for everything that keeps the catalogue from being complete and right."""
    entries = _entries(po)
    told: list[str] = []
    for message in messages:
        entry = entries.pop(message.key, None)
        if entry is None or not all(_strings(entry)) or bool(message.plural) != entry.pluralizable:
            told.append(f"missing: {message}")
        elif entry.fuzzy:
            told.append(f"fuzzy: {message}")
        elif any(_marks(text) != _marks(message.plural or message.singular) for text in _strings(entry)):
            told.append(f"placeholders or tags differ: {message} and {_strings(entry)[0]!r}")
    told += [f"stale: {_from_entry(entry)}" for entry in entries.values()]
    return told


def compile_catalogue(po: Path) -> bool:
    """Write the .mo file beside the .po file when that is newer; return whether it was written."""
    mo = po.with_suffix(".mo")
    if mo.exists() and mo.stat().st_mtime_ns > po.stat().st_mtime_ns:
        return False
    catalogue = Catalog(locale=LOCALE, fuzzy=False)
    for entry in _entries(po).values():
        if all(_strings(entry)) and not entry.fuzzy:
            catalogue.add(entry.id, entry.string, context=entry.context)
    part = mo.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as out:
        write_mo(out, catalogue)
    part.replace(mo)
    return True


def _entries(po: Path) -> dict[tuple[str, str], Entry]:
    """Return the entries of a catalogue by context and singular, without its header; none when it is not there."""
    if not po.exists():
        return {}
    with po.open("rb") as content:
        catalogue = read_po(content, locale=LOCALE, ignore_obsolete=True, abort_invalid=True)
    return {_from_entry(entry).key: entry for entry in catalogue if entry.id}


def _from_entry(entry: Entry) -> Message:
    texts = [entry.id, ""] if isinstance(entry.id, str) else list(entry.id)
    return Message(texts[0], texts[1], entry.context or "")


def _strings(entry: Entry) -> list[str]:
    return [entry.string] if isinstance(entry.string, str) else list(entry.string or ("",))


def _kept(entry: Entry | None, message: Message) -> str | tuple[str, ...]:
    """Return the translation to write; one that gained or lost its plural keeps its words."""
    words = _strings(entry)[0] if entry else ""
    return (words,) if message.plural else words


def _marks(text: str) -> tuple[set[str], list[str]]:
    """Return what a translation must carry over: named placeholders as a set, tags in any order."""
    return set(_PLACEHOLDER.findall(text)) - {"%%"}, sorted(_TAG.findall(text))
