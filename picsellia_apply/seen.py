"""What a plan begins with: what the platform holds, and what inventory, journal and other workspaces say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.client.target import nearest_data_dir
from picsellia_apply.errors import Diagnostic
from picsellia_apply.inventory import foreign_owners, of_others
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Policy, Target
from picsellia_apply.model.state import State
from picsellia_apply.model.touched import Touched
from picsellia_apply.observe import observe
from picsellia_apply.planner.moved import with_moves

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.executor import Journal
    from picsellia_apply.executor.leftover import Leftover


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen before anything is planned.

    Attributes:
        inventory: With the renames that the manifests announce.
        known: The inventory with what a killed apply made, and without what it removed, both unrecorded.
        read: As the platform tells it, with what other workspaces manage where deletes are on.
        observed: That, with what a killed apply left half done, and what counts as last applied where nothing was read.
    """

    inventory: Inventory
    known: Inventory
    read: State
    observed: State

    def owned(self, client: Client, declaration: Declaration, addresses: set[str]) -> State:
        """Return what was observed, with the other workspaces that own any of `addresses`."""
        root = Path(declaration.root)
        owners = foreign_owners(client, declaration.workspace.name, addresses, root=root)
        return replace(self.observed, owners=owners)


def look(
    declaration: Declaration,
    client: Client,
    policy: Policy,
    inventory: Inventory,
    leftovers: Mapping[str, Leftover],
    *,
    touched: Touched | None = None,
    whole: bool = True,
    noticed: tuple[Diagnostic, ...] = (),
) -> Seen:
    """Read what the manifests and the inventory touch.

    Args:
        declaration: What the manifests say.
        client: Of the platform; it may be a read-only one.
        policy: Where it prunes, more is read.
        inventory: As it is kept.
        leftovers: See `Journal.leftovers`.
        touched: What counts; elsewhere all is taken to be as last applied. None: everything counts.
        whole: Whether everything is read nevertheless.
        noticed: What was found on the way here.

    Raises:
        PicselliaError: The platform cannot be read.
    """
    from picsellia_apply.executor.cut import with_copies, with_cut, with_made
    from picsellia_apply.executor.removed import without_removed
    from picsellia_apply.executor.touched import with_assumed

    name, root = declaration.workspace.name, Path(declaration.root)
    read = observe(client.reader, declaration, inventory, prune=policy.prune, touched=None if whole else touched)
    if policy.prune:
        read = replace(read, others=of_others(client, name, root=root))
    read = replace(read, findings=(*read.findings, *noticed))
    renamed = {address: one.origin for address, one in leftovers.items() if one.origin}
    inventory, read = with_moves(declaration.workspace.moved, inventory, read, renamed)
    assumed = read if touched is None else with_assumed(read, inventory, touched)
    observed = with_cut(assumed, leftovers)
    known = without_removed(inventory, observed, leftovers)
    known = with_made(known, observed, leftovers)
    return Seen(inventory, known, read, with_copies(observed, known, leftovers))


def journal_of(declaration: Declaration, client: Client) -> Journal:
    """Return the journal of a workspace, in the nearest `.picsellia` folder.

    Its lines are those of the organization of this id: one that was made anew under the same name has none.
    """
    from picsellia_apply.executor import Journal, journal_path

    name = declaration.workspace.name
    folder = nearest_data_dir(Path(declaration.root))
    return Journal(journal_path(folder, name), Target(client.host, client.organization_id, name))


def left_over(journal: Journal, inventory: Inventory, client: Client) -> dict[str, Leftover]:
    """Return what unfinished applies left, without the pictures of it that somebody else has uploaded since then."""
    from picsellia_apply.executor.leftover import without_others

    return without_others(journal.leftovers(inventory), client.reader.object_keys)


def target_of(declaration: Declaration, client: Client) -> Target:
    """Return what a plan of these manifests is for."""
    return Target(client.host, client.organization, declaration.workspace.name)
