"""The result of an apply for people: what was done, what failed and why, and how to go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from picsellia_apply.model.result import OperationResult, Result
from picsellia_apply.planner.words import counted, size_text
from picsellia_apply.render.lines import Line, colored, listed, render_lines

_MARKS = {"failed": "x", "skipped": "-", "interrupted": "-"}
_FAILURES_SHOWN = 20


def render_result_text(result: Result, *, color: bool = False) -> str:
    """Return a result as a terminal shows it: only what went wrong is listed, all is counted.

    Args:
        result: Of an apply.
        color: Whether ANSI colours are wanted.

    Returns:
        Text without a final newline.
    """
    lines = [_line(one) for one in result.operations if one.status in _MARKS]
    rows = render_lines(lines, color=color)
    rows.append(colored(_summary(result), "done" if result.complete else "failed", color=color))
    if not result.complete:
        rows.append("Run the same command again to finish the rest; what was done is not done again.")
    return "\n".join(rows)


def _line(one: OperationResult) -> Line:
    failures = [f"{name}: {reason}" for name, reason in sorted(one.failures.items())]
    text = one.error or ("it was stopped" if one.status == "interrupted" else "")
    return Line(_MARKS[one.status], one.status, one.status, one.address, text, listed(failures, _FAILURES_SHOWN))


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
