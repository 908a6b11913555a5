"""What people did to the annotation objects of one version since the last apply: per picture and per label. Pure."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import labels_of
from picsellia_apply.model.drift import Drift, Fate, ObjectCounts
from picsellia_apply.planner.merge import Texts, changed_twice
from picsellia_apply.planner.words import counted
from picsellia_apply.quality import match_objects
from picsellia_apply.source import Place

Label = tuple[str, str]
Labels = Mapping[Label, ObjectCounts]
_PLAIN = re.compile(r"\w[\w.-]{0,99}(?<!\.)", re.ASCII)
"""Names that an export surely calls files by."""


@dataclass(frozen=True, slots=True)
class ObjectsSeen:
    """The annotations of one version.

    Attributes:
        address: `annotations/...`.
        base: As last applied: picture to object texts.
        wanted: As the files say now.
        there: As they are on the platform.
        held: Pictures that the version holds.
        options: `policy`, `default_policy`, `frozen` of the desired resource.
        baseless: Pictures that may have been annotated before: nothing is said about objects that are more there.
        created: Whether the version held no annotation before ours: what is on other pictures was added since.
        place: Where the version is declared.
        undecided: Pictures to how many objects both sides changed, so that the plan leaves them to a person.
        winner: Which side a flag lets win what both changed.
    """

    address: str
    base: Mapping[str, Texts]
    wanted: Mapping[str, Texts]
    there: Mapping[str, Texts]
    held: Set[str]
    options: Mapping[str, Any]
    baseless: Set[str]
    created: bool
    place: Place | None
    undecided: Mapping[str, int] = field(default_factory=dict)
    winner: Literal["manifest", "remote"] | None = None


def drifted_objects(seen: ObjectsSeen) -> Iterator[Drift]:
    """Yield what only people edited, one drift for each policy, then what the files moved as well."""
    edited: dict[str, dict[str, Labels]] = {}
    for name in _touched(seen):
        labels = _labels(seen, name)
        if labels:
            edited.setdefault(_policy(seen, name), {})[name] = labels
    for policy in sorted(edited):
        yield _drift(seen, policy, edited[policy])
    if seen.undecided:
        yield _both(seen)


def _both(seen: ObjectsSeen) -> Drift:
    message = f"{counted(sum(seen.undecided.values()), 'object')} changed on the platform and in the file"
    return Drift(
        seen.address,
        "edited",
        message,
        "decision",
        both=True,
        names=tuple(sorted(seen.undecided)),
        pictures={name: ObjectCounts(changed=count) for name, count in sorted(seen.undecided.items())},
        commands=tuple(("apply", "--prefer", f"{side}:{seen.address}") for side in ("manifest", "remote")),
        place=seen.place,
    )


def _touched(seen: ObjectsSeen) -> Iterator[str]:
    """Yield, in order, the pictures that the version holds and whose annotation is not as it was applied."""
    for name in sorted((seen.base.keys() | seen.there.keys()) & seen.held):
        base, there = seen.base.get(name), seen.there.get(name)
        if base is there or base == there:
            continue
        if base is None and (not seen.created or name in seen.baseless):
            continue
        yield name


def _policy(seen: ObjectsSeen, name: str) -> str:
    if seen.options.get("frozen"):
        return "frozen"
    if name not in seen.wanted and name not in seen.base:
        return "not in the files"
    if seen.winner == "manifest":
        return "manifest"
    return str(seen.options.get("policy", {}).get(name, seen.options.get("default_policy", "merge")))


def _wanted(seen: ObjectsSeen, name: str) -> Texts:
    """Return what the files say now; a picture that they no longer name is to lose what they put, unless seeded."""
    seeded = seen.options.get("default_policy") == "seed"
    return seen.wanted.get(name, seen.base.get(name, ()) if seeded else ())


def _labels(seen: ObjectsSeen, name: str) -> dict[Label, ObjectCounts]:
    """Return what people did to the objects of one picture; where the file says the same by now, they agree."""
    base, there = Counter(seen.base.get(name, ())), Counter(seen.there.get(name, ()))
    wanted = Counter(_wanted(seen, name))
    theirs = Counter(_theirs(seen, name)) if name in seen.undecided else Counter[str]()
    added = sorted(((there - base) - (wanted - base) - theirs).elements())
    removed = sorted(((base - there) - (base - wanted)).elements())
    if name in seen.baseless and name in seen.base:
        added = _only_changed(removed, added)
    pairs = match_objects(removed, added) if removed and added else ()
    old, new = {row for row, _ in pairs}, {row for _, row in pairs}
    counts: dict[Label, ObjectCounts] = {}
    for text in (added[row] for row in new):
        _count(counts, text, ObjectCounts(changed=1))
    for row, text in enumerate(added):
        if row not in new:
            _count(counts, text, ObjectCounts(added=1))
    for row, text in enumerate(removed):
        if row not in old:
            _count(counts, text, ObjectCounts(removed=1))
    return counts


def _theirs(seen: ObjectsSeen, name: str) -> Iterator[str]:
    """Yield what people made of the objects that the file changed too: these are told apart."""
    base, there = seen.base.get(name, ()), seen.there.get(name, ())
    for one in changed_twice(_wanted(seen, name), there, base, match_objects):
        if one.there is not None:
            yield one.there


def _only_changed(removed: list[str], added: list[str]) -> list[str]:
    """Return those added objects that stand in for a removed one: the others may have been there before."""
    return [added[row] for _, row in match_objects(removed, added)]


def _count(counts: dict[Label, ObjectCounts], text: str, one: ObjectCounts) -> None:
    (label,) = labels_of([text]) or [_question(text)]
    counts[label] = counts.get(label, ObjectCounts()) + one


def _question(text: str) -> Label:
    """Return what stands for a label where the text is a question about the whole picture."""
    return str(json.loads(text)["qa"].get("question", "")), "question"


_FATES: Mapping[str, tuple[Fate, str]] = {
    "mirror": ("reverted", "policy: mirror"),
    "merge": ("kept", "policy: merge"),
    "seed": ("kept", "policy: seed"),
    "frozen": ("kept", "frozen"),
    "manifest": ("reverted", "as asked: `--prefer manifest`; objects that people added stay"),
    "not in the files": ("kept", "not in the annotation files"),
}


def _drift(seen: ObjectsSeen, policy: str, edited: Mapping[str, Labels]) -> Drift:
    by_label: dict[Label, ObjectCounts] = {}
    pictures: dict[str, ObjectCounts] = {}
    for name, labels in edited.items():
        total = ObjectCounts()
        for label, counts in labels.items():
            by_label[label] = by_label.get(label, ObjectCounts()) + counts
            total += counts
        pictures[name] = total
    fate, reason = _FATES[policy]
    whole = sum(pictures.values(), ObjectCounts())
    message = f"{counts_text(whole)} in {counted(len(pictures), 'picture')}"
    return Drift(
        seen.address,
        "edited",
        message,
        fate,
        reason,
        names=tuple(pictures),
        labels=dict(sorted(by_label.items())),
        pictures=pictures,
        adopt=_adopting(parse_address(seen.address)),
        place=seen.place,
    )


def _adopting(address: Address) -> str:
    """Return how the platform's annotations become those of the manifests: an export beside them declares all twice."""
    dataset, version = (name if _PLAIN.fullmatch(name) else "*" for name in (address.name, address.version))
    export = shlex.join(["picsellia-apply", "export", "--out", "DIR", "--dataset", address.name])
    file = f"DIR/datasets/{dataset}/{version}.json"
    return f"`{export}`; then copy `{file}` beside the manifest, as its `annotations`, `format: PICSELLIA`; delete DIR"


def counts_text(counts: ObjectCounts) -> str:
    """Return counts in words: `2 objects added, 1 changed`."""
    parts = [(counts.added, "added"), (counts.changed, "changed"), (counts.removed, "removed")]
    said = [(count, word) for count, word in parts if count]
    if not said:
        return "nothing"
    first = f"{counted(said[0][0], 'object')} {said[0][1]}"
    return ", ".join([first, *(f"{count:,} {word}" for count, word in said[1:])])
