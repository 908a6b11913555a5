"""A plan as a comment on a pull request: Markdown that fits a size, what matters first.

A marker (so that a bot finds its earlier comment) and the summary always stand there. What is deleted and what stands
in the way are named before anything else is; where not even the names have room, they are told in numbers, and the
room that is left goes to as many names as it holds, deletes first. The rest is folded away and cut to what room there
is. Names and texts come from files and servers: everything goes through `render.markdown`, so that none of it
breaks out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from urllib.parse import quote

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.plan import SAMPLE, Blocked, Conflict, Operation, Outcome, Plan, Refusal
from picsellia_apply.planner.words import counted
from picsellia_apply.render.brief import POINTER, brief, takes_away
from picsellia_apply.render.findings import finding_lines
from picsellia_apply.render.lines import Line
from picsellia_apply.render.markdown import code, html_text, prose
from picsellia_apply.render.obstacles import UNLIFTED, WINNERS
from picsellia_apply.render.parts import Listed, Section, fitted, joined, size
from picsellia_apply.render.text import notice_lines, operation_lines, summary_text
from picsellia_apply.render.values import value_text
from picsellia_apply.render.verdict import verdict

Missing = Literal["plan", "drift"]
"""What a comment may say that there is none of: a plan, a report of what drifted."""
LEAST_BYTES = 1_000
"""The smallest comment that may be asked for, in bytes."""
_NUMBERS = 1_000
"""Most bytes of the numbers that stand where the names have no room: the rest of the room is for names."""
_MARKED = 100
"""Longest name that stands in a marker as it is."""
_WIDTH = 160
_COLUMNS = ("", "Address", "What")
_TITLES: dict[Outcome, str] = {
    "no_changes": "no changes",
    "changes": "changes",
    "refused": "refused",
    "blocked": "blocked",
}
_NONE: dict[Missing, str] = {"plan": "### No plan", "drift": "### No drift report"}


def marker(workspace: str, of: Missing = "plan") -> str:
    """Return the first line: an HTML comment that is the same for every plan of one workspace."""
    name = quote(workspace, safe="").replace("-", "%2D")
    if len(name) > _MARKED:
        name = hashlib.sha256(workspace.encode()).hexdigest()
    return f"<!-- picsellia-apply {of} workspace={name} -->"


def render_plan_markdown(plan: Plan, *, max_bytes: int | None = None) -> str:
    """Return a plan as Markdown.

    Args:
        plan: What to show.
        max_bytes: Most bytes of UTF-8, at least `LEAST_BYTES`; None for any number.

    Returns:
        Text ended by a newline.
    """
    first = [marker(plan.target.workspace), *_head(plan)]
    lists = [one for one in (_deletes(plan), _obstacles(plan)) if one.long]
    sections = _sections(plan)
    shown: tuple[Listed | Section, ...] = (*lists, *sections)
    if max_bytes is None:
        return joined([*first, *(one.whole() for one in shown)])
    parts = [one.told() for one in shown]
    room = max_bytes - size([*first, *(part.text(0) for part in parts)])
    return joined([*first, *fitted(parts, room)]) if room >= 0 else _numbered(plan, lists, sections, max_bytes)


def _numbered(plan: Plan, lists: Sequence[Listed], sections: Sequence[Section], max_bytes: int) -> str:
    """Return a plan in numbers, which always fit, and as many names as there is room for besides."""
    short = [marker(plan.target.workspace), f"### Plan: {_TITLES[plan.outcome]}", f"**{summary_text(plan)}**"]
    heads = [[marker(plan.target.workspace), *_head(plan)], [*short, f"digest `{plan.digest}`"]]
    kept = next((head for head in heads if size([*head, POINTER]) <= max_bytes // 2), heads[-1])
    kept.append(brief(plan, min(_NUMBERS, max_bytes - size([*kept, POINTER]) - 2)))
    parts = [*(one.named() for one in lists), *(section.spared() for section in sections)]
    return joined([*kept, *fitted(parts, max_bytes - size([*kept, POINTER])), POINTER])


def render_failure_markdown(
    workspace: str,
    message: str,
    hint: str,
    diagnostics: Sequence[Diagnostic],
    *,
    max_bytes: int | None = None,
    of: Missing = "plan",
) -> str:
    """Return why there is no plan, as the comment that the plan would have been.

    Args:
        workspace: The one that was asked for, or empty.
        message: What went wrong.
        hint: What to do about it, or empty.
        diagnostics: All of them; errors stand first.
        max_bytes: As for a plan; what is never cut is short here.
        of: What there is none of.
    """
    short = _NONE[of]
    head = f"{short} of workspace {code(workspace)}" if workspace else short
    kept = [marker(workspace, of), head, f"**{prose(message)}**" + (f"<br>hint: {prose(hint)}" if hint else "")]
    errors = [one for one in diagnostics if one.severity is Severity.error]
    others = [one for one in diagnostics if one.severity is not Severity.error]
    sections = [_findings_section("error", errors), _findings_section("finding", others)]
    sections = [section for section in sections if section.rows]
    if max_bytes is None:
        return joined([*kept, *(section.whole() for section in sections)])
    parts = [section.told() for section in sections]
    least = [part.text(0) for part in parts]
    kept = kept if size([*kept, *least]) <= max_bytes else [kept[0], short]
    return joined([*kept, *fitted(parts, max_bytes - size([*kept, *least]))])


def _head(plan: Plan) -> Iterator[str]:
    target = plan.target
    title = _TITLES[plan.outcome]
    yield f"### Plan of workspace {code(target.workspace)}: {title}"
    where = "embedded lake" if target.host == "embedded" else f"{code(target.organization)} at {code(target.host)}"
    idle = plan.outcome in ("no_changes", "changes") and not plan.operations
    summary = verdict(plan) if idle else f"**{summary_text(plan)}**"
    yield f"{summary}<br>\n{where} · digest {code(plan.digest)}"
    for limit in plan.limits:
        yield f"**Limit:** {prose(limit)}"


def destroys(operation: Operation) -> bool:
    """Return whether an operation takes anything away: a thing, pictures, tags, annotation objects."""
    return operation.action == "delete" or takes_away(operation)


def _deletes(plan: Plan) -> Listed:
    lines = list(operation_lines([one for one in plan.operations if destroys(one)], _WIDTH))
    title = f"**Deletes** ({counted(len(lines), 'operation')})"
    return Listed(title, tuple(_rows(lines)), tuple(code(line.address) for line in lines), _COLUMNS)


def _obstacles(plan: Plan) -> Listed:
    long, short = (tuple(_obstacle_texts(plan, terse=terse)) for terse in (False, True))
    return Listed("**In the way**", long, short)


def _obstacle_texts(plan: Plan, *, terse: bool) -> Iterator[str]:
    yield from (_blocked(one, terse=terse) for one in plan.blocked)
    yield from (_conflict(one, terse=terse) for one in plan.conflicts)
    yield from (_refusal(one, terse=terse) for one in plan.refusals)


def _blocked(one: Blocked, *, terse: bool) -> str:
    head = f"**blocked** {code(one.address)} {prose(one.message)} [{html_text(one.rule)}]"
    if terse:
        return head
    hint = f"<br>hint: {prose(one.hint)}" if one.hint else ""
    return f"{head}{_sample(one.names[:SAMPLE], len(one.names))}{hint}"


def _conflict(one: Conflict, *, terse: bool) -> str:
    head = f"**conflict** {code(one.address)} {code(one.field)} was changed in the manifest and on the platform"
    if terse:
        return head
    sides = (("last applied", one.base), ("manifest", one.desired), ("platform", one.observed))
    values = ", ".join(f"{side} {code(value_text(value))}" for side, value in sides)
    flags = (f"to let the {who} win: {code(f'--prefer {side}:{one.address}')}" for who, side in WINNERS)
    return "<br>".join([head, values, *flags])


def _refusal(one: Refusal, *, terse: bool) -> str:
    first, *more = one.message.split("\n")
    head = f"**refused** {code(one.address)} {prose(first)} [{html_text(one.rule)}]"
    if terse:
        return head
    lifting = f"to allow just this: {code(one.flag)}" if one.flag else UNLIFTED
    return "<br>".join([head, *map(html_text, more), lifting])


def _sections(plan: Plan) -> list[Section]:
    """Return what is folded away and holds anything."""
    others = [one for one in plan.operations if not destroys(one)]
    graver = [one for one in plan.findings if one.severity is not Severity.note]
    notes = [one for one in plan.findings if one.severity is Severity.note]
    sections = (
        Section(counted(len(others), "operation"), tuple(_rows(operation_lines(others, _WIDTH))), _COLUMNS),
        Section(
            f"{counted(len(plan.notices), 'notice')}: seen and left alone", tuple(_rows(notice_lines(plan))), _COLUMNS
        ),
        _findings_section("finding", graver),
        _findings_section("note about the input", notes),
    )
    return [one for one in sections if one.rows]


def _findings_section(noun: str, findings: Sequence[Diagnostic]) -> Section:
    first, *rest = noun.split(" ", 1)
    title = counted(len(findings), noun, " ".join([f"{first}s", *rest]))
    rows = []
    for line in finding_lines(findings, notes=True):
        below = "".join(f"<br>{prose(one)}" for one in line.below)
        rows.append(f"| {line.mark} | {prose(line.address)}{below} |")
    return Section(title, tuple(rows), ("", "What"))


def _rows(lines: Iterable[Line]) -> Iterator[str]:
    """Yield the rows of a table, escaped."""
    for line in lines:
        parts = (line.text, *line.fields, line.reason)
        text = " · ".join(prose(part) for part in parts if part) + _sample(line.names, line.total)
        below = "".join(f"<br>{prose(one)}" for one in line.below)
        yield f"| {line.mark} {line.verb} | {code(line.address)} | {text.strip()}{below} |"


def _sample(names: Sequence[str], total: int) -> str:
    if not names:
        return ""
    more = f", and {total - len(names):,} more" if total > len(names) else ""
    return f" ({', '.join(map(code, names))}{more})"
