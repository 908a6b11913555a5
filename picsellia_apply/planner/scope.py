"""`--target`: an address, what belongs to it, and what it depends on; deletes only in the first two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from picsellia_apply.errors import UsageError
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.state import Resource


@dataclass(frozen=True, slots=True)
class Scope:
    """What is planned.

    Attributes:
        planned: Declared addresses: those covered and what they depend on.
        covered: Addresses, declared or recorded, that a target names or that belong to one.
    """

    planned: Set[str]
    covered: Set[str]


def scope_of(
    targets: Sequence[str], desired: Mapping[str, Resource], recorded: Set[str], only: Set[str] | None = None
) -> Scope:
    """Return what to plan.

    Args:
        targets: Addresses, () for everything.
        desired: Declared resources by address.
        recorded: Addresses of the inventory.
        only: The addresses to plan, whatever the targets; None where these decide.

    Raises:
        UsageError: A target names nothing.
    """
    if only is not None:
        return Scope(only & desired.keys(), only)
    everything = desired.keys() | recorded
    if not targets:
        return Scope(desired.keys(), everything)
    covered: set[str] = set()
    for target in targets:
        found = {address for address in everything if covers(target, address)}
        if not found:
            hint = "addresses look like `version/cells@first`; a plan without `--target` lists them"
            raise UsageError(f"--target `{target}` names nothing that is declared or managed", hint=hint)
        covered |= found
    return Scope(needed(covered & desired.keys(), desired), covered)


def covers(target: str, address: str) -> bool:
    """Return whether an address is the target or belongs to it: tags to pictures, versions to their dataset, ..."""
    if target.startswith("label/") and target.count("/") == 2:
        target = target.removesuffix("/*")  # labels alike are shown as one line, `label/DATASET@VERSION/*`
    if address == target or address.startswith(f"{target}/"):
        return True
    kind, _, name = target.partition("/")
    part = parse_address(address)
    head = address.partition("/")[2]
    match kind:
        case "dataset":
            return part.kind in ("version", "label", "annotations") and head.startswith(f"{name}@")
        case "version":
            return part.kind in ("label", "annotations") and (head == name or head.startswith(f"{name}/"))
        case "network":
            return part.kind in ("file", "thumbnail") and (head == name or head.startswith(f"{name}/"))
        case _:
            return False


def wholes(address: str) -> tuple[str, ...]:
    """Return the addresses that this one is a part of, the nearest first: a label's version, its dataset."""
    part = parse_address(address)
    dataset = str(Address("dataset", part.name))
    match part.kind:
        case "pictures" if part.rest:
            return (str(Address("pictures", part.name)),)
        case "version":
            return (dataset,)
        case "label" | "annotations":
            return str(Address("version", part.name, part.version)), dataset
        case "file" | "thumbnail":
            return (str(Address("network", part.name)),)
        case _:
            return ()


def needed(addresses: Set[str], desired: Mapping[str, Resource]) -> set[str]:
    """Return the addresses with everything they depend on, directly or not."""
    found: set[str] = set()
    waiting = list(addresses)
    while waiting:
        address = waiting.pop()
        if address not in found and address in desired:
            found.add(address)
            waiting.extend(desired[address].needs)
    return found
