"""What people changed on the platform, for a terminal and as JSON; as Markdown see `render.issue`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from picsellia_apply.model.drift import FATES, FORMAT_VERSION, Drift, DriftReport, ObjectCounts
from picsellia_apply.model.plan import SAMPLE, FieldChange
from picsellia_apply.planner.words import agreeing, counted
from picsellia_apply.render.json import formatted
from picsellia_apply.render.lines import Line, colored, render_lines
from picsellia_apply.render.values import change_text, value_text
from picsellia_apply.source import Position

_LABELS_SHOWN = 8
_BELOW = 6
_KINDS = {"decision": "conflict", "blocked": "blocked", "reverted": "drift", "kept": "drift"}
MEANINGS = {
    "decision": "need a decision",
    "blocked": "cannot be set back",
    "reverted": "set back by the next apply",
    "kept": "left so by the next apply",
}
"""What each fate means, for a summary."""
WAYS = {"reverted": "to keep it", "kept": "to adopt it", "blocked": "to settle it", "decision": "to settle it"}
"""What changing the manifests does, by fate."""
DOUBT = "if something was applied before, the workspace's name is mistyped, or its inventory was not kept"
"""What to think of where nothing was applied yet."""
_EXPORT = "picsellia-apply export"
_THEN = "; then "
"""What stands between the two steps of a change that takes a command and an edit: each gets a line."""


def render_drift_text(
    report: DriftReport,
    *,
    heading: str,
    again: Sequence[str],
    where: Sequence[str] = (),
    color: bool = False,
    width: int = 120,
) -> str:
    """Return a report as a terminal shows it.

    Args:
        report: What to show.
        heading: The line above it.
        again: What a command that settles something needs besides: paths, platform, workspace.
        where: What an export needs besides, which reads no manifest: the platform.
        color: Whether ANSI colours are wanted; everything is readable without.
        width: Columns of the terminal.

    Returns:
        Text without a final newline.
    """
    lines = [_line(one, again, where, width) for one in sorted(report.drifts, key=_rank)]
    lines += [Line("·", "limit", "unseen", one) for one in report.unseen]
    rows = [heading, *render_lines(lines, color=color, width=width)]
    rows.append(colored(closing(report), "done", color=color and not report.drifts))
    if report.refused and report.drifts:
        rows.append(f"The next apply is refused as it is: {'; '.join(report.refused)} (`picsellia-apply plan`)")
    return "\n".join(rows)


def _rank(one: Drift) -> tuple[bool, int, str]:
    """Return what sorts conflicts last, apart from what only the platform changed."""
    return one.both, FATES.index(one.fate), one.address


def closing(report: DriftReport) -> str:
    """Return the report in a sentence."""
    if not report.applied:
        return f"Nothing was applied yet from workspace {report.target.workspace}: there is nothing to compare with."
    compared = counted(report.compared, "address", "addresses")
    if not report.drifts:
        return f"No drift. {compared} of the manifests {agreeing(report.compared, 'is', 'are')} as last applied."
    counts = report.summary
    fates = ", ".join(f"{counts[fate]:,} {fate_word(fate, counts[fate])}" for fate in FATES if counts[fate])
    where = f"{counted(len(report.drifts), 'change')} at {counts['addresses']:,} of {compared}"
    return f"Drift: {where}: {fates}"


def fate_word(fate: str, count: int) -> str:
    """Return a fate as a summary says it."""
    return "needs a decision" if fate == "decision" and count == 1 else MEANINGS[fate] if fate != "kept" else "kept"


def _line(one: Drift, again: Sequence[str], where: Sequence[str], width: int) -> Line:
    room = width - _BELOW
    told = one.what == "fields" and one.fate != "decision"
    reason = f"({one.reason})" if one.reason else ""
    return Line(
        mark="x" if one.fate in ("decision", "blocked") else "?",
        kind=_KINDS[one.fate],
        verb="conflict" if one.both else one.fate,
        address=one.address,
        text="" if told else f"{one.message} {reason}".rstrip(),
        fields=tuple(_change(change, room) for change in one.changes) if told else (),
        reason=reason if told else "",
        names=one.names[:SAMPLE],
        total=len(one.names),
        named=True,
        below=(*_labels(one), *_sides(one, room), *_ways(one, again, where)),
    )


def _change(change: FieldChange, room: int) -> str:
    return f"{change.field} {change_text(change.before, change.after, room - len(change.field) - 1)}"


def _labels(one: Drift) -> Iterator[str]:
    for row, ((label, kind), counts) in enumerate(one.labels.items()):
        if row == _LABELS_SHOWN:
            yield f"and {len(one.labels) - row:,} more labels"
            return
        yield f"{label} {kind}: {signed(counts)}"


def signed(counts: ObjectCounts) -> str:
    """Return counts as a plan writes them: `+3, ~1, -2`."""
    parts = ((counts.added, "+"), (counts.changed, "~"), (counts.removed, "-"))
    return ", ".join(f"{sign}{count:,}" for count, sign in parts if count)


def _sides(one: Drift, room: int) -> Iterator[str]:
    """Yield the three sides of a field that a person must decide."""
    if one.fate != "decision":
        return
    for change in one.changes:
        yield f"{change.field}: last applied {value_text(change.before, room - 40)}"
        yield f"{' ' * len(change.field)}  platform now {value_text(change.after, room - 40)}"
    for name, wanted in one.desired.items():
        yield f"{' ' * len(name)}  manifest now {value_text(wanted, room - 40)}"


def _ways(one: Drift, again: Sequence[str], where: Sequence[str]) -> Iterator[str]:
    yield from (settling(words, again) for words in one.commands)
    if one.adopt:
        place = f" ({one.place})" if isinstance(one.place, Position) else ""
        first, then, second = adopting(one, where).partition(_THEN)
        yield f"{WAYS[one.fate]}: {first}{'' if then else place}"
        yield from [f"{then.removeprefix('; ')}{second}{place}"] if then else []


def adopting(one: Drift, where: Sequence[str]) -> str:
    """Return what makes the manifests say what the platform has; an export in it is told which platform."""
    return one.adopt.replace(_EXPORT, shlex.join([*_EXPORT.split(), *where]), 1)


def settling(words: Sequence[str], again: Sequence[str]) -> str:
    """Return the command that settles something, quoted for a shell."""
    return shlex.join(["picsellia-apply", words[0], *again, *words[1:]])


def drift_to_json(report: DriftReport) -> bytes:
    """Return a report as canonical JSON, ended by a newline; every name is listed."""
    return formatted(
        {
            "format_version": FORMAT_VERSION,
            "target": report.target,
            "outcome": "drift" if report.drifts else "no_drift" if report.applied else "nothing_applied",
            "summary": {**report.summary, "compared": report.compared},
            "drift": [_document(one) for one in report.only_remote],
            "conflicts": [_document(one) for one in report.conflicts],
            "unseen": report.unseen,
            "refused": report.refused,
            "inventory_serial": report.applied,
        }
    )


def _document(one: Drift) -> dict[str, Any]:
    place = one.place if isinstance(one.place, Position) else None
    return {
        "address": one.address,
        "what": one.what,
        "message": one.message,
        "next_apply": one.fate,
        "reason": one.reason,
        "changes": one.changes,
        "manifest": one.desired,
        "names": one.names,
        "labels": [{"name": name, "type": kind, **_counts(counts)} for (name, kind), counts in one.labels.items()],
        "pictures": {name: _counts(counts) for name, counts in one.pictures.items()},
        "adopt": one.adopt,
        "commands": one.commands,
        "declared": None if place is None else {"file": place.file, "line": place.line, "column": place.column},
    }


def _counts(counts: ObjectCounts) -> dict[str, int]:
    return {"added": counts.added, "changed": counts.changed, "removed": counts.removed}
