"""Which files are taken as evidence, told by their content and never by their name."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

from casetracker.errors import Invalid

MEBIBYTE = 1024 * 1024
PHOTO_LIMIT = 25 * MEBIBYTE
DOCUMENT_LIMIT = 25 * MEBIBYTE
VIDEO_LIMIT = 100 * MEBIBYTE
HEAD_SIZE = 4096
_ZIP_TAIL = 65_535 + 22  # the longest comment a ZIP may end with, and its end record
_ZIP_DIRECTORY_LIMIT = MEBIBYTE  # some 10,000 parts, far more than an office file has
_BOXES_LIMIT = 100_000


class EvidenceRefused(Invalid):
    """A file that is not taken; `code` is for programs, `message` tells the person what to do next."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class FileType:
    """A kind of file that is taken: its fixed media type, limit in bytes, and whether a page may show it."""

    mime: str
    kind: str
    extension: str
    limit: int
    inline: bool = False


_OPENXML = "application/vnd.openxmlformats-officedocument."
JPEG = FileType("image/jpeg", "photo", ".jpg", PHOTO_LIMIT, inline=True)
PNG = FileType("image/png", "photo", ".png", PHOTO_LIMIT, inline=True)
WEBP = FileType("image/webp", "photo", ".webp", PHOTO_LIMIT, inline=True)
HEIC = FileType("image/heic", "photo", ".heic", PHOTO_LIMIT)
PDF = FileType("application/pdf", "pdf", ".pdf", DOCUMENT_LIMIT)
DOCX = FileType(_OPENXML + "wordprocessingml.document", "office", ".docx", DOCUMENT_LIMIT)
XLSX = FileType(_OPENXML + "spreadsheetml.sheet", "office", ".xlsx", DOCUMENT_LIMIT)
PPTX = FileType(_OPENXML + "presentationml.presentation", "office", ".pptx", DOCUMENT_LIMIT)
DOC = FileType("application/msword", "office", ".doc", DOCUMENT_LIMIT)
XLS = FileType("application/vnd.ms-excel", "office", ".xls", DOCUMENT_LIMIT)
MP4 = FileType("video/mp4", "video", ".mp4", VIDEO_LIMIT)
MOV = FileType("video/quicktime", "video", ".mov", VIDEO_LIMIT)
WEBM = FileType("video/webm", "video", ".webm", VIDEO_LIMIT)
FILE_TYPES = (JPEG, PNG, WEBP, HEIC, PDF, DOCX, XLSX, PPTX, DOC, XLS, MP4, MOV, WEBM)

_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_MP4_BRANDS = frozenset(
    (b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"avc1", b"mp41", b"mp42", b"M4V ", b"MSNV", b"dash")
)


def type_of(mime: str) -> FileType:
    """Return the file type of a stored media type; KeyError when it is none of ours."""
    return {known.mime: known for known in FILE_TYPES}[mime]


def size_limit(head: bytes) -> int:
    """Return how many bytes a file beginning with `head` (up to HEAD_SIZE) may have, or refuse its kind."""
    return max(candidate.limit for candidate in _candidates(head))


def recognise(file: BinaryIO) -> FileType:
    """Return the type of a seekable file after looking at its structure; the position moves.

    Pictures are only told apart here, decoding them is the work of `photo_child`. Raises EvidenceRefused with the
    code empty, unsupported, too_large, damaged, encrypted or macros.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(HEAD_SIZE)
    candidates = _candidates(head)
    if size > max(candidate.limit for candidate in candidates):
        raise too_large(size_limit(head))
    found = candidates[0]
    if found is PDF:
        _check_pdf(file, size)
    elif found is DOCX:
        return _openxml_type(file, size)
    elif found is DOC:
        return _legacy_office_type(file)
    elif found in (MP4, MOV, HEIC):
        _check_boxes(file, size, needed=b"meta" if found is HEIC else b"moov")
    return found


def too_large(limit: int) -> EvidenceRefused:
    """Return the refusal of a file above `limit` bytes."""
    return EvidenceRefused(
        "too_large",
        _("The file is larger than %(limit)s MB. Send a smaller one, or split it.") % {"limit": limit // MEBIBYTE},
    )


def damaged() -> EvidenceRefused:
    """Return the refusal of a file that is cut off or broken inside."""
    return EvidenceRefused(
        "damaged", _("The file is damaged or incomplete. Open it on your own device to check it, then send it again.")
    )


def _candidates(head: bytes) -> tuple[FileType, ...]:
    """Return what a file beginning like this can be, at least one type."""
    if not head:
        raise EvidenceRefused("empty", _("The file is empty. Choose it again, or take the photo again."))
    if head.startswith(b"\xff\xd8\xff"):
        return (JPEG,)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return (PNG,)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return (WEBP,)
    if head.startswith(b"%PDF-"):
        return (PDF,)
    if head.startswith(b"PK\x03\x04"):
        return (DOCX, XLSX, PPTX)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return (DOC, XLS)
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"\x42\x82\x84webm" in head[:64]:
        return (WEBM,)
    raise _unsupported(head)


def _by_brand(head: bytes) -> tuple[FileType, ...]:
    """Tell HEIC, QuickTime and MP4 apart by the main brand, then by the compatible ones."""
    length = min(int.from_bytes(head[:4], "big"), 512)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length, 4))]
    for brand in brands:
        if brand in _HEIC_BRANDS:
            return (HEIC,)
        if brand == b"qt  ":
            return (MOV,)
        if brand in _MP4_BRANDS:
            return (MP4,)
    raise _unsupported(head)


def _unsupported(head: bytes) -> EvidenceRefused:
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00\t\r\n ").startswith(b"<"):
        return EvidenceRefused(
            "unsupported",
            _("Web pages and drawings (HTML, SVG, XML) are not taken. Send a screenshot or a PDF instead."),
        )
    return EvidenceRefused(
        "unsupported",
        _(
            "This kind of file is not taken. Send a photo (JPEG, PNG, WebP, HEIC), a PDF, "
            "a Word, Excel or PowerPoint file, or a video (MP4, MOV, WebM)."
        ),
    )


def _check_pdf(file: BinaryIO, size: int) -> None:
    file.seek(max(0, size - HEAD_SIZE))
    if b"%%EOF" not in file.read(HEAD_SIZE):
        raise damaged()


def _openxml_type(file: BinaryIO, size: int) -> FileType:
    """Tell Word, Excel and PowerPoint apart by the names of the parts; nothing is unpacked."""
    names = _zip_names(file, size)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _macros()
    if "[Content_Types].xml" in names:
        for folder, found in (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX)):
            if any(name.startswith(folder) for name in names):
                return found
    raise EvidenceRefused(
        "unsupported", _("Archives (ZIP) are not taken. Unpack it and send the files in it one by one.")
    )


def _zip_names(file: BinaryIO, size: int) -> set[str]:
    """Return the names in a ZIP; refuse a directory so long that listing it would fill the memory."""
    file.seek(max(0, size - _ZIP_TAIL))
    tail = file.read(_ZIP_TAIL)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22 or b"PK\x06\x07" in tail:
        raise damaged()
    if int.from_bytes(tail[end + 12 : end + 16], "little") > _ZIP_DIRECTORY_LIMIT:
        raise damaged()
    try:
        with zipfile.ZipFile(file) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise damaged() from None


def _legacy_office_type(file: BinaryIO) -> FileType:
    """Tell Word and Excel files of before 2007 apart by the UTF-16 names of their streams."""
    file.seek(0)
    content = file.read(DOCUMENT_LIMIT)

    def has(stream: str) -> bool:
        return f"{stream}\0".encode("utf-16-le") in content

    if has("EncryptedPackage"):
        raise EvidenceRefused("encrypted", _("The file has a password. Save it without one and send it again."))
    if has("_VBA_PROJECT_CUR") or has("_VBA_PROJECT"):
        raise _macros()
    if has("WordDocument"):
        return DOC
    if has("Workbook") or has("Book"):
        return XLS
    raise _unsupported(content[:HEAD_SIZE])


def _macros() -> EvidenceRefused:
    return EvidenceRefused("macros", _("The file contains macros. Save it without them or as PDF, and send it again."))


def _check_boxes(file: BinaryIO, size: int, *, needed: bytes) -> None:
    """Refuse an MP4, MOV or HEIC file that ends inside a box or lacks the one that describes its content."""
    if needed not in set(_boxes(file, size)):
        raise damaged()


def _boxes(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the names of the outermost boxes of an ISO base media file (ISO/IEC 14496-12, 4.2)."""
    at = 0
    for _count in range(_BOXES_LIMIT):
        if at >= size:
            break
        file.seek(at)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        smallest = 8
        if length == 1:
            length, smallest = int.from_bytes(header[8:16], "big"), 16
        elif length == 0:  # to the end of the file
            length = size - at
        if len(header) < 8 or length < smallest or at + length > size:
            raise damaged()
        yield header[4:8]
        at += length
