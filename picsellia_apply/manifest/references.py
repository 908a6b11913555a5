"""What documents say about each other: names declared twice, references to nothing, lists that repeat themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.documents import (
    DatasetDocument,
    LabelSpec,
    NetworkDocument,
    PictureSetDocument,
    SelectionSpec,
    TagQueryDocument,
)
from picsellia_apply.manifest.faults import did_you_mean, fault, finding
from picsellia_apply.manifest.files import Collected, Read
from picsellia_apply.manifest.locate import Locator
from picsellia_apply.source import Place


def reference_faults(collected: Collected, locator: Locator) -> list[Diagnostic]:
    """Return every fault between documents.

    Args:
        collected: What was read. When a file could not be read to its end, nobody knows what it declares, so that
            references to nothing are not told.
        locator: Finds where the first of two was declared, for hints.
    """
    found = _doubles(collected.reads, locator)
    for read in collected.reads:
        found += _repeated_tags(read)
        if isinstance(read.document, DatasetDocument):
            found += _dataset_faults(read, read.document, collected, locator)
    return found


def _doubles(reads: Sequence[Read], locator: Locator) -> list[Diagnostic]:
    """Find documents of one kind and name; each after the first is told."""
    first: dict[tuple[str, str], Place] = {}
    found = []
    for read in reads:
        key = read.document.kind, read.document.metadata.name
        place = read.place.at("metadata", "name")
        if key in first:
            message = f"{key[0]} `{key[1]}` is declared twice"
            found.append(fault("M017", message, place, f"first declared at {locator.position(first[key])}"))
        first.setdefault(key, place)
    return found


def _twice(code: str, what: str, names: Iterable[tuple[str, Place]], locator: Locator) -> list[Diagnostic]:
    first: dict[str, Place] = {}
    found = []
    for name, place in names:
        if name in first:
            hint = f"first declared at {locator.position(first[name])}"
            found.append(fault(code, f"{what} `{name}` is declared twice", place, hint))
        first.setdefault(name, place)
    return found


def _dataset_faults(read: Read, document: DatasetDocument, collected: Collected, locator: Locator) -> list[Diagnostic]:
    place, spec = read.place.at("spec"), document.spec
    versions = [(one.name, place.at("versions", n, "name")) for n, one in enumerate(spec.versions)]
    found = _repeated_labels(spec.labels, place.at("labels"), locator) + _twice("M018", "version", versions, locator)
    earlier: list[str] = []
    every = [one.name for one in spec.versions]
    for number, version in enumerate(spec.versions):
        here = place.at("versions", number)
        found += _repeated_labels(version.labels, here.at("labels"), locator)
        if "from_" in version.model_fields_set and version.from_ not in earlier:
            found.append(_unknown_origin(version.from_, version.name, here.at("from"), every))
        if "pictures" in version.model_fields_set and not collected.broken:
            found += _selection_faults(version.pictures, here.at("pictures"), collected.names)
        if not read.partial and not {"from_", "pictures"} & version.model_fields_set:
            message = f"version `{version.name}` names no pictures"
            found.append(
                fault("M010", message, here.at("name"), "give it `pictures`, or `from` with an earlier version")
            )
        earlier.append(version.name)
    return found


def _repeated_labels(labels: Sequence[LabelSpec], place: Place, locator: Locator) -> list[Diagnostic]:
    named = [(f"{one.name}` of type `{one.type}", place.at(n, "name")) for n, one in enumerate(labels)]
    return _twice("M019", "label", named, locator)


def _unknown_origin(origin: str, version: str, place: Place, every: Sequence[str]) -> Diagnostic:
    if origin == version:
        return fault("M022", f"version `{version}` begins with itself", place, "name an earlier version")
    if origin in every:
        hint = "versions are created in the order written: move it up"
        return fault("M022", f"version `{origin}` comes only after `{version}`", place, hint)
    hint = did_you_mean(origin, [one for one in every if one != version]) or "name an earlier version of this dataset"
    return fault("M022", f"there is no version `{origin}` to begin with", place, hint)


def _selection_faults(spec: SelectionSpec, place: Place, names: Collection[tuple[str, str]]) -> list[Diagnostic]:
    wanted = (("M020", "query", "TagQuery", spec.query), ("M021", "set", "PictureSet", spec.set))
    found = []
    for code, field, kind, name in wanted:
        if field in spec.model_fields_set and (kind, name) not in names:
            known = sorted(one for other, one in names if other == kind)
            hint = did_you_mean(name, known) or (
                f"declared: {', '.join(known[:10])}" if known else f"no {kind} is declared"
            )
            found.append(fault(code, f"no {kind} is called `{name}`", place.at(field), hint))
    return found


def _repeated_tags(read: Read) -> list[Diagnostic]:
    found = []
    for path, items in _tag_lists(read):
        seen: set[str] = set()
        for number, item in enumerate(items):
            if item in seen:
                found.append(finding("M036", f"`{item}` is listed twice", read.place.at("spec", *path, number)))
            seen.add(item)
    return found


def _tag_lists(read: Read) -> Iterable[tuple[tuple[str | int, ...], Sequence[str]]]:
    match read.document:
        case PictureSetDocument() | NetworkDocument():
            yield ("tags",), read.document.spec.tags
        case TagQueryDocument():
            for field in ("tags", "add", "remove"):
                yield (field,), getattr(read.document.spec, field)
        case DatasetDocument():
            for number, version in enumerate(read.document.spec.versions):
                yield ("versions", number, "pictures", "tags"), version.pictures.tags
        case _:
            return
