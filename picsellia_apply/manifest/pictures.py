"""PictureSet documents with their pictures read in, and what two sets say about one picture."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.local import PictureIndex, StatCache, scan_pictures
from picsellia_apply.local.measure import Progress
from picsellia_apply.manifest.documents import PictureSetDocument, PictureSetSpec, managed
from picsellia_apply.manifest.faults import fault, finding
from picsellia_apply.manifest.files import Read
from picsellia_apply.manifest.index import compared, load_index
from picsellia_apply.manifest.listed import read_exact
from picsellia_apply.manifest.near import near_path_hint
from picsellia_apply.manifest.paths import existing, is_within, read_text
from picsellia_apply.model.declaration import LocalPictures, PictureSet
from picsellia_apply.source import Place

UseIndex = Literal["always", "pointers", "never"]
_log = logging.getLogger(__name__)
_SHOWN = 3
OF_THIS_DISK = frozenset({"P014", "P015"})
"""What is told of files that are no picture of the set, so that a machine with the index alone cannot know it."""


_LOOKED_UP = frozenset({"P001", "P002", "P004", "P012"})
"""What is told of pictures that are not here: no second fault where their index is at fault."""


def read_picture_set(
    read: Read,
    document: PictureSetDocument,
    cache: StatCache,
    progress: Progress | None = None,
    *,
    use_index: UseIndex = "always",
) -> tuple[PictureSet, list[Diagnostic]]:
    """Find and read the pictures of one document.

    Args:
        read: The document and its place.
        document: The same, typed.
        cache: Knows pictures that did not change.
        progress: Told how many pictures are read.
        use_index: Look up in the set's index what is not on this machine, and compare the rest with it; "pointers":
            look up only what git-lfs pointers stand for.

    Returns:
        The set, and every fault, with places.
    """
    spec = document.spec
    told: list[Diagnostic] = []
    index = _index_of(read, spec, use_index, told)
    pictures, diagnostics = scan_pictures(
        [read.folder / source for source in spec.from_],
        include=spec.include,
        exclude=spec.exclude,
        naming=spec.naming,
        cache=cache,
        progress=progress,
        index=index,
        called=_called(read, spec, told),
    )
    if index is not None and not any(one.severity is Severity.error for one in diagnostics):
        told += compared(pictures, index, spec.index, read.place.at("spec", "index"))
    count = len(pictures.names)
    _log.info("found %s picture%s of `%s`", f"{count:,}", "s" * (count != 1), document.metadata.name)
    indexed = use_index != "never" and managed(spec, "index") is not None
    if indexed and any(one.severity is Severity.error for one in told):
        diagnostics = tuple(one for one in diagnostics if one.code not in _LOOKED_UP)
    told += [_placed(_hinted(one, read.folder, spec.from_), read.place.at("spec")) for one in diagnostics]
    return _declared(read, document, pictures), told


def _declared(read: Read, document: PictureSetDocument, pictures: LocalPictures) -> PictureSet:
    spec, tags = document.spec, managed(document.spec, "tags")
    kept = None if tags is None else tuple(dict.fromkeys(tags))
    return PictureSet(document.metadata.name, read.place, pictures, kept, spec.restore, managed(spec, "protect"))


def _index_of(read: Read, spec: PictureSetSpec, use: UseIndex, diagnostics: list[Diagnostic]) -> PictureIndex | None:
    """Return the index to look up what is not on this machine; None where there is none to be used."""
    place, written = read.place.at("spec", "index"), managed(spec, "index")
    if use == "never":
        if "index" in spec.model_fields_set:  # it will be written, not read
            is_within(read.reach, spec.index, place, diagnostics)
        return None
    index = None if written is None else load_index(read.reach, written, place, diagnostics)
    return index if index is None or use == "always" else dataclasses.replace(index, stands_in=False)


def _called(read: Read, spec: PictureSetSpec, diagnostics: list[Diagnostic]) -> Mapping[str, str]:
    """Return what pictures are called whose file is called otherwise."""
    written = managed(spec, "names")
    if written is None:
        return {}
    place = read.place.at("spec", "names")
    path = existing(read.reach, written, place, diagnostics)
    text = None if path is None else read_text(path, written, place, diagnostics)
    rows = () if text is None else read_exact(text, written, 2, place, diagnostics)
    return {row[0]: row[1] for row in rows}


def _hinted(diagnostic: Diagnostic, folder: Path, sources: Sequence[str]) -> Diagnostic:
    """Tell of a missing source which path was probably meant, as the manifest would write it."""
    match diagnostic:
        case Diagnostic(code="P001", position=Place(path=("from", number))):
            near = near_path_hint(folder, sources[int(number)])
            return dataclasses.replace(diagnostic, hint=near or diagnostic.hint)
        case _:
            return diagnostic


def _placed(diagnostic: Diagnostic, spec: Place) -> Diagnostic:
    """Give a diagnostic about the set, or about an entry of it, its place."""
    match diagnostic.position:
        case None:
            return dataclasses.replace(diagnostic, position=spec.at("from"))
        case Place(file="", path=path):
            return dataclasses.replace(diagnostic, position=spec.at(*path))
        case _:
            return diagnostic


def common_pictures(sets: Sequence[PictureSet]) -> list[Diagnostic]:
    """Return what is wrong, or worth a look, with pictures that two sets hold, or one set holds twice."""
    return [*_other_bytes(sets), *_other_names(sets)]


def _other_bytes(sets: Sequence[PictureSet]) -> list[Diagnostic]:
    """Find names that stand for different bytes in two sets; told at both."""
    seen: dict[str, tuple[str, int]] = {}
    clashes: dict[tuple[int, int], list[str]] = {}
    for number, one in enumerate(sets):
        for name, digest in zip(one.pictures.names, one.pictures.sha256, strict=True):
            known = seen.setdefault(name, (digest, number))
            if known[0] != digest and known[1] != number:
                clashes.setdefault((known[1], number), []).append(name)
    found = []
    for (first, second), names in sorted(clashes.items()):
        for here, there in ((first, second), (second, first)):
            message = (
                f"{_listed(names)} {_be(names)} in `{sets[here].name}` and with other bytes in `{sets[there].name}`"
            )
            hint = "one name is one picture: rename a file, or write `naming: path`"
            place = sets[here].place.at("spec", "from")
            found.append(fault("P007", message, place, hint, count=len(names)))
    return found


def _other_names(sets: Sequence[PictureSet]) -> list[Diagnostic]:
    """Find bytes that have two names; told once per set, at the later one."""
    names_by_digest: dict[str, str] = {}
    pairs: dict[int, list[tuple[str, str]]] = {}
    for number, one in enumerate(sets):
        for name, digest in zip(one.pictures.names, one.pictures.sha256, strict=True):
            first = names_by_digest.setdefault(digest, name)
            if first != name:
                pairs.setdefault(number, []).append((first, name))
    return [_twins(sets[number], sorted(set(found))) for number, found in pairs.items()]


def _twins(one: PictureSet, pairs: Sequence[tuple[str, str]]) -> Diagnostic:
    listed = ", ".join(f"`{first}` and `{second}`" for first, second in pairs[:_SHOWN])
    more = f" and {len(pairs) - _SHOWN:,} more pairs" if len(pairs) > _SHOWN else ""
    message = f"two names for the same bytes: {listed}{more}"
    return finding("P008", message, one.place.at("spec", "from"), "", count=len(pairs))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in sorted(names)[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN:,} more"


def _be(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def paths_by_ref(one: PictureSet) -> Mapping[str, str]:
    """Return where the bytes of each picture here are: `pictures/SET:relative/name` to the path to open."""
    from picsellia_apply.model.address import Address

    head = str(Address("pictures", one.name))
    found = zip(one.pictures.files, one.pictures.paths, strict=True)
    return {f"{head}:{file}": path for file, path in found if path}
