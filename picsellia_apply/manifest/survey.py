"""What a newcomer's folder holds: pictures, annotation files, split lists, and which belongs to which.

`manifest.scaffold` writes manifests from it. Nothing here is asked of the platform.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity, UsageError
from picsellia_apply.formats import COORDINATES, detect_formats, read_annotations
from picsellia_apply.formats.kinds import COORDINATES as CHOSEN
from picsellia_apply.local.cache import StatCache
from picsellia_apply.local.measure import Fault, measure
from picsellia_apply.local.naming import name_fault
from picsellia_apply.local.walk import list_files
from picsellia_apply.media import PICTURE_SUFFIXES, NotAPicture
from picsellia_apply.model.annotation import FileAnnotations
from picsellia_apply.source import Position, shown_path

_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""What the schema's paths do not take, and half characters, which stand for bytes that are not UTF-8."""

MASK_FOLDERS = frozenset({"SegmentationClass", "SegmentationObject"})
"""Folders of the PASCAL VOC development kit whose PNG files are masks, not photographs."""


@dataclass(frozen=True, slots=True)
class Source:
    """An annotation file or folder that was found.

    Attributes:
        path: Where it is.
        format: One of `formats.FORMATS`.
        annotations: What it says; not to be used when `failed`.
        diagnostics: What there is to say about it.
        covers: Pictures that it speaks of and that are there, as paths relative to the surveyed folder.
        missing: Pictures that it speaks of and that are not there.
        coordinates: How its corners were found to count; empty where the format leaves no choice.
    """

    path: Path
    format: str
    annotations: FileAnnotations
    diagnostics: tuple[Diagnostic, ...]
    covers: frozenset[str]
    missing: tuple[str, ...]
    coordinates: str = ""

    @property
    def failed(self) -> bool:
        """Whether the file has errors."""
        return any(diagnostic.severity is Severity.error for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True)
class SplitList:
    """A text file that names the pictures of one split, e.g. `ImageSets/Main/train.txt`.

    Attributes:
        path: The file.
        name: The split: the file's stem.
        lines: What it says, normalised.
        pictures: Their paths relative to the surveyed folder.
        missing: Lines that name no picture.
    """

    path: Path
    name: str
    lines: tuple[str, ...]
    pictures: frozenset[str]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a folder holds.

    Attributes:
        root: The folder.
        pictures: Usable pictures, relative to `root`, POSIX separators, sorted.
        unusable: Files that look like pictures and are none, with the reason.
        masks: Pictures in folders of masks, which are left out.
        sources: Annotation files, in the order of their paths.
        lists: Split lists, each with the pictures that are there.
        skipped_lists: Split lists that cannot be used, with the reason.
    """

    root: Path
    pictures: tuple[str, ...]
    unusable: Mapping[str, str]
    masks: tuple[str, ...]
    sources: tuple[Source, ...]
    lists: tuple[SplitList, ...]
    skipped_lists: Mapping[Path, str]


def survey_folder(root: Path, cache: StatCache) -> Survey:
    """Look through a folder.

    Args:
        root: The folder; hidden files and folders are passed over.
        cache: Knows pictures that did not change; told of the others, so that the first plan is quick.

    Raises:
        UsageError: It is no folder, or holds no picture.
        InvalidInput: It cannot be read, or the pictures are git-lfs pointers.
    """
    if not root.is_dir():
        raise UsageError(f"`{shown_path(root)}` is no folder", hint="name the folder that holds the pictures")
    listing = list_files(root)
    if listing.diagnostics:
        raise InvalidInput(listing.diagnostics)
    wanted = [file for file in listing.files if posixpath.splitext(file)[1].lower() in PICTURE_SUFFIXES]
    entries, faults = measure(root, listing.files, wanted, cache)
    cache.save()
    unusable = {
        **_reasons(root, faults),
        **{file: f"its name {wrong}" for file in entries if (wrong := name_fault(file))},
        **dict.fromkeys(_twins(entries), "another file has the same name, made of other characters"),
    }
    usable = sorted(file for file in entries if file not in unusable)
    pictures = tuple(file for file in usable if not is_mask(file)) or tuple(usable)
    masks = tuple(file for file in usable if is_mask(file)) if len(pictures) < len(usable) else ()
    if not pictures:
        known = ", ".join(sorted(suffix[1:] for suffix in PICTURE_SUFFIXES))
        raise UsageError(f"`{shown_path(root)}` holds no picture that can be used", hint=f"types we know: {known}")
    index = PictureIndex(pictures)
    found = tuple(_read_source(root, found.path, found.format, index) for found in detect_formats(root))
    lists, skipped = _read_lists(root, [file for file in listing.files if file.lower().endswith(".txt")], index)
    return Survey(root, pictures, unusable, masks, found, lists, skipped)


def _twins(files: Iterable[str]) -> list[str]:
    """Return the files whose names are one in the lake, where all are NFC: nothing tells them apart there."""
    named: dict[str, list[str]] = defaultdict(list)
    for file in files:
        named[_normal(file)].append(file)
    return [file for group in named.values() if len(group) > 1 for file in group]


def is_writable(path: str) -> bool:
    """Return whether a manifest can hold a path: no control characters, nothing that is not UTF-8."""
    return _UNWRITABLE.search(path) is None


def is_mask(picture: str) -> bool:
    """Return whether a path lies in one of `MASK_FOLDERS`."""
    return not MASK_FOLDERS.isdisjoint(picture.split("/")[:-1])


def _reasons(root: Path, faults: Mapping[str, Fault]) -> dict[str, str]:
    pointers = [file for file, fault in faults.items() if isinstance(fault, NotAPicture) and fault.is_pointer]
    if pointers:
        position = Position(shown_path(root / pointers[0]))
        message = f"{len(pointers):,} of the pictures are git-lfs pointers, not the pictures themselves"
        hint = "run `git lfs pull`, then this command again"
        raise InvalidInput([Diagnostic("P004", Severity.error, message, position, hint, len(pointers))])
    return {
        file: fault.reason if isinstance(fault, NotAPicture) else (fault.strerror or "it cannot be read")
        for file, fault in faults.items()
    }


class PictureIndex:
    """Finds pictures by what annotation files and lists call them."""

    def __init__(self, pictures: Sequence[str]) -> None:
        """Index paths relative to the surveyed folder."""
        self._by_base: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for picture in pictures:
            base = _normal(posixpath.basename(picture))
            self._by_base[base].append(picture)
            self._by_stem[posixpath.splitext(base)[0]].append(picture)

    def find(self, name: str, near: str) -> str | None:
        """Return the picture that is meant, or None where there is none or no telling which.

        Args:
            name: As written, normalised; folders in it, and an extension, may be missing.
            near: Where it is written, relative to the surveyed folder: of several pictures with one base name, the one
                in the same folder is meant, else the one in a folder that this path names.
        """
        base = posixpath.basename(name)
        candidates = self._by_base.get(base) or self._by_stem.get(base) or []
        if len(candidates) <= 1:
            return candidates[0] if candidates else None
        folder, stem = posixpath.dirname(near), posixpath.splitext(posixpath.basename(near))[0]
        for fits in (
            lambda picture: _normal(picture).endswith(f"/{name}") or _normal(picture) == name,
            lambda picture: posixpath.dirname(picture) == folder,
            lambda picture: folder != "" and picture.startswith(f"{folder}/"),
            lambda picture: any(part in stem for part in picture.split("/")[:-1]),
        ):
            fitting = [picture for picture in candidates if fits(picture)]
            if len(fitting) == 1:
                return fitting[0]
        return None


def _normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _read_source(root: Path, path: Path, kind: str, index: PictureIndex) -> Source:
    annotations, diagnostics = read_annotations(path, kind)
    near = path.relative_to(root).as_posix()
    if path.is_dir():
        near = "" if near == "." else near
        near = f"{near}/x.xml" if near else "x.xml"
    found = {name: index.find(name, near) for name in annotations.pictures}
    covers = frozenset(picture for picture in found.values() if picture is not None)
    missing = tuple(name for name, picture in found.items() if picture is None)
    return Source(path, kind, annotations, diagnostics, covers, missing, _coordinates(diagnostics))


def _coordinates(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the rule that a reader says it chose; written into the manifest, one odd number later cannot flip it."""
    said = next((one.message for one in diagnostics if one.code == CHOSEN.code), "")
    return next((rule for rule in COORDINATES if said.startswith(CHOSEN.one.replace("{subject}", rule))), "")


_SPLIT_ORDER = {name: rank for rank, name in enumerate(("train", "training", "val", "valid", "validation", "test"))}


def split_rank(name: str) -> tuple[int, str]:
    """Return what splits are sorted by: train, val and test first, then by name."""
    return _SPLIT_ORDER.get(name.lower(), len(_SPLIT_ORDER)), name


def _read_lists(root: Path, files: Iterable[str], index: PictureIndex) -> tuple[tuple[SplitList, ...], dict[Path, str]]:
    """Read the lists below `ImageSets/`: those in `Main/` where there are any, else all."""
    candidates = [file for file in files if "ImageSets" in file.split("/")[:-1]]
    main = [file for file in candidates if file.split("/")[-2] == "Main"]
    skipped: dict[Path, str] = {}
    lists: list[SplitList] = []
    for file in main or candidates:
        split = _read_list(root / file, file, index) if is_writable(file) else "its path holds a control character"
        if isinstance(split, str):
            skipped[root / file] = split
        else:
            lists.append(split)
    stems = Counter(split.name for split in lists)
    lists = [replace(one, name=f"{one.path.parent.name}-{one.name}") if stems[one.name] > 1 else one for one in lists]
    kept = [split for split in lists if not _is_union(split, lists)]
    skipped.update((split.path, "it is the others together") for split in lists if split not in kept)
    return tuple(sorted(kept, key=lambda split: split_rank(split.name))), skipped


def _read_list(path: Path, near: str, index: PictureIndex) -> SplitList | str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return f"it cannot be read: {error}"
    lines = [_normal(line.strip()) for line in text.splitlines() if line.strip()]
    if not lines:
        return "it is empty"
    found = {line: index.find(line, near) for line in lines}
    if all(line.rpartition(" ")[2] in ("1", "-1", "0") and picture is None for line, picture in found.items()):
        return "it lists which pictures hold a class, not a split"
    pictures = frozenset(picture for picture in found.values() if picture is not None)
    missing = tuple(line for line, picture in found.items() if picture is None)
    if not pictures:
        return f"none of its {len(lines):,} lines names a picture, e.g. `{missing[0][:60]}`"
    return SplitList(path, path.stem, tuple(lines), pictures, missing)


def _is_union(split: SplitList, others: Sequence[SplitList]) -> bool:
    inside = [other.pictures for other in others if other.pictures < split.pictures]
    return len(inside) > 1 and frozenset[str]().union(*inside) == split.pictures
