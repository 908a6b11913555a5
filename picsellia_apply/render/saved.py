r"""A plan as two files: `plan.json`, what a person reviews, and `plan.members.ndjson.gz`, every member by name.

The members file is bound by its sha256 and both by the plan's digest. A saved plan is input like any other: it is read
with limits, and taken only if writing it again gives the very same bytes, so that nothing shown in it can differ from
what it does. One JSON array a line:

    ["add", ROW, NAME, null | [REF, SHA256, SIZE, WIDTH, HEIGHT, ORIENTATION]]     ROW: of the operation, from 0
    ["remove", ROW, NAME]
    ["objects", ROW, NAME, null | [TEXT...], [TEXT...]]                            annotation before and after
    ["record", ADDRESS, CREATED, FIELDS]                                           inventory once all is applied
    ["member", ADDRESS, NAME, null | SHA256 | [TEXT...]]
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity, StalePlan
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import (
    FORMAT_VERSION,
    Action,
    Blocked,
    Bytes,
    Conflict,
    FieldChange,
    Members,
    Notice,
    ObjectChange,
    Operation,
    Plan,
    Policy,
    Refusal,
    Target,
)
from picsellia_apply.planner import plan_digest
from picsellia_apply.render.json import formatted, plan_document
from picsellia_apply.source import Place, Position

LIMIT = 1 << 32
"""Most bytes that a members file may unfold to."""
HINT = "plan again with `--out`, and keep both files as they are"


class _Counts(msgspec.Struct, forbid_unknown_fields=True):
    add: int
    remove: int
    change: int
    sample: tuple[str, ...]


class _Operation(msgspec.Struct, forbid_unknown_fields=True):
    address: str
    action: Action
    reason: str
    diff: tuple[FieldChange, ...]
    members: _Counts
    impact: str
    pre: dict[str, Any]
    needs: tuple[str, ...]


class _Where(msgspec.Struct, forbid_unknown_fields=True):
    file: str
    line: int | None = None
    column: int = 0
    length: int = 1
    document: int = 0
    path: tuple[str, ...] = ()


class _Finding(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    severity: Literal["note", "info", "warning", "error"]
    position: _Where | None
    message: str
    hint: str
    count: int


class _MembersFile(msgspec.Struct, forbid_unknown_fields=True):
    sha256: str
    size: int


class _Version(msgspec.Struct):
    format_version: int


class _Saved(msgspec.Struct, forbid_unknown_fields=True):
    format_version: int
    digest: str
    target: Target
    policy: Policy | None
    outcome: str
    summary: dict[str, int]
    operations: tuple[_Operation, ...]
    notices: tuple[Notice, ...]
    blocked: tuple[Blocked, ...]
    conflicts: tuple[Conflict, ...]
    refusals: tuple[Refusal, ...]
    findings: tuple[_Finding, ...]
    limits: tuple[str, ...]
    inventory_serial: int
    fingerprints: dict[str, str]
    members: _MembersFile


def members_path(path: Path) -> Path:
    """Return where the members of a plan are: `plan.json` -> `plan.members.ndjson.gz`."""
    name = path.name.removesuffix(".json")
    return path.with_name(f"{name}.members.ndjson.gz")


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan and its members; the plan last, so that it never stands without them.

    Args:
        plan: With its digest.
        path: For example `plan.json`; what is there is replaced.

    Raises:
        InvalidInput: The files cannot be written.
    """
    text = _members_text(plan)
    members = _folded(text)
    try:
        _replace(members_path(path), members)
        _replace(path, _plan_bytes(plan, members, len(text)))
    except OSError as error:
        raise _fault("L011", f"the plan cannot be written: {error.strerror or error}", path) from None


def is_saved_plan(path: Path) -> bool:
    """Return whether a file looks like a plan that `write_plan` wrote, of whatever version."""
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return False
    return isinstance(found, dict) and {"format_version", "digest", "operations"} <= found.keys()


def read_plan(path: Path) -> Plan:
    """Read what `write_plan` wrote.

    Args:
        path: Of the JSON file; the members are beside it.

    Raises:
        InvalidInput: It is no plan, of another format, or its members are missing.
        StalePlan: It, or its members, is not what was written.
    """
    text, members = _bytes_of(path), _bytes_of(members_path(path))
    saved = _decode(text, path)
    if hashlib.sha256(members).hexdigest() != saved.members.sha256:
        raise StalePlan(f"{members_path(path)} does not belong to {path}", HINT)
    try:
        unfolded = _unfolded(members, saved.members.size)
        plan = _plan_of(saved, unfolded)
        same = plan_digest(plan) == saved.digest and _members_text(plan) == unfolded
        same = same and _plan_bytes(plan, members, len(unfolded)) == text
    except (msgspec.MsgspecError, ValueError, IndexError, KeyError, TypeError, OSError, EOFError, zlib.error) as error:
        raise _fault("L010", f"the members cannot be read: {error}", members_path(path)) from None
    if not same:
        raise StalePlan(f"{path} was changed after it was written", HINT)
    return plan


def _fault(code: str, message: str, path: Path) -> InvalidInput:
    return InvalidInput([Diagnostic(code, Severity.error, message, Position(str(path)), HINT)])


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _fault("L011", f"the saved plan cannot be read: {error.strerror or error}", path) from None


def _decode(text: bytes, path: Path) -> _Saved:
    try:
        version = msgspec.json.decode(text, type=_Version).format_version
        if version != FORMAT_VERSION:
            message = f"the plan has format {version}, this version reads {FORMAT_VERSION}"
            raise _fault("L010", message, path)
        return msgspec.json.decode(text, type=_Saved)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _fault("L010", f"this is no saved plan: {error}", path) from None


def _plan_bytes(plan: Plan, members: bytes, size: int) -> bytes:
    bound = {"sha256": hashlib.sha256(members).hexdigest(), "size": size}
    return formatted({**plan_document(plan), "members": bound})


def _folded(text: bytes) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=packed, mtime=0) as file:
        file.write(text)
    return packed.getvalue()


def _members_text(plan: Plan) -> bytes:
    return b"".join(msgspec.json.encode(line, order="sorted") + b"\n" for line in _lines(plan))


def _lines(plan: Plan) -> Iterator[tuple[Any, ...]]:
    for row, operation in enumerate(plan.operations):
        for name, content in sorted(operation.members.add.items()):
            yield "add", row, name, None if content is None else _packed(content)
        for name in operation.members.remove:
            yield "remove", row, name
        for name, change in sorted(operation.members.objects.items()):
            yield "objects", row, name, change.before, change.after
    for address, record in sorted(plan.records.items()):
        yield "record", address, record.created, record.fields
        for name, value in sorted(record.members.items()):
            yield "member", address, name, value


def _packed(content: Bytes) -> tuple[Any, ...]:
    return content.ref, content.sha256, content.size, content.width, content.height, content.orientation


def _replace(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(made, 0o644)  # noqa: PTH101 - a plan is made to be handed on; mkstemp makes it private
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def _unfolded(members: bytes, size: int) -> bytes:
    """Return the text of a members file, which may not be longer than the plan says."""
    if size > LIMIT:
        raise ValueError(f"{size:,} bytes are more than a plan may have")
    with gzip.GzipFile(fileobj=io.BytesIO(members)) as file:
        text = file.read(size + 1)
    if len(text) != size:
        raise ValueError("it is not as long as the plan says")
    return text


def _plan_of(saved: _Saved, members: bytes) -> Plan:
    filled = _Filled(len(saved.operations))
    for line in members.splitlines():
        filled.take(msgspec.json.decode(line, type=list[Any]))
    operations = tuple(filled.operation(row, one) for row, one in enumerate(saved.operations))
    plan = Plan(
        target=saved.target,
        operations=operations,
        notices=saved.notices,
        blocked=saved.blocked,
        conflicts=saved.conflicts,
        refusals=saved.refusals,
        findings=tuple(map(_finding, saved.findings)),
        limits=saved.limits,
        unchanged=saved.summary["unchanged"],
        inventory_serial=saved.inventory_serial,
        fingerprints=saved.fingerprints,
        records=filled.records,
        digest=saved.digest,
    )
    return replace(plan, policy=saved.policy)


def _finding(one: _Finding) -> Diagnostic:
    where: Position | Place | None = None
    if one.position is not None and one.position.line is not None:
        where = Position(one.position.file, one.position.line, one.position.column, one.position.length)
    elif one.position is not None:
        where = Place(one.position.file, one.position.document, one.position.path)
    return Diagnostic(one.code, Severity[one.severity], one.message, where, one.hint, one.count)


class _Filled:
    """Members while their lines are read."""

    def __init__(self, operations: int) -> None:
        self.add: list[dict[str, Bytes | None]] = [{} for _ in range(operations)]
        self.remove: list[list[str]] = [[] for _ in range(operations)]
        self.objects: list[dict[str, ObjectChange]] = [{} for _ in range(operations)]
        self.records: dict[str, Record] = {}

    def take(self, line: list[Any]) -> None:
        match line:
            case ["add", int(row), str(name), None]:
                self.add[row][name] = None
            case ["add", int(row), str(name), list(content)]:
                self.add[row][name] = msgspec.convert(dict(zip(_BYTES, content, strict=True)), Bytes)
            case ["remove", int(row), str(name)]:
                self.remove[row].append(name)
            case ["objects", int(row), str(name), before, after]:
                texts = None if before is None else msgspec.convert(before, tuple[str, ...])
                self.objects[row][name] = ObjectChange(texts, msgspec.convert(after, tuple[str, ...]))
            case ["record", str(address), bool(created), dict(fields)]:
                self.records[address] = Record(created, fields, {})
            case ["member", str(address), str(name), value]:
                members: dict[str, Any] = self.records[address].members  # type: ignore[assignment]
                members[name] = msgspec.convert(value, tuple[str, ...]) if isinstance(value, list) else value
            case _:
                raise ValueError(f"a line of no known kind: {str(line)[:80]}")

    def operation(self, row: int, one: _Operation) -> Operation:
        told = self.add[row] or self.remove[row] or self.objects[row]
        counts = {"add": one.members.add, "remove": one.members.remove, "change": one.members.change} if told else {}
        members = Members(self.add[row], tuple(self.remove[row]), self.objects[row], counts)
        return Operation(one.address, one.action, one.reason, one.diff, members, one.impact, one.pre, one.needs)


_BYTES = ("ref", "sha256", "size", "width", "height", "orientation")
