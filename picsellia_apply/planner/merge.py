"""The objects of one picture, three ways. Pure arithmetic on multisets of canonical texts; knows no plan.

in the file, not in the base        added, unless it is there already
in the base, gone from the file     removed
in both, gone from the platform     a person deleted it: stays deleted
in neither                          a person made it: stays
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass

Texts = tuple[str, ...]
Match = Callable[[Sequence[str], Sequence[str]], Iterable[tuple[int, int]]]
"""Pairs of indexes into removed and added texts: where both are one object that changed."""
Present = Callable[[Sequence[str], Sequence[str], float], Set[int]]
"""Indexes of the first texts that one of the second ones, of the same label and type, overlaps by so much."""

SAME_OBJECT_IOU = 0.9
"""From this overlap (IoU) on two objects of one label and type are the same one."""


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


@dataclass(frozen=True, slots=True)
class Twice:
    """An object of the base that both sides changed: what the file made of it, and the person, None who deleted it."""

    base: str
    file: str
    there: str | None


def changed_twice(file: Texts, there: Texts, base: Texts, match: Match) -> tuple[Twice, ...]:
    """Return the objects of the base that the file moved and a person moved or deleted.

    An object that the file dropped and a person moved is theirs now, and stays.

    Args:
        file: What the annotation files say.
        there: What the platform holds.
        base: What the files said when it was last applied.
        match: Finds what became of an object.
    """
    wanted, held, known = Counter(file), Counter(there), Counter(base)
    gone = sorted((known - wanted - held).elements())
    ours = sorted((wanted - known - held).elements())
    theirs = sorted((held - known - wanted).elements())
    if not (gone and ours):
        return ()
    in_file, by_people = dict(match(gone, ours)), dict(match(gone, theirs)) if theirs else {}
    return tuple(
        Twice(gone[row], ours[in_file[row]], theirs[by_people[row]] if row in by_people else None)
        for row in sorted(in_file)
    )


def reverted(file: Texts, there: Texts, base: Texts, match: Match) -> tuple[Texts, Texts]:
    """Return what a picture should hold where the files win, and what of people's edits that takes away.

    Objects of the base that people moved or deleted are as the file has them; what people made beside them stays.

    Args:
        file: What the annotation files say.
        there: What the platform holds.
        base: What the files said when it was last applied.
        match: Finds what became of an object.
    """
    wanted, held, known = Counter(file), Counter(there), Counter(base)
    gone = sorted((known - held).elements())
    theirs = sorted((held - known - wanted).elements())
    edits = Counter(theirs[row] for _, row in match(gone, theirs)) if gone and theirs else Counter[str]()
    own = Counter(theirs) - edits
    return tuple(sorted((wanted + own).elements())), tuple(sorted(edits.elements()))


def merge_without_base(file: Texts, there: Texts, present: Present) -> Texts:
    """Return what a picture should hold when nobody knows what was applied: nothing goes, nothing comes twice.

    Args:
        file: What the annotation files say.
        there: What the platform holds.
        present: Finds the objects of the file that are there already, nearly or quite equal.
    """
    if not there:
        return file
    absent = list((Counter(file) - Counter(there)).elements())
    found = present(absent, there, SAME_OBJECT_IOU)
    added = [text for row, text in enumerate(absent) if row not in found]
    return tuple(sorted((*there, *added)))


@dataclass(frozen=True, slots=True)
class Difference:
    """How the objects of one picture change: numbers of objects."""

    add: int = 0
    remove: int = 0
    change: int = 0


def difference(before: Texts, after: Texts, match: Match) -> Difference:
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
