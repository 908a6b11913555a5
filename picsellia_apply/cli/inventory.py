"""`picsellia-apply inventory`: what this workspace manages, and what it forgets; the platform is never touched."""

from __future__ import annotations

import functools
import os
import secrets
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picsellia_apply.cli.lease import lock_timeout_option, terms_of, unlock_command
from picsellia_apply.cli.options import Connection, manifest_paths, open_client, shared_options
from picsellia_apply.cli.planning import connection_words, paths_of
from picsellia_apply.cli.variables import reading_options
from picsellia_apply.cli.wishes import Wishes, words_of
from picsellia_apply.cli.words import path_word
from picsellia_apply.errors import UsageError

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.model.declaration import Declaration
    from picsellia_apply.model.inventory import Inventory

Command = TypeVar("Command", bound=Callable[..., Any])


def _whose(command: Command) -> Command:
    """Give a command the options that say which workspace is meant; it gets them as `wishes`."""

    @reading_options
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        workspace: str | None,
        variables: tuple[tuple[str, str], ...],
        var_files: tuple[Path, ...],
        **kwargs: Any,
    ) -> Any:
        wishes = Wishes(workspace=workspace, variables=variables, var_files=var_files)
        return command(*args, wishes=wishes, **kwargs)

    return wrapped  # type: ignore[return-value]  # functools.wraps keeps the shape that click needs


def _target(paths: Sequence[Path], wishes: Wishes) -> Declaration:
    """Read which platform and workspace manifests mean, and nothing else of them."""
    from picsellia_apply.cli.reading import workspace_of
    from picsellia_apply.cli.variables import given_values
    from picsellia_apply.manifest.target import load_target

    given = given_values(wishes.variables, wishes.var_files, os.environ)
    return load_target(paths, workspace=workspace_of(wishes, os.environ), given=given)


@click.group("inventory")
def command() -> None:
    """What this workspace manages: a record of ownership, without which nothing is ever deleted."""


@command.command("list", short_help="show every address that this workspace manages")
@manifest_paths
@click.option("--format", "form", type=click.Choice(["human", "json"]), default="human", show_default=True)
@_whose
@shared_options
def list_(*, paths: tuple[Path, ...], form: str, wishes: Wishes, connection: Connection) -> None:
    """Show every address that this workspace manages.

    Whether it was created by us or adopted, how much it holds, the serial of the last write, and the owner's name where
    another workspace took it over. PATH is a manifest or a folder of them; default: the current folder.
    """
    from picsellia_apply.inventory import foreign_owners, read_inventory
    from picsellia_apply.model.plan import Target
    from picsellia_apply.render.inventory import inventory_to_json, render_inventory_text

    declaration = _target(paths_of(paths), wishes)
    root, workspace = Path(declaration.root), declaration.workspace.name
    with open_client(connection, declaration, os.environ, read_only=True) as client:
        inventory = read_inventory(client, workspace, root=root)
        owners = foreign_owners(client, workspace, inventory.records.keys(), root=root)
        target = Target(client.host, client.organization, workspace)
    if form == "json":
        sys.stdout.write(inventory_to_json(inventory, target, owners))
        return
    width = shutil.get_terminal_size((120, 24)).columns
    place = "embedded lake" if target.host == "embedded" else f"{target.organization} at {target.host}"
    heading = f"picsellia-apply inventory    workspace {workspace} · {place}"
    click.echo(render_inventory_text(inventory, owners, heading=heading, color=connection.color, width=width))


@command.command(short_help="stop managing addresses; the platform stays as it is")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option(
    "--manifests", multiple=True, type=click.Path(exists=True, path_type=Path), help="Default: the current folder."
)
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where there is no terminal.")
@lock_timeout_option
@_whose
@shared_options
def forget(
    *,
    addresses: tuple[str, ...],
    manifests: tuple[Path, ...],
    auto_approve: bool,
    lock_timeout: float,
    wishes: Wishes,
    connection: Connection,
) -> None:
    """Stop managing ADDRESS and what belongs to it; the platform stays as it is.

    What is forgotten is never deleted by this workspace. What the manifests still declare is adopted by the next apply.
    """
    from picsellia_apply.cli.interrupt import Interrupts
    from picsellia_apply.executor.lease import lease

    declaration = _target(paths_of(manifests), wishes)
    root, workspace = Path(declaration.root), declaration.workspace.name
    with open_client(connection, declaration, os.environ, read_only=True) as client:
        inventory, gone = _forgotten(client, declaration, addresses)
    _approve(inventory, gone, auto_approve=auto_approve)
    unlock = unlock_command(manifests, wishes, connection)
    with (
        open_client(connection, declaration, os.environ, read_only=False) as client,
        Interrupts() as interrupts,
        lease(client, workspace, root=root, terms=terms_of(lock_timeout, interrupts, unlock)),
    ):
        inventory, again = _forgotten(client, declaration, addresses)
        if again != gone:
            raise UsageError("the inventory changed while you were asked", hint="run it again")
        _write_without(client, declaration, inventory, gone)
    click.echo(f"{len(gone):,} address{'es' * (len(gone) != 1)} forgotten; nothing on the platform was changed")


def _forgotten(client: Client, declaration: Declaration, addresses: Sequence[str]) -> tuple[Inventory, list[str]]:
    """Return the inventory and what of it is to be forgotten, sorted.

    Raises:
        UsageError: An address covers nothing that is managed, or an apply of it did not finish.
    """
    from picsellia_apply.inventory import read_inventory
    from picsellia_apply.planner.scope import covers
    from picsellia_apply.rebuild import unfinished

    inventory = read_inventory(client, declaration.workspace.name, root=Path(declaration.root))
    gone: set[str] = set()
    for address in addresses:
        found = {one for one in inventory.records if covers(address, one)}
        if not found:
            hint = "`picsellia-apply inventory list` shows what is managed"
            raise UsageError(f"`{address}` names nothing that workspace `{inventory.workspace}` manages", hint=hint)
        gone |= found
    left = sorted(gone & unfinished(declaration, client))
    if left:
        raise UsageError(f"an apply of `{left[0]}` did not finish", hint="run `apply` first, then forget it")
    return inventory, sorted(gone)


def _approve(inventory: Inventory, gone: Sequence[str], *, auto_approve: bool) -> None:
    """Show what is forgotten, and go on only when somebody approves.

    Raises:
        UsageError: Nobody can be asked.
    """
    from picsellia_apply.render.inventory import inventory_lines
    from picsellia_apply.render.lines import render_lines

    width = shutil.get_terminal_size((120, 24)).columns
    click.echo(f"workspace {inventory.workspace} stops managing, and leaves as they are:")
    records = {address: inventory.records[address] for address in gone}
    click.echo("\n".join(render_lines(list(inventory_lines(records, {})), color=False, width=width)))
    if auto_approve:
        return
    from picsellia_apply.cli.question import ask

    ask("Forget them?", hint="read the list above, then give --auto-approve")


def _write_without(client: Client, declaration: Declaration, inventory: Inventory, gone: Sequence[str]) -> None:
    """Write the inventory without these addresses; what another workspace owns by now goes too.

    What an apply of others left unfinished here stays known: nobody else writes the inventory in between.
    """
    from picsellia_apply.inventory import foreign_owners, write_inventory
    from picsellia_apply.inventory.damaged import without
    from picsellia_apply.seen import journal_of

    root = Path(declaration.root)
    taken = foreign_owners(client, inventory.workspace, inventory.records.keys(), root=root)
    own = f"forget:{secrets.token_hex(8)}"  # what a killed apply elsewhere had announced is told from this by it
    left = replace(without(inventory, frozenset(gone) | taken.keys()), applied=own)
    journal = journal_of(declaration, client)
    if journal.leftovers(inventory):
        journal.writing(replace(left, serial=left.serial + 1), inventory.applied)
        journal.close()
    write_inventory(client, left, root=root)


@command.command(short_help="make a lost or damaged inventory again; all of it adopted")
@manifest_paths
@lock_timeout_option
@_whose
@shared_options
def rebuild(*, paths: tuple[Path, ...], lock_timeout: float, wishes: Wishes, connection: Connection) -> None:
    """Make a lost or damaged inventory again, from the manifests and what is there.

    Everything found counts as adopted, never as created by us: no picture, tag, version, label or network of it can be
    deleted by mistake. Objects of annotations follow their files from then on, as before. A damaged inventory is kept
    aside in a file. An inventory that can be read is left alone. PATH is a manifest or a folder of them; default: the
    current folder.
    """
    from picsellia_apply.cli.interrupt import Interrupts
    from picsellia_apply.cli.reading import prepare
    from picsellia_apply.executor.lease import lease
    from picsellia_apply.inventory.damaged import find_lost, set_aside
    from picsellia_apply.rebuild import rebuild_inventory

    declaration = prepare(paths_of(paths), wishes)
    root, workspace = Path(declaration.root), declaration.workspace.name
    unlock = unlock_command(paths, wishes, connection)
    with (
        open_client(connection, declaration, os.environ, read_only=False) as client,
        Interrupts() as interrupts,
        lease(client, workspace, root=root, terms=terms_of(lock_timeout, interrupts, unlock)),
    ):
        lost = find_lost(client, workspace, root=root)
        inventory, left_out = rebuild_inventory(declaration, client, lost.serial)
        kept = set_aside(client, lost, workspace, root=root)
        _store(client, inventory, root)
    if kept is not None:
        click.echo(f"{lost.reason}\nwhat was there is kept in {kept}")
    _tell_rebuilt(inventory, left_out)
    words = ["picsellia-apply", "plan", *map(path_word, paths), *connection_words(connection), *words_of(wishes)]
    click.echo(f"Next: {shlex.join(words)}")


def _store(client: Client, inventory: Inventory, root: Path) -> None:
    from picsellia_apply.inventory import write_inventory

    write_inventory(client, inventory, root=root)


def _tell_rebuilt(inventory: Inventory, left_out: dict[str, str]) -> None:
    for address, owner in sorted(left_out.items()):
        click.echo(f"  left out: {address} belongs to workspace `{owner}`")
    count = len(inventory.records)
    click.echo(
        f"the inventory of workspace `{inventory.workspace}` was made again: "
        f"{count:,} address{'es' * (count != 1)} found, all adopted; nothing on the platform was changed"
    )
