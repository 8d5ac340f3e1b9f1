"""Problems as a ledger that the importer takes back: its own columns, and a check code in the last one."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from casetracker import counting
from casetracker.exporting import Cell, Table
from casetracker.models import User
from inspections.ledger import checks
from inspections.ledger.exporting.problems import asked
from inspections.ledger.exporting.values import told
from inspections.ledger.exporting.written import COLUMNS, heads, language_of_file, writer
from inspections.ledger.fields import PROBLEM
from inspections.querysets import ProblemQuerySet


def table(user: User, query: str) -> Table:
    """The rows of the list of problems as a ledger."""
    found, _columns = asked(user, query)
    return ledger(found.in_order, counting.count_exactly(found.problems).rows)


def ledger(problems: ProblemQuerySet, total: int) -> Table:
    """These problems as a ledger, in the order of the query and the language that is active."""
    language = language_of_file()

    def rows() -> Iterator[list[Cell]]:
        write = writer(PROBLEM)
        for one in told(problems, language):
            check = checks.Check(
                language, one.version, checks.digest(one.values), one.pk, checks.marks(map(one.values.get, COLUMNS))
            )
            yield write(one.values, check)

    return Table(_("Ledger of problems"), heads("problems", PROBLEM), total, rows)
