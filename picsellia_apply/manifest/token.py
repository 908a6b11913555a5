"""The token in use, in what manifests say: it would stand in the plan, in its Markdown and on the platform."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.faults import fault
from picsellia_apply.manifest.secrets import SECRET_HINT
from picsellia_apply.model.declaration import (
    AnnotationSource,
    Dataset,
    Declaration,
    Network,
    PictureSet,
    TagQuery,
    Workspace,
)
from picsellia_apply.model.policy import PolicyChecks
from picsellia_apply.source import Place

_SHORTEST = 8
_REPLACE = f"{SECRET_HINT}; a token that was committed is no secret any more: replace it"


def token_faults(declaration: Declaration, token: str) -> Iterator[Diagnostic]:
    """Yield an error for each document that holds a token, which would stand in the plan for everybody to read.

    Args:
        declaration: What the manifests say, texts of the files that they name included.
        token: The one in use; too short a one is looked for nowhere, as it may be a word.
    """
    if len(token) < _SHORTEST:
        return
    documents: tuple[Workspace | PictureSet | TagQuery | Dataset | Network | PolicyChecks, ...] = (
        declaration.workspace, *declaration.picture_sets, *declaration.queries, *declaration.datasets,
        *declaration.networks, *declaration.policies,
    )  # fmt: skip
    for one in documents:
        if _holds(one, token):
            message = "the token that is in use stands here, or in a file that is named here"
            yield fault("M051", message, one.place, _REPLACE)
    if any(token in value for value in declaration.variables.values()):
        yield fault("M051", "the token that is in use is the value of a variable", None, SECRET_HINT)


def _holds(value: Any, token: str) -> bool:
    match value:
        case str():
            return token in value
        case AnnotationSource() | Place() | bytes() | None:  # annotations are parsed; places are told, not planned
            return False
        case Mapping():
            return any(_holds(one, token) for pair in value.items() for one in pair)
        case tuple() | list() | frozenset():
            return any(_holds(one, token) for one in value)
        case _ if dataclasses.is_dataclass(value):
            return any(_holds(getattr(value, one.name), token) for one in dataclasses.fields(value))
        case _:
            return False
