"""The index of a picture set as text: what is written, what is read, and what is refused."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.local import index_text, read_index
from picsellia_apply.local.cache import Entry
from picsellia_apply.local.index import path_fault
from picsellia_apply.model.declaration import LocalPictures
from picsellia_apply.source import Position

SHA = "ab" * 32
LINE = f"{SHA} 42341 640x480 1 a.jpg"
HEAD = "# picsellia-apply/index v1: sha256, bytes, stored px, EXIF orientation, file; `picsellia-apply index` writes it"


def text(*lines: str, head: str = HEAD, end: str = "# end\n") -> bytes:
    return "\n".join([head, *lines, end]).encode()


def pictures(rows: list[tuple[str, str, int, int, int, int]]) -> LocalPictures:
    """Return columns from (file, sha256, size, width, height, orientation)."""
    if not rows:
        return LocalPictures()
    files, digests, sizes, widths, heights, turns = zip(*rows, strict=True)
    return LocalPictures(files, files, files, digests, sizes, widths, heights, turns)


def test_what_is_written() -> None:
    one = ("b/é x.png", SHA, 10, 4, 3, 6)
    two = ("a.jpg", "cd" * 32, 42341, 640, 480, 1)
    expected = f"{HEAD}\n{'cd' * 32} 42341 640x480 1 a.jpg\n{SHA} 10 4x3 6 b/é x.png\n# end\n"
    assert index_text(pictures([one, two])) == expected
    assert index_text(pictures([two, one])) == expected, "the order of the pictures never matters"
    assert index_text(LocalPictures()) == f"{HEAD}\n# end\n"


PARTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12)
FILES = st.lists(PARTS, min_size=1, max_size=3).map("/".join).filter(lambda file: not path_fault(file))
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
SIDES = st.integers(1, 12_000)
ROWS = st.tuples(FILES, DIGESTS, st.integers(1, 2**40), SIDES, SIDES, st.integers(1, 8))


@given(st.lists(ROWS, max_size=8, unique_by=lambda row: row[0]))
def test_what_is_written_is_read(rows: list[tuple[str, str, int, int, int, int]]) -> None:
    index, faults = read_index(index_text(pictures(rows)).encode(), "x.index")
    assert not faults
    assert index.entries == {
        file: Entry(size, -1, -1, -1, digest, width, height, turn) for file, digest, size, width, height, turn in rows
    }


@given(st.binary(max_size=300))
def test_any_bytes_end_in_faults_or_entries(data: bytes) -> None:
    for body in (data, text(data.decode("latin-1"))):
        index, faults = read_index(body, "x.index")
        assert not (faults and index.entries)
        assert all(isinstance(one.position, Position) and one.position.file == "x.index" for one in faults)


@pytest.mark.parametrize("changed", [text(LINE).replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + text(LINE)])
def test_what_an_editor_does_to_a_file_is_fine(changed: bytes) -> None:
    index, faults = read_index(changed, "x.index")
    assert not faults
    assert list(index.entries) == ["a.jpg"]


@pytest.mark.parametrize(
    ("body", "code", "message", "at"),
    [
        (b"", "P030", "this is no index of a picture set", "x:1"),
        (b"hello\n", "P030", "this is no index of a picture set", "x:1"),
        (b"\xff\xfe", "P030", "the index is not UTF-8", "x:1"),
        (text(LINE, head=HEAD.replace("v1", "v2")), "P030", "the index has format v2; this version reads v1", "x:1:25"),
        (text(LINE, end=""), "P030", "the index is cut short: its last line is not `# end`", "x:2"),
        (text(LINE)[:90], "P030", "the index is cut short: its last line is not `# end`", "x:1"),
        (text("<<<<<<< HEAD", LINE), "P030", "the index holds marks of a merge conflict", "x:2:1"),
        (text(LINE[1:]), "P031", "the digest is not 64 lower-case hex digits", "x:2:1"),
        (text(LINE.upper()), "P031", "the digest is not 64 lower-case hex digits", "x:2:1"),
        (text(f"zz{LINE}"), "P031", "the digest is not 64 lower-case hex digits", "x:2:1"),
        (text(LINE.replace("42341", "0")), "P031", "the size in bytes is no whole number above 0", "x:2:66"),
        (text(LINE.replace("42341", "-1")), "P031", "the size in bytes is no whole number above 0", "x:2:66"),
        (text(LINE.replace("42341", "١")), "P031", "the size in bytes is no whole number above 0", "x:2:66"),
        (text(LINE.replace("640x480", "640")), "P031", "the size in px is not WIDTHxHEIGHT", "x:2:72"),
        (text(LINE.replace("640x480", "0x480")), "P031", "the size in px is not WIDTHxHEIGHT", "x:2:72"),
        (text(LINE.replace("640", "9" * 9)), "P031", "999999999 x 480 px are more than", "x:2:72"),
        (text(LINE.replace(" 1 ", " 9 ")), "P031", "the EXIF orientation is not 1 to 8", "x:2:80"),
        (text("hello"), "P031", "a line is `sha256 bytes WIDTHxHEIGHT orientation file`", "x:2:1"),
        (text(LINE, "", LINE.replace("a.", "b.")), "P031", "a line is `sha256 bytes WIDTHxHEIGHT", "x:3:1"),
        (text(LINE, LINE), "P032", "`a.jpg` is listed twice", "x:3:82"),
        (text(LINE.replace("a.jpg", "../a.jpg")), "P031", "the path is not one below the set's folder", "x:2:82"),
        (text(LINE.replace("a.jpg", "x/../a.jpg")), "P031", "the path is not one below the set's folder", "x:2:82"),
        (text(LINE.replace("a.jpg", "/etc/passwd")), "P031", "the path is not one below the set's folder", "x:2:82"),
        (text(LINE.replace("a.jpg", "a//b.jpg")), "P031", "the path is not one below the set's folder", "x:2:82"),
        (text(LINE.replace("a.jpg", "a\0b")), "P031", "the path holds a control character, or is not UTF-8", "x:2:82"),
        (text(LINE.replace("a.jpg", "a\x1b[2J")), "P031", "the path holds a control character", "x:2:82"),
        (text(LINE.replace("a.jpg", "e\u0301")), "P031", "the path is not in Unicode's form NFC", "x:2:82"),
        (text(LINE.replace("a.jpg", "a" * 5000)), "P031", "the path has 5,000 characters", "x:2:82"),
    ],
)
def test_what_is_refused(body: bytes, code: str, message: str, at: str) -> None:
    index, faults = read_index(body, "x")
    assert [(one.code, str(one.position)) for one in faults] == [(code, at)]
    assert faults[0].message.startswith(message)
    assert faults[0].hint
    assert not index.entries


def test_many_faults_are_counted() -> None:
    _, faults = read_index(text(*["hello"] * 1000), "x")
    assert len(faults) == 21
    assert sum(one.count for one in faults) == 1000
    assert faults[-1].message == "980 more lines are wrong"


def test_a_line_is_small() -> None:
    """20,000 pictures stay readable: some 80 bytes and the path for each, whatever their order."""
    names = ["".join(random.Random(seed).choices(string.ascii_lowercase, k=20)) + ".jpg" for seed in range(2000)]  # noqa: S311
    rows = [(name, SHA, 20_000, 640, 480, 1) for name in names]
    assert len(index_text(pictures(rows)).encode()) / len(rows) < 81 + 24 + 2
