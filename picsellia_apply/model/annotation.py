"""Annotation objects, as columns when they are read and as canonical texts when they are compared.

An object travels as SDK v2 writes it (`{"type": "rectangle", "label": "car", "rectangle": {...}, "qa": [...]}`). Its
canonical text is that value as JSON with sorted keys, no spaces, whole numbers without a fraction and without `"qa"`
when that is empty. Texts are compared, counted, hashed and kept in the inventory; the platform's digest of a picture's
annotation is made from the same texts, so both sides can be compared without sending them.

A question and answer about the whole picture (`image_qa`) is one more text, of type `image_qa`, so that one multiset
holds everything that is known about a picture.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

LABEL_TYPES = ("rectangle", "polygon", "classification")
"""What a label may be; it decides which geometry of an object is sent."""

Box = tuple[float, float, float, float]
"""x, y, w, h: px of the displayed picture, float, origin top left, 0-based, half-open."""

Ring = tuple[float, ...]
"""One closed outline: x0, y0, x1, y1, ... px, at least 3 points, the first not repeated at the end."""


@dataclass(frozen=True, slots=True)
class FileAnnotations:
    """What one annotation file (or folder of files) says, as columns. Readers in `formats` make it.

    Attributes:
        pictures: Every picture named, also those without an object; normalised to NFC and POSIX separators, unique.
        sizes_wh: Width and height in px as the file states them, per picture; None where it does not.
        owner: Per object: its row in `pictures`.
        labels: Per object: the label's name as written.
        boxes: Per object: its box, or None where the file has none and none can be derived.
        polygons: Per object: its outer rings (one object may have several parts), () for none.
        qa: Per object: its questions and answers as the v2 wire has them, () for none.
        image_qa: Per picture: likewise.
        places: Per object: where it stands in the file, for messages, e.g. `$.annotations[17]` or `a.xml object 3`.
        categories: Label names the file declares, used or not, in file order.
        texts: Per object: its canonical text, of a file that loses nothing; () of any other file.
        undeclared: Labels, name and type, that such a file carries although nobody declares them.
    """

    pictures: tuple[str, ...]
    sizes_wh: tuple[tuple[int, int] | None, ...]
    owner: tuple[int, ...]
    labels: tuple[str, ...]
    boxes: tuple[Box | None, ...]
    polygons: tuple[tuple[Ring, ...], ...]
    qa: tuple[tuple[Mapping[str, Any], ...], ...]
    image_qa: tuple[tuple[Mapping[str, Any], ...], ...]
    places: tuple[str, ...]
    categories: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    undeclared: frozenset[tuple[str, str]] = frozenset()


def _plain(value: Any) -> Any:
    """Return `value` with whole floats as ints, refusing NaN and infinities."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number is not finite")
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def canonical_json(value: Any) -> str:
    """Return `value` as the one JSON text that stands for it: sorted keys, no spaces, whole numbers as ints.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    return msgspec.json.encode(_plain(value), order="sorted").decode()


def object_text(obj: Mapping[str, Any]) -> str:
    """Return the canonical text of one annotation object as SDK v2 writes it.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    return canonical_json({key: value for key, value in obj.items() if key != "qa" or value})


def image_qa_text(question: Mapping[str, Any]) -> str:
    """Return the canonical text of one question and answer about the whole picture."""
    return canonical_json({"type": "image_qa", "qa": question})


def texts_of(data: Iterable[Mapping[str, Any]], image_qa: Iterable[Mapping[str, Any]] = ()) -> tuple[str, ...]:
    """Return the sorted canonical texts of one picture's annotation as the wire has it."""
    return tuple(sorted([*map(object_text, data), *map(image_qa_text, image_qa)]))


def wire_of(texts: Iterable[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return `(data, image_qa)` as the wire wants them, from canonical texts."""
    decoded = [msgspec.json.decode(text) for text in texts]
    data = [value for value in decoded if value["type"] != "image_qa"]
    return data, [value["qa"] for value in decoded if value["type"] == "image_qa"]


class _Labelled(msgspec.Struct):
    type: str
    label: str = ""


_read_label = msgspec.json.Decoder(_Labelled).decode


def labels_of(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return label and type of every object among canonical texts, in order."""
    read = map(_read_label, texts)
    return [(one.label, one.type) for one in read if one.type != "image_qa"]


def annotation_digest(texts: Sequence[str]) -> str:
    """Return the digest of one picture's annotation: sha256 of its sorted canonical texts, each ended by a newline.

    Returns:
        64 hex digits; the annotation without an object has a digest too, a missing annotation has none.
    """
    return hashlib.sha256("".join(f"{text}\n" for text in sorted(texts)).encode()).hexdigest()


def names_digest(names: Iterable[str]) -> str:
    """Return the order-free digest of a set of picture names: sha256 of the sorted names, each ended by a NUL."""
    return hashlib.sha256("".join(f"{name}\0" for name in sorted(names)).encode()).hexdigest()
