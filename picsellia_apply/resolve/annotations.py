"""Annotation sources matched with the pictures of a version: by exact name, else by a base name that fits one picture.

A file may cover more than the version holds: what is known to the lake is counted and left out, the rest is a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from posixpath import basename

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity
from picsellia_apply.model.address import Address
from picsellia_apply.model.declaration import AnnotationSource, Version
from picsellia_apply.model.state import Resource
from picsellia_apply.resolve.selection import sample

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


def matched_annotations(
    dataset: str, version: Version, members: Set[str], lake: Mapping[str, object]
) -> Iterator[tuple[str, Resource] | Diagnostic]:
    """Yield the resource `annotations/DATASET@VERSION` and what was noticed.

    Args:
        dataset: Its name.
        version: With at least one source.
        members: The pictures that it will hold.
        lake: The predicted pictures.

    Raises:
        InvalidInput: Two sources with different policies tell of one picture.
    """
    matched = [_match(source.objects, members, lake) for source in version.annotations]
    _one_policy(version.annotations, matched)
    objects, doubles = _united(matched)
    policy = {name: s.policy for s, m in zip(version.annotations, matched, strict=True) for name in m.objects}
    needs = [str(Address("label", dataset, version.name, label)) for label in version.labels or ()]
    needs.append(str(Address("version", dataset, version.name)))
    options: dict[str, object] = {"policy": policy, "default_policy": _default_policy(version.annotations)}
    if version.frozen:
        options["frozen"] = True
    address = str(Address("annotations", dataset, version.name))
    yield address, Resource(members=objects, options=options, needs=tuple(sorted(needs)), place=version.place)
    if doubles:
        place = version.annotations[1].place
        message = f"{doubles:,} equal objects stand in several sources of version `{version.name}`; each counts once"
        yield Diagnostic("L006", Severity.warning, message, place, "let each picture have one source", doubles)
    for source, one in zip(version.annotations, matched, strict=True):
        yield from _findings(version.name, source, one)


def _default_policy(sources: Iterable[AnnotationSource]) -> str:
    """Return the policy for pictures that no source mentions any more: the one that is common to all, else seed."""
    policies = {source.policy for source in sources}
    return policies.pop() if len(policies) == 1 else "seed"


def _match(objects: Objects, members: Set[str], lake: Mapping[str, object]) -> Matched:
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


def _one_policy(sources: tuple[AnnotationSource, ...], matched: list[Matched]) -> None:
    faults = []
    for later in range(1, len(sources)):
        for earlier in range(later):
            common = matched[earlier].objects.keys() & matched[later].objects.keys()
            if common and sources[earlier].policy != sources[later].policy:
                faults.append(_policy_fault(sources[earlier], sources[later], common))
    if faults:
        raise InvalidInput(faults)


def _policy_fault(earlier: AnnotationSource, later: AnnotationSource, common: Set[str]) -> Diagnostic:
    message = (
        f"`{later.path}` has policy `{later.policy}` and `{earlier.path}` has policy `{earlier.policy}` "
        f"for the same picture: {sample(common)}"
    )
    hint = "give both sources the same policy, or let each picture have one source"
    return Diagnostic("L007", Severity.error, message, later.place, hint, len(common))


def _united(matched: list[Matched]) -> tuple[Objects, int]:
    """Return all objects, and how many stand in several sources. One source is handed on as it is."""
    if len(matched) == 1:
        return matched[0].objects, 0
    united: dict[str, tuple[str, ...]] = {}
    doubles = 0
    for one in matched:
        for name, texts in one.objects.items():
            if name not in united:
                united[name] = texts
                continue
            before, here = Counter(united[name]), Counter(texts)
            doubles += (before & here).total()
            united[name] = tuple(sorted((before | here).elements()))
    return united, doubles


def _findings(version: str, source: AnnotationSource, matched: Matched) -> Iterator[Diagnostic]:
    if matched.unknown:
        message = f"{_file_names(matched.unknown)} no picture of the lake: {sample(matched.unknown)}"
        hint = "a file name must be a picture's name, or share its base name with one picture only"
        yield Diagnostic("L005", Severity.warning, message, source.place, hint, len(matched.unknown))
    if matched.ambiguous:
        message = f"{_file_names(matched.ambiguous)} not one picture alone: {sample(matched.ambiguous)}"
        hint = "write the picture's whole name, as it is in the lake"
        yield Diagnostic("L009", Severity.warning, message, source.place, hint, len(matched.ambiguous))
    if matched.left_out:
        pictures = "1 picture that is" if matched.left_out == 1 else f"{matched.left_out:,} pictures that are"
        message = f"annotations of {pictures} not in version `{version}` are left out"
        yield Diagnostic("L008", Severity.info, message, source.place, count=matched.left_out)


def _file_names(names: tuple[str, ...]) -> str:
    return "1 file name fits" if len(names) == 1 else f"{len(names):,} file names fit"
