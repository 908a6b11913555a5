"""`picsellia-apply user`: who may use a lake. Works on the lake's folder, also while it is served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from picsellia_apply.errors import UsageError

if TYPE_CHECKING:
    from picsellia_apply.lake import Lake

_data = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="The lake's folder."
)


def _open(data: Path) -> Lake:
    """Open a lake that is there.

    Raises:
        UsageError: The folder holds none.
    """
    from picsellia_apply.lake import open_lake

    if not (data / "lake.db").is_file():
        raise UsageError(f"`{data}` holds no lake", hint="`picsellia-apply serve --data DIR` makes one")
    return open_lake(data)


def _check_names(*names: str) -> None:
    """Pass when every name is acceptable, so that nothing is half done for a bad one.

    Raises:
        UsageError: One is not.
    """
    from picsellia_apply.lake.names import fault

    for found in filter(None, map(fault, names)):
        raise UsageError(found)


@click.group(name="user")
def command() -> None:
    """Users and tokens of a lake."""


@command.command()
@click.argument("name")
@_data
@click.option("--organization", "organizations", multiple=True, help="May be repeated; default: the lake's first one.")
def add(name: str, data: Path, organizations: tuple[str, ...]) -> None:
    """Let NAME in. The token is printed once; the lake keeps only its hash."""
    with _open(data) as lake:
        listed = {one.name: one for one in lake.users()}
        if name in listed and listed[name].tokens:
            raise UsageError(f"the user `{name}` is there already", hint="`user revoke` takes the old token first")
        known = [organization for one in listed.values() for organization in one.organizations]
        if not organizations and not known:
            raise UsageError("the lake has no organization yet", hint="give one with --organization")
        first, *others = organizations or known[:1]
        _check_names(name, *organizations)
        token = lake.bootstrap(name, first)
        for other in others:
            lake.bootstrap(name, other, token)
    click.echo(token)
    click.echo(f"user {name} added; the token above is shown only now", err=True)


@command.command(name="list")
@_data
def list_users(data: Path) -> None:
    """List the users: name, organizations, live tokens, day of creation; tab-separated."""
    with _open(data) as lake:
        for one in lake.users():
            click.echo("\t".join([one.name, ", ".join(one.organizations), str(one.tokens), one.created[:10]]))


@command.command()
@click.argument("name")
@_data
def revoke(name: str, data: Path) -> None:
    """Take every token from NAME; what the user made stays."""
    with _open(data) as lake:
        if name not in {one.name for one in lake.users()}:
            raise UsageError(f"there is no user `{name}`")
        revoked = lake.revoke(name)
    click.echo(f"{revoked} token{'s' * (revoked != 1)} of {name} revoked")
