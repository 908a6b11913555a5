"""Manifests to one Declaration: read, check, and read in everything they point at; every fault in one go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import assert_never

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity
from picsellia_apply.local import StatCache, default_cache
from picsellia_apply.local.counting import AddedUp
from picsellia_apply.local.measure import Progress
from picsellia_apply.manifest.annotations import AnnotationFiles
from picsellia_apply.manifest.collector import collector_paused
from picsellia_apply.manifest.dataset import read_dataset
from picsellia_apply.manifest.documents import (
    API_VERSION,
    DatasetDocument,
    NetworkDocument,
    PictureSetDocument,
    TagQueryDocument,
    WorkspaceDocument,
)
from picsellia_apply.manifest.faults import fault
from picsellia_apply.manifest.files import Collected, Read, read_manifests
from picsellia_apply.manifest.locate import Locator, positioned
from picsellia_apply.manifest.network import read_network
from picsellia_apply.manifest.pictures import common_pictures, read_picture_set
from picsellia_apply.manifest.references import reference_faults
from picsellia_apply.manifest.tags import tag_faults
from picsellia_apply.manifest.workspace import choose_workspace, read_workspace
from picsellia_apply.model.declaration import Dataset, Declaration, Network, PictureSet, TagQuery, Workspace


def load(
    paths: Sequence[Path],
    *,
    workspace: str | None = None,
    cache: StatCache | None = None,
    progress: Progress | None = None,
) -> Declaration:
    """Read manifests, and everything they point at.

    Args:
        paths: Files, and folders to search.
        workspace: Which Workspace document counts when there are several.
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
        collected = read_manifests(paths)
        loading = _Loading(cache, progress)
        loading.diagnostics += collected.diagnostics
        if not collected.reads and not any(one.severity is Severity.error for one in collected.diagnostics):
            loading.diagnostics.append(_nothing_found(paths, collected))
        for read in collected.reads:
            loading.add(read)
        chosen = loading.finish(collected, workspace)
        findings = order(positioned(loading.diagnostics, loading.locator))
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


def _nothing_found(paths: Sequence[Path], collected: Collected) -> Diagnostic:
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
        self.sets: list[PictureSet] = []
        self.queries: list[TagQuery] = []
        self.datasets: list[Dataset] = []
        self.networks: list[Network] = []
        self.workspaces: list[Workspace] = []

    def add(self, read: Read) -> None:
        """Read in what one document points at."""
        match read.document:
            case PictureSetDocument() as document:
                progress = self.progress.part() if self.progress else None
                one, diagnostics = read_picture_set(read, document, self.cache, progress)
                self.sets.append(one)
                self.diagnostics += diagnostics
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
            case _:
                assert_never(read.document)

    def finish(self, collected: Collected, wanted: str | None) -> Workspace:
        """Check what the documents say about each other; return the workspace that counts."""
        sets = sorted(self.sets, key=lambda one: (one.name, one.place))
        queries = sorted(self.queries, key=lambda one: (one.name, one.place))
        chosen, faults = choose_workspace(self.workspaces, wanted)
        self.diagnostics += [
            *faults,
            *self.files.diagnostics,
            *reference_faults(collected, self.locator),
            *common_pictures(sets),
            *tag_faults(sets, queries, self.locator),
        ]
        return chosen

    def declaration(self, collected: Collected, workspace: Workspace, findings: tuple[Diagnostic, ...]) -> Declaration:
        """Return everything, by name."""
        return Declaration(
            root=_root(collected.files),
            workspace=workspace,
            picture_sets=tuple(sorted(self.sets, key=lambda one: one.name)),
            queries=tuple(sorted(self.queries, key=lambda one: one.name)),
            datasets=tuple(sorted(self.datasets, key=lambda one: one.name)),
            networks=tuple(sorted(self.networks, key=lambda one: one.name)),
            manifests=len(collected.reads),
            skipped=collected.skipped,
            findings=findings,
        )


def _query(read: Read, document: TagQueryDocument) -> TagQuery:
    spec = document.spec
    lists = (tuple(dict.fromkeys(one)) for one in (spec.tags, spec.add, spec.remove))
    tags, add, remove = lists
    return TagQuery(document.metadata.name, read.place, tags, spec.quantity, add, remove)


def _root(files: Sequence[Path]) -> str:
    """Return the folder that the manifests share."""
    folders = [os.path.abspath(file.parent) for file in files]  # noqa: PTH100 - links stay as they are
    return os.path.commonpath(folders)
