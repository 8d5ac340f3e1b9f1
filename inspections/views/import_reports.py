"""What became of the rows of a ledger, as the pages tell it: counts, tables of remarks, and what undoing did."""

from typing import Any

from django.utils.translation import gettext as _

from casetracker import registry
from casetracker.bilingual import in_language
from inspections.ledger import kinds
from inspections.ledger.kinds import told
from inspections.models import ImportBatch

# So many rows of each table are shown.
SHOWN = 500


def remarks(report: dict[str, Any], kind: str) -> dict[str, Any]:
    """The report of a kind of ledger for the page; very long lists are cut, and say so."""
    refused, doubtful = report.get("refused", []), report.get("doubtful", [])
    return {
        "report": report,
        "made": _made(report),
        "called": kinds.KINDS[kind].called,
        "refused": _in_language(refused[:SHOWN]),
        "doubtful": _in_language(doubtful[:SHOWN]),
        "changes": report.get("changes", [])[:SHOWN],
        "more_changes": max(0, len(report.get("changes", [])) - SHOWN) + report.get("left_off", {}).get("changes", 0),
        "more_refused": max(0, len(refused) - SHOWN) + report.get("left_off", {}).get("refused", 0),
        "more_doubtful": max(0, len(doubtful) - SHOWN) + report.get("left_off", {}).get("doubtful", 0),
    }


def tables(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What remarks() found as tables for the page; none without a row."""
    row, column = _("Row"), _("Column")
    heads = [row, found["called"], column, _("Old value"), _("New value")]
    changes = [[one[key] for key in ("row", "number", "column", "old", "new")] for one in found["changes"]]
    made = [table(_("Changed values"), heads, changes, found["more_changes"], says=False)]
    heads = [row, column, _("Value"), _("Reason")]
    for title, name in ((_("Refused rows"), "refused"), (_("Doubtful rows"), "doubtful")):
        rows = [[one[key] for key in ("row", "column", "value", "message")] for one in found[name]]
        made.append(table(title, heads, rows, found[f"more_{name}"], says=True))
    return [one for one in made if one["rows"]]


def table(
    title: str, heads: list[Any], rows: list[list[Any]], more: int = 0, *, says: bool, numbered: bool = True
) -> dict[str, Any]:
    """One table as its template takes it: `says` where the last cell is a sentence, `numbered` where the first is the
    number of a row."""
    shown = [list(zip(heads, cells, strict=True)) for cells in rows]
    return {"title": title, "heads": heads, "rows": shown, "more": more, "says": says, "numbered": numbered}


def _made(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What an import creates besides its rows: how many of each sort, and what the first ones are called."""
    labels = {"units": _("Units"), "teams": _("Teams"), "sites": _("Sites"), "kinds": _("Kinds")}
    names = report.get("made_names", {})
    return [
        {"label": label, "count": report["made"][sort], "names": names.get(sort, [])}
        for sort, label in labels.items()
        if report.get("made", {}).get(sort)
    ]


def _in_language(remarks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The remarks in the reader's language, whoever imported in whichever."""
    return [one | {"message": in_language(one["message_zh"], one["message_en"])} for one in remarks]


def page_of(subject: str, key: str) -> str:
    """The page of what an import brought or changed."""
    return registry.subjects[subject].link(key)


def undone_of(row: ImportBatch) -> dict[str, Any] | None:
    """What became of the rows of an import that was undone, in words; None for one that stands."""
    undone = row.report.get("undone")
    if undone is None:
        return None
    kind = kinds.KINDS[row.kind]
    counts = (
        (kind.taken_back, undone["taken_back"]),
        (kind.restored, undone["restored"]),
        (kinds.SITES_ALONG, undone.get("along", 0)),
    )
    words = {"taken_back": kind.one_taken_back, "restored": _("as before")}
    return {
        "facts": [told(sentence, count) for sentence, count in counts if count],
        "remains": kind.remains,
        "rows": [
            one | {"url": page_of(kind.subject, one["id"]), "words": words[one["what"]]} for one in undone["rows"]
        ],
    }
