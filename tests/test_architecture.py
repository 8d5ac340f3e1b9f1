"""The rules of the house that no other tool checks: who may write what, what no template holds, what is explained."""

import ast
import functools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspections.workflow import diagram

ROOT = Path(__file__).resolve().parent.parent
APPS = ("casetracker", "inspections", "penalties")
WORKFLOW = "inspections/workflow/"
# Writes the past of imported rows in one go, with the stays and clocks that the ledger tells of.
PAST = tuple(f"inspections/ledger/importing/{name}.py" for name in ("past", "clocks", "writing"))


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Our own Python files (no migrations) as path and tree."""
    for folder in folders or APPS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), parsed(path)


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def texts(folder: str, *suffixes: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / folder).rglob("*")):
        if path.suffix in suffixes:
            yield path.relative_to(ROOT).as_posix(), path.read_text()


def dotted(node: ast.expr) -> str:
    """Problem.objects.filter(…).update -> "Problem.objects.filter.update"; what else stands there is "?"."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return "?"


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def names_in(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}


# --- Who may write what -----------------------------------------------------------------------------


def test_only_the_workflow_moves_a_problem() -> None:
    kept = {"status", "due_on", "met_on", "first_due_on", "status_since", "lead_unit", "closed_on"}
    wrong = []
    for path, tree in sources("inspections", "casetracker/views"):
        if path.startswith(WORKFLOW) or path in PAST:
            continue
        for node in ast.walk(tree):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign)
                else []
            )
            for target in targets:
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr in kept
                    and dotted(target).split(".")[0] in ("problem", "self.problem")
                ):
                    wrong.append(f"{path}:{node.lineno} sets {dotted(target)}")
        for call in calls(tree):
            name = dotted(call.func)
            if (
                name.endswith((".update", ".create", ".get_or_create"))
                and "Problem.objects" in name
                and kept & names_in(call)
            ):
                wrong.append(f"{path}:{call.lineno} {name}")
            if name == "Problem" or name.endswith(
                ("Problem.objects.create", "Problem.objects.bulk_create", "Problem.objects.bulk_update")
            ):
                wrong.append(f"{path}:{call.lineno} {name}")
    assert wrong == []


def test_only_the_workflow_writes_stays_and_clocks() -> None:
    writing = {"Stage", "Deadline"}
    wrong = []
    for path, tree in sources("inspections", "casetracker"):
        if path.startswith(WORKFLOW) or path in PAST:
            continue
        for call in calls(tree):
            parts = dotted(call.func).split(".")
            made = parts[0] in writing and len(parts) == 1
            changed = parts[0] in writing and parts[-1] in {
                "create",
                "bulk_create",
                "update",
                "bulk_update",
                "delete",
                "get_or_create",
                "update_or_create",
            }
            if made or changed:
                wrong.append(f"{path}:{call.lineno} {'.'.join(parts)}")
    assert wrong == []


def test_only_audit_writes_events() -> None:
    wrong = [
        f"{path}:{call.lineno}"
        for path, tree in sources()
        if path != "casetracker/audit.py"
        for call in calls(tree)
        if dotted(call.func) == "Event"
        or re.match(r"Event\.objects\b.*\.(create|bulk_create|update|delete|get_or_create)$", dotted(call.func))
    ]
    assert wrong == []


# --- What a page may start from ---------------------------------------------------------------------

SCOPED = {
    "Problem",
    "Site",
    "Visit",
    "Assignment",
    "Batch",
    "Party",
    "Attachment",
    "Evidence",
    "Recheck",
    "Highlight",
    "Job",
}
SCOPED |= {"Notice", "SavedView", "ImportBatch", "Extension", "Comment", "Event", "Custody", "Delivery"}
# Rows that are not asked for by visible_to(), each with what bounds them instead; the text stands in the statement.
BOUNDED = {
    "inspections/views/batches.py": {
        "Batch.objects.filter(office__in=scope.of(user).offices)",
        "Batch.objects.filter(pk__in=mine.union(seen))",
    },
    "inspections/views/bulk.py": {"Problem.objects.filter(pk__in=selection.ids)"},
    "inspections/views/imports.py": {"mine.rows()", "reach_of(", "requested_by=user"},
    "inspections/views/ledger_drafts.py": {"requested_by=", "pk=draft.checked"},
    "inspections/views/ledger_checks.py": {"Job.objects.filter(mine, ", "requested_by=", "_done(request, job_id)"},
    "inspections/views/recording.py": {"pk__in=found"},
    "inspections/views/sites.py": {"Site.objects.visible_to(user)", "visit__in=visits", "Site.objects.select_related("},
    "inspections/views/visits.py": {
        "Problem.objects.visible_to(user)",
        "Prefetch(",
        "Visit.objects.select_related(",
        "merged_into__in=seen",
        "photos = Attachment.objects",
    },
    "inspections/views/rows.py": {"Problem.objects.select_related("},
    "inspections/views/problem/record.py": {"Prefetch("},
    "inspections/views/problem/verbs.py": {"select_for_update"},
    "inspections/views/problem/files.py": {"evidence__in="},
    "inspections/views/problem/panels.py": {"problem"},
    "casetracker/views/saved.py": {"owner=", "bulk_update"},
    "casetracker/views/work.py": set(),
}


def test_pages_start_from_what_the_person_may_see() -> None:
    wrong = []
    for folder in ("inspections/views", "casetracker/views"):
        for path, tree in sources(folder):
            text = (ROOT / path).read_text()
            statements = [
                node
                for node in ast.walk(tree)
                if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.ClassDef)
            ]
            for node in ast.walk(tree):
                if not (isinstance(node, ast.Attribute) and node.attr == "objects" and dotted(node.value) in SCOPED):
                    continue
                inside = [one for one in statements if one.lineno <= node.lineno <= (one.end_lineno or one.lineno)]
                around = (
                    ast.get_source_segment(text, min(inside, key=lambda one: (one.end_lineno or 0) - one.lineno)) or ""
                )
                bounds = {
                    f"{dotted(node)}.visible_to(",
                    f"{dotted(node)}.of(",
                    f"{dotted(node)}.none()",
                    f"{dotted(node)}.usable_by(",
                    "requested_by=request.user",
                    "owner=request.user",
                }
                if not any(bound in around for bound in bounds | BOUNDED.get(path, set())):
                    wrong.append(f"{path}:{node.lineno} {around.splitlines()[0].strip()}")
    assert wrong == []


def test_no_view_asks_for_all_rows() -> None:
    wrong = [
        f"{path}:{call.lineno}"
        for folder in ("inspections/views", "casetracker/views")
        for path, tree in sources(folder)
        for call in calls(tree)
        if any(dotted(call.func) == f"{model}.objects.all" for model in SCOPED)
    ]
    assert wrong == []


# --- Time -------------------------------------------------------------------------------------------


def test_dates_come_from_the_local_zone() -> None:
    naive = {"date.today", "datetime.date.today", "datetime.now", "datetime.datetime.now", "datetime.datetime.utcnow"}
    naive |= {"datetime.utcnow", "datetime.datetime.today", "datetime.today", "timezone.now.date", "time.localtime"}
    wrong = [
        f"{path}:{call.lineno} {dotted(call.func)}"
        for path, tree in sources()
        for call in calls(tree)
        if dotted(call.func) in naive and not call.args and not call.keywords
    ]
    assert wrong == []


# --- Templates, styles and scripts ------------------------------------------------------------------

# A literal of our own, and the texts of mail, which are no HTML.
SAFE = {"templates/components/_bulk_bar.html", "templates/inspections/problems/_bulk_bar.html"}


def test_no_template_trusts_a_value() -> None:
    wrong = []
    for path, text in texts("templates", ".html"):
        for number, line in enumerate(text.splitlines(), 1):
            literal = re.sub(r"'<span [a-z-]+>\d+</span>'\|safe", "", line) if path in SAFE else line
            if re.search(r"\|\s*safe\b|autoescape\s+off", literal):
                wrong.append(f"{path}:{number}")
    assert wrong == []


def test_no_script_writes_markup() -> None:
    banned = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(|setTimeout\(\s*[\"']"
    )
    wrong = [
        path
        for app in APPS
        if (ROOT / app / "static").exists()
        for path, text in texts(f"{app}/static", ".js")
        if banned.search(text)
    ]
    assert wrong == []


def test_no_page_holds_a_script_or_a_style() -> None:
    """The policy of the pages forbids them; a mail has no other place for its style."""
    inline = re.compile(
        r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|hx-on|<script(?![^>]*\bsrc\s*=)(?![^>]*application/json)",
        re.I,
    )
    wrong = []
    for path, text in texts("templates", ".html"):
        if path.startswith("templates/mail/"):
            continue
        for found in inline.finditer(text):
            wrong.append(f"{path}:{text[: found.start()].count(chr(10)) + 1} {found.group().strip()}")
    assert wrong == []


def test_no_page_names_another_host() -> None:
    """Names of XML are not fetched; everything else comes from this host."""
    found = re.compile(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", re.I)
    wrong = []
    folders = [("templates", (".html", ".txt")), *[(f"{app}/static", (".css", ".js", ".svg", ".json")) for app in APPS]]
    for folder, suffixes in folders:
        if not (ROOT / folder).exists():
            continue
        for path, text in texts(folder, *suffixes):
            wrong += [
                f"{path} {one}"
                for one in found.findall(text.replace("http://www.w3.org/", ""))
                if ".example" not in one
            ]
    assert wrong == []


# --- What is written down ---------------------------------------------------------------------------


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    tomllib.loads(text)
    rows = re.findall(r'^    "[a-z][^"]*",?.*$', text[: text.index("[tool.pytest")], re.M)
    assert len(rows) > 20
    assert [row for row in rows if not re.search(r"# \w+", row)] == []


# Longer than 400 lines, each with its reason.
LONG: dict[str, str] = {}
LONG_TESTS = 600


def test_files_stay_short() -> None:
    """About 300 lines are meant (400 are the end), for tests about 400 (600 are the end)."""
    wrong = []
    for folder in (*APPS, "templates", "tests"):
        most = LONG_TESTS if folder == "tests" else 400
        for path, text in texts(folder, ".py", ".html", ".js"):
            lines = text.count("\n")
            if lines > most and path not in LONG and "/migrations/" not in path:
                wrong.append(f"{path} {lines}")
    assert wrong == []
    assert [path for path in LONG if not (ROOT / path).exists()] == []


def test_every_module_says_what_belongs_in_it() -> None:
    wrong = [
        path
        for path, tree in sources(*APPS)
        if tree.body and not ast.get_docstring(tree) and not path.endswith("__init__.py")
    ]
    assert wrong == []


def test_no_file_tells_where_it_was_made() -> None:
    """No paths of one machine, no marks of unfinished work."""
    told = re.compile(rf"{re.escape(str(ROOT))}/|\bTODO\b|\bFIXME\b|\bXXX\b")
    wrong = []
    for folder in (*APPS, "templates", "tests"):
        for path, text in texts(folder, ".py", ".html", ".js", ".css", ".txt", ".toml"):
            if path != "tests/test_architecture.py" and told.search(text):
                wrong.append(f"{path} {told.findall(text)}")
    assert wrong == []


def test_the_readme_shows_the_workflow_as_the_table_has_it() -> None:
    text = (ROOT / "README.md").read_text()
    shown = re.search(r"<!-- workflow -->\s*```mermaid\n(.*?)\n```\s*<!-- /workflow -->", text, re.S)
    assert shown is not None, "README.md holds the diagram between <!-- workflow --> and <!-- /workflow -->"
    assert shown[1].strip() == diagram().strip()


# --- Starting without what is not needed ------------------------------------------------------------

HIDE_GDAL = """
import ctypes.util, sys
found = ctypes.util.find_library
ctypes.util.find_library = lambda name: None if "gdal" in name.lower() or "geos" in name.lower() else found(name)
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name == "osgeo" or name.startswith("osgeo.") or name == "django.contrib.gis.gdal.libgdal":
            raise ImportError("GDAL is not on this machine")
sys.meta_path.insert(0, Refuse())
import django
django.setup()
from django.core.management import call_command
from django.contrib.staticfiles import finders
call_command("check")
assert finders.find("leaflet/leaflet.js") and finders.find("django_htmx/htmx-2.min.js")
from django.urls import get_resolver
get_resolver().url_patterns
"""


def test_the_application_starts_where_gdal_is_missing() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "casetracker.settings"}
    done = subprocess.run([sys.executable, "-c", HIDE_GDAL], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("app", ["casetracker", "inspections"])
def test_the_ground_does_not_know_what_stands_on_it(app: str) -> None:
    """casetracker imports no app, inspections not penalties; only the wiring does, and commands in what they import."""
    above = {"casetracker": ("inspections", "penalties"), "inspections": ("penalties",)}[app]
    wiring = {"casetracker/settings.py", "casetracker/urls.py", "casetracker/celery.py"}
    wrong = []
    for path, tree in sources(app):
        if path in wiring:
            continue
        for node in ast.walk(tree):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            wrong += [f"{path}:{node.lineno} {name}" for name in names if name.split(".")[0] in above]
    assert wrong == []
