"""What a killed apply left half done, as options of the observed state.

A version that it created and the inventory does not know yet is `unfinished`: a frozen one still gets its parts.
Annotations that it deleted and did not put again, on a platform that has no atomic replacement, are `cut`: nobody else
may be taken for the one who deleted them. The journal holds what was to be put, so that the plan puts it, and what the
manifests changed since, in one operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from picsellia_apply.executor.journal import Leftover
from picsellia_apply.model.state import State


def with_cut(observed: State, leftovers: Mapping[str, Leftover]) -> State:
    """Return the observed state with the options `unfinished` and `cut` (picture to the texts that were not put).

    Args:
        observed: As read.
        leftovers: See `Journal.leftovers`.
    """
    resources = dict(observed.resources)
    for address, leftover in leftovers.items():
        there = resources.get(address)
        if there is None:
            continue
        if address.startswith("version/") and (leftover.created or leftover.content):
            resources[address] = replace(there, options={"unfinished": True})
        cut = {name: texts for name, texts in leftover.objects.items() if texts and name not in there.members}
        if cut:
            resources[address] = replace(there, options={"cut": cut})
    return replace(observed, resources=resources)
