"""`picsellia-apply drift`: show what people changed on the platform since the last apply, and change nothing."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from picsellia_apply.cli.exit import Exit, Finished
from picsellia_apply.cli.forms import FORMS, check_form, failure_told, max_bytes_option
from picsellia_apply.cli.options import EMBEDDED, Connection, manifest_paths, open_client, shared_options
from picsellia_apply.cli.planning import connection_words, heading, paths_of
from picsellia_apply.cli.wishes import Wishes, planning_options, policy_of, words_of
from picsellia_apply.cli.words import path_word
from picsellia_apply.errors import RefusedError
from picsellia_apply.render.lines import plain

if TYPE_CHECKING:
    from picsellia_apply.model.drift import DriftReport
    from picsellia_apply.model.plan import Target
    from picsellia_apply.pipeline import Planned


@click.command("drift")
@manifest_paths
@click.option("--format", "form", type=click.Choice(FORMS), default="human", show_default=True)
@max_bytes_option
@click.option("--require-base", is_flag=True, help="Refuse (4) where nothing was applied yet: nothing can be compared.")
@planning_options
@shared_options
def command(
    *,
    paths: tuple[Path, ...],
    form: str,
    max_bytes: int | None,
    require_base: bool,
    wishes: Wishes,
    connection: Connection,
) -> None:
    """Show what people changed on the platform since the last apply.

    PATH is a manifest or a folder of them; default: the current folder. Only what the manifests declare is compared,
    and what changed in the manifests is not drift: `plan` shows that. `--format markdown` is the body of an issue.
    Exit code: 0 without drift, 2 with some; 65 for bad input; 4 with --require-base where nothing was applied yet.
    """
    started = time.perf_counter()
    check_form(form, max_bytes)
    from picsellia_apply.cli.reading import prepare
    from picsellia_apply.formats.collector import collector_paused
    from picsellia_apply.pipeline import find_drift, make_plan

    with failure_told(form, max_bytes, paths_of(paths), wishes, of="drift"), collector_paused():
        declaration = prepare(paths_of(paths), wishes)
        with open_client(connection, declaration, os.environ, read_only=True) as client:
            planned = make_plan(declaration, client, policy_of(wishes, declaration))
        report = find_drift(planned)
        again = (*map(path_word, paths), *connection_words(connection), *words_of(wishes))
        where = tuple(connection_words(_connection_of(report.target, connection)))
        sys.stdout.write(_shown(form, report, planned, connection, started, again, where, max_bytes))
    if not report.applied:
        _tell_no_base(report, refuse=require_base)
    raise Finished(Exit.changes if report.drifts else Exit.ok)


def _tell_no_base(report: DriftReport, *, refuse: bool) -> None:
    """Say that there was nothing to compare with: a name that is mistyped or a lost inventory is no green light.

    Raises:
        RefusedError: Such a report is to be refused.
    """
    from picsellia_apply.render.drift import DOUBT

    message = f"whether anything drifted is not known: workspace `{plain(report.target.workspace)}` has no inventory"
    if refuse:
        raise RefusedError(message, hint=DOUBT)
    print(f"warning: {message}\n  hint: {DOUBT}", file=sys.stderr)


def _connection_of(target: Target, connection: Connection) -> Connection:
    """Return the connection that leads to the platform that was compared, without any manifest that names it."""
    if target.host == EMBEDDED:
        return connection
    return replace(connection, host=target.host, organization=target.organization)


def _shown(  # noqa: PLR0917 - one call
    form: str,
    report: DriftReport,
    planned: Planned,
    connection: Connection,
    started: float,
    again: tuple[str, ...],
    where: tuple[str, ...],
    max_bytes: int | None,
) -> str:
    match form:
        case "json":
            from picsellia_apply.render.drift import drift_to_json

            return drift_to_json(report).decode()
        case "markdown":
            from picsellia_apply.render.issue import render_drift_markdown

            return render_drift_markdown(report, again=again, where=where, max_bytes=max_bytes)
    from picsellia_apply.render.drift import render_drift_text

    text = render_drift_text(
        report,
        heading=heading("drift", planned, started=started, color=connection.color),
        again=again,
        where=where,
        color=connection.color,
        width=shutil.get_terminal_size((120, 24)).columns,
    )
    return f"{text}\n"
