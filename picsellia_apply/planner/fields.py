"""Fields three ways: the manifest, the platform, and what was last applied.

manifest = platform                      nothing
only the manifest moved                  update
only the platform moved                  update, reason `drift: ...`
both moved, apart                        conflict, until a person decides: `--prefer manifest|remote:ADDRESS`
never applied by us                      update, reason `adopt: ...`
a person preferred the platform's        nothing, as long as neither side moves again
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from picsellia_apply.model.annotation import canonical_json
from picsellia_apply.model.inventory import SETTLED
from picsellia_apply.model.plan import Conflict, FieldChange, Notice
from picsellia_apply.planner.case import Case
from picsellia_apply.planner.prefer import Side
from picsellia_apply.planner.words import agreeing

UNORDERED = frozenset({"tag"})
"""Fields whose lists are sets."""


@dataclass(frozen=True, slots=True)
class FieldsFound:
    """What differs.

    Attributes:
        changes: Fields to write, with a path inside where only a part of a field differs.
        before: Those fields, whole, as they are now.
        reason: Why they are written.
        conflicts: Fields that nobody may write.
        kept: Fields that stay as they are on the platform, since a person said so: name, the manifest's value, theirs.
    """

    changes: tuple[FieldChange, ...] = ()
    before: tuple[tuple[str, Any], ...] = ()
    reason: str = ""
    conflicts: tuple[Conflict, ...] = ()
    kept: tuple[tuple[str, Any, Any], ...] = ()


def compare_fields(case: Case, observed: Mapping[str, Any], side: Side | None) -> FieldsFound:
    """Compare the managed fields of one address.

    Args:
        case: Its desired fields are compared.
        observed: The platform's.
        side: Who wins where both moved; `remote` also keeps what only the platform moved.
    """
    changed: list[str] = []
    drifted: list[str] = []
    adopted: list[str] = []
    conflicts: list[Conflict] = []
    kept: list[tuple[str, Any, Any]] = []
    base = case.record.fields if case.record is not None else {}
    settled = base.get(SETTLED, {})
    for name, wanted in sorted(case.desired.fields.items()):
        there = observed.get(name)
        if same(name, wanted, there):
            continue
        if name not in base:
            adopted.append(name)
        elif _stays(name, side, base[name], wanted, there, settled):
            kept.append((name, wanted, there))
        elif same(name, base[name], wanted):
            drifted.append(name)
        elif same(name, base[name], there) or side == "manifest":
            changed.append(name)
        else:
            conflicts.append(Conflict(case.text, name, base[name], wanted, there))
    names = sorted(changed + drifted + adopted)
    changes = tuple(part for name in names for part in explained(name, observed.get(name), case.desired.fields[name]))
    before = tuple((name, observed.get(name)) for name in names)
    return FieldsFound(changes, before, _reason(changed, drifted, adopted), tuple(conflicts), tuple(kept))


def _stays(name: str, side: Side | None, base: Any, wanted: Any, there: Any, settled: Mapping[str, Any]) -> bool:  # noqa: PLR0917 - three sides
    """Return whether a field that differs stays as it is on the platform, by this command line or an earlier one."""
    if side == "remote":
        return not same(name, base, there) or name in settled
    return side is None and name in settled and same(name, base, there) and same(name, settled[name], wanted)


def applied_fields(case: Case, found: FieldsFound) -> dict[str, Any]:
    """Return the fields of the record once the changes were made.

    Those in conflict keep their base; of those that stay as they are on the platform that value is the base.
    """
    fields = {**case.desired.fields, **{conflict.field: conflict.base for conflict in found.conflicts}}
    fields |= {name: there for name, _, there in found.kept}
    return fields | ({SETTLED: {name: wanted for name, wanted, _ in found.kept}} if found.kept else {})


def kept_notices(case: Case, found: FieldsFound) -> tuple[Notice, ...]:
    """Return the notice about fields that a person left as they are on the platform."""
    if not found.kept:
        return ()
    names = ", ".join(name for name, _, _ in found.kept)
    differ = agreeing(len(found.kept), "differs", "differ")
    message = f"{names} {differ} from the manifest: kept as on the platform (preferred)"
    return (Notice("drift", case.text, message),)


def _reason(changed: list[str], drifted: list[str], adopted: list[str]) -> str:
    reasons = []
    if changed:
        reasons.append("the manifest changed")
    if drifted:
        reasons.append(f"drift: {', '.join(drifted)} changed on the platform")
    if adopted:
        reasons.append(f"adopt: {', '.join(adopted)} differs from the manifest")
    return "; ".join(reasons)


def same(name: str, one: Any, other: Any) -> bool:
    """Return whether two values of a field are equal: 8 equals 8.0, a list a tuple, null an empty one."""
    if one == other:
        return True
    if _is_empty(one) or _is_empty(other):
        return _is_empty(one) and _is_empty(other)
    if name in UNORDERED:
        return sorted(one) == sorted(other)
    return canonical_json(one) == canonical_json(other)


def _is_empty(value: Any) -> bool:
    """Return whether a value says nothing: a platform may answer an emptied text with null."""
    return value is None or value in ("", [], {}, ())


def explained(name: str, before: Any, after: Any) -> Iterator[FieldChange]:
    """Yield what differs inside a field: map keys and list indexes as a path after the name, else the field whole."""
    if name in UNORDERED or not (isinstance(before, (dict, list)) and type(before) is type(after)):
        yield FieldChange(name, before, after)
        return
    from deepdiff import DeepDiff
    from deepdiff.helper import NotPresent

    found = DeepDiff(before, after, view="tree", ignore_numeric_type_changes=True)
    levels = sorted((level for kind in found.values() for level in kind), key=lambda level: str(level.path()))
    for level in levels:
        path = ".".join(str(step) for step in level.path(output_format="list"))
        sides = (None if isinstance(side, NotPresent) else side for side in (level.t1, level.t2))
        yield FieldChange(f"{name}.{path}" if path else name, *sides)
