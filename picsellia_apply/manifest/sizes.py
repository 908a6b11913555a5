"""Sizes that annotation files state against those of the pictures: boxes drawn on others, or on unturned ones.

Boxes follow the picture as it is displayed. Source: FORMATS.md, "Pictures": EXIF orientation 5 to 8 swaps the sizes; a
file that states the stored size of such a picture was drawn on the unrotated picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.faults import finding
from picsellia_apply.model.declaration import AnnotationSource, Dataset, PictureSet
from picsellia_apply.model.matching import match_pictures

_SHOWN = 3
Stored = tuple[int, int, int]
"""Width and height in px as stored, EXIF orientation."""
Stated = tuple[str, tuple[int, int], tuple[int, int]]
"""A picture's name, the size that an annotation file states, the size that it has when it is displayed; px."""


def size_findings(datasets: Sequence[Dataset], sets: Sequence[PictureSet]) -> Iterator[Diagnostic]:
    """Yield a warning for each annotation file that states sizes which its pictures do not have.

    Args:
        datasets: With their annotations.
        sets: The pictures; one that no set holds is not known here.
    """
    pictures = _stored(sets)
    told: set[int] = set()
    for source in (one for dataset in datasets for version in dataset.versions for one in version.annotations):
        if source.sizes_wh and pictures and id(source.sizes_wh) not in told:  # versions share what is read once
            told.add(id(source.sizes_wh))
            yield from _of_source(source, pictures)


def _stored(sets: Sequence[PictureSet]) -> dict[str, Stored]:
    columns = ((one.pictures.names, one.pictures) for one in sets)
    return {
        name: stored
        for names, found in columns
        for name, stored in zip(names, zip(found.widths, found.heights, found.orientations, strict=True), strict=True)
    }


def _of_source(source: AnnotationSource, pictures: Mapping[str, Stored]) -> Iterator[Diagnostic]:
    unturned: list[Stated] = []
    others: list[Stated] = []
    matched = match_pictures({file: (file,) for file in source.sizes_wh}, pictures.keys(), {})
    for name, (file,) in matched.objects.items():
        width, height, turn = pictures[name]
        stated, displayed = source.sizes_wh[file], (height, width) if turn >= 5 else (width, height)
        if stated != displayed:
            (unturned if stated == (width, height) else others).append((name, stated, displayed))
    where = source.place.at("path")
    if others:
        message = f"{_have(others)} another size than `{source.path}` states: {_listed(others)}"
        hint = "boxes were drawn on other pictures of these names, or on scaled ones"
        yield finding("Q006", message, where, hint, count=len(others))
    if unturned:
        times = f"{len(unturned):,} time{'s' * (len(unturned) != 1)}"
        turned = _listed(unturned, " as it is displayed")
        message = f"`{source.path}` was drawn on the unrotated picture, {times}: {turned}"
        hint = "these pictures are turned when they are displayed (EXIF orientation); boxes must follow that"
        yield finding("Q007", message, where, hint, count=len(unturned))


def _have(found: Sequence[Stated]) -> str:
    return "1 picture has" if len(found) == 1 else f"{len(found):,} pictures have"


def _listed(found: Sequence[Stated], how: str = "") -> str:
    shown = [
        f"`{name}` is {displayed[0]} x {displayed[1]} px{how}, not {stated[0]} x {stated[1]}"
        for name, stated, displayed in sorted(found)[:_SHOWN]
    ]
    more = f", and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return ", ".join(shown) + more
