"""A saved plan made again on a State, as `replan` does it on a platform, and an apply of it that is killed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from picsellia_apply.executor.again import Again
from picsellia_apply.executor.leftover import Leftover
from picsellia_apply.executor.order import steps
from picsellia_apply.executor.records import Keeper
from picsellia_apply.executor.staleness import settled
from picsellia_apply.executor.touched import held_to, touched_by, with_assumed
from picsellia_apply.manifest.bytes import digests_by_ref
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Operation, Plan, Policy
from picsellia_apply.model.state import Lake, State
from picsellia_apply.model.touched import Touched
from picsellia_apply.planner import plan
from picsellia_apply.resolve import resolve
from tests.worlds import TARGET, apply

if TYPE_CHECKING:
    from picsellia_apply.client import Client


def again(
    saved: Plan,
    declaration: Declaration,
    state: State,
    inventory: Inventory,
    *,
    policy: Policy | None = None,
    leftovers: dict[str, Leftover] | None = None,
) -> tuple[Plan, tuple[Operation, ...]]:
    """Return what is left of a plan; raises StalePlan."""
    under = policy or saved.policy
    assert under is not None
    touched = touched_by(saved, inventory, leftovers or {})
    observed = with_assumed(read(state, touched), inventory, touched)
    desired = held_to(resolve(declaration, observed, inventory, prune=under.sweeps), observed, inventory, touched)
    now = plan(desired, observed, inventory, under, TARGET, only=touched.planned)
    files = digests_by_ref(declaration)
    return settled(Again(saved, now, touched, desired, observed, inventory, leftovers or {}, files))


def read(state: State, touched: Touched) -> State:
    """Return of a State what `observe` reads: only what counts."""
    names = touched.pictures
    pictures = {name: sha for name, sha in state.lake.pictures.items() if name in names}
    tags = {tag: carriers & names for tag, carriers in state.lake.tags.items() if carriers & names}
    resources = {text: one for text, one in state.resources.items() if touched.wide or _counts(text, touched)}
    return replace(state, lake=Lake(pictures, tags), resources=resources)


def _counts(text: str, touched: Touched) -> bool:
    kind, _, rest = text.partition("/")
    head = rest.split("/")[0]
    match kind:
        case "dataset":
            return head in touched.datasets
        case "version" | "label":
            return tuple(head.split("@")) in touched.versions
        case "annotations":
            return tuple(head.split("@")) in touched.annotated
        case _:
            return head in touched.networks


def cut_short(
    made: Plan, state: State, inventory: Inventory, count: int
) -> tuple[State, Inventory, tuple[Operation, ...]]:
    """Return platform and inventory as an apply leaves them that is killed, and the operations that it did not do.

    What the inventory says then is asked of the executor's own keeper, which sends nothing as long as it is not told to
    write.

    Args:
        made: The plan.
        state: The platform before it.
        inventory: The inventory before it.
        count: After how many operations, in the executor's order; a dataset is made with its first version.
    """
    order = steps(made)
    keeper = Keeper(cast("Client", None), inventory, made, made.records, order.passengers)
    done: list[Operation] = []
    for operation in [one for level in order.levels for one in level][:count]:
        rider = order.riders.get(operation.address)
        done += [operation] if rider is None else [rider, operation]
    for one in done:
        keeper.keep(one)
    cut, _ = apply(replace(made, operations=tuple(done)), state, inventory)
    kept = Inventory(inventory.workspace, inventory.serial + 1, keeper.shown(), applied=made.digest)
    return cut, kept, tuple(one for one in made.operations if one not in done)
