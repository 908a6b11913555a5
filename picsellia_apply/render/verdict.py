"""What a plan without operations says: whether the platform matches, what differs and is kept, what is recorded."""

from __future__ import annotations

from collections import Counter

from picsellia_apply.model.plan import Plan, Recording
from picsellia_apply.planner.words import agreeing, counted

_RECORDED: dict[Recording, str] = {
    "taken over": "taken over",
    "moved": "moved",
    "preferred": "left as on the platform",
    "adopted": "adopted",
    "forgotten": "forgotten",
    "noted": "brought up to date",
}


def verdict(plan: Plan) -> str:
    """Return the last words about a plan that has no operation, and in whose way nothing stands."""
    kept = sum(one.kind in ("drift", "kept") and one.address not in plan.recorded for one in plan.notices)
    differ = f"{counted(kept, 'difference')} {agreeing(kept, 'is', 'are')} kept"
    if plan.recorded:
        also = f"; {differ}" if kept else ""
        return f"Nothing to change on the platform; apply records: {recorded_text(plan)}{also}."
    if kept:
        return f"No changes to make; {differ}."
    return "No changes. The platform matches the manifests."


def recorded_text(plan: Plan) -> str:
    """Return what an apply records, in words: `2 addresses adopted, 1 address taken over`."""
    counts = Counter(plan.recorded.values())
    shown = (f"{counted(counts[why], 'address', 'addresses')} {text}" for why, text in _RECORDED.items() if counts[why])
    return ", ".join(shown)
