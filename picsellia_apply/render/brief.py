"""What a plan deletes and what stands in its way as numbers, by kind and by what it is a part of.

The last resort of a comment that has no room for every address: however much a plan holds, this fits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.plan import Operation, Plan
from picsellia_apply.planner.words import counted
from picsellia_apply.render.markdown import code, html_text

POINTER = "_There is no room for more: `plan --out plan.json` saves the plan, `show plan.json` lists everything_"
_SINGULARS = {"pictures": "picture set", "annotations": "annotation set"}
_PLURALS = {"pictures": "picture sets", "query": "queries", "annotations": "annotation sets"}


def brief(plan: Plan, room: int) -> str:
    """Return the numbers as Markdown.

    Args:
        plan: What to tell.
        room: Most bytes of UTF-8; rows that have no room are counted.
    """
    rows = [f"- {row}" for row in _rows(plan)]
    left = 0
    while rows:
        more = [f"- and {left:,} kinds more"] if left else []
        text = "\n".join([*rows, *more])
        if len(text.encode()) <= room:
            return text
        dropped = max(1, len(rows) // 20)
        del rows[-dropped:]
        left += dropped
    return ""


def _rows(plan: Plan) -> Iterator[str]:
    deletes = [one for one in plan.operations if one.action == "delete"]
    takes = [one for one in plan.operations if one.action != "delete" and takes_away(one)]
    yield from _grouped("delete", [one.address for one in deletes])
    yield from _grouped("takes away from", [one.address for one in takes])
    refused = Counter(one.rule for one in plan.refusals)
    yield from (f"**refused** {count:,} by {html_text(rule)}" for rule, count in refused.most_common())
    yield from _grouped("conflict", [one.address for one in plan.conflicts])
    yield from _grouped("blocked", [one.address for one in plan.blocked])


def takes_away(operation: Operation) -> bool:
    """Return whether an operation takes members away: pictures, tags, annotation objects."""
    return bool(operation.members.remove) or operation.members.counts.get("remove", 0) > 0


def _grouped(word: str, addresses: list[str]) -> Iterator[str]:
    groups = Counter(map(_group, addresses))
    for (kind, parent), count in sorted(groups.items(), key=lambda one: (-one[1], one[0])):
        many = counted(count, _SINGULARS.get(kind, kind), _PLURALS.get(kind, f"{kind}s"))
        yield f"**{word}** {many}" + (f" of {code(parent)}" if parent else "")


def _group(text: str) -> tuple[str, str]:
    """Return the kind of an address, and the address of what it is a part of; empty for what is no part."""
    one = parse_address(text)
    match one.kind:
        case "version":
            return one.kind, str(Address("dataset", one.name))
        case "label" | "annotations":
            return one.kind, str(Address("version", one.name, one.version))
        case "file" | "thumbnail":
            return one.kind, str(Address("network", one.name))
        case "pictures" | "query" if one.rest:
            return "tag", str(Address(one.kind, one.name))
        case kind:
            return kind, ""
