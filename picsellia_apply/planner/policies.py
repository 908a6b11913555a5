"""Judges a plan by the team's Policy documents: what it deletes, what it found, and the data as they are after it.

Each check that fails is a refusal with rule `policy` and the address `policy/NAME`. No flag lifts one: a policy is
changed where it is declared, so that the change is reviewed like any other. What a check needs and nobody read counts
as failed. The programs of policies are not run here, see `cli.programs`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import get_args

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import labels_of
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Operation, Refusal
from picsellia_apply.model.policy import EVERY, PolicyChecks
from picsellia_apply.model.state import Resource, State
from picsellia_apply.planner.case import Blast, Unit
from picsellia_apply.planner.guard import unit_counted
from picsellia_apply.planner.outcome import Outcome, VersionKey, outcomes
from picsellia_apply.planner.words import agreeing, counted

_LISTED = 20
"""Most labels or codes that one refusal names."""
_ABOVE = {"none": Severity.note, "note": Severity.warning, "warning": Severity.error}
"""What may pass to the least grave finding that may not."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What policies judge.

    Attributes:
        operations: The plan's, in order.
        blasts: What they destroy or change.
        findings: The plan's.
        desired: Says which versions are declared.
        observed: What is there now.
        inventory: What this workspace manages.
        labels_seen: Whether the platform tells its labels.
    """

    operations: Sequence[Operation]
    blasts: Sequence[Blast]
    findings: Sequence[Diagnostic]
    desired: State
    observed: State
    inventory: Inventory
    labels_seen: bool


def judge_policies(policies: Sequence[PolicyChecks], judged: Judged) -> Iterator[Refusal]:
    """Yield a refusal for every check that fails, by policy, check and version."""
    versions = _declared_versions(judged) if any(map(_looks_at_versions, policies)) else {}
    tallies: dict[VersionKey, Counter[str]] = {}
    for one in policies:
        yield from (policy_refusal(one, message) for message in _plan_messages(one, judged))
        for key, version in versions.items():
            if one.judges(*key):
                address = str(Address("version", *key))
                messages = _version_messages(one, key, version, tallies)
                yield from (policy_refusal(one, f"{address}: {message}") for message in messages)


def policy_refusal(policy: PolicyChecks, message: str) -> Refusal:
    """Return the refusal of one policy."""
    return Refusal("policy", str(Address("policy", policy.name)), message, "")


def _looks_at_versions(policy: PolicyChecks) -> bool:
    return policy.counts_objects or bool(policy.required_labels)


def _declared_versions(judged: Judged) -> dict[VersionKey, Outcome]:
    after = outcomes(judged.operations, judged.observed, judged.inventory, labels_seen=judged.labels_seen)
    found = (parse_address(text) for text in sorted(judged.desired.resources) if text.startswith("version/"))
    keys = ((address.name, address.version) for address in found)
    return {key: replace(after[key], background=_background(key, judged.desired)) for key in keys if key in after}


def _background(key: VersionKey, desired: State) -> Set[str]:
    """Return the pictures of which an annotation source says that there is no object on them."""
    members = desired.resources.get(str(Address("annotations", *key)), Resource()).members
    return {name for name, texts in members.items() if not texts}


def _plan_messages(policy: PolicyChecks, judged: Judged) -> Iterator[str]:
    over = []
    deletes = [blast for blast in judged.blasts if blast.kind == "delete"]
    for unit in get_args(Unit):
        most, count = policy.max_delete.get(unit), sum(blast.count for blast in deletes if blast.unit == unit)
        if most is not None and count > most:
            over.append(f"{unit_counted(count, unit)}, {most:,} may be")
    if over:
        yield f"deletes {'; '.join(over)}"
    if policy.findings_up_to is not None:
        yield from _findings_message(policy, policy.findings_up_to, judged.findings)


def _findings_message(policy: PolicyChecks, allowed: str, findings: Iterable[Diagnostic]) -> Iterator[str]:
    graver = [one for one in findings if one.severity >= _ABOVE[allowed] and one.code not in policy.ignored_findings]
    if graver:
        codes = Counter(one.code for one in graver)
        shown = _listed(f"{count:,} {code}" for code, count in sorted(codes.items()))
        above = "" if allowed == "none" else f" above `{allowed}`"
        yield f"{counted(len(graver), 'finding')}{above}: {shown}"


def _version_messages(
    policy: PolicyChecks, key: VersionKey, version: Outcome, tallies: dict[VersionKey, Counter[str]]
) -> Iterator[str]:
    names = {label[0] for label in version.labels}
    missing = [f"`{one}`" for one in policy.required_labels if one not in names]
    if missing:
        yield f"has no {agreeing(len(missing), 'label', 'labels')} {_listed(missing)}"
    if not policy.counts_objects:
        return
    if version.objects is None:
        yield "its annotations were not read, so nobody can count them"
        return
    if policy.min_objects or policy.max_imbalance is not None:
        if key not in tallies:
            texts = (text for some in version.objects.values() for text in some)
            tallies[key] = Counter(label for label, _ in labels_of(texts))
        tally = Counter({**dict.fromkeys(names, 0), **tallies[key]})
        yield from _too_few(policy.min_objects, tally)
        yield from _imbalance(policy.max_imbalance, tally)
    yield from _unannotated(policy.max_unannotated_percent, version)


def _too_few(wanted: Mapping[str, int], tally: Mapping[str, int]) -> Iterator[str]:
    rest = wanted.get(EVERY, 0)
    every = {**dict.fromkeys(tally, rest), **{label: least for label, least in wanted.items() if label != EVERY}}
    few = [
        f"{tally.get(label, 0):,} of `{label}`, {least:,} wanted"
        for label, least in sorted(every.items())
        if tally.get(label, 0) < least
    ]
    if few:
        yield f"too few objects: {_listed(few, '; ')}"


def _imbalance(most: float | None, tally: Mapping[str, int]) -> Iterator[str]:
    if most is None or len(tally) < 2:
        return
    ordered = sorted(tally.items(), key=lambda one: (one[1], one[0]))
    (rare, fewest), (common, largest) = ordered[0], ordered[-1]
    if largest > most * fewest:
        times = f"{largest / fewest:.1f} times as many" if fewest else "more than any number of times"
        yield f"{largest:,} of `{common}` and {fewest:,} of `{rare}`: {times}, {most:g} times may be"


def _unannotated(most: float | None, version: Outcome) -> Iterator[str]:
    total = len(version.pictures)
    bare = len(version.pictures - (version.objects or {}).keys() - version.background)
    if most is not None and total and 100 * bare > most * total:
        have = agreeing(bare, "has", "have")
        share = f"{bare:,} of {counted(total, 'picture')} ({100 * bare / total:.1f} %)"
        yield f"{share} {have} no annotation, {most:g} % may"


def _listed(parts: Iterable[str], between: str = ", ") -> str:
    every = list(parts)
    more = [f"and {len(every) - _LISTED:,} more"] if len(every) > _LISTED else []
    return between.join([*every[:_LISTED], *more])
