"""Why a saved plan no longer holds: a bounded list for people, the whole one as JSON."""

from __future__ import annotations

import re
from typing import Any

from picsellia_apply.errors import Moved, StalePlan
from picsellia_apply.render.lines import Line, render_lines
from picsellia_apply.render.values import value_text

SHOWN = 12
"""Most reasons that a person is shown."""
_DIGEST = re.compile(r"\bsha256:([0-9a-f]{12})[0-9a-f]{52}\b")
_HEX = re.compile(r"[0-9a-f]{64}")
_ROOM = 40
_OF_FIELDS = ("dataset", "label", "network", "file", "thumbnail", "plan")


def render_stale_text(error: StalePlan, *, width: int = 120) -> str:
    """Return the reasons as a terminal shows them, one a line: what, when planned, now; without a final newline."""
    shown = error.reasons[:SHOWN]
    lines = [Line("!", "finding", one.where, one.address, _told(one)) for one in shown]
    more = len(error.reasons) - len(shown)
    rows = [*render_lines(lines, color=False, width=width)]
    rows += [f"      and {more:,} more: `--format json` lists them all"] if more else []
    return "\n".join(rows)


def _told(one: Moved) -> str:
    head = f"{one.field}   " if one.field else ""
    named = one.address.partition("/")[0] in _OF_FIELDS and one.where != "files"
    planned, now = (_value(value, quoted=bool(one.field) and named) for value in (one.planned, one.now))
    return f"{head}when planned: {planned}   now: {now}"


def _value(value: Any, *, quoted: bool) -> str:
    """Return a value of a field as JSON; our own words as they are, and the beginning of a digest."""
    if isinstance(value, str) and _HEX.fullmatch(value):
        return f"sha256:{value[:12]}..."
    if isinstance(value, str) and (not quoted or _DIGEST.fullmatch(value)):
        return _DIGEST.sub(r"sha256:\1...", value)
    return value_text(value, _ROOM)
