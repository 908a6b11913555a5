"""PASCAL VOC: a folder of XML files, one for each picture.

Source: the VOC2012 development kit, section 4 (corners count from 1 and the upper one is part of the box); labelImg
and CVAT write corners that count from 0, see FORMATS.md.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from picsellia_apply.errors import Diagnostic
from picsellia_apply.formats import kinds
from picsellia_apply.formats.collector import collector_paused
from picsellia_apply.formats.columns import EMPTY, Columns, box_of_rings, open_ring
from picsellia_apply.formats.findings import Findings, Spot, Unreadable
from picsellia_apply.formats.jsonfile import read_bytes
from picsellia_apply.formats.markup import DoctypeError, MarkupError, find_elements, parse_xml
from picsellia_apply.formats.shapes import shape_of_json
from picsellia_apply.formats.vocnames import PictureNames
from picsellia_apply.model.annotation import FileAnnotations, Ring
from picsellia_apply.source import Position, shown_path

_Corners = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax as the file counts, in order."""

_Origin = tuple[Path, int]
"""The file, and the index of its object."""

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_COMMON = frozenset({None, "0", "Unspecified"})
_UNSET = frozenset({"", "0", "0.0", "false", "unspecified", "unknown", "none"})


def read_voc(path: Path, *, coordinates: str = "auto") -> tuple[FileAnnotations, tuple[Diagnostic, ...]]:
    """Read a folder of PASCAL-VOC files, or one file.

    Folders inside the folder are not entered, and what is not called `*.xml` is counted and passed over. A picture's
    name is its `<filename>`, else the name of the XML file. One-based corners include the upper one: x = xmin - 1,
    w = xmax - xmin + 1; zero-based ones do not: x = xmin, w = xmax - xmin. Under `auto` the files are one-based unless
    one of all their numbers has a fraction or is less than 1.

    Args:
        path: Folder or file.
        coordinates: `auto`, `one-based` or `zero-based`.

    Returns:
        The columns and the diagnostics; see `formats.read_annotations`.
    """
    findings = Findings()
    try:
        files = _files(path, findings)
        with collector_paused():
            reader = _Reader(PictureNames(path if path.is_dir() else path.parent, findings), findings)
            for file in files:
                reader.read_file(file)
            columns = reader.finish(path, coordinates)
    except Unreadable as error:
        return EMPTY, (error.diagnostic,)
    columns.check(findings, lambda origin: Spot(origin[0], ("object", origin[1])))
    return columns.frozen(_place), findings.diagnostics(_locate, _written)


def _place(origin: _Origin) -> str:
    return f"{origin[0].name} object {origin[1] + 1}"


def _written(spot: Spot) -> str:
    """Return a spot as messages write it: `a.xml object 3`, `a.xml`; the position says the rest."""
    match spot.steps:
        case ("object", int(index), *_):
            return _place((spot.file, index))
        case _:
            return spot.file.name


def _locate(spots: Sequence[Spot]) -> Mapping[Spot, Position]:
    by_file: dict[Path, list[Spot]] = {}
    for spot in spots:
        if spot.steps:
            by_file.setdefault(spot.file, []).append(spot)
    positions: dict[Spot, Position] = {}
    for file, wanted in by_file.items():
        found = find_elements(file.read_bytes(), [spot.steps for spot in wanted])
        positions.update({spot: Position(shown_path(file), *found[spot.steps]) for spot in wanted})
    return positions


def _files(path: Path, findings: Findings) -> list[Path]:
    if not path.is_dir():
        return [path]
    try:
        with os.scandir(path) as entries:
            is_xml = {entry.name: _is_xml(entry) for entry in entries}
    except OSError as error:
        raise _refused(kinds.UNREADABLE, path, error.strerror or "the system refuses") from error
    files = sorted(name for name, wanted in is_xml.items() if wanted)
    if not files:
        raise _refused(kinds.OTHER_SHAPE, path, "no XML file in this folder", "folders inside it are not entered")
    for name in sorted(name for name, wanted in is_xml.items() if not wanted):
        findings.note(kinds.NOT_XML, path, detail=f"`{name}`")
    return [path / name for name in files]


def _is_xml(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(".xml") and not entry.name.startswith(".") and entry.is_file()


def _refused(kind: kinds.Kind, path: Path, detail: str, hint: str = "") -> Unreadable:
    message = f"{kind.one}: {detail}"
    return Unreadable(Diagnostic(kind.code, kind.severity, message, Position(shown_path(path)), hint or kind.hint))


class _Reader:
    """Turns files into columns, keeping the corners as they are until it is known how the files count."""

    def __init__(self, names: PictureNames, findings: Findings) -> None:
        self._names = names
        self._findings = findings
        self._columns = Columns[_Origin]()
        self._corners: list[_Corners | None] = []
        self._rings: list[tuple[Ring, ...]] = []
        self._known: set[str] = set()
        self._zero_based: Spot | None = None
        self._zero_based_text = ""

    def read_file(self, file: Path) -> None:
        root = self._parse(file)
        if root is None:
            return
        size = self._size(file, root.find("size"))
        name = self._names.name_of(file, root)
        if name in self._known:
            self._findings.note(kinds.DUPLICATE_PICTURE, file, "filename", detail=f"`{name}`")
            return
        self._known.add(name)
        owner = self._columns.add_picture(name, size)
        for index, element in enumerate(root.findall("object")):
            self._read_object(file, owner, index, element)

    def _parse(self, file: Path) -> Element | None:
        try:
            data = read_bytes(file)
            root = parse_xml(data)
        except Unreadable as error:
            kind = kinds.EMPTY if error.diagnostic.code == kinds.EMPTY.code else kinds.UNREADABLE
            self._findings.note(kind, file, detail=f"`{file.name}`: {error.diagnostic.message.split(': ', 1)[-1]}")
            return None
        except MarkupError as fault:
            self._note_markup(file, data, fault)
            return None
        if root.tag == "annotation":
            return root
        said = f"`{file.name}` begins with <{root.tag[:40]}>, PASCAL-VOC with <annotation>"
        self._findings.note(kinds.OTHER_SHAPE, file, detail=said)
        return None

    def _note_markup(self, file: Path, data: bytes, fault: MarkupError) -> None:
        kind = kinds.DOCTYPE if isinstance(fault, DoctypeError) else kinds.MALFORMED
        shape = shape_of_json(data)
        if shape:
            kind, said = kinds.OTHER_SHAPE, f"`{file.name}` is JSON and looks like {shape}"
        else:
            where = f"{file.name}:{fault.line}:{fault.column}" if fault.line else file.name
            said = f"`{where}`: {fault.reason}"
        position = Position(shown_path(file), fault.line, fault.column)
        self._findings.note_at(kind, file, position, detail=said)

    def _size(self, file: Path, element: Element | None) -> tuple[int, int] | None:
        if element is None:
            return None
        texts = [(element.findtext(tag) or "").strip() for tag in ("width", "height")]
        if all(text in ("", "0") for text in texts):
            return None
        numbers = [number(text) for text in texts]
        if all(value is not None and value > 0 and value == int(value) for value in numbers):
            return int(numbers[0] or 0), int(numbers[1] or 0)
        self._findings.note(kinds.BAD_SIZE, file, "size", detail=" x ".join(f"`{text[:20]}`" for text in texts))
        return None

    def _read_object(self, file: Path, owner: int, index: int, element: Element) -> None:
        label, box, polygons = "", None, []
        for child in element:
            match child.tag:
                case "name" if not label:
                    label = (child.text or "").strip()
                case "bndbox" if box is None:
                    box = child
                case "polygon":
                    polygons.append(child)
                case _:
                    self._note_attribute(file, index, child)
        if not label:
            self._findings.note(kinds.BLANK_NAME, file, "object", index, "name")
        corners = self._read_box(file, index, box) if box is not None else None
        read = [self._read_polygon(file, index, number, polygon) for number, polygon in enumerate(polygons)]
        rings = tuple(ring for ring in read if ring)
        if box is None and not rings:
            said = "no <bndbox>, and no <polygon> that can be read"
            self._findings.note(kinds.NO_GEOMETRY, file, "object", index, detail=said)
        if label and (corners or rings):
            self._columns.add_object(owner, label, None, (), (file, index))
            self._corners.append(corners)
            self._rings.append(rings)

    def _note_attribute(self, file: Path, index: int, child: Element) -> None:
        if child.text in _COMMON and not len(child):
            return
        text = (child.text or "").strip()
        if len(child) or text.lower() not in _UNSET:
            tag = str(child.tag)[:40]
            self._findings.note(kinds.ATTRIBUTE, file, "object", index, child.tag, subject=f"<{tag}>")

    def _read_box(self, file: Path, index: int, element: Element) -> _Corners | None:
        values = self._numbers(file, ("object", index, "bndbox"), [(tag, element.findtext(tag)) for tag in _CORNERS])
        if values is None:
            return None
        left, top, right, bottom = values
        where = (file, "object", index, "bndbox")
        if left > right or top > bottom:
            tag, low, high = ("xmin", left, right) if left > right else ("ymin", top, bottom)
            self._findings.note(kinds.SWAPPED, *where, tag, detail=f"{low:g} > {high:g}")
            left, top, right, bottom = min(left, right), min(top, bottom), max(left, right), max(top, bottom)
        if left == right or top == bottom:
            tag = "xmin" if left == right else "ymin"
            self._findings.note(kinds.NO_AREA, *where, tag)
        return left, top, right, bottom

    def _read_polygon(self, file: Path, index: int, number: int, element: Element) -> Ring | None:
        steps = ("object", index, "polygon", number)
        texts = [(str(child.tag), child.text) for child in _in_order(element)]
        if len(texts) % 2:
            self._findings.note(kinds.ODD_POLYGON, file, *steps, detail=f"{len(texts)} numbers")
            return None
        values = self._numbers(file, steps, texts)
        if values is None:
            return None
        ring = open_ring(tuple(values))
        if len(ring) < 6:
            self._findings.note(kinds.SHORT_POLYGON, file, *steps, detail=f"{len(ring) // 2} points")
            return None
        return ring

    def _numbers(
        self, file: Path, steps: tuple[str | int, ...], texts: Iterable[tuple[str, str | None]]
    ) -> list[float] | None:
        values: list[float] = []
        for tag, text in texts:
            value = number(text or "")
            if value is None:
                said = f"<{tag}> is `{text.strip()[:40]}`" if text and text.strip() else f"no <{tag}>"
                self._findings.note(kinds.NOT_A_NUMBER, file, *steps, tag, detail=said)
                return None
            if self._zero_based is None and (value < 1 or value != int(value)):
                self._zero_based = Spot(file, (*steps, tag))
                self._zero_based_text = (text or "").strip()
            values.append(value)
        return values

    def finish(self, path: Path, coordinates: str) -> Columns[_Origin]:
        """Turn corners into boxes, now that all files were seen."""
        one_based = self._zero_based is None if coordinates == "auto" else coordinates == "one-based"
        if coordinates == "auto" and self._corners:
            self._note_coordinates(path)
        elif one_based and self._zero_based is not None:
            spot = self._zero_based
            self._findings.note(kinds.AGAINST, spot.file, *spot.steps, detail=self._zero_based_text[:20])
        shift = 1.0 if one_based else 0.0
        for row, corners in enumerate(self._corners):
            rings = tuple(tuple(value - shift for value in ring) for ring in self._rings[row])
            self._columns.polygons[row] = rings
            if corners is None:
                self._columns.boxes[row] = box_of_rings(rings)
            else:
                left, top, right, bottom = corners
                self._columns.boxes[row] = (left - shift, top - shift, right - left + shift, bottom - top + shift)
        self._columns.categories.update(dict.fromkeys(self._columns.labels))
        return self._columns

    def _note_coordinates(self, path: Path) -> None:
        spot = self._zero_based
        if spot is None:
            said = f"all numbers of {len(self._corners):,} objects are whole and at least 1"
            subject = "one-based and inclusive"
            self._findings.note(kinds.COORDINATES, path, detail=said, subject=subject)
        else:
            said = f"it is {self._zero_based_text[:20]}"
            self._findings.note(kinds.COORDINATES, spot.file, *spot.steps, detail=said, subject="zero-based")


def _in_order(polygon: Element) -> list[Element]:
    """Return the children x1, y1, x2, y2, ... of a polygon by number, whatever their order in the file."""
    children = [child for child in polygon if str(child.tag)[:1] in ("x", "y")]
    if all(str(child.tag)[1:].isdecimal() for child in children):
        children.sort(key=lambda child: (int(str(child.tag)[1:]), str(child.tag)[0]))
    return children


def number(text: str) -> float | None:
    """Return the finite number that a text writes, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None
