"""A saved plan put together again from its two files; what makes no sense is a ValueError, LookupError or TypeError."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
from msgspec import UNSET

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import Blocked, Bytes, Members, Notice, ObjectChange, Operation, Plan
from picsellia_apply.render import form
from picsellia_apply.source import Place, Position

_BYTES = ("ref", "sha256", "size", "width", "height", "orientation")
_VALUES = str | list[str] | None


def filled(saved: form.Plan, members: bytes) -> Plan:
    """Return the plan.

    Args:
        saved: What `plan.json` says.
        members: The text of its members file.
    """
    lines = _Lines(saved)
    for line in members.splitlines():
        lines.take(msgspec.json.decode(line, type=list[Any]))
    plan = Plan(
        target=saved.target,
        operations=tuple(lines.operation(row, one) for row, one in enumerate(saved.operations)),
        notices=tuple(
            Notice(one.kind, one.address, one.message, tuple(lines.noticed[row]))
            for row, one in enumerate(saved.notices)
        ),
        blocked=tuple(
            Blocked(one.address, one.rule, one.message, tuple(lines.blocked[row]), one.hint)
            for row, one in enumerate(saved.blocked)
        ),
        conflicts=saved.conflicts,
        refusals=saved.refusals,
        recorded=saved.recorded,
        policies=saved.policies,
        findings=tuple(map(_finding, saved.findings)),
        limits=saved.limits,
        unchanged=saved.summary.unchanged,
        inventory_serial=saved.inventory_serial,
        fingerprints=saved.fingerprints,
        records=lines.records,
        digest=saved.digest,
        policy=saved.policy,
        variables=saved.variables,
    )
    _check_addresses(plan)
    return plan


def _check_addresses(plan: Plan) -> None:
    """See to it that everything that is called an address is one."""
    parts = ((one.address for one in some) for some in (plan.operations, plan.blocked, plan.conflicts))
    for address in itertools.chain(*parts, plan.records, plan.recorded):
        parse_address(address)


def _finding(one: form.Finding) -> Diagnostic:
    return Diagnostic(one.code, Severity[one.severity], one.message, _where(one.position), one.hint, one.count)


def _where(one: form.Position | None) -> Position | Place | None:
    if one is None:
        return None
    if one.line is not UNSET:
        column, length = (0 if value is UNSET else value for value in (one.column, one.length))
        return Position(one.file, one.line, column, length)  # type: ignore[arg-type]
    document, path = 0 if one.document is UNSET else one.document, () if one.path is UNSET else one.path
    return Place(one.file, document, path)


class _Lines:
    """Members while their lines are read."""

    def __init__(self, saved: form.Plan) -> None:
        self.add: list[dict[str, Bytes | None]] = [{} for _ in saved.operations]
        self.remove: list[list[str]] = [[] for _ in saved.operations]
        self.objects: list[dict[str, ObjectChange]] = [{} for _ in saved.operations]
        self.noticed: list[list[str]] = [[] for _ in saved.notices]
        self.blocked: list[list[str]] = [[] for _ in saved.blocked]
        self.records: dict[str, Record] = {}

    def take(self, line: list[Any]) -> None:
        """Take one line."""
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
            case ["notice", int(row), str(name)]:
                self.noticed[row].append(name)
            case ["blocked", int(row), str(name)]:
                self.blocked[row].append(name)
            case ["record", str(address), bool(created), dict(fields), *protected] if protected in ([], [True]):
                self.records[address] = Record(created, fields, {}, bool(protected))
            case ["member", str(address), str(name), value]:
                members: dict[str, Any] = self.records[address].members  # type: ignore[assignment]
                members[name] = _member(value)
            case _:
                raise ValueError(f"a line of no known kind: {str(line)[:80]}")

    def operation(self, row: int, one: form.Operation) -> Operation:
        """Return an operation with its members."""
        told = self.add[row] or self.remove[row] or self.objects[row]
        counts = {"add": one.members.add, "remove": one.members.remove, "change": one.members.change} if told else {}
        members = Members(self.add[row], tuple(self.remove[row]), self.objects[row], counts)
        pre = {name: value for name in form.Pre.__struct_fields__ if (value := getattr(one.pre, name)) is not UNSET}
        return Operation(one.address, one.action, one.reason, one.diff, members, one.impact, pre, one.needs)


def _member(value: Any) -> str | tuple[str, ...] | None:
    """Return what a record says of a member: a digest, the texts of objects, or nothing."""
    found = msgspec.convert(value, _VALUES)
    return tuple(found) if isinstance(found, list) else found
