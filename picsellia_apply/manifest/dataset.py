"""Dataset documents with their annotations and lists of names read in."""

from __future__ import annotations

from collections.abc import Sequence

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest import listed
from picsellia_apply.manifest.annotations import AnnotationFiles, Labels
from picsellia_apply.manifest.documents import (
    DatasetDocument,
    LabelSpec,
    SelectionSpec,
    VersionSpec,
    managed,
    unmanaged,
)
from picsellia_apply.manifest.faults import fault
from picsellia_apply.manifest.files import Read
from picsellia_apply.manifest.paths import existing, read_text
from picsellia_apply.manifest.reach import Reach
from picsellia_apply.model.declaration import Dataset, Selection, Version
from picsellia_apply.source import Place


def read_dataset(read: Read, document: DatasetDocument, files: AnnotationFiles) -> tuple[Dataset, list[Diagnostic]]:
    """Read everything that one document names.

    Returns:
        The dataset, and every fault, with places, but those of annotation files: `files` keeps them.
    """
    diagnostics: list[Diagnostic] = []
    spec, name = document.spec, document.metadata.name
    common = _labels(managed(spec, "labels"), name, read.place.at("spec", "labels"))
    versions = []
    for number, version in enumerate(spec.versions):
        place = read.place.at("spec", "versions", number)
        own = managed(version, "labels")
        labels = common if own is None else _labels(own, name, place.at("labels"))
        declared = managed(spec, "labels") if own is None else own
        pairs = None if declared is None else tuple((one.name, one.type) for one in declared)
        versions.append(_version(version, place, read.reach, pairs, labels, files, diagnostics))
    description, private = managed(spec, "description"), managed(spec, "private")
    absent = unmanaged(spec, "versions")
    protect = managed(spec, "protect")
    return Dataset(name, read.place, tuple(versions), description, private, absent, protect), diagnostics


def _labels(declared: Sequence[LabelSpec] | None, dataset: str, place: Place) -> Labels:
    if declared is None:
        return Labels(dataset)
    types: dict[str, frozenset[str]] = {}
    places: dict[str, Place] = {}
    for number, label in enumerate(declared):
        types[label.name] = types.get(label.name, frozenset()) | {label.type}
        places.setdefault(label.name, place.at(number, "name"))
    return Labels(dataset, types, places)


def _version(  # noqa: PLR0917 - one call, one meaning each
    spec: VersionSpec,
    place: Place,
    reach: Reach,
    pairs: tuple[tuple[str, str], ...] | None,
    labels: Labels,
    files: AnnotationFiles,
    diagnostics: list[Diagnostic],
) -> Version:
    chosen = managed(spec, "pictures")
    sources = [
        files.source(reach, one, place.at("annotations", number), labels) for number, one in enumerate(spec.annotations)
    ]
    return Version(
        spec.name,
        place,
        None if chosen is None else _selection(chosen, place.at("pictures"), reach, diagnostics),
        managed(spec, "from_"),
        pairs,
        tuple(source for source in sources if source is not None),
        spec.frozen,
        unmanaged(spec, "annotations"),
        managed(spec, "protect"),
    )


def _selection(spec: SelectionSpec, place: Place, reach: Reach, diagnostics: list[Diagnostic]) -> Selection:
    names, tags = None, managed(spec, "tags")
    written = managed(spec, "names")
    if written is not None:
        names = _names(reach, written, place.at("names"), diagnostics)
    return Selection(
        place,
        managed(spec, "query"),
        None if tags is None else tuple(dict.fromkeys(tags)),
        spec.quantity,
        managed(spec, "set"),
        names,
    )


def _names(reach: Reach, written: str, place: Place, diagnostics: list[Diagnostic]) -> tuple[str, ...]:
    path = existing(reach, written, place, diagnostics)
    text = None if path is None else read_text(path, written, place, diagnostics)
    if text is None:
        return ()
    if listed.is_exact(text):
        return tuple(dict.fromkeys(name for (name,) in listed.read_exact(text, written, 1, place, diagnostics)))
    names = listed.plain_names(text.split("\n"))
    if not names:
        diagnostics.append(fault("M038", f"`{written}` names no picture", place, "write one picture name per line"))
    return names
