"""Indexes of picture sets: read where a manifest names one, compared with the pictures, and what is not here told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity
from picsellia_apply.local import PictureIndex, read_index
from picsellia_apply.local.scan import INDEX_HINT
from picsellia_apply.manifest.documents import PictureSetDocument
from picsellia_apply.manifest.faults import fault, finding
from picsellia_apply.manifest.files import Read
from picsellia_apply.manifest.locate import positioned
from picsellia_apply.manifest.paths import existing, is_within, pointer_fault
from picsellia_apply.manifest.reach import Reach
from picsellia_apply.media import LFS_POINTER
from picsellia_apply.model.address import Address
from picsellia_apply.model.declaration import Declaration, LocalPictures, PictureSet
from picsellia_apply.model.plan import Operation
from picsellia_apply.source import Place, shown_path

_SHOWN = 3
_ABSENT = "P035"


@dataclass(frozen=True, slots=True)
class Difference:
    """Paths that an index and the pictures do not have alike, each sorted."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self.new) + len(self.changed) + len(self.gone)

    def __str__(self) -> str:
        kinds = (("new", self.new), ("changed", self.changed), ("gone", self.gone))
        return "; ".join(f"{len(files):,} {what}: {listed(files)}" for what, files in kinds if files)


def listed(names: Iterable[str]) -> str:
    """Return the first few names in backquotes, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - _SHOWN:,} more" if len(ordered) > _SHOWN else ""
    return ", ".join(f"`{name}`" for name in ordered[:_SHOWN]) + more


def difference(pictures: LocalPictures, index: PictureIndex) -> Difference:
    """Compare pictures with what an index says of them."""
    known = {file: (*entry[4:], entry.size) for file, entry in index.entries.items()}
    columns = (pictures.sha256, pictures.widths, pictures.heights, pictures.orientations, pictures.sizes)
    here = dict(zip(pictures.files, zip(*columns, strict=True), strict=True))
    return Difference(
        tuple(sorted(here.keys() - known.keys())),
        tuple(sorted(file for file in here.keys() & known.keys() if here[file] != known[file])),
        tuple(sorted(known.keys() - here.keys())),
    )


def load_index(reach: Reach, written: str, place: Place, diagnostics: list[Diagnostic]) -> PictureIndex | None:
    """Return the index that a set names, or None after telling what is wrong with it.

    Args:
        reach: What the path is relative to, and how far it may lead.
        written: The path, as the manifest has it.
        place: Of that path.
        diagnostics: Where to tell it: a file that is not there yet is a warning.
    """
    if not is_within(reach, written, place, diagnostics):
        return None
    path = reach.folder / written
    try:
        absent = not path.exists()
    except (OSError, ValueError):
        absent = False
    if absent:
        diagnostics.append(finding("P036", f"there is no index `{written}` yet", place, INDEX_HINT))
        return None
    if existing(reach, written, place, diagnostics) is None:
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        diagnostics.append(fault("M031", f"`{written}` cannot be read: {error.strerror}", place))
        return None
    if data.startswith(LFS_POINTER):
        diagnostics.append(pointer_fault(written, place))
        return None
    index, faults = read_index(data, shown_path(path))
    diagnostics += faults
    return None if faults else index


def compared(pictures: LocalPictures, index: PictureIndex, written: str, place: Place) -> Iterator[Diagnostic]:
    """Yield a warning when an index is not what the pictures are; those that are here count as they are."""
    found = difference(pictures, index)
    if found.count:
        message = f"the index `{written}` is not what the pictures are: {found}"
        yield finding("P033", message, place, INDEX_HINT, count=found.count)


def index_path(read: Read, document: PictureSetDocument) -> Path:
    """Return the file that a set names as its index, without detours."""
    return Path(os.path.normpath(read.folder / document.spec.index))


def shared_indexes(sets: Iterable[tuple[PictureSet, Path]]) -> Iterator[Diagnostic]:
    """Yield an error for each set whose index is another set's too.

    Args:
        sets: Those with an index, and the file it is.
    """
    first: dict[Path, str] = {}
    for one, path in sets:
        owner = first.setdefault(path, one.name)
        if owner != one.name:
            message = f"the index of `{one.name}` is the index of `{owner}` too"
            yield fault("P037", message, one.place.at("spec", "index"), "give each set an index of its own")


def absent_uploads(declaration: Declaration, operations: Iterable[Operation]) -> Mapping[str, tuple[str, ...]]:
    """Return the pictures that operations upload and that are not on this machine, by address.

    Args:
        declaration: What the manifests say.
        operations: Of a plan made from it.
    """
    sets = {str(Address("pictures", one.name)): one.pictures for one in declaration.picture_sets}
    found: dict[str, tuple[str, ...]] = {}
    for operation in operations:
        pictures = sets.get(operation.address)
        if pictures is None or not operation.members.add or all(pictures.paths):
            continue
        here = {name for name, path in zip(pictures.names, pictures.paths, strict=True) if path}
        absent = tuple(sorted(operation.members.add.keys() - here))
        if absent:
            found[operation.address] = absent
    return found


def absent_findings(
    declaration: Declaration, operations: Iterable[Operation], severity: Severity = Severity.warning
) -> tuple[Diagnostic, ...]:
    """Return what is to be said of pictures to upload that are not on this machine; one diagnostic for each set."""
    places = {str(Address("pictures", one.name)): one.place for one in declaration.picture_sets}
    return tuple(
        Diagnostic(
            _ABSENT,
            severity,
            f"{_pictures(names)} to upload {_be(names)} not on this machine: {listed(names)}",
            places[address].at("spec", "from"),
            "apply where the pictures are; `--target ADDRESS` applies other things here",
            len(names),
        )
        for address, names in sorted(absent_uploads(declaration, operations).items())
    )


def told_here(
    findings: Iterable[Diagnostic], declaration: Declaration, operations: Iterable[Operation]
) -> tuple[Diagnostic, ...]:
    """Return a plan's findings with what this machine lacks, whatever the machine lacked that made the plan."""
    others = [one for one in findings if one.code != _ABSENT]
    return positioned((*others, *absent_findings(declaration, operations, Severity.warning)))


def require_pictures(declaration: Declaration, operations: Iterable[Operation]) -> None:
    """See to it that every picture to upload is on this machine.

    Raises:
        InvalidInput: Some are not; names them, one diagnostic for each set.
    """
    absent = absent_findings(declaration, operations, Severity.error)
    if absent:
        raise InvalidInput(positioned(absent))


def _pictures(names: tuple[str, ...]) -> str:
    return f"{len(names):,} picture{'s' * (len(names) != 1)}"


def _be(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
