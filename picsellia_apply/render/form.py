"""The JSON of a plan as types: what `plan.json` is read with, and what its JSON Schema is made from.

What a program may rely on stands here and in `docs/plan.md`; `render.json` writes it, `render.saved` reads it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from picsellia_apply.model.plan import (
    Action,
    Conflict,
    FieldChange,
    NoticeKind,
    Outcome,
    Policy,
    Recording,
    Refusal,
    Target,
)

SCHEMA_ID = "urn:picsellia-apply:plan:2"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Count = Annotated[int, Meta(ge=0, le=2**53)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Digest = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
Fingerprint = Annotated[str, Meta(pattern="^([0-9a-f]{64}|absent)$")]
Sample = Annotated[tuple[str, ...], Meta(max_length=3)]
Unit = Literal["addresses", "pictures", "tags", "members", "objects", "fields"]


class Summary(msgspec.Struct, forbid_unknown_fields=True):
    """How many operations of each kind, how many addresses are as they should be, and how much is in the way."""

    create: Count
    update: Count
    delete: Count
    unchanged: Count
    blocked: Count
    conflict: Count


class Counts(msgspec.Struct, forbid_unknown_fields=True):
    """How many members change, and the first three names."""

    add: Count
    remove: Count
    change: Count
    sample: Sample


class Pre(msgspec.Struct, forbid_unknown_fields=True):
    """What must still hold when the plan is applied; `takes` is unit to how many, and how many of them of others."""

    absent: bool | UnsetType = UNSET
    fields: dict[str, Any] | UnsetType = UNSET
    sha256: str | UnsetType | None = UNSET
    takes: dict[Unit, Annotated[list[Count], Meta(min_length=2, max_length=2)]] | UnsetType = UNSET


class Operation(msgspec.Struct, forbid_unknown_fields=True):
    """One thing that apply does."""

    address: str
    action: Action
    reason: str
    diff: tuple[FieldChange, ...]
    members: Counts
    impact: str
    pre: Pre
    needs: tuple[str, ...]


class Notice(msgspec.Struct, forbid_unknown_fields=True):
    """Something seen and left alone; `count` members are concerned."""

    kind: NoticeKind
    address: str
    message: str
    count: Count
    sample: Sample


class Blocked(msgspec.Struct, forbid_unknown_fields=True):
    """What the manifests ask for and apply cannot do; `count` members are concerned."""

    address: str
    rule: str
    message: str
    hint: str
    count: Count
    sample: Sample


class Position(msgspec.Struct, forbid_unknown_fields=True):
    """Where in a file: line and column from 1; or the number of a document and a path inside it."""

    file: str
    line: int | UnsetType | None = UNSET
    column: int | UnsetType = UNSET
    length: int | UnsetType = UNSET
    document: int | UnsetType = UNSET
    path: tuple[str, ...] | UnsetType = UNSET


class Finding(msgspec.Struct, forbid_unknown_fields=True):
    """A fault or finding about the input."""

    code: str
    severity: Literal["note", "info", "warning", "error"]
    position: Position | None
    message: str
    hint: str
    count: Count


class Members(msgspec.Struct, forbid_unknown_fields=True):
    """What binds a saved plan's files: sha256 and text size in bytes of the members, sha256 of all else in the plan."""

    sha256: Sha256
    size: Count
    told: Sha256


class Plan(msgspec.Struct, forbid_unknown_fields=True):
    """What an apply would do, and everything it rests on. `members` is there in saved plans only."""

    format_version: Literal[2]
    digest: Digest
    target: Target
    policy: Policy | None
    variables: dict[str, str]
    outcome: Outcome
    summary: Summary
    operations: tuple[Operation, ...]
    notices: tuple[Notice, ...]
    blocked: tuple[Blocked, ...]
    conflicts: tuple[Conflict, ...]
    refusals: tuple[Refusal, ...]
    recorded: dict[str, Recording]
    policies: dict[str, Sha256]
    findings: tuple[Finding, ...]
    limits: tuple[str, ...]
    inventory_serial: Count
    fingerprints: dict[str, Fingerprint]
    members: Members | UnsetType = UNSET


_OPTIONAL = {
    "Plan": {"members"},
    "Pre": {"absent", "fields", "sha256", "takes"},
    "Position": {"line", "column", "length", "document", "path"},
}


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a plan: strict, so that a key that it does not name is a fault."""
    (_, parts) = msgspec.json.schema_components([Plan], ref_template="#/$defs/{name}")
    named = {name: _strict(name, part) for name, part in sorted(parts.items())}
    whole = named.pop("Plan")
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        **whole,
        "title": "A plan of picsellia-apply",
        "$defs": named,
    }


def _strict(name: str, part: dict[str, Any]) -> dict[str, Any]:
    """Return one part that allows no other key, and requires every one that is always written."""
    if "properties" not in part:
        return part
    properties = {key: {k: v for k, v in one.items() if k != "default"} for key, one in part["properties"].items()}
    required = sorted(properties.keys() - _OPTIONAL.get(name, set()))
    description = part.get("description", "").partition("\n\n")[0]
    closed = {**part, "properties": properties, "required": required, "additionalProperties": False}
    return {**closed, "description": description}
