"""What a Policy document asks for: checks on a plan, on the data as they are after its apply, a program that judges.

Not to be confused with `model.plan.Policy`, which says what the planner may do. A check that is not asked for is None
or empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from picsellia_apply.source import Place

EVERY = "*"
"""Every version among globs; every label that is not named among labels."""

Bar = Literal["none", "note", "warning"]
"""The gravest finding that may pass."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that reads the plan as JSON on stdin and refuses with an exit code other than 0.

    Attributes:
        command: The program and its arguments, as the manifest has them; with a `/` relative to `folder`, else on PATH.
        folder: Absolute path of the manifest's folder, in which it runs; never written to a plan.
        timeout_s: How long it may take, in seconds.
        files: The words of `command` that name a file of the project, each with the hex sha256 of its bytes: whoever
            reviewed a plan reviewed what these say.
    """

    command: tuple[str, ...]
    folder: str
    timeout_s: int = 60
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyChecks:
    """The checks of one Policy document.

    Attributes:
        name: The document's.
        place: Where it is declared.
        versions: Globs over `DATASET@VERSION`: the declared versions that the checks on data judge.
        max_delete: Unit (pictures, tags, members, objects, addresses) to the most that one apply may delete.
        min_objects: Label to the fewest objects in each version; `*` stands for the labels not named.
        required_labels: Labels that every version must have.
        max_unannotated_percent: Largest share, 0 to 100, of a version's pictures that have no annotation.
        max_imbalance: Most objects of a label divided by fewest of a label, in one version; at least 1.
        findings_up_to: The gravest finding that may pass.
        ignored_findings: Codes that do not count.
        program: What judges the plan besides.
    """

    name: str
    place: Place
    versions: tuple[str, ...] = (EVERY,)
    max_delete: Mapping[str, int] = field(default_factory=dict)
    min_objects: Mapping[str, int] = field(default_factory=dict)
    required_labels: tuple[str, ...] = ()
    max_unannotated_percent: float | None = None
    max_imbalance: float | None = None
    findings_up_to: Bar | None = None
    ignored_findings: frozenset[str] = frozenset()
    program: Program | None = None

    @property
    def counts_objects(self) -> bool:
        """Return whether a check needs the annotations of versions."""
        imbalance, unannotated = self.max_imbalance, self.max_unannotated_percent
        return bool(self.min_objects) or imbalance is not None or unannotated is not None

    def judges(self, dataset: str, version: str) -> bool:
        """Return whether the checks on data judge a version."""
        return any(fnmatchcase(f"{dataset}@{version}", glob) for glob in self.versions)


def policy_digests(policies: Iterable[PolicyChecks]) -> dict[str, str]:
    """Return name to the hex sha256 of each Policy document, whatever file of whatever machine it is declared in.

    The bytes of its program count, as far as they are files of the project.
    """
    return {
        one.name: hashlib.sha256(msgspec.json.encode(_unplaced(one), order="sorted")).hexdigest() for one in policies
    }


def _unplaced(one: PolicyChecks) -> PolicyChecks:
    program = replace(one.program, folder="") if one.program is not None else None
    return replace(one, place=Place("", 0), program=program)
