"""Objects of an annotation file as canonical wire texts, in the geometry that a dataset's labels ask for.

    label declared as        the object has           sent
    rectangle                a box, or an outline     its box (derived from all parts where need be)
    polygon                  an outline of one part   the outline; else a finding, not sent
    rectangle and polygon    an outline of one part   the outline; else its box
    classification           anything                 the label alone
    nothing is declared      an outline of one part   the outline; else its box; else the label alone
    as the object is         the text of a file that loses nothing (`formats.exact`): that text

What cannot be carried is counted by reason, never left out in silence. The reconciler and the SDK's uploads both send
what comes out here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from picsellia_apply.formats.collector import collector_paused
from picsellia_apply.model.annotation import Box, FileAnnotations, Ring, image_qa_text, labels_of, object_text

Types = frozenset[str]
_ANY: Types = frozenset({"rectangle", "polygon", "classification"})


class _Rectangle(msgspec.Struct):
    height: float
    left: float
    top: float
    width: float


class _RectangleObject(msgspec.Struct):
    label: str
    rectangle: _Rectangle
    type: str = "rectangle"


class _Point(msgspec.Struct):
    x: float
    y: float


class _Polygon(msgspec.Struct):
    geometry: list[_Point]


class _PolygonObject(msgspec.Struct):
    label: str
    polygon: _Polygon
    type: str = "polygon"


class _ClassificationObject(msgspec.Struct):
    label: str
    type: str = "classification"


WireObject = _RectangleObject | _PolygonObject | _ClassificationObject

REASONS = {
    "box": ("A101", "not sent: {n} with a box but no outline, where the label is a polygon"),
    "parts": ("A102", "not sent: {n} with an outline of several parts, as the platform carries one"),
    "parts as box": ("A102", "sent as a box: {n} with an outline of several parts, as the platform carries one"),
    "geometry": ("A103", "sent without geometry: {n}, as the label is a classification"),
    "nothing": ("A104", "not sent: {n} without geometry, where the label asks for one"),
    "number": ("A106", "not sent: {n} with a number that JSON cannot carry"),
}
"""Why an object is not sent as the file has it: code and message. Only `number` makes the file unusable."""

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Tally:
    """How many objects, and the first of them: its label and where it stands in the file."""

    count: int = 0
    label: str = ""
    place: str = ""

    def add(self, label: str, place: str) -> None:
        """Count one more."""
        if not self.count:
            self.label, self.place = label, place
        self.count += 1


@dataclass(slots=True)
class Converted:
    """A file's objects per picture, and what was not carried.

    Attributes:
        objects: Picture name to canonical texts, sorted; () is a background picture.
        undeclared: Labels of the file that the dataset does not declare.
        ignored: Labels left out because the manifest says so.
        left: Reason to what was left out or cut down for it: see `REASONS`.
    """

    objects: dict[str, tuple[str, ...]] = field(default_factory=dict)
    undeclared: dict[str, Tally] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    left: dict[str, Tally] = field(default_factory=dict)


def convert(file: FileAnnotations, labels: Mapping[str, Types] | None, ignore: frozenset[str]) -> Converted:
    """Convert every object of a file.

    Args:
        file: What the file says.
        labels: Label to the types it is declared with; None when labels are unmanaged.
        ignore: Labels to leave out.

    Returns:
        The texts, and the counts of what is not among them.
    """
    with collector_paused():
        return _converted(file, labels, ignore)


def _converted(file: FileAnnotations, labels: Mapping[str, Types] | None, ignore: frozenset[str]) -> Converted:
    result = Converted()
    texts: list[list[str]] = [list(map(image_qa_text, questions)) for questions in file.image_qa]
    rows = zip(file.owner, file.labels, file.boxes, file.polygons, file.qa, file.places, strict=True)
    for row, (owner, label, box, rings, qa, place) in enumerate(rows):
        if label in ignore:
            result.ignored.add(label)
            continue
        types = _ANY if labels is None else labels.get(label)
        if file.texts and _carried(file.texts[row], types, file.undeclared):
            texts[owner].append(file.texts[row])
            continue
        if types is None:
            result.undeclared.setdefault(label, Tally()).add(label, place)
            continue
        try:
            obj, reason = _choose(label, box, rings, types, strict=labels is not None)
            if obj is not None:
                texts[owner].append(_text(obj, qa))
        except (ValueError, OverflowError):  # NaN, infinite, or beyond 64 bits
            reason = "number"
        if reason:
            result.left.setdefault(reason, Tally()).add(label, place)
    result.objects = {name: tuple(sorted(found)) for name, found in zip(file.pictures, texts, strict=True)}
    return result


def _carried(text: str, types: Types | None, undeclared: frozenset[tuple[str, str]]) -> bool:
    """Return whether an object of a file that loses nothing is sent as it is: its label is declared so, or nowhere."""
    (key,) = labels_of([text])
    return key[1] in (types or ()) or key in undeclared


def _choose(
    label: str, box: Box | None, rings: Sequence[Ring], types: Types, *, strict: bool
) -> tuple[WireObject | None, str]:
    """Return what to send of one object, and the reason why that is not all of it."""
    if box is None and not rings:
        return (_ClassificationObject(label), "") if "classification" in types else (None, "nothing")
    if "polygon" in types and len(rings) == 1:
        return _polygon(label, rings[0]), ""
    reason = "parts" if "polygon" in types and len(rings) > 1 else ""
    if "rectangle" in types:
        return _rectangle(label, _bounds(rings) if box is None else box), reason and "parts as box"
    if "polygon" in types:
        return None, reason or "box"
    return _ClassificationObject(label), "geometry" if strict else ""


def _bounds(rings: Sequence[Ring]) -> Box:
    xs = [x for ring in rings for x in ring[::2]]
    ys = [y for ring in rings for y in ring[1::2]]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def _number(value: float) -> float:
    """Return a whole number as an int, as canonical texts have it.

    Raises:
        ValueError: It is NaN or infinite.
    """
    if value.is_integer():
        return int(value)
    if not math.isfinite(value):
        raise ValueError("a number is not finite")
    return value


def _rectangle(label: str, box: Box) -> WireObject:
    left, top, width, height = map(_number, map(float, box))
    return _RectangleObject(label, _Rectangle(height, left, top, width))


def _polygon(label: str, ring: Ring) -> WireObject:
    numbers = [_number(float(value)) for value in ring]
    return _PolygonObject(label, _Polygon(list(map(_Point, numbers[::2], numbers[1::2]))))


def _text(obj: WireObject, qa: Sequence[Mapping[str, Any]]) -> str:
    """Return the canonical text of an object.

    The fields of the structs above stand in sorted order, so encoding one gives the text that `object_text` would.
    """
    if qa:
        return object_text({**msgspec.to_builtins(obj), "qa": list(qa)})
    return _encode(obj).decode()
