"""Pure: the mark that keeps spreadsheet programs from running a cell of a CSV file; both sides of it."""

# What a spreadsheet program would run or read over, in either width; and the mark itself, so that it can be undone.
QUOTED = tuple("'=+-@\t\r＝＋－＠")


def quote_csv(text: str) -> str:
    """Return text as our CSV writes it: a ' before what a spreadsheet program would run, or before a leading '."""
    return "'" + text if text.startswith(QUOTED) else text


def unquote_csv(text: str) -> str:
    """Undo quote_csv: remove exactly one leading ' where our export would have put it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(QUOTED) else text
