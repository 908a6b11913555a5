"""Annotation sources matched with the pictures of a version: by exact name, else by a base name that fits one picture.

A file may cover more than the version holds: what is known to the lake is counted and left out, the rest is a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity
from picsellia_apply.model.address import Address
from picsellia_apply.model.declaration import AnnotationSource, Version
from picsellia_apply.model.matching import Matched, Objects, match_pictures
from picsellia_apply.model.state import Resource
from picsellia_apply.resolve.selection import sample


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
    matched = [match_pictures(source.objects, members, lake) for source in version.annotations]
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
        stand = "1 object stands" if doubles == 1 else f"{doubles:,} equal objects stand"
        message = f"{stand} in several sources of version `{version.name}`; each counts once"
        yield Diagnostic("L006", Severity.warning, message, place, "let each picture have one source", doubles)
    for source, one in zip(version.annotations, matched, strict=True):
        yield from _findings(version.name, source, one)


def _default_policy(sources: Iterable[AnnotationSource]) -> str:
    """Return the policy for pictures that no source mentions any more: the one that is common to all, else seed."""
    policies = {source.policy for source in sources}
    return policies.pop() if len(policies) == 1 else "seed"


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
