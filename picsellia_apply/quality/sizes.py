"""Sizes that annotation files state against those of the pictures: boxes drawn on others, or on unturned ones.

Boxes follow the picture as it is displayed. Source: FORMATS.md, "Pictures": EXIF orientation 5 to 8 swaps the sizes; a
file that states the stored size of such a picture was drawn on the unrotated picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.declaration import AnnotationSource
from picsellia_apply.model.matching import match_pictures
from picsellia_apply.model.state import PictureSize

_SHOWN = 3
_Stated = tuple[str, tuple[int, int], tuple[int, int]]
"""A picture's name, the size that an annotation file states, the size that it has when it is displayed; px."""


def size_findings(
    source: AnnotationSource, pictures: Mapping[str, PictureSize], among: Set[str], *, where: str = ""
) -> Iterator[Diagnostic]:
    """Yield warnings about the sizes that an annotation file states and its pictures do not have.

    Args:
        source: With the sizes that its file states.
        pictures: Name to size, of those that are compared.
        among: Every picture that the file may mean, those and others.
        where: What messages say after "pictures", e.g. " of the lake".
    """
    unturned: list[_Stated] = []
    others: list[_Stated] = []
    matched = match_pictures({file: (file,) for file in source.sizes_wh}, among, {})
    for name, (file,) in matched.objects.items():
        size, stated = pictures.get(name), source.sizes_wh[file]
        if size is not None and not _fits(stated, size):
            (unturned if stated == size[2:] else others).append((name, stated, size[:2]))
    place = source.place.at("path")
    if others:
        have = f"1 picture{where} has" if len(others) == 1 else f"{len(others):,} pictures{where} have"
        message = f"{have} another size than `{source.path}` states: {_listed(others)}"
        hint = "boxes were drawn on other pictures of these names, or on scaled ones"
        yield Diagnostic("Q006", Severity.warning, message, place, hint, len(others))
    if unturned:
        times = f"{len(unturned):,} time{'s' * (len(unturned) != 1)}"
        turned = _listed(unturned, " as it is displayed")
        message = f"`{source.path}` was drawn on the unrotated picture, {times}: {turned}"
        hint = "these pictures are turned when they are displayed (EXIF orientation); boxes must follow that"
        yield Diagnostic("Q007", Severity.warning, message, place, hint, len(unturned))


def _fits(stated: tuple[int, int], size: PictureSize) -> bool:
    """Return whether a size is right, or cannot be told to be wrong: nobody knows whether that picture is turned."""
    width, height, *stored = size
    return stated == (width, height) or (not any(stored) and stated == (height, width))


def _listed(found: Sequence[_Stated], how: str = "") -> str:
    shown = [
        f"`{name}` is {displayed[0]} x {displayed[1]} px{how}, not {stated[0]} x {stated[1]}"
        for name, stated, displayed in sorted(found)[:_SHOWN]
    ]
    more = f", and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return ", ".join(shown) + more
