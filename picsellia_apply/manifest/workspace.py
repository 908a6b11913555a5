"""Workspace documents: none, one, or the one that the command line picks."""

from __future__ import annotations

from collections.abc import Sequence

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.documents import WorkspaceDocument, managed
from picsellia_apply.manifest.faults import did_you_mean, fault
from picsellia_apply.manifest.files import Read
from picsellia_apply.manifest.moved import read_moves
from picsellia_apply.model.declaration import Guards, Workspace


def read_workspace(read: Read, document: WorkspaceDocument) -> Workspace:
    """Return one document as a value."""
    spec = document.spec
    guards = Guards(spec.guards.delete_percent, spec.guards.update_percent)
    host, organization = managed(spec, "host"), managed(spec, "organization")
    moved = read_moves(spec.moved, read.place.at("spec", "moved"))
    return Workspace(document.metadata.name, read.place, host, organization, guards, spec.prune, moved)


def choose_workspace(found: Sequence[Workspace], wanted: str | None) -> tuple[Workspace, list[Diagnostic]]:
    """Return the workspace that counts.

    Args:
        found: Those declared.
        wanted: The one asked for, or None; `default` is there as long as none is declared.

    Returns:
        It, or the default one; and the error when there is no such one, or when nobody said which.
    """
    names = sorted({one.name for one in found})
    if wanted is not None:
        chosen = [one for one in found if one.name == wanted]
        if chosen:
            return chosen[0], []
        if not names and wanted == Workspace().name:
            return Workspace(), []
        known = f"declared: {', '.join(names)}" if names else "no Workspace is declared"
        return Workspace(), [
            fault("M028", f"no Workspace is called `{wanted}`", None, did_you_mean(wanted, names) or known)
        ]
    if len(names) > 1:
        message = f"several workspaces are declared: {', '.join(f'`{name}`' for name in names)}"
        place = sorted((one.place for one in found if one.place), key=lambda place: (place.file, place.document))[1]
        return Workspace(), [fault("M027", message, place.at("metadata", "name"), "choose one with `--workspace NAME`")]
    return (found[0] if found else Workspace()), []
