"""COCO's run-length masks, as far as a box needs them.

Runs go down the columns, and the first counts zeros. The compressed form is a text of 6-bit groups, least significant
first, each offset by 48; from the fourth run on it holds the difference to the run before the last.

Source: pycocotools `maskApi.c`, functions `rleFrString`, `rleToString`, `rleToBbox`.
"""

from __future__ import annotations

from collections.abc import Sequence

from picsellia_apply.model.annotation import Box


def decode_runs(text: str) -> list[int]:
    """Return the runs of a compressed mask.

    Raises:
        ValueError: The text ends inside a number, or holds a character outside `0` to `o`.
    """
    runs: list[int] = []
    number = shift = 0
    for character in text:
        group = ord(character) - 48
        if not 0 <= group < 64:
            raise ValueError(f"character `{character}` cannot stand in a compressed mask")
        number |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            continue
        if group & 0x10:
            number -= 1 << shift
        runs.append(number + runs[-2] if len(runs) > 2 else number)
        number = shift = 0
    if shift:
        raise ValueError("the compressed mask ends inside a number")
    return runs


def encode_runs(runs: Sequence[int]) -> str:
    """Return the compressed text of a mask's runs."""
    groups: list[str] = []
    for index, run in enumerate(runs):
        number = run - runs[index - 2] if index > 2 else run
        more = True
        while more:
            group = number & 0x1F
            number >>= 5
            more = number != (-1 if group & 0x10 else 0)
            groups.append(chr((group | 0x20 if more else group) + 48))
    return "".join(groups)


def box_of_runs(runs: Sequence[int], height: int, width: int) -> Box | None:
    """Return the box that encloses a mask's ones: x, y, w, h in px; None for a mask without a one.

    Raises:
        ValueError: A run is negative, or the runs do not add up to `height` x `width`.
    """
    if height <= 0 or width <= 0:
        raise ValueError(f"size {height} x {width} is no size")
    if any(run < 0 for run in runs) or sum(runs) != height * width:
        raise ValueError(f"the runs do not add up to {height} x {width} px")
    left, top, right, bottom = width, height, 0, 0
    start = 0
    for index, run in enumerate(runs):
        if index % 2 and run:
            first, above = divmod(start, height)
            last, below = divmod(start + run - 1, height)
            if first != last:
                above, below = 0, height - 1
            left, right = min(left, first), max(right, last + 1)
            top, bottom = min(top, above), max(bottom, below + 1)
        start += run
    return None if right == 0 else (float(left), float(top), float(right - left), float(bottom - top))
