"""What the indexes of a project should be: picture sets read as they are on this disk, and nothing else of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity, UsageError
from picsellia_apply.local import StatCache, index_text, read_index
from picsellia_apply.local.counting import AddedUp
from picsellia_apply.local.index import HEAD, path_fault
from picsellia_apply.local.measure import Progress
from picsellia_apply.manifest.documents import PictureSetDocument
from picsellia_apply.manifest.faults import did_you_mean, fault
from picsellia_apply.manifest.files import Collected, Read, read_manifests
from picsellia_apply.manifest.index import difference, index_path, listed, shared_indexes
from picsellia_apply.manifest.loading import order
from picsellia_apply.manifest.locate import Locator, positioned
from picsellia_apply.manifest.pictures import read_picture_set
from picsellia_apply.manifest.scaffold import write_beside
from picsellia_apply.manifest.variables import Given
from picsellia_apply.model.declaration import LocalPictures, PictureSet
from picsellia_apply.source import Place, shown_path

_TOLD_BY_COMPARING = frozenset({"P033", "P034", "P036"})
"""What reading a set with its index tells of the difference; here the difference is the answer."""


@dataclass(frozen=True, slots=True)
class SetIndex:
    """The index of one picture set.

    Attributes:
        name: The set's.
        path: The file.
        text: What it should hold.
        count: How many pictures that is.
        found: Whether the file is there and is an index.
        same: Whether it holds just that.
        difference: What the pictures have that it has not, in words; may be empty: only the writing differs.
        held: How many pictures the file holds.
        lost: How many of them are not here, under whatever path: one that was moved or changed is not lost.
    """

    name: str
    path: Path
    text: str
    count: int
    found: bool
    same: bool
    difference: str
    held: int = 0
    lost: int = 0

    @property
    def loses_most(self) -> bool:
        """Whether writing it would drop more than half of what it holds: pictures are missing here, most likely."""
        return not self.same and 2 * self.lost > self.held


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be indexed: sets by name, () for every set with an index; `as_is`: git-lfs pointers count too."""

    sets: tuple[str, ...] = ()
    as_is: bool = False


def indexes_of(
    paths: Sequence[Path],
    wanted: Wanted,
    cache: StatCache,
    *,
    workspace: str | None = None,
    given: Sequence[Given] = (),
    progress: Progress | None = None,
) -> tuple[tuple[SetIndex, ...], tuple[Diagnostic, ...]]:
    """Read picture sets and say what their indexes should be; nothing is written.

    Args:
        paths: Manifests, and folders to search.
        wanted: Which sets.
        cache: Knows pictures that did not change.
        workspace: Which Workspace document counts.
        given: Values of variables, the weakest first.
        progress: Told how many pictures are read.

    Returns:
        The indexes by the sets' names, and findings.

    Raises:
        InvalidInput: A manifest or a picture is at fault, or none of the manifests has an index.
        UsageError: There is no set of a wanted name.
    """
    locator = Locator()
    kinds = ("PictureSet",)  # what is wrong elsewhere is no reason to have no index
    collected = read_manifests(paths, workspace=workspace, given=given, locator=locator, kinds=kinds)
    diagnostics = list(collected.diagnostics)
    if collected.undecided:
        diagnostics.append(_undecided(collected, workspace))
    chosen = _chosen(collected, wanted.sets, diagnostics)
    found = _read_sets(chosen, cache, progress, diagnostics, as_is=wanted.as_is)
    diagnostics += shared_indexes([(one.pictures, one.path) for one in found])
    cache.save()
    told_once = order(positioned(collected.variables.named(diagnostics), locator))
    if any(one.severity is Severity.error for one in told_once):
        raise InvalidInput(told_once)
    return tuple(map(_index, sorted(found, key=lambda one: one.pictures.name))), told_once


@dataclass(frozen=True, slots=True)
class _Found:
    """A picture set as it is here, the file of its index, and what git-lfs pointers say against that."""

    pictures: PictureSet
    path: Path
    against: tuple[Diagnostic, ...]


def _read_sets(
    chosen: Sequence[tuple[Read, PictureSetDocument]],
    cache: StatCache,
    progress: Progress | None,
    diagnostics: list[Diagnostic],
    *,
    as_is: bool,
) -> list[_Found]:
    """Read picture sets as they are on this disk; what is wrong with them is added to the diagnostics."""
    counted = AddedUp(progress) if progress else None
    found = []
    for read, document in chosen:
        part = counted.part() if counted else None
        one, told = read_picture_set(read, document, cache, part, use_index="pointers" if as_is else "never")
        diagnostics += [fault for fault in told if fault.code not in _TOLD_BY_COMPARING]
        diagnostics += _path_faults(one.pictures, read.place)
        against = tuple(fault for fault in told if fault.code == "P034")
        found.append(_Found(one, index_path(read, document), against))
    return found


def _chosen(
    collected: Collected, names: Sequence[str], diagnostics: list[Diagnostic]
) -> list[tuple[Read, PictureSetDocument]]:
    """Return the sets to index; tell of those asked for that have none, and when there is none at all."""
    sets = [(read, read.document) for read in collected.reads if isinstance(read.document, PictureSetDocument)]
    known = sorted(document.metadata.name for _, document in sets)
    for name in names:
        if name not in known and not collected.broken:
            hint = did_you_mean(name, known) or (f"declared: {', '.join(known[:10])}" if known else "none is declared")
            raise UsageError(f"--set: no PictureSet is called `{name}`", hint=hint)
    asked = [pair for pair in sets if pair[1].metadata.name in names] if names else sets
    without = [pair for pair in asked if "index" not in pair[1].spec.model_fields_set]
    if names or (len(without) == len(asked) and not any(one.severity is Severity.error for one in diagnostics)):
        diagnostics += [_without(read, document) for read, document in without]
    if not asked and not collected.broken and not any(one.severity is Severity.error for one in diagnostics):
        diagnostics.append(fault("P038", "no PictureSet is declared, so there is nothing to index", None))
    return [pair for pair in asked if pair not in without]


def _undecided(collected: Collected, wanted: str | None) -> Diagnostic:
    names = sorted(collected.workspaces)
    listed_names = ", ".join(f"`{name}`" for name in names)
    if wanted is not None:
        hint = did_you_mean(wanted, names) or f"declared: {listed_names}"
        return fault("M028", f"no Workspace is called `{wanted}`", None, hint)
    hint = "choose one with `--workspace NAME`: picture sets hold variables"
    return fault("M027", f"several workspaces are declared: {listed_names}", None, hint)


def _without(read: Read, document: PictureSetDocument) -> Diagnostic:
    name = document.metadata.name
    hint = "write `index: FILE` under its `spec`; the file is written by this command and belongs in git"
    return fault("P038", f"PictureSet `{name}` names no index", read.place.at("metadata", "name"), hint)


def _path_faults(pictures: LocalPictures, place: Place) -> Iterable[Diagnostic]:
    """Yield an error for paths that cannot stand in a line of text."""
    wrong = [file for file in pictures.files if path_fault(file)]
    if wrong:
        shown = [file.encode("unicode_escape").decode() for file in wrong]
        message = f"{len(wrong):,} path{'s' * (len(wrong) != 1)} cannot stand in an index: {listed(shown)}"
        hint = f"{path_fault(wrong[0])}: rename the folder"
        yield fault("P013", message, place.at("spec", "from"), hint, count=len(wrong))


def _index(found: _Found) -> SetIndex:
    """Compare a set with its file."""
    one, path = found.pictures, found.path
    text, count = index_text(one.pictures), len(one.pictures.names)
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return SetIndex(one.name, path, text, count, found=False, same=False, difference="")
    _require_index(data, path)
    same = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n") == text.encode()
    before, faults = read_index(data, shown_path(path))
    differs = "" if faults else str(difference(one.pictures, before))
    if found.against:
        differs, same = "; ".join(diagnostic.message for diagnostic in found.against), False
    known = {} if faults else before.entries
    files, digests = set(one.pictures.files), set(one.pictures.sha256)
    lost = sum(file not in files and entry.sha256 not in digests for file, entry in known.items())
    return SetIndex(one.name, path, text, count, not faults, same, differs, len(known), lost)


def _require_index(data: bytes, path: Path) -> None:
    """See to it that nothing is overwritten that this program did not write: the manifest chose the name.

    Raises:
        UsageError: The file is something else.
    """
    begins = data.removeprefix(b"\xef\xbb\xbf").startswith((HEAD.encode(), b"<<<<<<< "))
    if data.strip() and not begins:
        hint = "give `index` another name"
        raise UsageError(f"`{shown_path(path)}` is there and is no index of a picture set", hint=hint)


def write_index(index: SetIndex) -> None:
    """Write one index: the whole file, or nothing of it.

    Raises:
        OSError: It cannot be written.
    """
    index.path.parent.mkdir(parents=True, exist_ok=True)
    fresh = write_beside(index.path, index.text)
    try:
        fresh.replace(index.path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
