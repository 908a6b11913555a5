"""`picsellia-apply export`: what is on the platform, as manifests; reads the platform, writes a folder of its own."""

from __future__ import annotations

import os
import shlex
import sys
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from picsellia_apply.cli.options import EMBEDDED, Connection, host_of, open_client, shared_options
from picsellia_apply.cli.planning import connection_words
from picsellia_apply.cli.words import option_words, path_word
from picsellia_apply.errors import UsageError
from picsellia_apply.render.lines import plain

if TYPE_CHECKING:
    from picsellia_apply.export import Export, Wish
    from picsellia_apply.model.declaration import Declaration

_ONLY = "# Only: "
_LONGEST = 100_000
"""Most characters of the line that says what an export is narrowed to."""


@click.command("export")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write files into this folder; default: to stdout."
)
@click.option("--download", is_flag=True, help="Fetch the bytes of pictures and network files too; goes with --out.")
@click.option("--dataset", "datasets", multiple=True, metavar="NAME", help="Only this dataset and its pictures.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only pictures that carry it; several: all of them.")
@click.option("--workspace", metavar="NAME", help="What to call the workspace; default: the one that owns all of it.")
@shared_options
def command(
    *,
    out: Path | None,
    download: bool,
    datasets: tuple[str, ...],
    tags: tuple[str, ...],
    workspace: str | None,
    connection: Connection,
) -> None:
    """Write what is on the platform as manifests.

    A plan of these manifests changes nothing. Without --out the manifests go to stdout, and the files that they name
    (indexes, lists of names, annotations) are not written. Nothing that export did not write is ever overwritten.
    """
    started = time.perf_counter()
    if download and out is None:
        raise UsageError("--download goes with --out", hint="say which folder the bytes go to")
    from picsellia_apply.client.listing import Listing
    from picsellia_apply.export import Wish, laid_out, read_content, write_export
    from picsellia_apply.export.documents import sayable
    from picsellia_apply.export.platform import platform_of
    from picsellia_apply.export.writing import check_folder, check_platform
    from picsellia_apply.model.declaration import Declaration

    here = Declaration(root=str(Path.cwd()))
    _check_lake(connection, here)
    wish = Wish(tuple(dict.fromkeys(datasets)), tuple(dict.fromkeys(tags)), download, workspace or "")
    if out is not None:
        check_folder(out, download=download)
        _check_selection(out, _selection(wish))
    with open_client(connection, here, os.environ, read_only=True) as client:
        if out is not None:
            check_platform(out, platform_of(client))
        export = laid_out(sayable(read_content(client, wish, Path.cwd())), client, wish)
        _note_selection(export, _selection(wish))
        removed = 0
        if out is None:
            sys.stdout.write(export.manifests)
            left_out = export.left_out
            others = sum(not path.endswith(".yaml") for path in export.paths)
            left_out += [f"{others:,} files that the manifests name: `--out DIR` writes them"] if others else []
        else:
            written = write_export(export, out, Listing(client), download=download)
            left_out = [*export.left_out, *written.left_out]
            removed = written.removed
        _tell(export, left_out, started, client.requests, removed=removed)
    if out is not None:
        click.echo(_following(out, connection, embedded=client.host == "embedded"), err=True)


def _check_lake(connection: Connection, here: Declaration) -> None:
    """See to it that there is an embedded lake where that is meant: reading takes one that is not there for empty.

    Raises:
        UsageError: There is none.
    """
    from picsellia_apply.client.embedded import has_lake
    from picsellia_apply.client.target import nearest_data_dir

    if host_of(connection, here, os.environ) != EMBEDDED:
        return
    data_dir = nearest_data_dir(Path(here.root))
    if not has_lake(data_dir):
        nowhere = "there is no lake at or above the current folder"
        message = f"`{os.path.relpath(data_dir)}` holds no lake" if data_dir.is_dir() else nowhere
        hint = "run it from the project's folder, or name a platform: `--host URL` or PICSELLIA_HOST"
        raise UsageError(message, hint=hint)


def _following(out: Path, connection: Connection, *, embedded: bool) -> str:
    """Return what to do next: a plan, which finds the embedded lake at or above its manifests only."""
    from picsellia_apply.client.target import nearest_data_dir

    lake = nearest_data_dir(Path.cwd())
    if embedded and nearest_data_dir(out.absolute()) != lake:
        return f"Next: move `{out}` below {lake.parent}, where the embedded lake is, and plan it there"
    return f"Next: {shlex.join(['picsellia-apply', 'plan', path_word(out), *connection_words(connection)])}"


def _selection(wish: Wish) -> str:
    """Return what an export is narrowed to, as a comment of one line; empty for everything."""
    words = [*option_words("--dataset", sorted(wish.datasets)), *option_words("--tag", sorted(wish.tags))]
    return f"{_ONLY}{plain(shlex.join(words))}\n" if words else ""


def _note_selection(export: Export, selection: str) -> None:
    """Write down in `workspace.yaml` what the export is narrowed to, so that the next one into the folder knows."""
    if selection:
        text = export.texts["workspace.yaml"]
        export.texts["workspace.yaml"] = lambda: chain([selection.encode()], text())


def _check_selection(out: Path, selection: str) -> None:
    """See to it that a folder holds the same selection, or nothing yet: what is not asked for would be removed.

    Raises:
        UsageError: It holds another one.
    """
    path = out / "workspace.yaml"
    if path.is_symlink() or not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        first = file.readline(_LONGEST)
    before = first if first.startswith(_ONLY) else ""
    if before != selection:
        held, asked = (plain(one.removeprefix(_ONLY).strip()) or "everything" for one in (before, selection))
        message = f"--out: `{out}` holds an export of {held}, and {asked} is asked for"
        hint = "give another folder: what is not asked for would be removed from this one"
        raise UsageError(message, hint=hint)


def _tell(export: Export, left_out: list[str], started: float, requests: int, *, removed: int) -> None:
    counts = ", ".join(f"{count:,} {noun}{'s' * (count != 1)}" for noun, count in export.counts.items())
    click.echo(f"Exported: {counts} · {requests:,} requests, {time.perf_counter() - started:.1f} s", err=True)
    for one in left_out:
        click.echo(f"  not exported: {plain(one)}", err=True)
    if removed:
        files = "1 file of what is" if removed == 1 else f"{removed:,} files of what is"
        click.echo(f"  removed from the folder: {files} no longer on the platform", err=True)
