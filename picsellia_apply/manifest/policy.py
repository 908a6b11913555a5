"""Policy documents as checks, and what can be said about them before a plan is made. Their programs never run here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from picsellia_apply.errors import Diagnostic
from picsellia_apply.local import hash_file
from picsellia_apply.manifest.documents import PolicyDocument, managed
from picsellia_apply.manifest.faults import did_you_mean, fault, finding
from picsellia_apply.manifest.files import Read
from picsellia_apply.manifest.near import near_path_hint
from picsellia_apply.manifest.policy_spec import MaxDeleteSpec, PolicySpec
from picsellia_apply.manifest.reach import Reach
from picsellia_apply.model.declaration import Dataset
from picsellia_apply.model.policy import EVERY, PolicyChecks, Program
from picsellia_apply.source import Place


def read_policy(read: Read, document: PolicyDocument) -> tuple[PolicyChecks, list[Diagnostic]]:
    """Return one document as checks, and what is odd about it."""
    spec, place = document.spec, read.place.at("spec")
    told: list[Diagnostic] = []
    checks = PolicyChecks(
        name=document.metadata.name,
        place=read.place,
        versions=tuple(spec.versions),
        max_delete=_limits(spec.max_delete),
        min_objects=spec.min_objects_per_label,
        required_labels=tuple(dict.fromkeys(spec.required_labels)),
        max_unannotated_percent=managed(spec, "max_unannotated_percent"),
        max_imbalance=managed(spec, "max_imbalance"),
        findings_up_to=managed(spec, "no_finding_above"),
        ignored_findings=frozenset(spec.ignore_findings),
        program=_program(spec, read.reach, place.at("exec"), told),
    )
    return checks, [*told, *_vacuous(checks, place), *_unrunnable(checks.program, place.at("exec", 0))]


def judged_by_nobody(policies: Sequence[PolicyChecks], datasets: Iterable[Dataset]) -> Iterator[Diagnostic]:
    """Yield a warning for each glob of a policy that fits no declared version."""
    versions = sorted(f"{dataset.name}@{version.name}" for dataset in datasets for version in dataset.versions)
    for one in policies:
        for row, glob in enumerate(one.versions):
            if glob != EVERY and not any(PolicyChecks("", one.place, (glob,)).judges(*_parts(v)) for v in versions):
                known = did_you_mean(glob, versions) or (
                    f"declared: {', '.join(versions[:10])}" if versions else "no version is declared"
                )
                message = f"`{glob}` fits no declared version: the policy does not judge what it was meant to"
                yield finding("M048", message, one.place.at("spec", "versions", row), known)


def _parts(version: str) -> tuple[str, str]:
    dataset, _, name = version.rpartition("@")
    return dataset, name


def _limits(spec: MaxDeleteSpec) -> dict[str, int]:
    return {unit: getattr(spec, unit) for unit in MaxDeleteSpec.model_fields if unit in spec.model_fields_set}


def _program(spec: PolicySpec, reach: Reach, place: Place, diagnostics: list[Diagnostic]) -> Program | None:
    if not spec.exec:
        return None
    folder = os.path.abspath(reach.folder)  # noqa: PTH100 - links stay as they are
    files = tuple(dict(_files(spec.exec, reach, place, diagnostics)).items())
    return Program(tuple(spec.exec), folder, spec.timeout, files)


def _files(
    words: Sequence[str], reach: Reach, place: Place, diagnostics: list[Diagnostic]
) -> Iterator[tuple[str, str]]:
    """Yield the words that name a file of the project, and its sha256: `check.py`, and `rules.txt` of `--by=rules.txt`.

    A program without a `/` is looked up on the PATH, so a file of that name is not what runs.
    """
    for row, word in enumerate(words):
        written = word.partition("=")[2] if word.startswith("-") else word
        if (row == 0 and "/" not in word) or not _is_of_project(reach, written):
            continue
        try:
            yield word, hash_file(reach.folder / written)[0]
        except OSError as error:
            message = f"`{written}` cannot be read, so nobody can tell whether it changes: {error.strerror}"
            diagnostics.append(fault("M031", message, place.at(row)))


def _is_of_project(reach: Reach, written: str) -> bool:
    try:
        return bool(written) and (reach.folder / written).is_file() and reach.outside(written) is None
    except (OSError, ValueError):  # no path at all: a word like any other
        return False


def _vacuous(checks: PolicyChecks, place: Place) -> Iterator[Diagnostic]:
    if checks.findings_up_to == "warning":
        hint = "write `note` to refuse warnings"
        message = "`noFindingAbove: warning` refuses nothing, as errors end every plan anyway"
        yield finding("M046", message, place.at("noFindingAbove"), hint)


def _unrunnable(program: Program | None, place: Place) -> Iterator[Diagnostic]:
    """Yield a warning when a program cannot be run, as things are: every plan would be refused."""
    if program is None:
        return
    written = program.command[0]
    if "/" not in written:
        if shutil.which(written) is None:
            hint = f"write `./{written}` if it lies beside this manifest"
            yield finding("M047", f"there is no program `{written}` on the PATH: the policy refuses", place, hint)
        return
    path = Path(program.folder, written)
    if not path.is_file():
        hint = near_path_hint(Path(program.folder), written) or "paths are relative to the manifest"
        yield finding("M047", f"there is no program `{written}`: the policy refuses", place, hint)
    elif not os.access(path, os.X_OK):
        yield finding("M047", f"`{written}` is not executable: the policy refuses", place, f"chmod +x {written}")
