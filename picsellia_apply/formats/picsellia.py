"""PICSELLIA: the platform's own JSON file; objects stand in it as they travel on the wire.

Source: WIRE_V2.md 4.11 (objects, questions and answers) and 7.3 (the file).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from picsellia_apply.errors import Diagnostic
from picsellia_apply.formats import kinds
from picsellia_apply.formats.collector import collector_paused
from picsellia_apply.formats.columns import EMPTY, Columns, box_of_rings, open_ring, picture_name
from picsellia_apply.formats.exact import is_exact, read_exact
from picsellia_apply.formats.findings import Findings, Spot, Unreadable
from picsellia_apply.formats.jsonfile import (
    decode,
    decode_rows,
    locator,
    outer_struct,
    read_json_bytes,
    written,
    wrong_shape,
)
from picsellia_apply.model.annotation import Box, FileAnnotations, Ring

_LISTS = ("images", "annotations", "categories")
_QUESTIONS = frozenset({"text", "mc", "select", "range"})


class _Rectangle(msgspec.Struct, gc=False):
    top: float
    left: float
    width: float
    height: float


class _Point(msgspec.Struct, gc=False):
    x: float
    y: float


class _Polygon(msgspec.Struct, gc=False):
    geometry: tuple[_Point, ...]


class _Object(msgspec.Struct, gc=False):
    type: str
    label: str
    rectangle: _Rectangle | tuple[()] | None = None
    polygon: _Polygon | tuple[()] | None = None
    qa: tuple[dict[str, Any], ...] | None = None


class _Entry(msgspec.Struct, gc=False):
    external_picture_url: str
    annotations: list[_Object] | None = None
    data: list[_Object] | None = None
    image_qa: tuple[dict[str, Any], ...] | None = None
    time_spent: float | None = None

    def objects(self) -> tuple[str, list[_Object]]:
        """Return the objects and the key under which they stand; the platform's listing calls them `data`."""
        if self.annotations is None and self.data is not None:
            return "data", self.data
        return "annotations", self.annotations or []


class _Image(msgspec.Struct, gc=False):
    external_picture_url: str


class _Category(msgspec.Struct, gc=False):
    name: str


class _File(msgspec.Struct, gc=False):
    annotations: list[_Entry]
    images: list[_Image] | None = None
    categories: list[_Category] | None = None


_Rows = tuple[Sequence[_Image | None], Sequence[_Entry | None], Sequence[_Category | None]]
_Origin = tuple[int, str, int]

_FILE = msgspec.json.Decoder(_File)
_OUTER = msgspec.json.Decoder(outer_struct("Outer", _LISTS))
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ROW_DECODERS = tuple(msgspec.json.Decoder(row) for row in (_Image, _Entry, _Category))


def read_picsellia(path: Path) -> tuple[FileAnnotations, tuple[Diagnostic, ...]]:
    """Read a PICSELLIA file.

    A picture under `images` without an entry under `annotations` is unlabelled, not empty: it is counted and left out.
    Questions and answers on objects and pictures are carried whole. A file that begins with `"exact"` is read so that
    nothing is lost, see `formats.exact`.

    Args:
        path: The file.

    Returns:
        The columns and the diagnostics; see `formats.read_annotations`.
    """
    findings = Findings()
    try:
        data = read_json_bytes(path)
        with collector_paused():
            if is_exact(data):
                return read_exact(data, path, findings), findings.diagnostics(locator(data), written)
            columns = _Reader(path, findings).read(_rows(data, path, findings))
    except Unreadable as error:
        return EMPTY, (error.diagnostic,)
    columns.check(findings, lambda origin: Spot(path, ("annotations", *origin)))
    return columns.frozen(_place), findings.diagnostics(locator(data), written)


def _place(origin: _Origin) -> str:
    entry, key, index = origin
    return f"$.annotations[{entry}].{key}[{index}]"


def _rows(data: bytes, path: Path, findings: Findings) -> _Rows:
    """Decode all rows at once; only when one of them is wrong, decode again row by row to tell which."""
    try:
        file = decode(data, path, _FILE, "PICSELLIA")
    except msgspec.ValidationError:
        return _rows_one_by_one(data, path, findings)
    return file.images or (), file.annotations, file.categories or ()


def _rows_one_by_one(data: bytes, path: Path, findings: Findings) -> _Rows:
    try:
        outer = decode(data, path, _OUTER, "PICSELLIA")
    except msgspec.ValidationError as error:
        raise wrong_shape(data, path, "the outermost value is no object", "PICSELLIA") from error
    if outer.annotations is msgspec.UNSET:
        raise wrong_shape(data, path, "it has no `annotations`", "PICSELLIA")
    rows: list[list[Any]] = []
    for name, decoder in zip(_LISTS, _ROW_DECODERS, strict=True):
        raw = getattr(outer, name)
        try:
            items = _LIST.decode(raw) if raw is not msgspec.UNSET and bytes(raw) != b"null" else []
        except msgspec.ValidationError as error:
            raise wrong_shape(data, path, f"`{name}` is no list", "PICSELLIA") from error
        rows.append(decode_rows(items, decoder, findings, path, name))
    if rows[1] and all(row is None for row in rows[1]) and b"external_picture_url" not in data:
        raise wrong_shape(data, path, "no entry has `external_picture_url`", "PICSELLIA")
    return rows[0], rows[1], rows[2]


class _Reader:
    """Turns the entries of one file into columns."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self._path = path
        self._findings = findings
        self._columns = Columns[_Origin]()

    def read(self, rows: _Rows) -> Columns[_Origin]:
        images, entries, categories = rows
        for index, category in enumerate(categories):
            if category is not None and not category.name.strip():
                self._findings.note(kinds.BLANK_NAME, self._path, "categories", index, "name")
            elif category is not None:
                self._columns.categories[category.name] = None
        owners: dict[str, int] = {}
        for index, entry in enumerate(entries):
            if entry is not None:
                self._read_entry(index, entry, owners)
        for index, image in enumerate(images):
            if image is not None and (name := picture_name(image.external_picture_url)) not in owners:
                self._findings.note(kinds.UNLABELLED, self._path, "images", index, detail=name)
        self._columns.categories.update(dict.fromkeys(self._columns.labels))
        return self._columns

    def _note(self, kind: kinds.Kind, *steps: str | int, detail: str = "") -> None:
        self._findings.note(kind, self._path, "annotations", *steps, detail=detail)

    def _read_entry(self, index: int, entry: _Entry, owners: dict[str, int]) -> None:
        name = picture_name(entry.external_picture_url)
        if not name.strip():
            self._note(kinds.BLANK_NAME, index, "external_picture_url")
        if name in owners:
            self._note(kinds.UNITED, index, "external_picture_url", detail=f"`{name}`")
        else:
            owners[name] = self._columns.add_picture(name)
        owner = owners[name]
        if entry.time_spent:
            self._note(kinds.TIME_SPENT, index, "time_spent")
        self._columns.image_qa[owner] += self._questions(entry.image_qa, index, "image_qa")
        key, objects = entry.objects()
        for number, row in enumerate(objects):
            self._read_object(owner, (index, key, number), row)

    def _questions(self, questions: tuple[dict[str, Any], ...] | None, *steps: str | int) -> tuple[dict[str, Any], ...]:
        for number, question in enumerate(questions or ()):
            if question.get("type") not in _QUESTIONS or not isinstance(question.get("question"), str):
                said = f"`type` is none of {', '.join(sorted(_QUESTIONS))}, or `question` is no text"
                self._note(kinds.WRONG_VALUE, *steps, number, detail=said)
            elif "answer" not in question:
                self._note(kinds.WRONG_VALUE, *steps, number, detail="no `answer`")
        return questions or ()

    def _read_object(self, owner: int, origin: _Origin, row: _Object) -> None:
        questions = self._questions(row.qa, *origin, "qa")
        if not row.label.strip():
            self._note(kinds.BLANK_NAME, *origin, "label")
        box: Box | None = None
        polygons: tuple[Ring, ...] = ()
        match row.type:
            case "classification":
                pass
            case "rectangle":
                box = self._rectangle(origin, row.rectangle)
            case "polygon":
                polygons = self._polygon(origin, row.polygon)
                box = box_of_rings(polygons) if polygons else None
            case _:
                said = f"`{row.type[:40]}` is none of rectangle, polygon, classification"
                self._note(kinds.WRONG_VALUE, *origin, "type", detail=said)
        if box or row.type == "classification":
            self._columns.add_object(owner, row.label, box, polygons, origin, qa=questions)

    def _rectangle(self, origin: _Origin, rectangle: _Rectangle | tuple[()] | None) -> Box | None:
        if not isinstance(rectangle, _Rectangle):
            self._note(kinds.NO_GEOMETRY, *origin, detail="a rectangle without `rectangle`")
            return None
        box = (rectangle.left, rectangle.top, rectangle.width, rectangle.height)
        if box[2] < 0 or box[3] < 0:
            self._note(kinds.NEGATIVE_BOX, *origin, "rectangle", detail=f"{box[2]:g} x {box[3]:g}")
            return None
        if not box[2] or not box[3]:
            self._note(kinds.NO_AREA, *origin, "rectangle", detail=f"{box[2]:g} x {box[3]:g}")
        return box

    def _polygon(self, origin: _Origin, polygon: _Polygon | tuple[()] | None) -> tuple[Ring, ...]:
        if not isinstance(polygon, _Polygon):
            self._note(kinds.NO_GEOMETRY, *origin, detail="a polygon without `polygon`")
            return ()
        ring = open_ring(tuple(value for point in polygon.geometry for value in (point.x, point.y)))
        if len(ring) < 6:
            said = f"a polygon of {len(ring) // 2} points"
            self._note(kinds.NO_GEOMETRY, *origin, "polygon", detail=said)
            return ()
        return (ring,)
