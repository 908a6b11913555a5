"""A corpus of broken files: each yields a diagnostic with its code, a place and words; never a traceback."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from picsellia_apply.errors import Severity
from picsellia_apply.formats import detect_formats, read_annotations
from picsellia_apply.source import Position

IMAGES = b'"images": [{"id": 1, "file_name": "a.jpg"}]'
CATEGORIES = b'"categories": [{"id": 1, "name": "car"}]'


def coco(annotation: bytes) -> bytes:
    return b"{" + IMAGES + b", " + CATEGORIES + b', "annotations": [' + annotation + b"]}"


def row(more: bytes) -> bytes:
    return coco(b'{"id": 1, "image_id": 1, "category_id": 1, ' + more + b"}")


def entry(more: bytes) -> bytes:
    return b'{"annotations": [{"external_picture_url": "a.jpg", ' + more + b"}]}"


LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10 if i else b"&lol;") for i in range(10))
    + b"]><annotation><filename>&l9;</filename></annotation>"
)
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>'
GOOD_XML = b"<annotation><filename>a.jpg</filename></annotation>"

JSON_CORPUS: dict[str, tuple[bytes, str, str]] = {
    # name: bytes, code, words of message or hint
    "empty": (b"", "A002", "0 bytes"),
    "blank": (b" \n\t", "A002", "3 bytes"),
    "only a byte order mark": (b"\xef\xbb\xbf", "A002", "empty"),
    "zeros": (b"\0" * 512, "A002", "empty"),
    "cut in a list": (row(b'"bbox": [1, 2')[:-3], "A003", "expecting"),
    "cut in a text": (b'{"images": [{"id": 1, "file_name": "a', "A003", "unterminated"),
    "cut after a comma": (b'{"images": [],', "A003", "expecting"),
    "two documents": (coco(b"") + coco(b""), "A003", "extra data"),
    "comma at the end": (b'{"images": [1,]}', "A003", "malformed"),
    "single quotes": (b"{'images': []}", "A003", "malformed"),
    "comment": (b'{"images": [] // none\n}', "A003", "malformed"),
    "not UTF-8": (
        b'{"images": [{"id": 1, "file_name": "\xff.jpg"}], "annotations": [], "categories": []}',
        "A003",
        "UTF-8",
    ),
    "half UTF-16": ('{"images"'.encode("utf-16") + b"\x00", "A003", "utf-16"),
    "lone surrogate": (coco(b"").replace(b"a.jpg", b"\\ud83d\\ude00 \\uDE00"), "A003", "surrogate pair"),
    "nested too deeply": (b"[" * 200_000, "A005", "object"),
    "picture": (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)), "A003", "malformed"),
    "archive": (b"PK\x03\x04" + b"\x14\x00" * 40, "A003", "malformed"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "A005", "git lfs pull"),
    "XML": (GOOD_XML, "A005", "XML"),
    "number": (b"5", "A005", "object"),
    "list": (b"[]", "A005", "object"),
    "null": (b"null", "A005", "object"),
    "labelme": (b'{"shapes": [], "imagePath": "a.jpg"}', "A005", "labelme"),
    "results": (b'[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}]', "A005", "COCO results"),
}

COCO_CORPUS: dict[str, tuple[bytes, str, str]] = {
    "PICSELLIA": (entry(b'"annotations": []'), "A005", "PICSELLIA"),
    "no annotations": (b"{" + IMAGES + b", " + CATEGORIES + b"}", "A005", "annotations"),
    "no categories": (b"{" + IMAGES + b', "annotations": []}', "A005", "categories"),
    "images is a map": (b'{"images": {}, "annotations": [], "categories": []}', "A005", "images"),
    "NaN": (row(b'"bbox": [1, NaN, 3, 4]'), "A004", "NaN"),
    "Infinity": (row(b'"bbox": [1, Infinity, 3, 4]'), "A004", "Infinity"),
    "minus Infinity": (row(b'"bbox": [1, -Infinity, 3, 4]'), "A004", "-Infinity"),
    "too large": (row(b'"bbox": [1, 1e999, 3, 4]'), "A006", "$.annotations[0].bbox[1]"),
    "huge integer": (row(b'"bbox": [1, 1' + b"0" * 5000 + b", 3, 4]"), "A006", "$.annotations[0].bbox[1]"),
    "huge id": (coco(b'{"image_id": 1' + b"0" * 5000 + b', "category_id": 1}'), "A006", "$.annotations[0].image_id"),
    "true for an id": (coco(b'{"image_id": true, "category_id": 1}'), "A006", "$.annotations[0].image_id"),
    "captions": (coco(b'{"image_id": 1, "caption": "a cat"}'), "A006", "category_id"),
    "annotation is a number": (coco(b"3"), "A006", "$.annotations[0]"),
    "text in a polygon": (
        row(b'"segmentation": [[1, 2, "3", 4, 5, 6]]'),
        "A006",
        "$.annotations[0].segmentation[0][2]",
    ),
    "mask without counts": (row(b'"segmentation": {"size": [1, 2]}'), "A006", "counts"),
    "mask of negative size": (row(b'"segmentation": {"size": [-1, 2], "counts": [0]}'), "A025", "no size"),
    "bbox is a map": (row(b'"bbox": {"x": 1}'), "A006", "$.annotations[0].bbox"),
}

PICSELLIA_CORPUS: dict[str, tuple[bytes, str, str]] = {
    "COCO": (coco(b'{"image_id": 1, "category_id": 1}'), "A005", "COCO"),
    "no annotations": (b'{"images": []}', "A005", "annotations"),
    "annotations is a map": (b'{"annotations": {}}', "A005", "annotations"),
    "entry without a picture": (b'{"annotations": [{"annotations": []}, {"external_picture_url": "a"}]}', "A006",
                                "$.annotations[0]"),
    "object without a type": (entry(b'"annotations": [{"label": "x"}]'), "A006", "$.annotations[0].annotations[0]"),
    "point without y": (
        entry(b'"annotations": [{"type": "polygon", "label": "x", "polygon": {"geometry": [{"x": 1}]}}]'),
        "A006",
        "$.annotations[0].annotations[0].polygon.geometry[0]",
    ),
    "NaN": (entry(b'"annotations": [], "time_spent": NaN'), "A004", "NaN"),
}  # fmt: skip

XML_CORPUS: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "A002", "x.xml"),
    "cut": (b"<annotation><object><name>car</na", "A003", "x.xml:1:"),
    "two roots": (GOOD_XML * 2, "A003", "junk after document element"),
    "crossed tags": (b"<annotation><a><b></a></b></annotation>", "A003", "mismatched tag"),
    "undefined entity": (b"<annotation>&nbsp;</annotation>", "A003", "undefined entity"),
    "control character": (b"<annotation>\x01</annotation>", "A003", "not well-formed"),
    "not UTF-8": (b"<annotation>\xff</annotation>", "A003", "not well-formed"),
    "unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><annotation/>', "A003", "encoding"),
    "billion laughs": (LAUGHS, "A007", "DOCTYPE"),
    "billion laughs in UTF-16": (LAUGHS.decode().encode("utf-16"), "A007", "DOCTYPE"),
    "external entity": (EXTERNAL, "A007", "DOCTYPE"),
    "harmless DOCTYPE": (b"<!DOCTYPE annotation><annotation/>", "A007", "DOCTYPE"),
    "DOCTYPE after a byte order mark": (b"\xef\xbb\xbf" + EXTERNAL, "A007", "DOCTYPE"),
    "CVAT": (b"<annotations><image/></annotations>", "A005", "<annotations>"),
    "HTML": (b"<html><body/></html>", "A005", "<html>"),
    "JSON": (coco(b'{"image_id": 1, "category_id": 1}'), "A005", "COCO"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "A003", "x.xml"),
}


def check(path: Path, kind: str, code: str, words: str) -> None:
    """Read a file and look for exactly one error of the code that says the words."""
    file, diagnostics = read_annotations(path, kind)
    errors = [one for one in diagnostics if one.severity is Severity.error]
    assert [one.code for one in errors] == [code]
    assert words in f"{errors[0].message} {errors[0].hint}"
    position = errors[0].position
    assert isinstance(position, Position)
    assert Path(position.file).resolve() == path.resolve()
    assert len(file.owner) == len(file.places)


@pytest.mark.parametrize("kind", ["COCO", "PICSELLIA"])
@pytest.mark.parametrize("name", JSON_CORPUS)
def test_json(tmp_path: Path, name: str, kind: str) -> None:
    data, code, words = JSON_CORPUS[name]
    path = tmp_path / "x.json"
    path.write_bytes(data)
    check(path, kind, code, words)


@pytest.mark.parametrize("name", COCO_CORPUS)
def test_coco(tmp_path: Path, name: str) -> None:
    data, code, words = COCO_CORPUS[name]
    path = tmp_path / "x.json"
    path.write_bytes(data)
    check(path, "COCO", code, words)


@pytest.mark.parametrize("name", PICSELLIA_CORPUS)
def test_picsellia(tmp_path: Path, name: str) -> None:
    data, code, words = PICSELLIA_CORPUS[name]
    path = tmp_path / "x.json"
    path.write_bytes(data)
    check(path, "PICSELLIA", code, words)


@pytest.mark.parametrize("name", XML_CORPUS)
def test_xml(tmp_path: Path, name: str) -> None:
    data, code, words = XML_CORPUS[name]
    path = tmp_path / "x.xml"
    path.write_bytes(data)
    check(path, "PASCAL-VOC", code, words)


def test_half_a_surrogate_pair_after_another_fault(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(
        coco(b'3, {"image_id": "\\ud800", "category_id": 1}, {"image_id": 1, "category_id": 1, "x": 1e999}')
    )
    _, diagnostics = read_annotations(path, "COCO")
    assert [(one.code, one.count) for one in diagnostics if one.severity is Severity.error] == [("A003", 1)]
    position = diagnostics[0].position
    assert isinstance(position, Position)
    assert position.line == 1


def test_encoding_that_hides_a_doctype(tmp_path: Path) -> None:
    """In an EBCDIC code page no byte of the text after the declaration looks like `<!DOCTYPE`."""
    path = tmp_path / "x.xml"
    path.write_bytes(b'<?xml version="1.0" encoding="cp500"?>' + EXTERNAL.decode().encode("cp500"))
    _, diagnostics = read_annotations(path, "PASCAL-VOC")
    assert [one.code for one in diagnostics if one.severity is Severity.error] in (["A003"], ["A007"])


def test_position_of_a_doctype(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(b'<?xml version="1.0"?>\n  ' + EXTERNAL)
    _, diagnostics = read_annotations(path, "PASCAL-VOC")
    position = diagnostics[0].position
    assert isinstance(position, Position)
    assert (position.line, position.column) == (2, 3)


@pytest.mark.parametrize("kind", ["COCO", "PICSELLIA", "PASCAL-VOC"])
def test_file_that_is_not_there(tmp_path: Path, kind: str) -> None:
    check(tmp_path / "none", kind, "A001", "No such file")


@pytest.mark.parametrize("kind", ["COCO", "PICSELLIA"])
def test_folder_for_a_file(tmp_path: Path, kind: str) -> None:
    check(tmp_path, kind, "A001", "folder")


def test_folder_without_xml(tmp_path: Path) -> None:
    check(tmp_path, "PASCAL-VOC", "A005", "no XML file")


def test_faults_of_several_files_are_gathered(tmp_path: Path) -> None:
    for index in range(4):
        (tmp_path / f"bad{index}.xml").write_bytes(b"<annotation>")
    (tmp_path / "good.xml").write_bytes(GOOD_XML)
    (tmp_path / "evil.xml").write_bytes(EXTERNAL)
    _, diagnostics = read_annotations(tmp_path, "PASCAL-VOC")
    assert [(one.code, one.count) for one in diagnostics if one.severity is Severity.error] == [
        ("A003", 4),
        ("A007", 1),
    ]


@pytest.mark.parametrize("kind", ["COCO", "PICSELLIA", "PASCAL-VOC"])
@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_never_raise(tmp_path: Path, kind: str, seed: int) -> None:
    """Good files with bytes flipped, cut out or doubled; whatever comes out, it is no exception."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    good = {
        "COCO": row(b'"bbox": [1, 2, 3, 4], "segmentation": [[1, 2, 3, 4, 5, 6.5]]'),
        "PICSELLIA": entry(
            b'"image_qa": [{"type": "text", "question": "q", "answer": "a"}], "annotations": [{"type": "rectangle",'
            b' "label": "x", "rectangle": {"top": 1, "left": 2, "width": 3, "height": 4}}]'
        ),
        "PASCAL-VOC": b"<annotation><filename>a.jpg</filename><object><name>x</name><bndbox><xmin>1</xmin>"
        b"<ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object></annotation>",
    }[kind]
    path = tmp_path / ("x.xml" if kind == "PASCAL-VOC" else "x.json")
    for _ in range(20):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 5)):
            at, length = rng.randrange(len(data)), rng.randrange(1, 12)
            match rng.randrange(3):
                case 0:
                    data[at] = rng.randrange(256)
                case 1:
                    del data[at : at + length]
                case _:
                    data[at:at] = data[at : at + length]
            data = data or bytearray(b"x")
        path.write_bytes(bytes(data))
        file, diagnostics = read_annotations(path, kind)
        detect_formats(tmp_path)
        assert len(file.owner) == len(file.boxes)
        assert all(one.message and one.position for one in diagnostics)
