"""What another workspace owns: refused where we declare it, let go where we only remember it, unless it is taken over.

Nothing is planned for an address of another workspace, and its record leaves our inventory: after a takeover the
workspace that lost it does not fight. Pictures and tags may have several owners and are never spoken of here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from picsellia_apply.errors import UsageError
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Notice, Policy, Refusal
from picsellia_apply.planner.scope import covers, wholes
from picsellia_apply.planner.words import counted

RULE = "foreign_owner"


@dataclass(frozen=True, slots=True)
class Owners:
    """Which addresses of this plan are another workspace's.

    Attributes:
        lost: Address to its owner: those that stay with him.
        taken: Address to its owner: those that a flag takes from him.
    """

    lost: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)


def owners_of(foreign: Mapping[str, str], declared: Set[str], policy: Policy) -> Owners:
    """Return what stays with others and what is taken over.

    Args:
        foreign: Address to the other workspace that owns it.
        declared: Declared addresses: only these are taken over.
        policy: Its `takeovers` cover what belongs to the addresses that they name.

    Raises:
        UsageError: A takeover names nothing that is declared.
    """
    for flag in sorted(policy.takeovers):
        if not any(covers(flag, address) for address in declared):
            hint = "the refusal `foreign_owner` of a plan shows the flag to give"
            raise UsageError(f"--takeover `{flag}` names nothing that is declared", hint=hint)
    taken = {
        address: owner
        for address, owner in foreign.items()
        if address in declared and any(covers(flag, address) for flag in policy.takeovers)
    }
    return Owners({address: owner for address, owner in foreign.items() if address not in taken}, taken)


def foreign_refusals(
    owners: Owners, planned: Set[str], inventory: Inventory, moved: Iterable[str] = ()
) -> Iterator[Refusal]:
    """Yield one refusal for every declared whole of others, with the flag that takes it over.

    Args:
        owners: See `owners_of`.
        planned: Declared addresses that are planned.
        inventory: What we managed so far: what is in it was taken from us.
        moved: Addresses that are new for what we manage, see `planner.moved`: under them nothing was ours.
    """
    ends = tuple(moved)
    for address, owner, parts in _grouped({one: owners.lost[one] for one in sorted(owners.lost.keys() & planned)}):
        taken = address in inventory.records and not any(covers(end, address) for end in ends)
        said = f"workspace `{owner}` took it over" if taken else f"it belongs to workspace `{owner}`"
        yield Refusal(RULE, address, said + _with(parts), f"--takeover {address}")


def owner_notices(owners: Owners, recorded: Set[str], declared: Set[str]) -> Iterator[Notice]:
    """Yield what is let go since somebody took it over, and what is taken over by this plan."""
    gone = {one: owners.lost[one] for one in sorted(owners.lost.keys() & recorded - declared)}
    for address, owner, parts in _grouped(gone):
        message = f"workspace `{owner}` took it over{_with(parts)}: left to it, and forgotten here"
        yield Notice("kept", address, message)
    for address, owner, parts in _grouped(dict(sorted(owners.taken.items()))):
        yield Notice("adopt", address, f"taken over from workspace `{owner}`{_with(parts)}")


def without_lost(inventory: Inventory, owners: Owners) -> Inventory:
    """Return the inventory without what is another's by now: nothing of that is ours to change or to delete."""
    if owners.lost.keys().isdisjoint(inventory.records):
        return inventory
    kept = {address: record for address, record in inventory.records.items() if address not in owners.lost}
    return replace(inventory, records=kept)


def _grouped(found: Mapping[str, str]) -> Iterator[tuple[str, str, int]]:
    """Yield wholes with their owner, and how many parts of them have the same one."""
    parts: dict[str, int] = {}
    for address, owner in found.items():
        heads = [one for one in wholes(address) if found.get(one) == owner]
        head = heads[-1] if heads else address
        parts[head] = parts.get(head, 0) + bool(heads)
    for address, count in sorted(parts.items()):
        yield address, found[address], count


def _with(parts: int) -> str:
    return f", with {counted(parts, 'address', 'addresses')} below it" if parts else ""
