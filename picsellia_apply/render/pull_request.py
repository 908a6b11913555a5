"""A plan as a comment on a pull request: Markdown that fits a size, what matters first.

A marker (so that a bot finds its earlier comment), the summary, what is deleted, and what stands in the way are never
cut, though told in numbers alone where they have no room; the rest is folded away and cut to what room there is. Names
and texts come from files and servers: everything goes through `render.markdown`, so that none of it breaks out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.plan import SAMPLE, Blocked, Conflict, Operation, Outcome, Plan, Refusal
from picsellia_apply.planner.words import counted
from picsellia_apply.render.brief import POINTER, brief, takes_away
from picsellia_apply.render.findings import finding_lines
from picsellia_apply.render.lines import Line
from picsellia_apply.render.markdown import code, details, html_text, prose, table
from picsellia_apply.render.obstacles import UNLIFTED, WINNERS
from picsellia_apply.render.text import notice_lines, operation_lines, summary_text
from picsellia_apply.render.values import value_text
from picsellia_apply.render.verdict import verdict

LEAST_BYTES = 1_000
"""The smallest comment that may be asked for, in bytes."""
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


def marker(workspace: str) -> str:
    """Return the first line: an HTML comment that is the same for every plan of one workspace."""
    name = quote(workspace, safe="").replace("-", "%2D")
    if len(name) > _MARKED:
        name = hashlib.sha256(workspace.encode()).hexdigest()
    return f"<!-- picsellia-apply plan workspace={name} -->"


def render_plan_markdown(plan: Plan, *, max_bytes: int | None = None) -> str:
    """Return a plan as Markdown.

    Args:
        plan: What to show.
        max_bytes: Most bytes of UTF-8, at least `LEAST_BYTES`; None for any number.

    Returns:
        Text ended by a newline.
    """
    details_of = [section for section in _sections(plan) if section.rows]
    room, first = max_bytes, [marker(plan.target.workspace), *_head(plan)]
    for terse in (False, True):
        kept = [*first, *_deletes(plan, terse=terse), *_obstacles(plan, terse=terse)]
        if max_bytes is None:
            return _joined([*kept, *(section.whole() for section in details_of)])
        stubs = [section.stub() for section in details_of]
        room = max_bytes - len(_joined([*kept, *stubs]).encode())
        if room >= 0:
            return _joined([*kept, *_fitted(details_of, room)])
    return _brief(plan, max_bytes or LEAST_BYTES)


def _brief(plan: Plan, max_bytes: int) -> str:
    """Return a plan in numbers, which always fit."""
    short = [marker(plan.target.workspace), f"### Plan: {_TITLES[plan.outcome]}", f"**{summary_text(plan)}**"]
    heads = [[marker(plan.target.workspace), *_head(plan)], [*short, f"digest `{plan.digest}`"]]
    kept = next((head for head in heads if len(_joined([*head, POINTER]).encode()) <= max_bytes // 2), heads[-1])
    room = max_bytes - len(_joined([*kept, "", POINTER]).encode())
    return _joined([*kept, *filter(None, [brief(plan, room)]), POINTER])


def render_failure_markdown(
    workspace: str, message: str, hint: str, diagnostics: Sequence[Diagnostic], *, max_bytes: int | None = None
) -> str:
    """Return why there is no plan, as the comment that the plan would have been.

    Args:
        workspace: The one that was asked for, or empty.
        message: What went wrong.
        hint: What to do about it, or empty.
        diagnostics: All of them; errors stand first.
        max_bytes: As for a plan; what is never cut is short here.
    """
    head = f"### No plan of workspace {code(workspace)}" if workspace else "### No plan"
    kept = [marker(workspace), head, f"**{prose(message)}**" + (f"<br>hint: {prose(hint)}" if hint else "")]
    errors = [one for one in diagnostics if one.severity is Severity.error]
    others = [one for one in diagnostics if one.severity is not Severity.error]
    sections = [_findings_section("error", errors), _findings_section("finding", others)]
    sections = [section for section in sections if section.rows]
    if max_bytes is None:
        return _joined([*kept, *(section.whole() for section in sections)])
    room = max_bytes - len(_joined([*kept, *(section.stub() for section in sections)]).encode())
    return _joined([*kept, *_fitted(sections, room)]) if room >= 0 else _joined([kept[0], "### No plan"])


def _joined(blocks: Sequence[str]) -> str:
    return "\n\n".join(blocks) + "\n"


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


def _deletes(plan: Plan, *, terse: bool) -> Iterator[str]:
    deletes = [one for one in plan.operations if destroys(one)]
    if not deletes:
        return
    lines = list(operation_lines(deletes, _WIDTH))
    yield f"**Deletes** ({counted(len(deletes), 'operation')})"
    yield ", ".join(code(line.address) for line in lines) if terse else _table(tuple(_rows(lines)))


def _obstacles(plan: Plan, *, terse: bool) -> Iterator[str]:
    items = [
        *(_blocked(one, terse=terse) for one in plan.blocked),
        *(_conflict(one, terse=terse) for one in plan.conflicts),
        *(_refusal(one, terse=terse) for one in plan.refusals),
    ]
    if items:
        yield "**In the way**"
        yield "\n".join(f"- {item}" for item in items)


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


@dataclass(frozen=True, slots=True)
class _Section:
    """Something that is folded away, and cut row by row.

    Attributes:
        title: Of ours, without a name of others.
        rows: Of its table.
        head: Names of its columns.
    """

    title: str
    rows: tuple[str, ...]
    head: tuple[str, ...] = _COLUMNS

    def whole(self) -> str:
        return details(self.title, _table(self.rows, self.head))

    def stub(self) -> str:
        return f"_{self.title}: left out for want of room_"

    def cut(self, count: int) -> str:
        left = len(self.rows) - count
        return details(self.title, f"{_table(self.rows[:count], self.head)}\n\n_and {left:,} more_")


def _sections(plan: Plan) -> Iterator[_Section]:
    others = [one for one in plan.operations if not destroys(one)]
    yield _Section(f"{counted(len(others), 'operation')}", tuple(_rows(operation_lines(others, _WIDTH))))
    notices = tuple(_rows(notice_lines(plan)))
    yield _Section(f"{counted(len(plan.notices), 'notice')}: seen and left alone", notices)
    graver = [one for one in plan.findings if one.severity is not Severity.note]
    yield _findings_section("finding", graver)
    yield _findings_section("note about the input", [one for one in plan.findings if one.severity is Severity.note])


def _findings_section(noun: str, findings: Sequence[Diagnostic]) -> _Section:
    first, *rest = noun.split(" ", 1)
    title = counted(len(findings), noun, " ".join([f"{first}s", *rest]))
    rows = []
    for line in finding_lines(findings, notes=True):
        below = "".join(f"<br>{prose(one)}" for one in line.below)
        rows.append(f"| {line.mark} | {prose(line.address)}{below} |")
    return _Section(title, tuple(rows), ("", "What"))


def _fitted(sections: Sequence[_Section], room: int) -> Iterator[str]:
    """Yield the sections in `room` bytes more than all of their stubs take: the first ones get what they need."""
    for section in sections:
        room += len(section.stub().encode())
        text = _largest(section, room)
        room -= len(text.encode())
        yield text


def _largest(section: _Section, room: int) -> str:
    """Return as much of a section as there is room for, at least its stub."""
    whole = section.whole()
    if len(whole.encode()) <= room:
        return whole
    sizes = [len(row.encode()) + 1 for row in section.rows]
    used, count = len(section.cut(0).encode()), 0
    while count < len(sizes) and used + sizes[count] <= room:
        used += sizes[count]
        count += 1
    return section.cut(count) if count else section.stub()


def _table(rows: Sequence[str], head: Sequence[str] = _COLUMNS) -> str:
    return "\n".join([table(head, ()), *rows])


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
