"""The objects of one picture, three ways. Pure arithmetic on multisets of canonical texts; knows no plan.

in the file, not in the base        added, unless it is there already
in the base, gone from the file     removed
in both, gone from the platform     a person deleted it: stays deleted
in neither                          a person made it: stays
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

Texts = tuple[str, ...]
Overlap = Callable[[str, str], float]
"""IoU of two canonical texts, 0 to 1."""

SAME_OBJECT_IOU = 0.9
"""From this overlap on two objects of one label are the same one, where the base is lost."""


def merge(file: Texts, there: Texts, base: Texts) -> Texts:
    """Return what a picture should hold under policy `merge`.

    Args:
        file: What the annotation files say.
        there: What the platform holds.
        base: What the files said when it was last applied.

    Returns:
        Sorted; merging again with `file` as the base returns it unchanged.
    """
    wanted, held, known = Counter(file), Counter(there), Counter(base)
    after: Counter[str] = Counter()
    for text in wanted.keys() | held.keys() | known.keys():
        after[text] = _count(wanted[text], held[text], known[text])
    return tuple(sorted(after.elements()))


def _count(wanted: int, held: int, known: int) -> int:
    if wanted > known:
        return max(held, min(held + wanted - known, wanted))
    if wanted < known:
        return max(held - (known - wanted), min(held, wanted))
    return held


def merge_without_base(file: Texts, there: Texts, overlap: Overlap) -> Texts:
    """Return what a picture should hold when nobody knows what was applied: nothing goes, nothing comes twice.

    Args:
        file: What the annotation files say.
        there: What the platform holds.
        overlap: Of two objects; asked only where their labels are equal.
    """
    if not there:
        return file
    absent = list((Counter(file) - Counter(there)).elements())
    by_label: dict[object, list[str]] = {}
    for text in there:
        by_label.setdefault(_label(text), []).append(text)
    added = [text for text in absent if not _is_there(text, by_label.get(_label(text), ()), overlap)]
    return tuple(sorted((*there, *added)))


class _Labelled(msgspec.Struct):
    type: str
    label: str | None = None


_DECODER = msgspec.json.Decoder(_Labelled)


def _label(text: str) -> object:
    decoded = _DECODER.decode(text)
    return decoded.label if decoded.label is not None else decoded.type


def _is_there(text: str, others: Iterable[str], overlap: Overlap) -> bool:
    return any(text == other or overlap(text, other) >= SAME_OBJECT_IOU for other in others)


@dataclass(frozen=True, slots=True)
class Difference:
    """How the objects of one picture change: numbers of objects."""

    add: int = 0
    remove: int = 0
    change: int = 0


def difference(
    before: Texts, after: Texts, match: Callable[[list[str], list[str]], Iterable[tuple[int, int]]]
) -> Difference:
    """Return how many objects come, go and change.

    Args:
        before: There now.
        after: To be there.
        match: Pairs a removed with an added object where both are one that changed.
    """
    if not before:
        return Difference(add=len(after))
    removed = sorted((Counter(before) - Counter(after)).elements())
    added = sorted((Counter(after) - Counter(before)).elements())
    pairs = len(tuple(match(removed, added))) if removed and added else 0
    return Difference(len(added) - pairs, len(removed) - pairs, pairs)
