"""File names of an annotation source and the pictures they mean: by exact name, else by a base name that fits one.

A plan and the SDK's uploads match alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from posixpath import basename

Objects = Mapping[str, tuple[str, ...]]
"""Picture name to sorted canonical object texts."""


@dataclass(frozen=True, slots=True)
class Matched:
    """One source, matched.

    Attributes:
        objects: Of pictures that the version holds.
        left_out: Of how many other pictures of the lake the source tells.
        unknown: File names that fit no picture.
        ambiguous: File names that fit several pictures, or one together with other file names.
    """

    objects: Objects
    left_out: int = 0
    unknown: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


def match_pictures(objects: Objects, members: Set[str], lake: Mapping[str, object]) -> Matched:
    """Match the file names of one annotation source with pictures.

    Args:
        objects: File name to texts.
        members: The pictures that are meant.
        lake: Every other picture that is known; its names are no mistakes.
    """
    exact = objects.keys() & members
    if len(exact) == len(objects):
        return Matched(objects)
    found = {name: objects[name] for name in objects if name in exact}
    others = [name for name in objects if name not in exact and name not in lake]
    left_out = len(objects) - len(exact) - len(others)
    if not others:
        return Matched(found, left_out)
    bases = Counter(map(basename, others))
    by_base = _match_base_names(objects, others, _by_base_name(members, bases), _by_base_name(lake, bases))
    return Matched({**found, **by_base.objects}, left_out + by_base.left_out, by_base.unknown, by_base.ambiguous)


def _match_base_names(
    objects: Objects, others: list[str], held: Mapping[str, list[str]], elsewhere: Mapping[str, list[str]]
) -> Matched:
    """Match file names that are no picture's name, given the pictures of the version and of the lake by base name."""
    wanted = Counter(basename(name) for name in others)
    found: dict[str, tuple[str, ...]] = {}
    left_out = 0
    unknown, ambiguous = [], []
    for name in others:
        fitting = held.get(basename(name), [])
        if not fitting and basename(name) in elsewhere:
            left_out += 1
        elif not fitting:
            unknown.append(name)
        elif len(fitting) > 1 or wanted[basename(name)] > 1 or fitting[0] in objects:
            ambiguous.append(name)
        else:
            found[fitting[0]] = objects[name]
    return Matched(found, left_out, tuple(unknown), tuple(ambiguous))


def _by_base_name(names: Iterable[str], wanted: Mapping[str, int]) -> dict[str, list[str]]:
    fitting: dict[str, list[str]] = {}
    for name in names:
        base = basename(name)
        if base in wanted:
            fitting.setdefault(base, []).append(name)
    return fitting
