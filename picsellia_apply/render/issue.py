"""What people changed on the platform, as Markdown: a title line and a body that an issue tracker takes as it is.

The same drift gives the same bytes, so that a job can tell whether an issue has to be written again. Whatever a server
or a file calls something is shown as code and can do nothing else, see `render.markdown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from picsellia_apply.model.drift import FATES, Drift, DriftReport, ObjectCounts
from picsellia_apply.planner.words import counted
from picsellia_apply.render.drift import DOUBT, MEANINGS, WAYS, adopting, closing, settling
from picsellia_apply.render.markdown import (
    Block,
    body,
    code,
    command,
    details,
    html_code,
    html_text,
    prose,
    table,
)
from picsellia_apply.render.values import value_text
from picsellia_apply.source import Position

_NAMES_SHOWN = 20
_VALUE = 150
_INVITATION = "`picsellia-apply drift` shows all of it"


def render_drift_markdown(
    report: DriftReport, *, again: Sequence[str], where: Sequence[str] = (), max_bytes: int | None = None
) -> str:
    """Return a report as a body for an issue.

    Args:
        report: What to show.
        again: What a command that settles something needs besides: paths, platform, workspace.
        where: What an export needs besides: the platform.
        max_bytes: Most bytes of UTF-8: details are cut first, the title and the summary never.

    Returns:
        Text ended by a newline; its first line is a heading that can be the issue's title.
    """
    blocks = [Block(_title(report), keep=True), Block(_summary(report), keep=True)]
    blocks += _sections(report.only_remote, again, where)
    if report.conflicts:
        blocks.append(Block("## Changed on both sides\n\nThe manifests changed these as well since the last apply."))
        blocks += _sections(report.conflicts, again, where)
    blocks += [Block(one) for one in _limits(report)]
    return body(blocks, max_bytes=max_bytes, left_out=f"{{n}} more parts are left out: {_INVITATION}")


def _title(report: DriftReport) -> str:
    target = report.target
    where = "the embedded lake" if target.host == "embedded" else f"{code(target.organization)} at {code(target.host)}"
    return f"# Drift: workspace {code(target.workspace)} on {where}"


def _summary(report: DriftReport) -> str:
    said = prose(closing(report)) + "."
    if not report.applied:
        return f"**{said.replace('..', '.')}** {prose(DOUBT[:1].upper() + DOUBT[1:])}."
    if not report.drifts:
        return said.replace("..", ".")
    rows = []
    for fate in FATES:
        found = [one for one in report.drifts if one.fate == fate]
        if found:
            rows.append((MEANINGS[fate], f"{len(found):,}", f"{len({one.address for one in found}):,}"))
    return f"{said}\n\n{table(('What happens', 'Changes', 'Addresses'), rows, right=(1, 2))}"


def _sections(drifts: Sequence[Drift], again: Sequence[str], where: Sequence[str]) -> Iterator[Block]:
    for address in dict.fromkeys(one.address for one in drifts):
        yield _section(address, [one for one in drifts if one.address == address], again, where)


def _section(address: str, drifts: Sequence[Drift], again: Sequence[str], where: Sequence[str]) -> Block:
    head = f"### {code(address)}"
    short = "\n".join([head, "", *(f"- {_sentence(one)}" for one in drifts)])
    parts = [head]
    for one in drifts:
        parts.append(_sentence(one))
        parts += _inside(one)
        parts += [command(settling(words, again)) for words in one.commands]
        if one.adopt:
            place = f" ({code(str(one.place))})" if isinstance(one.place, Position) else ""
            parts.append(f"{WAYS[one.fate].capitalize()}: {prose(adopting(one, where))}{place}")
    return Block("\n\n".join(parts), short=short)


_NEXT = {
    "reverted": "**The next apply sets it back**",
    "kept": "**The next apply leaves it so**",
    "blocked": "**The next apply cannot set it back**",
    "decision": "**It needs a decision**: neither side is written until then",
}


def _sentence(one: Drift) -> str:
    reason = f" ({prose(one.reason)})" if one.reason else ""
    return f"{prose(one.message[:1].upper() + one.message[1:])}. {_NEXT[one.fate]}{reason}."


def _inside(one: Drift) -> Iterator[str]:
    if one.changes:
        yield details(_fields_title(one), _fields(one))
    if one.labels:
        rows = [(code(name), code(kind), *_cells(counts)) for (name, kind), counts in one.labels.items()]
        shown = table(("Label", "Type", "Added", "Changed", "Removed"), rows, right=(2, 3, 4))
        yield details(html_text(counted(len(rows), "label")), shown)
    if one.pictures:
        yield details(html_text(counted(len(one.pictures), "picture")), _pictures(one.pictures))
    elif one.names:
        yield details(_names_title(one.names), _names(one.names))


def _fields_title(one: Drift) -> str:
    return html_text(counted(len(one.changes), "field"))


def _fields(one: Drift) -> str:
    head = ["Field", "Last applied", "Platform"]
    rows = [[code(change.field), _value(change.before), _value(change.after)] for change in one.changes]
    if one.both:
        head.append("Manifest")
        for row, change in zip(rows, one.changes, strict=True):
            row.append(_value(one.desired.get(change.field, one.desired.get(change.field.partition(".")[0]))))
    return table(head, rows)


def _value(value: object) -> str:
    return code(value_text(value, _VALUE))


def _cells(counts: ObjectCounts) -> tuple[str, str, str]:
    return f"{counts.added:,}", f"{counts.changed:,}", f"{counts.removed:,}"


def _pictures(pictures: Mapping[str, ObjectCounts]) -> str:
    shown = list(pictures.items())[:_NAMES_SHOWN]
    rows = [(code(name), *_cells(counts)) for name, counts in shown]
    return table(("Picture", "Added", "Changed", "Removed"), rows, right=(1, 2, 3)) + _more(len(pictures))


def _names_title(names: Sequence[str]) -> str:
    return html_code(names[0]) + (html_text(f" and {len(names) - 1:,} more") if len(names) > 1 else "")


def _names(names: Sequence[str]) -> str:
    return "\n".join(f"- {code(name)}" for name in names[:_NAMES_SHOWN]) + _more(len(names))


def _more(count: int) -> str:
    return f"\n\nand {count - _NAMES_SHOWN:,} more" if count > _NAMES_SHOWN else ""


def _limits(report: DriftReport) -> Iterator[str]:
    if report.unseen:
        yield "\n".join(["## Not seen", "", *(f"- {prose(one)}" for one in report.unseen)])
    if report.refused and report.drifts:
        refused = "\n".join(f"- {prose(one)}" for one in report.refused)
        yield f"## The next apply is refused as it is\n\n{refused}\n\n`picsellia-apply plan` shows why."
