"""Which platform and which workspace manifests mean, and nothing else: no picture and no annotation file is read.

For commands that only need to know where to ask, and that must work while something else in the manifests is at fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from picsellia_apply.errors import InvalidInput, Severity
from picsellia_apply.manifest.documents import WorkspaceDocument
from picsellia_apply.manifest.files import read_manifests
from picsellia_apply.manifest.loading import nothing_found, root_of
from picsellia_apply.manifest.locate import positioned
from picsellia_apply.manifest.variables import Given
from picsellia_apply.manifest.workspace import choose_workspace, read_workspace
from picsellia_apply.model.declaration import Declaration


def load_target(paths: Sequence[Path], *, workspace: str | None = None, given: Sequence[Given] = ()) -> Declaration:
    """Return a declaration that holds only where and which workspace; arguments as for `load`.

    Raises:
        InvalidInput: There are no manifests, no such workspace, or several and nobody said which; or it may be the
            Workspace that counts that is at fault. Other faults are passed over.
        UsageError: One of `paths` does not exist.
    """
    collected = read_manifests(paths, workspace=workspace, given=given)
    errors = [one for one in collected.diagnostics if one.severity is Severity.error]
    if not collected.reads:
        raise InvalidInput(positioned(errors or [nothing_found(paths, collected)]))
    found = [(read, read.document) for read in collected.reads if isinstance(read.document, WorkspaceDocument)]
    if errors and (not found or any(read.partial for read, _ in found)):  # the fault may be the Workspace's
        raise InvalidInput(positioned(errors))
    chosen, faults = choose_workspace([read_workspace(*one) for one in found], workspace)
    if faults:
        raise InvalidInput(positioned(faults))
    return Declaration(root=root_of(collected.files), workspace=chosen)
