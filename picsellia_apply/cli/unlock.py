"""`picsellia-apply unlock`: show who is applying a workspace, and break the lease of one that is gone for good."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from picsellia_apply.cli.options import Connection, manifest_paths, open_client, shared_options
from picsellia_apply.cli.planning import paths_of
from picsellia_apply.cli.question import ask
from picsellia_apply.cli.variables import given_values, reading_options

if TYPE_CHECKING:
    from picsellia_apply.model.declaration import Declaration
    from picsellia_apply.wire.ownership import LeaseState


@click.command("unlock")
@manifest_paths
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where there is no terminal.")
@reading_options
@shared_options
def command(
    *,
    paths: tuple[Path, ...],
    auto_approve: bool,
    workspace: str | None,
    variables: tuple[tuple[str, str], ...],
    var_files: tuple[Path, ...],
    connection: Connection,
) -> None:
    """Break the lease of an apply that is gone for good.

    PATH is manifests and folders of them (default: the current folder); they only say which platform and workspace are
    meant. Shows who holds the lease and asks. An apply that is still running stops before its next write and exits
    with 5. A lease of a process of this machine that has ended, or one that expired, needs no unlock. Exit code: 0; 130
    when the answer is no.
    """
    from picsellia_apply.manifest.target import load_target

    wanted = workspace or os.environ.get("PICSELLIA_WORKSPACE") or None
    given = given_values(variables, var_files, os.environ)
    declaration = load_target(paths_of(paths), workspace=wanted, given=given)
    state = _show(declaration, connection)
    if not state.held:
        return
    if not auto_approve:
        ask("Break this lease?", hint="make sure that apply is gone, then give --auto-approve")
    _break(declaration, connection, state)


def _show(declaration: Declaration, connection: Connection) -> LeaseState:
    """Say who holds the lease; a lake that is not there is not made."""
    from picsellia_apply.executor.lease import holder_of, way_to

    name, root = declaration.workspace.name, Path(declaration.root)
    with open_client(connection, declaration, os.environ, read_only=True) as client:
        state = way_to(client, name, root=root).show()
    if state.held:
        click.echo(f"workspace `{name}` is being applied by {holder_of(state)}")
    elif state.holder is not None:
        click.echo(f"workspace `{name}`: no lease is held; the next apply takes over from {holder_of(state)}")
    else:
        click.echo(f"workspace `{name}`: no lease is held")
    return state


def _break(declaration: Declaration, connection: Connection, state: LeaseState) -> None:
    from picsellia_apply.executor.lease import way_to
    from picsellia_apply.inventory.holder import this_holder

    name, root = declaration.workspace.name, Path(declaration.root)
    with open_client(connection, declaration, os.environ, read_only=False) as client:
        way_to(client, name, root=root).end(state.number, this_holder().user)
    click.echo("The lease is broken: should that apply still run, it stops before its next write.")
