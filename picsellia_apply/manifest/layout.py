"""Which manifests a surveyed folder calls for: picture sets, labels and versions, as values; `scaffold` writes them."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from picsellia_apply.local.globs import matcher
from picsellia_apply.local.naming import picture_name
from picsellia_apply.manifest.survey import Source, SplitList, Survey, is_mask, is_writable, split_rank
from picsellia_apply.model.annotation import LABEL_TYPES
from picsellia_apply.model.names import NAME_LENGTH

_NOT_ASCII = "[! -~]"
"""A glob for one character beyond plain ASCII, as control characters are."""


@dataclass(frozen=True, slots=True)
class SetLayout:
    """One PictureSet.

    Attributes:
        name: Its name.
        folder: What `from` names.
        include: Globs, () for all.
        exclude: Files that are no usable pictures, relative to `folder`.
        naming: `basename` or `path`.
        tags: Its tags.
        count: How many pictures it holds.
    """

    name: str
    folder: Path
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    naming: str
    tags: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class VersionLayout:
    """One version: its pictures are those of a set, or those that a text file names.

    Attributes:
        name: Of the split that it is, or `first`.
        picture_set: The set, or None.
        names: The text file that is there, or None.
        listed: Names in the lake, where such a text file must be written.
        count: How many pictures it holds.
        sources: Its annotations.
    """

    name: str
    picture_set: str | None
    names: Path | None
    listed: tuple[str, ...]
    count: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything that is written.

    Attributes:
        sets: At least one.
        labels: Name, type, and how many objects have it.
        versions: At least one.
        left_out: Annotation files that are not used, with the reason.
    """

    sets: tuple[SetLayout, ...]
    labels: tuple[tuple[str, str, int], ...]
    versions: tuple[VersionLayout, ...]
    left_out: tuple[tuple[Source, str], ...]


def lay_out(survey: Survey, name: str) -> Layout:
    """Decide what to write for a folder.

    Split lists become a version each, of one picture set; else folders that annotation files divide among them become a
    picture set and a version each; else there is one set and one version, `first`.

    Args:
        survey: What the folder holds.
        name: What the dataset and its picture sets are called.
    """
    pictures = survey.pictures
    used, left_out = _choose(survey.sources, survey.root)
    if survey.lists:
        sets: tuple[SetLayout, ...] = (_one_set(survey, pictures, name),)
        versions = tuple(_listed_version(split, used, survey, sets[0]) for split in survey.lists)
    else:
        splits = _split_folders(pictures, used)
        sets = _split_sets(survey, pictures, splits, name) or (_one_set(survey, pictures, name),)
        versions = _split_versions(sets, splits, used)
    return Layout(sets, _labels(used), versions, left_out)


def _choose(sources: Sequence[Source], root: Path) -> tuple[tuple[Source, ...], tuple[tuple[Source, str], ...]]:
    """Use the richest source of each picture; two files that tell the same objects would double them."""
    used: list[Source] = []
    left_out: list[tuple[Source, str]] = []
    for source in sorted(sources, key=lambda one: (-len(one.annotations.owner), one.path)):
        same = next((other for other in used if other.covers & source.covers), None)
        if source.failed:
            left_out.append((source, "it has errors"))
        elif not all(map(_is_usable_label, source.annotations.categories)):
            left_out.append((source, "one of its labels holds a control character"))
        elif not is_writable(source.path.relative_to(root).as_posix()):
            left_out.append((source, "its path holds a control character, or is not UTF-8"))
        elif not source.covers:
            left_out.append((source, "it speaks of no picture of this folder"))
        elif same is not None:
            left_out.append((source, f"it speaks of the same pictures as {same.path.name}"))
        else:
            used.append(source)
    return tuple(sorted(used, key=lambda one: one.path)), tuple(left_out)


def _is_usable_label(label: str) -> bool:
    return 0 < len(label) <= NAME_LENGTH and not any(
        ord(character) < 32 or ord(character) == 127 for character in label
    )


def _has_unique_names(pictures: Sequence[str]) -> bool:
    return len({picture_name(picture, "basename") for picture in pictures}) == len(pictures)


def _common_folder(pictures: Sequence[str]) -> str:
    """Return the deepest folder that holds all pictures, "" for the surveyed one."""
    return (
        posixpath.commonpath([posixpath.dirname(f"./{picture}") for picture in pictures]).removeprefix(".").strip("/")
    )


def _one_set(survey: Survey, pictures: Sequence[str], name: str) -> SetLayout:
    folder = _common_folder(pictures)
    naming = "basename" if _has_unique_names(pictures) else "path"
    exclude = _excluded(survey, folder)
    return SetLayout(name, survey.root / folder, (), exclude, naming, (name,), len(pictures))


def _excluded(survey: Survey, folder: str) -> tuple[str, ...]:
    prefix = f"{folder}/" if folder else ""
    inside = [mask.removeprefix(prefix) for mask in survey.masks if mask.startswith(prefix)]
    masks = {f"{_literal(mask[: mask.rfind('/') + 1])}**" for mask in inside}
    kept = [picture.removeprefix(prefix) for picture in survey.pictures if picture.startswith(prefix)]
    files = [file.removeprefix(prefix) for file in survey.unusable if file.startswith(prefix) and not is_mask(file)]
    return tuple(sorted({_pattern(file, kept) for file in files} | masks))


def _pattern(file: str, kept: Sequence[str]) -> str:
    """Return a glob that matches a file and no picture to keep; a character that no manifest can hold becomes `?`."""
    pattern = ""
    for stand_in in ("?", _NOT_ASCII):
        pattern = "".join(_literal(character) if is_writable(character) else stand_in for character in file)
        if pattern == file or not any(map(matcher([pattern]), kept)):
            break
    return pattern


def _split_folders(pictures: Sequence[str], used: Sequence[Source]) -> Mapping[str, tuple[Source, ...]]:
    """Return the folders that the sources divide among them, each with its sources; {} where they do not."""
    if len(used) < 2:
        return {}
    folders = [_common_folder(sorted(source.covers)) for source in used]
    parent = posixpath.commonpath([f"./{folder}" for folder in folders]).removeprefix(".").strip("/")
    prefix = f"{parent}/" if parent else ""
    if any(folder in ("", parent) for folder in folders) or not all(p.startswith(prefix) for p in pictures):
        return {}
    inside = [picture.removeprefix(prefix) for picture in pictures]
    if any("/" not in picture for picture in inside):
        return {}
    splits: dict[str, tuple[Source, ...]] = {prefix + picture.partition("/")[0]: () for picture in inside}
    for source, folder in zip(used, folders, strict=True):
        splits[prefix + folder.removeprefix(prefix).partition("/")[0]] += (source,)
    return splits if sum(bool(sources) for sources in splits.values()) > 1 else {}


def _split_sets(
    survey: Survey, pictures: Sequence[str], splits: Mapping[str, tuple[Source, ...]], name: str
) -> tuple[SetLayout, ...]:
    unique = _has_unique_names(pictures)
    sets = []
    for folder in sorted(splits, key=lambda one: split_rank(posixpath.basename(one))):
        split = posixpath.basename(folder)
        own = [picture for picture in pictures if picture.startswith(f"{folder}/")]
        place, include = (folder, ()) if unique else (posixpath.dirname(folder), (f"{_literal(split)}/**",))
        exclude = tuple(file for file in _excluded(survey, place) if unique or file.startswith(f"{split}/"))
        naming = "basename" if unique else "path"
        sets.append(
            SetLayout(f"{name}-{split}", survey.root / place, include, exclude, naming, (name, split), len(own))
        )
    return tuple(sets)


def _literal(path: str) -> str:
    """Return a path as a glob that matches only it."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)


def _split_versions(
    sets: Sequence[SetLayout], splits: Mapping[str, tuple[Source, ...]], used: tuple[Source, ...]
) -> tuple[VersionLayout, ...]:
    if not splits:
        return (VersionLayout("first", sets[0].name, None, (), sets[0].count, used),)
    by_name = {posixpath.basename(folder): sources for folder, sources in splits.items()}
    return tuple(VersionLayout(one.tags[1], one.name, None, (), one.count, by_name[one.tags[1]]) for one in sets)


def _listed_version(split: SplitList, used: tuple[Source, ...], survey: Survey, one: SetLayout) -> VersionLayout:
    """Name the list itself where its lines are names in the lake; lists of stems are written out in full."""
    names = {picture: _name_in_lake(survey.root / picture, one) for picture in split.pictures}
    listed = tuple(sorted(names.values()))
    is_exact = set(split.lines) == set(listed)
    sources = tuple(source for source in used if source.covers & split.pictures)
    path = split.path if is_exact else None
    return VersionLayout(split.name, None, path, () if is_exact else listed, len(listed), sources)


def _name_in_lake(picture: Path, one: SetLayout) -> str:
    return picture_name(picture.relative_to(one.folder).as_posix(), one.naming)


def _labels(sources: Sequence[Source]) -> tuple[tuple[str, str, int], ...]:
    """Return the labels of all sources; one whose objects differ in kind is declared once for each kind.

    An outline of several parts counts as a rectangle: the platform's polygon has one.
    """
    kinds: dict[str, Counter[str]] = {}
    for source in sources:
        columns = source.annotations
        for category in columns.categories:
            kinds.setdefault(category, Counter())
        for label, box, polygons in zip(columns.labels, columns.boxes, columns.polygons, strict=True):
            kind = "polygon" if len(polygons) == 1 else "classification" if box is None else "rectangle"
            kinds.setdefault(label, Counter())[kind] += 1
    overall = sum(kinds.values(), Counter[str]()).most_common(1)
    unused = overall[0][0] if overall else "rectangle"
    return tuple(
        (label, kind, counts[kind])
        for label, counts in kinds.items()
        for kind in LABEL_TYPES
        if counts[kind] or (not counts and kind == unused)
    )
