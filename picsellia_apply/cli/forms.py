"""The forms in which `plan` and `show` print a plan for other programs: JSON, and Markdown that fits a size."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picsellia_apply.errors import InvalidInput, PicselliaError, UsageError

if TYPE_CHECKING:
    from picsellia_apply.cli.wishes import Wishes
    from picsellia_apply.model.plan import Plan
    from picsellia_apply.render.pull_request import Missing

Command = TypeVar("Command", bound=Callable[..., Any])

FORMS = ("human", "json", "markdown")


def max_bytes_option(command: Command) -> Command:
    """Give a command the size that its Markdown must fit; it gets it as `max_bytes`."""
    text = "With markdown: cut details, never the summary, the deletes or what stands in the way."
    return click.option("--max-bytes", type=int, metavar="N", help=text)(command)


def full_option(command: Command) -> Command:
    """Give a command the flag that cuts nothing; it gets it as `full`."""
    text = "List every name, every object that changes and every finding, each on a line."
    return click.option("--full", is_flag=True, help=text)(command)


def show_rows(rows: Iterable[str]) -> None:
    """Write rows to stdout, each when it is made."""
    sys.stdout.writelines(f"{row}\n" for row in rows)


def check_form(form: str, max_bytes: int | None, *, full: bool = False) -> None:
    """See to it that size and fullness go with the form, before any work is done.

    Raises:
        UsageError: They do not.
    """
    if full and form != "human":
        hint = "`plan --out plan.json` saves every member, in `plan.members.ndjson.gz`"
        raise UsageError(f"--full does not go with `--format {form}`", hint=hint)
    if max_bytes is None:
        return
    if form != "markdown":
        raise UsageError("--max-bytes goes with `--format markdown` only")
    from picsellia_apply.render.pull_request import LEAST_BYTES

    if max_bytes < LEAST_BYTES:
        raise UsageError(f"--max-bytes: {max_bytes:,} is too little to say anything", hint=f"at least {LEAST_BYTES:,}")


@contextlib.contextmanager
def failure_told(
    form: str, max_bytes: int | None, paths: Sequence[Path], wishes: Wishes, *, of: Missing = "plan"
) -> Iterator[None]:
    """Print why there is no plan where Markdown was asked for, so that a comment says it too, beside stderr."""
    try:
        yield
    except PicselliaError as error:
        if form == "markdown":
            from picsellia_apply.manifest import positioned
            from picsellia_apply.render.pull_request import render_failure_markdown

            found = positioned(error.diagnostics) if isinstance(error, InvalidInput) else ()
            said = (_workspace_meant(paths, wishes), error.message, error.hint, found)
            sys.stdout.write(render_failure_markdown(*said, max_bytes=max_bytes, of=of))
        raise


def _workspace_meant(paths: Sequence[Path], wishes: Wishes) -> str:
    """Return the workspace of manifests that are at fault, as well as can be told: the comment's marker names it."""
    from picsellia_apply.cli.reading import workspace_of
    from picsellia_apply.cli.variables import given_values
    from picsellia_apply.manifest.target import load_target
    from picsellia_apply.model.declaration import Workspace

    wanted = workspace_of(wishes, os.environ)
    if wanted is not None:
        return wanted
    try:
        given = given_values(wishes.variables, wishes.var_files, os.environ)
        return load_target(paths, given=given).workspace.name
    except PicselliaError:
        return Workspace().name


def form_text(plan: Plan, form: str, max_bytes: int | None) -> str:
    """Return a plan as JSON or Markdown."""
    if form == "json":
        from picsellia_apply.render.json import plan_to_json

        return plan_to_json(plan).decode()
    from picsellia_apply.render.pull_request import render_plan_markdown

    return render_plan_markdown(plan, max_bytes=max_bytes)
