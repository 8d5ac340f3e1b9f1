"""The shelf of ugly ledgers: spreadsheets written on the spot, as offices, other programs and attackers write them."""

import datetime
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

HEADER = ["问题编号", "发现日期", "督导组", "县（市、区）", "点位名称", "问题描述", "处置方式", "整改时限"]
DAY = datetime.date(2019, 10, 16)
DATA = [
    ["焦督〔2019〕1号", DAY, "第一组", "解放区", "东环工地", "黄土未覆盖", "集中交办", datetime.date(2019, 10, 23)],
    ["焦督〔2019〕2号", "2019.10.17", "第二组", "山阳区", "西环工地", "围挡不全", "立行立改", "2019年10月18日"],
]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def xlsx(path: Path, rows: Sequence[Sequence[Any]], **more: Any) -> Path:
    """Write one sheet; see workbook for what else there is."""
    return workbook(path, {"台账": rows}, **more)


def workbook(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[Any]]],
    *,
    merges: Iterable[tuple[int, int, int, int]] = (),
    hidden_rows: Iterable[int] = (),
    hidden_sheets: Iterable[str] = (),
    date_1904: bool = False,
) -> Path:
    """Write sheets by name. Merges (0-based first row, first column, last row, last column) and hidden rows (0-based)
    are those of the first sheet; a merge takes the text of its first cell. A formula is a pair of it and its stored
    value; a Decimal is shown as percent."""
    book = xlsxwriter.Workbook(str(path), {"date_1904": date_1904})
    day_form = book.add_format({"num_format": "yyyy-mm-dd"})
    time_form = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    hours = book.add_format({"num_format": "[h]:mm:ss"})
    percent = book.add_format({"num_format": "0%"})
    for position, (name, rows) in enumerate(sheets.items()):
        sheet = book.add_worksheet(name)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, datetime.datetime):
                    sheet.write_datetime(row, column, cell, time_form)
                elif isinstance(cell, datetime.date):
                    sheet.write_datetime(row, column, cell, day_form)
                elif isinstance(cell, datetime.time | datetime.timedelta):
                    sheet.write_datetime(row, column, cell, hours)
                elif isinstance(cell, Decimal):
                    sheet.write_number(row, column, cell, percent)
                elif isinstance(cell, tuple):
                    sheet.write_formula(row, column, cell[0], None, cell[1])
                elif isinstance(cell, str) and cell:
                    sheet.write_string(row, column, cell)
                elif cell not in (None, ""):
                    sheet.write(row, column, cell)
        if position == 0:
            for top, left, bottom, right in merges:
                sheet.merge_range(top, left, bottom, right, rows[top][left])
            for row in hidden_rows:
                sheet.set_row(row, None, None, {"hidden": True})
        if name in hidden_sheets:
            sheet.hide()
    book.close()
    return path


def raw_xlsx(path: Path, sheet: str | bytes, *, prolog: str = "", shared: str = "", workbook_prolog: str = "") -> Path:
    """Write an xlsx around the given inside of a worksheet, as no spreadsheet program would."""
    if isinstance(sheet, str):
        sheet = f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{MAIN}">{sheet}</worksheet>'.encode()
    book = (
        f'<?xml version="1.0"?>{workbook_prolog}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        '<sheets><sheet name="台账" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    related = relation("rId1", "worksheet", "worksheets/sheet1.xml")
    related += relation("rId2", "sharedStrings", "sharedStrings.xml")
    relations = f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>'
    package = (
        f'<Relationships xmlns="{PACKAGE}">{relation("rId1", "officeDocument", "xl/workbook.xml")}</Relationships>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("_rels/.rels", package)
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", relations)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        if shared:
            archive.writestr("xl/sharedStrings.xml", shared)
    return path


def relation(key: str, kind: str, target: str) -> str:
    """One pointer from a part to another."""
    return f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'


def inline(place: str, text: str) -> str:
    """One worksheet cell with its text inside."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def inline_rows(rows: Sequence[Sequence[Any]]) -> str:
    """The inside of a worksheet with these rows, texts as they stand."""
    lines = []
    for number, cells in enumerate(rows, 1):
        places = (f"{chr(65 + column)}{number}" for column in range(len(cells)))
        filled = "".join(inline(place, cell) for place, cell in zip(places, cells, strict=True) if cell is not None)
        lines.append(f'<row r="{number}">{filled}</row>')
    return f"<sheetData>{''.join(lines)}</sheetData>"


def add(path: Path, name: str, *chunks: bytes) -> Path:
    """Add a part to a workbook."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open(name, "w") as part:
        for chunk in chunks:
            part.write(chunk)
    return path


def external(target: str) -> bytes:
    """The pointer of a part to something outside of the file."""
    link = f'<Relationship Id="rId1" Type="x" TargetMode="External" Target="{target}"/>'
    return f'<Relationships xmlns="{PACKAGE}">{link}</Relationships>'.encode()


def csv(path: Path, rows: Sequence[Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write plain delimited text, quoted only where it must be."""
    lines = [delimiter.join(f'"{cell}"' if delimiter in cell or "\n" in cell else cell for cell in row) for row in rows]
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
    return path


def xls(path: Path, rows: Sequence[Sequence[Any]], *, hidden_rows: Iterable[int] = ()) -> Path:
    """Write an Excel 97 workbook (BIFF8 in a compound file) with one sheet named 台账."""

    def record(kind: int, content: bytes = b"") -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    def string(text: str, length: str) -> bytes:
        return struct.pack(length, len(text)) + b"\x01" + text.encode("utf-16-le")

    def style(number_format: int) -> bytes:
        return record(0x00E0, struct.pack("<HHHBBBBIIH", 0, number_format, 0, 0, 0, 0, 0, 0, 0, 0))

    hidden = set(hidden_rows)
    body = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    width = max(len(cells) for cells in rows)
    body += record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for row in range(len(rows)):
        flags = 0x0120 if row in hidden else 0x0100
        body += record(0x0208, struct.pack("<HHHHHHHH", row, 0, width, 255, 0, 0, flags, 15))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, datetime.date):
                serial = float((cell - datetime.date(1899, 12, 30)).days)
                body += record(0x0203, struct.pack("<HHHd", row, column, 1, serial))
            elif isinstance(cell, int | float):
                body += record(0x0203, struct.pack("<HHHd", row, column, 0, float(cell)))
            elif cell:
                body += record(0x0204, struct.pack("<HHH", row, column, 0) + string(cell, "<H"))
    body += record(0x000A)
    globals_head = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + record(0x0042, b"\xb0\x04")
    globals_head += record(0x0022, b"\0\0") + style(0) + style(14)
    name = string("台账", "<B")
    start = len(globals_head) + 4 + 6 + len(name) + 4
    stream = globals_head + record(0x0085, struct.pack("<IBB", start, 0, 0) + name) + record(0x000A) + body
    path.write_bytes(compound("Workbook", stream.ljust(4096, b"\0")))
    return path


def compound(name: str, stream: bytes) -> bytes:
    """Return a compound file (the container of old office files) that holds one stream of at least 4096 bytes."""
    free, end, fat_sector = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    data = -(-len(stream) // 512)
    fats = next(count for count in range(1, 109) if count * 128 >= data + 1 + count)
    table = [*range(1, data), end, end, *[fat_sector] * fats]
    table += [free] * (fats * 128 - len(table))

    def entry(title: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = title.encode("utf-16-le")
        return (
            text.ljust(64, b"\0")
            + struct.pack("<HBB", len(text) + 2, kind, 1)
            + struct.pack("<III", free, free, child)
            + b"\0" * 36
            + struct.pack("<IQ", first, size)
        )

    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, fats, data, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", *range(data + 1, data + 1 + fats), *[free] * (109 - fats))
    directory = entry("Root Entry", 5, 1, end, 0) + entry(name, 2, free, 0, len(stream)) + b"\0" * 256
    return header + stream.ljust(data * 512, b"\0") + directory + struct.pack(f"<{len(table)}I", *table)
