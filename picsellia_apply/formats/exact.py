"""PICSELLIA files that lose nothing: what `export` writes, and how it is read back.

An ordinary PICSELLIA file whose first key is `"exact"`; whoever does not know that key reads the rest as ever.

    {"exact": 1, "annotations": [
    {"external_picture_url": "a.jpg", "nb_labels": 1, "annotations": [...], "image_qa": [...]}
    ], "categories": [{"name": "car"}], "undeclared": [{"name": "cat", "type": "rectangle"}]}

Names stand in it as the platform has them and are not made normal; objects as the platform has them, with keys that
nobody knows, negative widths and closed outlines. A picture with an entry and no object is a background picture.
`undeclared` are labels of objects that the platform's version does not declare: they are carried all the same.

One picture a line, sorted by name, objects in canonical order: equal annotations are equal bytes, and a diff in git
shows the pictures that changed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from picsellia_apply.formats import kinds
from picsellia_apply.formats.columns import Columns
from picsellia_apply.formats.findings import Findings, Unreadable
from picsellia_apply.formats.jsonfile import decode, split_error, wrong_shape
from picsellia_apply.model.annotation import Box, FileAnnotations, Ring, labels_of, object_text, wire_of
from picsellia_apply.model.annotation_rules import object_fault, question_fault

VERSION = 1
_MARK = re.compile(rb'\s*\{\s*"exact"\s*:')
_SPELLED_OTHERWISE = re.compile(rb"\d\.0*(?!\d)|\d[eE]|-0")
"""A number that canonical texts write in another way, perhaps."""

_Origin = tuple[int, str, int]


class _Label(msgspec.Struct):
    name: str
    type: str


class _Entry(msgspec.Struct, gc=False):
    external_picture_url: str
    annotations: list[msgspec.Raw] = []
    image_qa: tuple[dict[str, Any], ...] = ()


class _File(msgspec.Struct):
    exact: int
    annotations: list[msgspec.Raw]
    undeclared: list[_Label] = []


_FILE = msgspec.json.Decoder(_File)
_ENTRY = msgspec.json.Decoder(_Entry)
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_sorted_json = msgspec.json.Encoder(order="sorted").encode
_json = msgspec.json.encode


def is_exact(data: bytes) -> bool:
    """Return whether a PICSELLIA file says of itself that it loses nothing."""
    return _MARK.match(data) is not None


def exact_lines(
    pictures: Iterable[tuple[str, Sequence[str]]], declared: Collection[tuple[str, str]] | None
) -> Iterator[bytes]:
    """Yield the lines of a file, each ended by a line feed.

    Args:
        pictures: Name and sorted canonical texts of each, in the order in which they are to stand.
        declared: Labels of the version, name and type; None where nobody knows them.
    """
    seen: set[tuple[str, str]] = set()
    yield b'{"exact":%d,"annotations":[' % VERSION
    comma = b"\n"
    for name, texts in pictures:
        seen.update(labels_of(texts))
        yield comma + _entry(name, texts)
        comma = b",\n"
    categories = [{"name": name} for name in sorted({name for name, _ in seen})]
    undeclared = [] if declared is None else [_Label(*key) for key in sorted(seen - set(declared))]
    yield b'\n],"categories":%b,"undeclared":%b}\n' % (_json(categories), _json(undeclared))


def _entry(name: str, texts: Sequence[str]) -> bytes:
    objects = [text for text in texts if not text.endswith('"type":"image_qa"}')]
    head = b'{"external_picture_url":%b,"nb_labels":%d,"annotations":[' % (_json(name), len(objects))
    questions = b""
    if len(objects) != len(texts):
        questions = b',"image_qa":' + _sorted_json(wire_of(texts)[1])
    return head + ",".join(objects).encode() + b"]" + questions + b"}"


def read_exact(data: bytes, path: Path, findings: Findings) -> FileAnnotations:
    """Read such a file.

    Args:
        data: UTF-8 without a byte order mark.
        path: For messages.
        findings: Where to tell what is wrong.

    Returns:
        The columns, with the text of each object.

    Raises:
        Unreadable: It is no JSON, of another shape, or of a later version.
    """
    try:
        file = decode(data, path, _FILE, "PICSELLIA")
    except msgspec.ValidationError as error:
        raise wrong_shape(data, path, split_error(str(error))[0], "PICSELLIA") from error
    if file.exact != VERSION:
        raise _later(data, path, file.exact)
    reader = _Reader(path, findings)
    for index, raw in enumerate(file.annotations):
        reader.entry(index, raw)
    return reader.frozen(frozenset((one.name, one.type) for one in file.undeclared))


def _later(data: bytes, path: Path, version: int) -> Unreadable:
    return wrong_shape(data, path, f"its `exact` is {version}, this version of picsellia-apply reads 1", "PICSELLIA")


class _Reader:
    """Turns entries into columns, beside the texts that nothing is lost of."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self._path = path
        self._findings = findings
        self._columns = Columns[_Origin]()
        self._texts: list[str] = []
        self._owners: dict[str, int] = {}

    def _note(self, detail: str, *steps: str | int) -> None:
        self._findings.note(kinds.WRONG_VALUE, self._path, "annotations", *steps, detail=detail)

    def entry(self, index: int, raw: msgspec.Raw) -> None:
        """Read one picture."""
        try:
            entry = _ENTRY.decode(raw)
        except msgspec.DecodeError as error:
            said, steps = split_error(str(error))
            self._note(said, index, *steps)
            return
        name = entry.external_picture_url
        if name in self._owners:
            self._findings.note(kinds.UNITED, self._path, "annotations", index, detail=f"`{name}`")
        else:
            self._owners[name] = self._columns.add_picture(name)
        owner = self._owners[name]
        self._columns.image_qa[owner] += self._questions(entry.image_qa, index, "image_qa")
        for number, one in enumerate(entry.annotations):
            self._object(owner, (index, "annotations", number), bytes(one))

    def _questions(self, questions: Sequence[object], *steps: str | int) -> tuple[dict[str, Any], ...]:
        for number, one in enumerate(questions):
            wrong = question_fault(one) if isinstance(one, dict) else "a question is no object"
            if wrong:
                self._note(wrong, *steps, number)
        return tuple(one for one in questions if isinstance(one, dict))

    def _object(self, owner: int, origin: _Origin, raw: bytes) -> None:
        try:
            value = _OBJECT.decode(raw)
        except msgspec.DecodeError as error:
            self._note(split_error(str(error))[0], *origin)
            return
        wrong = object_fault(value)
        if wrong:
            self._note(wrong, *origin)
            return
        questions = self._questions(value.get("qa") or (), *origin, "qa")
        self._texts.append(_text(raw, value))
        box, rings = _geometry(value)
        self._columns.add_object(owner, value["label"], box, rings, origin, qa=questions)

    def frozen(self, undeclared: frozenset[tuple[str, str]]) -> FileAnnotations:
        """Return the finished columns."""
        self._columns.categories.update(dict.fromkeys(self._columns.labels))
        return self._columns.frozen(_place, texts=tuple(self._texts), undeclared=undeclared)


def _text(raw: bytes, value: dict[str, Any]) -> str:
    """Return the canonical text: the very bytes, where nothing in them can be written otherwise."""
    if not _SPELLED_OTHERWISE.search(raw) and b'"qa"' not in raw and _sorted_json(value) == raw:
        return raw.decode()
    return object_text(value)


def _geometry(value: dict[str, Any]) -> tuple[Box | None, tuple[Ring, ...]]:
    """Return box and outline, for a label that is declared with another type."""
    match value["type"]:
        case "rectangle":
            box = value["rectangle"]
            return (box["left"], box["top"], box["width"], box["height"]), ()
        case "polygon":
            ring = tuple(float(point[axis]) for point in value["polygon"]["geometry"] for axis in ("x", "y"))
            return None, (ring,)
        case _:
            return None, ()


def _place(origin: _Origin) -> str:
    entry, key, index = origin
    return f"$.annotations[{entry}].{key}[{index}]"
