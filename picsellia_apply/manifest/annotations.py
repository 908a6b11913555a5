"""Annotation sources of datasets: each file read once per run, converted once per set of labels."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.formats import read_annotations
from picsellia_apply.formats.geometry import REASONS, Converted, Tally, Types, convert
from picsellia_apply.formats.spots import places_in_file
from picsellia_apply.manifest.documents import AnnotationSpec
from picsellia_apply.manifest.faults import fault, finding, nearest
from picsellia_apply.manifest.locate import Locator
from picsellia_apply.manifest.paths import is_ordinary, is_pointer, pointer_fault
from picsellia_apply.manifest.reach import Reach
from picsellia_apply.model.annotation import FileAnnotations
from picsellia_apply.model.declaration import AnnotationSource
from picsellia_apply.source import Place, Position

_log = logging.getLogger(__name__)
_REALLY_NEAR = 0.8
"""How like a declared label an undeclared one must be to be taken for it; `cat` and `car` are two labels."""


@dataclass(frozen=True, slots=True)
class Labels:
    """A dataset's declared labels: name to types, and where each name is first declared; None when unmanaged."""

    dataset: str
    types: Mapping[str, Types] | None = None
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Named:
    """A source as a manifest names it: its path here, its node with the place of that, the labels it is read for."""

    path: Path
    spec: AnnotationSpec
    place: Place
    labels: Labels


class AnnotationFiles:
    """Reads and converts; remembers both, as versions of a dataset often share a file."""

    def __init__(self, locator: Locator) -> None:
        """Begin with nothing read.

        Args:
            locator: Finds where a label is declared, for hints.
        """
        self._locator = locator
        self._read: dict[tuple[str, str, str], FileAnnotations | None] = {}
        self._sizes: dict[tuple[str, str, str], dict[str, tuple[int, int]]] = {}
        self._converted: dict[object, Converted] = {}
        self._told: set[object] = set()
        self.diagnostics: list[Diagnostic] = []

    def source(self, reach: Reach, spec: AnnotationSpec, place: Place, labels: Labels) -> AnnotationSource | None:
        """Return one source with its objects, or None when the file is not there or not right.

        Args:
            reach: What the path is relative to. Annotations may lie elsewhere: what is told of them is parsed.
            spec: The source as the manifest has it.
            place: Its node.
            labels: Of the dataset.
        """
        path = reach.folder / spec.path
        if not is_ordinary(reach.folder, spec.path, place.at("path"), self.diagnostics):
            return None
        if is_pointer(path):
            self.diagnostics.append(pointer_fault(spec.path, place.at("path")))
            return None
        key = os.path.abspath(path), spec.format, spec.coordinates  # noqa: PTH100 - links stay as they are
        if key not in self._read:
            self._read[key] = self._read_file(path, spec, reach)
            self._sizes[key] = _sizes(self._read[key])
        file = self._read[key]
        if file is None:
            return None
        types = None if labels.types is None else tuple(sorted((n, tuple(sorted(t))) for n, t in labels.types.items()))
        known = key, types, frozenset(spec.ignore)
        if known not in self._converted:
            self._converted[known] = convert(file, labels.types, frozenset(spec.ignore))
        if (known, labels.dataset) not in self._told:
            self._told.add((known, labels.dataset))
            self._tell(self._converted[known], file, _Named(path, spec, place, labels))
        return AnnotationSource(place, spec.path, spec.policy, self._converted[known].objects, self._sizes[key])

    def _read_file(self, path: Path, spec: AnnotationSpec, reach: Reach) -> FileAnnotations | None:
        file, diagnostics = read_annotations(path, spec.format, coordinates=spec.coordinates)
        self.diagnostics += (_without_line(one, reach) for one in diagnostics)
        pictures, objects = len(file.pictures), _objects(len(file.labels))
        _log.info("read %s: %s picture%s, %s", spec.path, f"{pictures:,}", "s" * (pictures != 1), objects)
        return None if any(one.severity is Severity.error for one in diagnostics) else file

    def _tell(self, converted: Converted, file: FileAnnotations, named: _Named) -> None:
        spec, place = named.spec, named.place
        where = place.at("path")
        if converted.undeclared:
            self.diagnostics += self._undeclared(converted.undeclared, file, named)
        for reason, tally in sorted(converted.left.items()):
            self.diagnostics.append(_left(reason, tally, spec, where))
        unused = [number for number, label in enumerate(spec.ignore) if label not in converted.ignored]
        for number in unused:
            self.diagnostics.append(_unused(spec.ignore[number], place.at("ignore", number), file.labels, spec))

    def _undeclared(
        self, undeclared: Mapping[str, Tally], file: FileAnnotations, named: _Named
    ) -> Iterator[Diagnostic]:
        labels = named.labels
        places = places_in_file(named.path, [tally.place for tally in undeclared.values()])
        unused = sorted(set(labels.types or ()) - set(file.labels))
        for label, tally in sorted(undeclared.items()):
            hint = f"declare `{label}` under `labels`, or list it under `ignore`"
            near = nearest(label, unused, cutoff=_REALLY_NEAR)
            if near:
                declared = self._locator.position(labels.places[near])
                hint = f"did you mean `{near}`, declared at {declared}? else {hint}"
            objects = f"{_objects(tally.count)} of `{named.spec.path}`, first at {places[tally.place]}"
            message = f"label `{label}` is not declared by dataset `{labels.dataset}`: {objects}"
            yield fault("M012", message, named.place.at("path"), hint, count=tally.count)


def _without_line(one: Diagnostic, reach: Reach) -> Diagnostic:
    """Return a diagnostic that shows no line of a file out of reach: what is no annotations may be a secret."""
    match one.position:
        case Position(file=file, line=line, column=column) if line and reach.outside(os.path.abspath(file)):  # noqa: PTH100
            where = f"line {line}, column {column}" if column else f"line {line}"
            return replace(one, message=f"{one.message} ({where})", position=Position(file))
        case _:
            return one


def _sizes(file: FileAnnotations | None) -> dict[str, tuple[int, int]]:
    if file is None:
        return {}
    return {name: size for name, size in zip(file.pictures, file.sizes_wh, strict=True) if size is not None}


def _objects(count: int) -> str:
    return f"{count:,} object{'s' * (count != 1)}"


def _left(reason: str, tally: Tally, spec: AnnotationSpec, where: Place) -> Diagnostic:
    first = f"first `{tally.label}` at {tally.place}"
    code, text = REASONS[reason]
    message = text.format(n=f"{_objects(tally.count)} of `{spec.path}`")
    tell = fault if reason == "number" else finding
    return tell(code, f"{message}, {first}", where, count=tally.count)


def _unused(label: str, place: Place, known: Sequence[str], spec: AnnotationSpec) -> Diagnostic:
    near = nearest(label, sorted(set(known)))
    hint = f"did you mean `{near}`?" if near else ""
    return finding("A105", f"no object of `{spec.path}` has the label `{label}` to ignore", place, hint)
