"""`picsellia-apply validate`: manifests and everything they name, offline."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from picsellia_apply.cli.variables import reading_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from picsellia_apply.errors import Diagnostic
    from picsellia_apply.model.declaration import Declaration


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@reading_options
@click.option("--format", "form", type=click.Choice(["human", "json"]), default="human", help="How to answer.")
@click.option("-v", "--verbose", count=True, help="Log what is read, and what is passed over.")
@click.option("--no-color", is_flag=True, help="No colours.")
def command(  # noqa: PLR0917 - click passes them by name
    paths: tuple[Path, ...],
    workspace: str | None,
    variables: tuple[tuple[str, str], ...],
    var_files: tuple[Path, ...],
    form: str,
    verbose: int,
    no_color: bool,
) -> None:
    """Check manifests, and every picture, annotation file and network file they name. Connects to nothing.

    PATHS are manifests, or folders to search for them; the current folder when none is given.
    """
    from picsellia_apply.cli.exit import Exit, Finished
    from picsellia_apply.cli.reading import prepare
    from picsellia_apply.cli.wishes import Wishes
    from picsellia_apply.errors import InvalidInput

    if verbose:
        logging.basicConfig(format="%(message)s", stream=sys.stderr, force=True)
        logging.getLogger("picsellia_apply").setLevel(logging.INFO)
    try:
        declaration = prepare(paths or (Path(),), Wishes(workspace, variables=variables, var_files=var_files))
    except InvalidInput as error:
        if form == "json":
            _print_json(ok=False, counts={}, findings=error.diagnostics)
        else:
            _print_findings(error.diagnostics, no_color=no_color, verbose=verbose > 0)
        raise Finished(Exit.bad_input) from None
    findings = _findings(declaration)
    if form == "json":
        _print_json(ok=True, counts=count(declaration), findings=findings)
        return
    _print_findings(findings, no_color=no_color)
    click.echo(summary(count(declaration)))


def _findings(declaration: Declaration) -> Sequence[Diagnostic]:
    from picsellia_apply.manifest import positioned
    from picsellia_apply.manifest.loading import order
    from picsellia_apply.manifest.names import unheld_names

    return order((*declaration.findings, *declaration.local_findings, *positioned(unheld_names(declaration))))


def count(declaration: Declaration) -> dict[str, int]:
    """Return how much the manifests declare; annotation files that several versions share count once."""
    files = {id(source.objects): source.objects for one in declaration.datasets for v in one.versions
             for source in v.annotations}  # fmt: skip
    return {
        "documents": declaration.manifests,
        "skipped": declaration.skipped,
        "pictures": len({name for one in declaration.picture_sets for name in one.pictures.names}),
        "objects": sum(len(texts) for objects in files.values() for texts in objects.values()),
        "datasets": len(declaration.datasets),
        "versions": sum(len(one.versions) for one in declaration.datasets),
        "networks": len(declaration.networks),
    }


def summary(counts: dict[str, int]) -> str:
    """Return the counts as one line."""
    names = {"documents": "document", "pictures": "picture", "objects": "object", "versions": "version",
             "networks": "network"}  # fmt: skip
    parts = [f"{counts[key]:,} {name}{'s' * (counts[key] != 1)}" for key, name in names.items()]
    others = f" · {counts['skipped']:,} of others passed over" if counts["skipped"] else ""
    return f"valid: {', '.join(parts)}{others}"


def _print_findings(findings: Sequence[Diagnostic], *, no_color: bool, verbose: bool = False) -> None:
    import os

    from picsellia_apply.render.diagnostics import render_diagnostics

    color = sys.stderr.isatty() and not no_color and "NO_COLOR" not in os.environ
    text = render_diagnostics(findings, color=color, verbose=verbose)
    if text:
        click.echo(text, err=True)


def _print_json(*, ok: bool, counts: dict[str, int], findings: Sequence[Diagnostic]) -> None:
    import json

    body: dict[str, Any] = {"ok": ok, "counts": counts, "findings": [_as_json(one) for one in findings]}
    click.echo(json.dumps(body, indent=2))


def _as_json(one: Diagnostic) -> dict[str, Any]:
    from picsellia_apply.source import Position

    position = one.position if isinstance(one.position, Position) else None
    where = None
    if position is not None:
        where = {"file": position.file, "line": position.line, "column": position.column, "length": position.length}
    return {
        "code": one.code,
        "severity": one.severity.name,
        "message": one.message,
        "position": where,
        "hint": one.hint,
        "count": one.count,
    }
