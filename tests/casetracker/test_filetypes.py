"""What is taken as evidence is told by content; names, and what stands behind the first bytes, change nothing."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetracker import filetypes
from casetracker.filetypes import EvidenceRefused, recognise, size_limit


def box(name: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def openxml(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", *names):
            archive.writestr(name, "<x/>")
    return out.getvalue()


def legacy(*streams: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + b"".join(f"{s}\0".encode("utf-16-le") for s in streams)


MP4 = box(b"ftyp", b"isom\0\0\2\0isommp42") + box(b"moov", b"x" * 40) + box(b"mdat", b"y" * 90)
TAKEN = [
    (b"\xff\xd8\xff\xe0 rest", filetypes.JPEG),
    (b"\x89PNG\r\n\x1a\n rest", filetypes.PNG),
    (b"RIFF\x10\0\0\0WEBPVP8 ", filetypes.WEBP),
    (box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", b"m" * 20) + box(b"mdat"), filetypes.HEIC),
    (box(b"ftyp", b"mif1\0\0\0\0mif1heic") + box(b"meta"), filetypes.HEIC),
    (b"%PDF-1.7\n...\nstartxref\n9\n%%EOF\n", filetypes.PDF),
    (openxml("word/document2.xml"), filetypes.DOCX),
    (openxml("xl/workbook.xml"), filetypes.XLSX),
    (openxml("ppt/presentation.xml"), filetypes.PPTX),
    (legacy("Root Entry", "WordDocument"), filetypes.DOC),
    (legacy("Workbook"), filetypes.XLS),
    (legacy("Book"), filetypes.XLS),
    (MP4, filetypes.MP4),
    (box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"wide") + box(b"mdat", b"z") + box(b"moov"), filetypes.MOV),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\x42\x87\x81\x04", filetypes.WEBM),
]
REFUSED = [
    (b"", "empty"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "unsupported"),
    (b"\xef\xbb\xbf  \n<!DOCTYPE html><script>1</script>", "unsupported"),
    ("<html>".encode("utf-16"), "unsupported"),
    (b"MZ\x90\0", "unsupported"),
    (b"\x7fELF\2\1", "unsupported"),
    (b"GIF89a\1\0\1\0", "unsupported"),
    (b"%!PS-Adobe-3.0 EPSF", "unsupported"),
    (b"\0", "unsupported"),
    (b"PK\x03\x04", "damaged"),
    (openxml("word/document.xml")[:-30], "damaged"),
    (openxml("word/document.xml", "word/vbaProject.bin"), "macros"),
    (openxml("readme.txt"), "unsupported"),
    (legacy("EncryptedPackage"), "encrypted"),
    (legacy("WordDocument", "_VBA_PROJECT"), "macros"),
    (legacy("Something else"), "unsupported"),
    (b"%PDF-1.7\n cut off", "damaged"),
    (MP4[:-20], "damaged"),
    (box(b"ftyp", b"isom\0\0\2\0isom") + box(b"mdat"), "damaged"),
    (box(b"ftyp", b"isom\0\0\2\0isom") + b"\0\0\0\3moov", "damaged"),
    (box(b"ftyp", b"avif\0\0\0\0avif") + box(b"meta"), "unsupported"),
    (b"\x1a\x45\xdf\xa3\x42\x82\x88matroska", "unsupported"),
]


@pytest.mark.parametrize(("content", "expected"), TAKEN)
def test_every_kind_on_the_list_is_known_by_its_content(content: bytes, expected: filetypes.FileType) -> None:
    assert recognise(io.BytesIO(content)) is expected
    assert size_limit(content[: filetypes.HEAD_SIZE]) == expected.limit


@pytest.mark.parametrize(("content", "code"), REFUSED)
def test_everything_else_is_refused_with_its_reason(content: bytes, code: str) -> None:
    with pytest.raises(EvidenceRefused) as refusal:
        recognise(io.BytesIO(content))
    assert refusal.value.code == code
    assert refusal.value.message.endswith(".")


def test_a_zip_whose_directory_claims_to_be_huge_is_refused_before_it_is_listed() -> None:
    content = bytearray(openxml("word/document.xml"))
    end = content.rfind(b"PK\x05\x06")
    content[end + 12 : end + 16] = (50_000_000).to_bytes(4, "little")
    with pytest.raises(EvidenceRefused):
        recognise(io.BytesIO(bytes(content)))


def test_a_photo_above_its_limit_is_too_large_while_a_video_of_that_size_is_not() -> None:
    photo = io.BytesIO(b"\xff\xd8\xff".ljust(filetypes.PHOTO_LIMIT + 1, b"\0"))
    with pytest.raises(EvidenceRefused) as refusal:
        recognise(photo)
    assert refusal.value.code == "too_large"
    assert "25 MB" in refusal.value.message
    start = box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov")
    video = io.BytesIO(start + box(b"mdat", b"\0" * filetypes.PHOTO_LIMIT))
    assert recognise(video) is filetypes.MP4


def test_only_photos_that_browsers_draw_are_shown_inline() -> None:
    inline = {known.mime for known in filetypes.FILE_TYPES if known.inline}
    assert inline == {"image/jpeg", "image/png", "image/webp"}


@given(st.sampled_from([content for content, _expected in TAKEN]), st.data())
def test_any_cut_or_changed_file_is_either_recognised_or_refused(content: bytes, data: st.DataObject) -> None:
    broken = bytearray(content[: data.draw(st.integers(0, len(content)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(broken) - 1)), max_size=4)):
        if broken:
            broken[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(EvidenceRefused):
        assert recognise(io.BytesIO(bytes(broken))) in filetypes.FILE_TYPES


@given(st.binary(max_size=300))
def test_random_bytes_never_break_the_recogniser(content: bytes) -> None:
    with pytest.raises(EvidenceRefused):
        recognise(io.BytesIO(b"\x01" + content))
