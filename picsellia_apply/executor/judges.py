"""The policies that a saved plan was judged by, looked for among those that are declared now.

No flag lifts a policy, and no other folder does: manifests that lack one, or have another in its place, are refused
before anything is read or written. Policies that were added since judge the plan besides.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from picsellia_apply.errors import Moved, StalePlan
from picsellia_apply.model.plan import Plan
from picsellia_apply.model.policy import PolicyChecks, policy_digests

_HINT = "apply it with the manifests that it was made from, or plan again and review that"


def check_policies(saved: Plan, declared: Sequence[PolicyChecks]) -> None:
    """See to it that every policy that judged a plan is declared as it was.

    Args:
        saved: The plan; its digest binds the names and digests of its policies.
        declared: What the manifests hold now.

    Raises:
        StalePlan: One is missing or says something else; names each.
    """
    now = policy_digests(declared)
    reasons = [
        Moved(f"policy/{name}", "", f"sha256:{digest}", _now(now.get(name)), "manifests")
        for name, digest in sorted(saved.policies.items())
        if now.get(name) != digest
    ]
    if reasons:
        names = ", ".join(f"`{one.address.removeprefix('policy/')}`" for one in reasons)
        word = "policies" if len(reasons) > 1 else "policy"
        message = f"the plan was judged by other policies: {word} {names} changed or is missing"
        raise StalePlan(message, _hint(declared, {one.address for one in reasons}), reasons)


def _hint(declared: Sequence[PolicyChecks], moved: Set[str]) -> str:
    """Return what to do; names the files whose bytes count, as the documents themselves may be unchanged."""
    programs = [one.program for one in declared if one.program is not None and f"policy/{one.name}" in moved]
    files = ", ".join(f"`{word}`" for program in programs for word, _ in program.files)
    return f"{_HINT}; the bytes of {files} count" if files else _HINT


def _now(digest: str | None) -> str:
    return "no such policy" if digest is None else f"sha256:{digest}"
