"""COCO: one JSON file of images, annotations and categories.

Source: the data format page of COCO (cocodataset.org/#format-data) and pycocotools; where tools differ, FORMATS.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from picsellia_apply.errors import Diagnostic
from picsellia_apply.formats import kinds
from picsellia_apply.formats.collector import collector_paused
from picsellia_apply.formats.columns import EMPTY, Columns, box_of_rings, open_ring, picture_name
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
from picsellia_apply.formats.rle import box_of_runs, decode_runs
from picsellia_apply.model.annotation import Box, FileAnnotations, Ring

_Id = int | float | str
_LISTS = ("images", "annotations", "categories")


class _Image(msgspec.Struct, gc=False):
    id: _Id
    file_name: str
    width: float | None = None
    height: float | None = None


class _Category(msgspec.Struct, gc=False):
    id: _Id
    name: str
    supercategory: str | None = None
    keypoints: list[Any] | None = None


class _Mask(msgspec.Struct, gc=False):
    size: tuple[int, int]
    counts: str | tuple[int, ...]


_Segmentation = tuple[tuple[float, ...] | float, ...] | _Mask | None


class _Annotation(msgspec.Struct, gc=False):
    image_id: _Id
    category_id: _Id
    id: _Id | None = None
    bbox: tuple[float, ...] | None = None
    segmentation: _Segmentation = None
    iscrowd: float | bool | None = None
    keypoints: tuple[float, ...] | None = None
    attributes: dict[str, Any] | None = None
    score: float | None = None
    caption: str | None = None


class _File(msgspec.Struct, gc=False):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


_FIELDS = frozenset({*_Annotation.__struct_fields__, "area", "num_keypoints", "ignore"})
"""What is known of an annotation; `area` and `num_keypoints` follow from the rest."""

_SAMPLE = 1000
"""How many annotations are searched for other fields; all are, when one is found."""

_Rows = tuple[Sequence[_Image | None], Sequence[_Annotation | None], Sequence[_Category | None]]

_FILE = msgspec.json.Decoder(_File)
_OUTER = msgspec.json.Decoder(outer_struct("Outer", _LISTS))
_ANY_ROW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EMPTY = frozenset({b"null", b"false", b"0", b'""', b"[]", b"{}"})
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ROW_DECODERS = tuple(msgspec.json.Decoder(row) for row in (_Image, _Annotation, _Category))


def read_coco(path: Path) -> tuple[FileAnnotations, tuple[Diagnostic, ...]]:
    """Read a COCO file.

    An annotation with `bbox` or `segmentation` is an object with that geometry, one with neither is a classification
    of its picture. A missing `bbox` is derived from the segmentation. All parts of a polygon are kept. A run-length
    mask is reported and only its box is kept; a crowd region is reported and left out.

    Args:
        path: The file.

    Returns:
        The columns and the diagnostics; see `formats.read_annotations`.
    """
    findings = Findings()
    try:
        data = read_json_bytes(path)
        with collector_paused():
            columns = _Reader(path, findings).read(_rows(data, path, findings))
            _note_other_fields(data, path, findings)
    except Unreadable as error:
        return EMPTY, (error.diagnostic,)
    columns.check(findings, lambda index: Spot(path, ("annotations", index)))
    return columns.frozen(lambda index: f"$.annotations[{index}]"), findings.diagnostics(locator(data), written)


def _rows(data: bytes, path: Path, findings: Findings) -> _Rows:
    """Decode all rows at once; only when one of them is wrong, decode again row by row to tell which."""
    try:
        file = decode(data, path, _FILE, "COCO")
    except msgspec.ValidationError:
        return _rows_one_by_one(data, path, findings)
    return file.images, file.annotations, file.categories


def _rows_one_by_one(data: bytes, path: Path, findings: Findings) -> _Rows:
    try:
        outer = decode(data, path, _OUTER, "COCO")
    except msgspec.ValidationError as error:
        raise wrong_shape(data, path, "the outermost value is no object", "COCO") from error
    rows: list[list[Any]] = []
    for name, decoder in zip(_LISTS, _ROW_DECODERS, strict=True):
        raw = getattr(outer, name)
        if raw is msgspec.UNSET:
            raise wrong_shape(data, path, f"it has no `{name}`", "COCO")
        try:
            items = _LIST.decode(raw)
        except msgspec.ValidationError as error:
            raise wrong_shape(data, path, f"`{name}` is no list", "COCO") from error
        rows.append(decode_rows(items, decoder, findings, path, name))
    return rows[0], rows[1], rows[2]


def _note_other_fields(data: bytes, path: Path, findings: Findings) -> None:
    rows = _LIST.decode(_OUTER.decode(data).annotations)
    if not any(_other_fields(row) for row in rows[:_SAMPLE]):
        return
    for index, row in enumerate(rows):
        for field in _other_fields(row):
            findings.note(kinds.ATTRIBUTE, path, "annotations", index, field, subject=field[:40])


def _other_fields(row: msgspec.Raw) -> list[str]:
    """Return the fields of an annotation that are not known and not empty."""
    try:
        fields = _ANY_ROW.decode(row)
    except msgspec.DecodeError:  # told as a faulty row already
        return []
    return [name for name, raw in fields.items() if name not in _FIELDS and bytes(raw) not in _EMPTY]


class _Reader:
    """Turns the rows of one file into columns."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self._path = path
        self._findings = findings
        self._columns = Columns[int]()

    def read(self, rows: _Rows) -> Columns[int]:
        images, annotations, categories = rows
        names = self._read_categories(categories)
        owners = self._read_images(images)
        seen: set[_Id] = set()
        for index, annotation in enumerate(annotations):
            if annotation is None:
                continue
            if annotation.id is not None:
                if annotation.id in seen:
                    self._note(kinds.DUPLICATE_ANNOTATION_ID, index, "id", detail=f"`{_shown(annotation.id)}`")
                seen.add(annotation.id)
            self._read_annotation(index, annotation, owners, names)
        return self._columns

    def _note(self, kind: kinds.Kind, index: int, *steps: str | int, detail: str = "", subject: str = "") -> None:
        self._findings.note(kind, self._path, "annotations", index, *steps, detail=detail, subject=subject)

    def _read_categories(self, categories: Sequence[_Category | None]) -> dict[_Id, str]:
        names: dict[_Id, str] = {}
        note = self._findings.note
        for index, category in enumerate(categories):
            if category is None:
                continue
            where = (self._path, "categories", index)
            if not category.name.strip():
                note(kinds.BLANK_NAME, *where, "name")
            if category.id in names:
                note(kinds.DUPLICATE_CATEGORY_ID, *where, "id", detail=f"`{_shown(category.id)}`")
            if category.name in self._columns.categories:
                note(kinds.SAME_CATEGORY_NAME, *where, "name", detail=f"`{category.name}`")
            for field in ("supercategory", "keypoints"):
                if getattr(category, field) not in (None, "", "none", category.name, []):
                    note(kinds.CATEGORY_FIELD, *where, field, subject=field)
            names[category.id] = category.name
            self._columns.categories[category.name] = None
        return names

    def _read_images(self, images: Sequence[_Image | None]) -> dict[_Id, int]:
        owners: dict[_Id, int] = {}
        known: set[str] = set()
        note = self._findings.note
        for index, image in enumerate(images):
            if image is None:
                continue
            name = picture_name(image.file_name)
            if not name.strip():
                note(kinds.BLANK_NAME, self._path, "images", index, "file_name")
            elif name in known:
                note(kinds.DUPLICATE_PICTURE, self._path, "images", index, "file_name", detail=f"`{name}`")
            if image.id in owners:
                note(kinds.DUPLICATE_IMAGE_ID, self._path, "images", index, "id", detail=f"`{_shown(image.id)}`")
            known.add(name)
            owners[image.id] = self._columns.add_picture(name, self._size(index, image))
        return owners

    def _size(self, index: int, image: _Image) -> tuple[int, int] | None:
        if not image.width or not image.height:
            return None
        width, height = int(image.width), int(image.height)
        if width == image.width and height == image.height and width > 0 and height > 0:
            return width, height
        said = f"{image.width:g} x {image.height:g}"
        self._findings.note(kinds.BAD_SIZE, self._path, "images", index, "width", detail=said)
        return None

    def _read_annotation(self, index: int, row: _Annotation, owners: dict[_Id, int], names: dict[_Id, str]) -> None:
        owner, label = owners.get(row.image_id), names.get(row.category_id)
        if owner is None:
            self._note(kinds.UNKNOWN_IMAGE, index, "image_id", detail=f"`{_shown(row.image_id)}`")
        if label is None:
            self._note(kinds.UNKNOWN_CATEGORY, index, "category_id", detail=f"`{_shown(row.category_id)}`")
        self._note_what_is_not_carried(index, row)
        if row.iscrowd:
            self._note(kinds.CROWD, index, "iscrowd")
            return
        has_geometry = bool(row.bbox) or bool(row.segmentation)
        polygons = self._polygons(index, row.segmentation) if isinstance(row.segmentation, tuple) else ()
        box = self._box(index, row, polygons) if has_geometry else None
        if owner is not None and label is not None and (box is not None or not has_geometry):
            self._columns.add_object(owner, label, box, polygons, index)

    def _note_what_is_not_carried(self, index: int, row: _Annotation) -> None:
        if row.keypoints and any(row.keypoints[2::3]):
            self._note(kinds.KEYPOINTS, index, "keypoints")
        if row.score is not None:
            self._note(kinds.ATTRIBUTE, index, "score", subject="score")
        if row.caption:
            self._note(kinds.ATTRIBUTE, index, "caption", subject="caption")
        for name, value in (row.attributes or {}).items():
            if value not in (None, False, "", 0):
                self._note(kinds.ATTRIBUTE, index, "attributes", name, subject=f"attributes.{name}")

    def _polygons(self, index: int, segmentation: tuple[tuple[float, ...] | float, ...]) -> tuple[Ring, ...]:
        parts = tuple(part for part in segmentation if isinstance(part, tuple))
        if len(parts) != len(segmentation):
            if parts:
                self._note(kinds.WRONG_VALUE, index, "segmentation", detail="parts and numbers are mixed")
                return ()
            self._note(kinds.FLAT_POLYGON, index, "segmentation")
            parts = (tuple(float(number) for number in segmentation if not isinstance(number, tuple)),)
        if all(len(part) >= 6 and not len(part) % 2 and part[:2] != part[-2:] for part in parts):
            return parts
        return tuple(ring for number, part in enumerate(parts) if (ring := self._ring(index, number, part)))

    def _ring(self, index: int, number: int, part: Ring) -> Ring | None:
        if len(part) % 2:
            self._note(kinds.ODD_POLYGON, index, "segmentation", number, detail=f"{len(part)} numbers")
            return None
        ring = open_ring(part)
        if len(ring) < 6:
            self._note(kinds.SHORT_POLYGON, index, "segmentation", number, detail=f"{len(ring) // 2} points")
            return None
        return ring

    def _box(self, index: int, row: _Annotation, polygons: tuple[Ring, ...]) -> Box | None:
        if isinstance(row.segmentation, _Mask):
            self._note(kinds.MASK, index, "segmentation")
        if row.bbox:
            return self._written_box(index, row.bbox)
        if polygons:
            box: Box | None = box_of_rings(polygons)
        elif isinstance(row.segmentation, _Mask):
            box = self._mask_box(index, row.segmentation)
        else:
            self._note(kinds.NO_GEOMETRY, index, "segmentation")
            return None
        if box and (not box[2] or not box[3]):
            self._note(kinds.NO_AREA, index, "segmentation", detail=_size_text(box))
        return box

    def _written_box(self, index: int, bbox: tuple[float, ...]) -> Box | None:
        if len(bbox) != 4:
            self._note(kinds.BOX_LENGTH, index, "bbox", detail=f"{len(bbox)} numbers")
            return None
        if bbox[2] > 0 and bbox[3] > 0:
            return bbox
        if bbox[2] < 0 or bbox[3] < 0:
            self._note(kinds.NEGATIVE_BOX, index, "bbox", detail=_size_text(bbox))
            return None
        self._note(kinds.NO_AREA, index, "bbox", detail=_size_text(bbox))
        return bbox

    def _mask_box(self, index: int, mask: _Mask) -> Box | None:
        try:
            runs = decode_runs(mask.counts) if isinstance(mask.counts, str) else mask.counts
            box = box_of_runs(runs, *mask.size)
        except ValueError as error:
            self._note(kinds.BROKEN_MASK, index, "segmentation", detail=str(error))
            return None
        if box is None:
            self._note(kinds.BROKEN_MASK, index, "segmentation", detail="no pixel is set")
        return box


def _size_text(box: Box) -> str:
    return f"{box[2]:g} x {box[3]:g}"


def _shown(value: _Id) -> str:
    """Return an id as JSON writes it, cut where it is very long."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = msgspec.json.encode(value).decode() if isinstance(value, (str, float)) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
