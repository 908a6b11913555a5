"""Sizes that annotation files state against those of the pictures of picture sets; those of the lake come later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from picsellia_apply.errors import Diagnostic
from picsellia_apply.model.declaration import Dataset, PictureSet
from picsellia_apply.model.state import PictureSize
from picsellia_apply.quality.sizes import size_findings


def local_size_findings(datasets: Sequence[Dataset], sets: Sequence[PictureSet]) -> Iterator[Diagnostic]:
    """Yield a warning for each annotation file that states sizes which its pictures do not have.

    Args:
        datasets: With their annotations.
        sets: The pictures; one that no set holds is not known here.
    """
    pictures = _displayed(sets)
    told: set[int] = set()
    for source in (one for dataset in datasets for version in dataset.versions for one in version.annotations):
        if source.sizes_wh and pictures and id(source.sizes_wh) not in told:  # versions share what is read once
            told.add(id(source.sizes_wh))
            yield from size_findings(source, pictures, pictures.keys())


def _displayed(sets: Sequence[PictureSet]) -> dict[str, PictureSize]:
    return {
        name: (height, width, width, height) if turn >= 5 else (width, height, width, height)
        for found in (one.pictures for one in sets)
        for name, width, height, turn in zip(found.names, found.widths, found.heights, found.orientations, strict=True)
    }
