"""Manifests to one Declaration: read, check, and read in everything they point at; every fault in one go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import assert_never

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity
from picsellia_apply.formats.collector import collector_paused
from picsellia_apply.local import StatCache, default_cache
from picsellia_apply.local.counting import AddedUp
from picsellia_apply.local.measure import Progress
from picsellia_apply.manifest.annotations import AnnotationFiles
from picsellia_apply.manifest.dataset import read_dataset
from picsellia_apply.manifest.documents import (
    API_VERSION,
    DatasetDocument,
    NetworkDocument,
    PictureSetDocument,
    PolicyDocument,
    TagQueryDocument,
    WorkspaceDocument,
    unmanaged,
)
from picsellia_apply.manifest.faults import fault
from picsellia_apply.manifest.files import Collected, Read, read_manifests
from picsellia_apply.manifest.index import index_path, shared_indexes
from picsellia_apply.manifest.locate import Locator, positioned
from picsellia_apply.manifest.moved import move_faults
from picsellia_apply.manifest.network import read_network
from picsellia_apply.manifest.pictures import OF_THIS_DISK, common_pictures, read_picture_set
from picsellia_apply.manifest.policy import judged_by_nobody, read_policy
from picsellia_apply.manifest.references import reference_faults
from picsellia_apply.manifest.sizes import local_size_findings
from picsellia_apply.manifest.tags import tag_faults
from picsellia_apply.manifest.variables import Given
from picsellia_apply.manifest.workspace import choose_workspace, read_workspace
from picsellia_apply.model.declaration import Dataset, Declaration, Network, PictureSet, TagQuery, Workspace
from picsellia_apply.model.policy import PolicyChecks


def load(
    paths: Sequence[Path],
    *,
    workspace: str | None = None,
    given: Sequence[Given] = (),
    cache: StatCache | None = None,
    progress: Progress | None = None,
) -> Declaration:
    """Read manifests, and everything they point at.

    Args:
        paths: Files, and folders to search.
        workspace: Which Workspace document counts when there are several.
        given: Values of variables, the weakest first.
        cache: Knows pictures that did not change; None for the user's own.
        progress: Told how many pictures are read, of how many found so far; those that the cache knows are no part.

    Returns:
        What the manifests say; the same whatever order the files come in. Findings carry positions.

    Raises:
        InvalidInput: Something is at fault; it carries every fault, and every finding, of the run.
        UsageError: One of `paths` does not exist.
    """
    cache = default_cache() if cache is None else cache
    with collector_paused():
        loading = _Loading(cache, progress)
        collected = read_manifests(paths, workspace=workspace, given=given, locator=loading.locator)
        loading.diagnostics += collected.diagnostics
        if not collected.reads and not any(one.severity is Severity.error for one in collected.diagnostics):
            loading.diagnostics.append(nothing_found(paths, collected))
        for read in collected.reads:
            loading.add(read)
        chosen = loading.finish(collected, workspace)
        findings = order(positioned(collected.variables.named(loading.diagnostics), loading.locator))
    cache.save()
    if any(one.severity is Severity.error for one in findings):
        raise InvalidInput(findings)
    return loading.declaration(collected, chosen, findings)


def order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return diagnostics by file, line and column, each once."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=_key))


def _key(one: Diagnostic) -> tuple[str, int, int, str, str]:
    position = one.position
    file, line, column = ("", 0, 0)
    if position is not None:
        file, line, column = position.file, getattr(position, "line", 0), getattr(position, "column", 0)
    return file, line, column, one.code, one.message


def nothing_found(paths: Sequence[Path], collected: Collected) -> Diagnostic:
    """Return the error that there is no manifest at all."""
    searched = ", ".join(f"`{path}`" for path in paths) or "nothing"
    others = f"; {collected.skipped:,} documents of others were passed over" if collected.skipped else ""
    hint = (
        f"a manifest begins with `apiVersion: {API_VERSION}`; `picsellia-apply init DIR` writes some for your pictures"
    )
    return fault("M029", f"no manifest found in {searched}{others}", None, hint)


class _Loading:
    """What one run has read so far."""

    def __init__(self, cache: StatCache, progress: Progress | None) -> None:
        self.cache = cache
        self.progress = AddedUp(progress) if progress else None
        self.locator = Locator()
        self.files = AnnotationFiles(self.locator)
        self.diagnostics: list[Diagnostic] = []
        self.local: list[Diagnostic] = []
        self.indexed: list[tuple[PictureSet, Path]] = []
        self.sets: list[PictureSet] = []
        self.queries: list[TagQuery] = []
        self.datasets: list[Dataset] = []
        self.networks: list[Network] = []
        self.workspaces: list[Workspace] = []
        self.policies: list[PolicyChecks] = []

    def add(self, read: Read) -> None:
        """Read in what one document points at."""
        match read.document:
            case PictureSetDocument() as document:
                progress = self.progress.part() if self.progress else None
                one, diagnostics = read_picture_set(read, document, self.cache, progress)
                self.sets.append(one)
                local = OF_THIS_DISK if "index" in document.spec.model_fields_set else frozenset()
                self.indexed += [(one, index_path(read, document))] if local else []
                self.diagnostics += [found for found in diagnostics if found.code not in local]
                self.local += [found for found in diagnostics if found.code in local]
            case TagQueryDocument() as document:
                self.queries.append(_query(read, document))
            case DatasetDocument() as document:
                dataset, diagnostics = read_dataset(read, document, self.files)
                self.datasets.append(dataset)
                self.diagnostics += diagnostics
            case NetworkDocument() as document:
                network, diagnostics = read_network(read, document, self.cache)
                self.networks.append(network)
                self.diagnostics += diagnostics
            case WorkspaceDocument() as document:
                self.workspaces.append(read_workspace(read, document))
            case PolicyDocument() as document:
                policy, diagnostics = read_policy(read, document)
                self.policies.append(policy)
                self.diagnostics += diagnostics
            case _:
                assert_never(read.document)

    def finish(self, collected: Collected, wanted: str | None) -> Workspace:
        """Check what the documents say about each other; return the workspace that counts."""
        sets = sorted(self.sets, key=lambda one: (one.name, one.place))
        queries = sorted(self.queries, key=lambda one: (one.name, one.place))
        chosen, faults = choose_workspace(self.workspaces, wanted)
        if ("Workspace", wanted) in collected.names and wanted not in {one.name for one in self.workspaces}:
            faults = []  # it is there and at fault, which is told
        self.diagnostics += [
            *faults,
            *self.files.diagnostics,
            *reference_faults(collected, self.locator),
            *common_pictures(sets),
            *shared_indexes(self.indexed),
            *tag_faults(sets, queries, self.locator),
            *move_faults(chosen.moved, collected),
            *local_size_findings(self.datasets, sets),
            *([] if collected.broken else judged_by_nobody(self.policies, self.datasets)),
        ]
        return chosen

    def declaration(self, collected: Collected, workspace: Workspace, findings: tuple[Diagnostic, ...]) -> Declaration:
        """Return everything, by name."""
        return Declaration(
            root=root_of(collected.files),
            workspace=workspace,
            picture_sets=tuple(sorted(self.sets, key=lambda one: one.name)),
            queries=tuple(sorted(self.queries, key=lambda one: one.name)),
            datasets=tuple(sorted(self.datasets, key=lambda one: one.name)),
            networks=tuple(sorted(self.networks, key=lambda one: one.name)),
            policies=tuple(sorted(self.policies, key=lambda one: one.name)),
            manifests=len(collected.reads),
            skipped=collected.skipped,
            findings=findings,
            local_findings=order(positioned(self.local, self.locator)),
            variables=dict(sorted(collected.variables.used.items())),
        )


def _query(read: Read, document: TagQueryDocument) -> TagQuery:
    spec = document.spec
    lists = (tuple(dict.fromkeys(one)) for one in (spec.tags, spec.add, spec.remove))
    tags, add, remove = lists
    absent = unmanaged(spec, "add", "remove")
    return TagQuery(document.metadata.name, read.place, tags, spec.quantity, add, remove, absent)


def root_of(files: Sequence[Path]) -> str:
    """Return the folder that the manifests share."""
    folders = [os.path.abspath(file.parent) for file in files]  # noqa: PTH100 - links stay as they are
    return os.path.commonpath(folders)
