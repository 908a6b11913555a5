"""What a killed apply left half done, as options of the observed state and as records that it did not write.

A version that it created and the inventory does not know yet is `unfinished`: a frozen one still gets its parts.
Annotations that it deleted and did not put again, on a platform that has no atomic replacement, are `cut`: nobody else
may be taken for the one who deleted them. The journal holds what was to be put, so that the plan puts it, and what the
manifests changed since, in one operation. What it put without the inventory knowing it is in `bases`, on every
platform: it is what was last applied, and nobody else's change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from picsellia_apply.executor.leftover import Leftover
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import annotation_digest
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.ownership import INHERITED, written_in
from picsellia_apply.model.state import State

Objects = Mapping[str, tuple[str, ...]]
Replaced = Mapping[str, tuple[str, tuple[str, ...] | None]]


def with_cut(observed: State, leftovers: Mapping[str, Leftover]) -> State:
    """Return the observed state with the options `unfinished`, `cut` and `bases`.

    `cut` maps a picture to the texts that were not put, `bases` one to what the inventory would say of it by now.

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
        cut = {name: texts for name, texts in leftover.objects.items() if name not in there.members}
        bases = _bases(leftover, {**there.members, **cut})
        found = {option: value for option, value in (("cut", cut), ("bases", bases)) if value}
        if found:
            resources[address] = replace(there, options=found)
    return replace(observed, resources=resources)


def _bases(leftover: Leftover, there: Objects) -> Objects:
    """Return what the inventory would say by now of the annotations that are as they were put."""
    return {
        name: there[name] if base is None else base
        for name, (put, base) in leftover.replaced.items()
        if name in there and annotation_digest(there[name]) == put
    }


def with_made(inventory: Inventory, observed: State, leftovers: Mapping[str, Leftover]) -> Inventory:
    """Return the inventory with the versions that a killed apply made and did not record, as it was to record them.

    What such a version took over from its origin is in no manifest: only the journal knows that it was there at once.

    Args:
        inventory: As it is kept.
        observed: As read.
        leftovers: See `Journal.leftovers`. A creation that was not confirmed counts when what is there is what it was
            to make.
    """
    made = {
        address: Record(fields=leftover.fields, members=dict.fromkeys(sorted(leftover.members)))
        for address, leftover in leftovers.items()
        if address.startswith("version/")
        and address not in inventory.records
        and (there := observed.resources.get(address)) is not None
        and (leftover.created or (leftover.content and there.members.keys() == leftover.members))
    }
    return replace(inventory, records={**inventory.records, **made}) if made else inventory


def with_copies(observed: State, inventory: Inventory, leftovers: Mapping[str, Leftover]) -> State:
    """Return the observed state with the option `copies`: what came with a version that a killed apply made.

    It is no base, as the plan that made the version had none; but nobody else's either. What people drew there since
    then is no copy of what we wrote to another version.

    Args:
        observed: As read.
        inventory: What was last applied.
        leftovers: See `Journal.leftovers`.
    """
    resources = dict(observed.resources)
    for text, leftover in leftovers.items():
        if not text.startswith("version/") or not (leftover.created or leftover.content):
            continue
        version = parse_address(text)
        address = str(Address("annotations", version.name, version.version))
        if address in resources and address not in inventory.records:
            head = address.partition("@")[0] + "@"
            written = written_in(head, inventory)
            put = [one.replaced for other, one in leftovers.items() if other.startswith(head)]
            there = resources[address]
            names = there.members.keys() & frozenset(leftover.fields.get(INHERITED, ()))
            copies = {
                name: there.members[name]
                for name in sorted(names)
                if _is_copy(name, there.members, written) or _was_put(there.members[name], name, put)
            }
            resources[address] = replace(
                there, options={**there.options, "copies": copies} if copies else there.options
            )
    return replace(observed, resources=resources)


def _is_copy(name: str, there: Objects, written: Iterable[Objects]) -> bool:
    return any(ours.get(name) == there[name] for ours in written)


def _was_put(texts: tuple[str, ...], name: str, put: Iterable[Replaced]) -> bool:
    """Return whether the journal says that just these were put on another version, which no inventory tells yet."""
    digest = annotation_digest(texts)
    return any(one[name][0] == digest for one in put if name in one)
