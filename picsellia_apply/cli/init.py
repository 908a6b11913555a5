"""`picsellia-apply init`: manifests for a folder of pictures and the annotation files found in it."""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from picsellia_apply.errors import Diagnostic
    from picsellia_apply.manifest.layout import Layout
    from picsellia_apply.manifest.survey import Source, SplitList, Survey

_SHOWN_LABELS = 6
_SHOWN_MISSING = 3
_SHOWN_NAME = 60


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("manifests"), show_default=True,
    metavar="DIR", help="Where the manifests go.",
)  # fmt: skip
@click.option("--name", help="What the dataset is called; default: the folder's name. With splits, NAME-SPLIT each.")
@click.option("--force", is_flag=True, help="Overwrite manifests that are there.")
@click.option("-v", "--verbose", is_flag=True, help="Show every finding about the annotation files, notes included.")
@click.option("--no-color", is_flag=True, help="No colours; this command uses none.")
def command(*, folder: Path, out: Path, name: str | None, force: bool, verbose: bool, no_color: bool) -> None:  # noqa: ARG001
    """Write manifests for DIR, a folder of pictures with any COCO, PASCAL-VOC or PICSELLIA files in it.

    Pictures, annotation files and split lists (ImageSets/) are found by themselves, however they are nested. Nothing is
    changed in DIR and nothing is sent anywhere.
    """
    from picsellia_apply.local.cache import default_cache
    from picsellia_apply.manifest.layout import lay_out
    from picsellia_apply.manifest.scaffold import manifests_for, workspace_name, write_manifests
    from picsellia_apply.manifest.survey import survey_folder

    survey = survey_folder(folder, default_cache())
    name = _usable_name(folder.resolve().name) if name is None else _checked_name(name)
    layout = lay_out(survey, name)
    files = manifests_for(layout, name, out, workspace=workspace_name(name))
    write_manifests(files, force=force)
    _tell(survey, layout, verbose=verbose)
    _say("Wrote " + ", ".join(str(path) for path in files))
    _say(f"Next: picsellia-apply plan {_quoted(out)}")


def _say(text: str) -> None:
    """Print a line; names of files may hold anything, also what a terminal would obey."""
    click.echo("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))


def _is_usable(character: str) -> bool:
    return character != "/" and not unicodedata.category(character).startswith(("Cc", "Cs"))


def _usable_name(name: str) -> str:
    """Return a name that manifests and web addresses take: no slash, no control character, not empty."""
    return "".join(character if _is_usable(character) else "-" for character in name).strip() or "dataset"


def _checked_name(name: str) -> str:
    from picsellia_apply.errors import UsageError

    if not name.strip() or not all(map(_is_usable, name)):
        raise UsageError(
            f"`{_usable_name(name)}` is no name", hint="a name is not blank, without `/` or control characters"
        )
    return name


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))


def _tell(survey: Survey, layout: Layout, *, verbose: bool) -> None:
    from picsellia_apply.source import shown_path

    _say(f"Found in {shown_path(survey.root)}")
    _say(f"  {sum(one.count for one in layout.sets):,} pictures in " + _sets_told(layout))
    if survey.masks:
        _say(f"  {len(survey.masks):,} masks (SegmentationClass, SegmentationObject), left out")
    for file, reason in list(survey.unusable.items())[:3]:
        _say(f"  ! {file}: {reason}; left out")
    if len(survey.unusable) > 3:
        _say(f"  ! and {len(survey.unusable) - 3:,} more files that are no pictures; left out")
    reasons = {source.path: reason for source, reason in layout.left_out}
    for source in survey.sources:
        _tell_source(survey, source, reasons.get(source.path, ""), verbose=verbose)
    if survey.lists:
        told = ", ".join(f"{one.name} {len(one.pictures):,}" for one in survey.lists)
        _say(f"  splits: {told}" + (": a dataset each" if len(survey.lists) > 1 else ""))
    for one in survey.lists:
        _tell_missing(one)
    for path, reason in survey.skipped_lists.items():
        _say(f"  split list {path.name} left out: {reason}")


def _tell_missing(split: SplitList) -> None:
    """Say which lines of a split list name no picture: the split is made without them."""
    if not split.missing:
        return
    named = ", ".join(f"`{line[:_SHOWN_NAME]}`" for line in split.missing[:_SHOWN_MISSING])
    more = f" and {len(split.missing) - _SHOWN_MISSING:,} more" if len(split.missing) > _SHOWN_MISSING else ""
    count, without = len(split.missing), "it" if len(split.missing) == 1 else "them"
    name = "names" if count == 1 else "name"
    told = f"{count:,} of the {len(split.lines):,} lines of {split.path.name} {name} no picture"
    _say(f"  ! {told}: {named}{more}; split {split.name} is made without {without}")


def _sets_told(layout: Layout) -> str:
    from picsellia_apply.source import shown_path

    folders = sorted({shown_path(one.folder) for one in layout.sets})
    return ", ".join(folders[:4]) + (f" and {len(folders) - 4} more folders" if len(folders) > 4 else "")


def _tell_source(survey: Survey, source: Source, reason: str, *, verbose: bool) -> None:
    labels = Counter(source.annotations.labels).most_common()
    listed = ", ".join(f"{label} {count:,}" for label, count in labels[:_SHOWN_LABELS])
    more = f" and {len(labels) - _SHOWN_LABELS} more" if len(labels) > _SHOWN_LABELS else ""
    where = source.path.relative_to(survey.root).as_posix()
    objects = len(source.annotations.labels)
    said = f"{objects:,} object{'s' * (objects != 1)} on {len(source.covers):,} pictures"
    _say(f"  {said} in {where} ({source.format}){': ' if listed else ''}{listed}{more}")
    if reason:
        _say(f"    not used: {reason}")
    if source.missing:
        _say(f"    {len(source.missing):,} of its pictures are not here, e.g. {source.missing[0]}")
    _tell_diagnostics(source.diagnostics, verbose=verbose)


def _tell_diagnostics(diagnostics: tuple[Diagnostic, ...], *, verbose: bool) -> None:
    from picsellia_apply.errors import Severity
    from picsellia_apply.render.diagnostics import render_diagnostics

    told = [one for one in diagnostics if verbose or one.severity is not Severity.note]
    if told:
        print(render_diagnostics(told, verbose=verbose), file=sys.stderr)
