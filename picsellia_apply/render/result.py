"""The result of an apply for people: what was done, what failed and why, and how to go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from picsellia_apply.model.result import OperationResult, Result
from picsellia_apply.planner.words import counted, size_text
from picsellia_apply.render.lines import Line, colored, listed, render_lines

COMPLETE = ("done", "already")
"""Statuses of operations that need nothing more."""
_MARKS = {"done": "+", "already": "=", "failed": "x", "skipped": "-", "interrupted": "-"}
_FAILURES_SHOWN = 20


def render_result_text(result: Result, *, color: bool = False) -> str:
    """Return a result as a terminal shows it: only what went wrong is listed, all is counted.

    Args:
        result: Of an apply.
        color: Whether ANSI colours are wanted.

    Returns:
        Text without a final newline.
    """
    open_ends = [one for one in result.operations if one.status not in COMPLETE]
    rows = render_lines([result_line(alike) for alike in grouped(open_ends)], color=color)
    rows.append(colored(_summary(result), "done" if result.complete else "failed", color=color))
    if not result.complete:
        rows.append("Run the same command again to finish the rest; what was done is not done again.")
    return "\n".join(rows)


def grouped(results: Iterable[OperationResult]) -> list[list[OperationResult]]:
    """Return the results, those of the labels of one version that ended alike together, at the place of the first."""
    groups: dict[tuple[str, ...], list[OperationResult]] = {}
    for one in results:
        groups.setdefault((one.action, group_of(one.address), one.status, one.error), []).append(one)
    return list(groups.values())


def group_of(address: str) -> str:
    """Return what an operation is told under: all labels of one version together, everything else alone."""
    return f"label/{address.split('/')[1]}/*" if address.startswith("label/") else address


def result_line(alike: Sequence[OperationResult]) -> Line:
    """Return the line of operations that ended alike."""
    first = alike[0]
    failures = [f"{name}: {reason}" for one in alike for name, reason in sorted(one.failures.items())]
    several = len(alike) > 1
    return Line(
        mark=_MARKS[first.status],
        kind=first.status,
        verb=first.status,
        address=group_of(first.address) if several else first.address,
        text="   ".join(filter(None, (counted(len(alike), "label") if several else "", _reason(first)))),
        below=listed(failures, _FAILURES_SHOWN),
    )


def _reason(one: OperationResult) -> str:
    if one.error or one.status != "interrupted":
        return one.error
    return f"stopped; {one.done:,} of its members are done" if one.done else "not begun"


def _summary(result: Result) -> str:
    return " · ".join(_parts(result))


def _parts(result: Result) -> Iterator[str]:
    counts = Counter(one.status for one in result.operations)
    shown = [f"{counts[status]:,} {status}" for status in ("done", "already", "failed", "skipped", "interrupted")]
    head = "Applied" if result.complete else "Partly applied"
    yield f"{head}: {', '.join(part for part in shown if not part.startswith('0 ')) or 'nothing to do'}"
    sent = sum(one.bytes_sent for one in result.operations)
    if sent:
        yield f"{size_text(sent)} sent"
    yield f"{counted(result.requests, 'request')}, {result.seconds:.1f} s"
