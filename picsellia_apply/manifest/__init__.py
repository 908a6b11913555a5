"""Manifests: YAML to typed documents to one Declaration, with every fault positioned. Knows no platform.

files     which files, which documents are ours           yaml      text to plain values
documents what a document may say (pydantic)              faults    what pydantic refuses, in our words
locate    places to positions, only when asked            loading   the join
variables, varfile, substitution                          `${var.name}`: declared, given, put in
pictures, dataset, network, workspace                     what each kind points at, read in
index, indexing                                           picture sets on machines without the pictures
annotations                                               annotation files to canonical texts
references, tags, names                                   what documents say about each other
near      the path that was probably meant
bytes     where the bytes that a plan names are
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from picsellia_apply.errors import Diagnostic
    from picsellia_apply.local import StatCache
    from picsellia_apply.manifest.variables import Given
    from picsellia_apply.model.declaration import Declaration


def load(
    paths: Sequence[Path],
    *,
    workspace: str | None = None,
    given: Sequence[Given] = (),
    cache: StatCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Declaration:
    """Read manifests, and everything they point at; see `manifest.loading`."""
    from picsellia_apply.manifest.loading import load as load_now

    return load_now(paths, workspace=workspace, given=given, cache=cache, progress=progress)


def positioned(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics with every place turned into a position; see `manifest.locate`."""
    from picsellia_apply.manifest.locate import positioned as positioned_now

    return positioned_now(diagnostics)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one document of a manifest."""
    from picsellia_apply.manifest.documents import json_schema as schema_now

    return schema_now()
