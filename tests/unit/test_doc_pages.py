"""Every page of `docs/` and the README: manifests that are manifests, and commands with options that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from picsellia_apply.cli import group
from picsellia_apply.manifest.files import read_manifests
from picsellia_apply.manifest.variables import Given

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", *(ROOT / "examples").rglob("*.md")])
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`(picsellia-apply [^`]+)`|^ {4,}.*?(picsellia-apply .*)$", re.MULTILINE)
SHORT = re.compile(r"`([a-z]+ [^`]*--[^`]+)`")
GIVEN = Given("host", "https://platform.example/sdk/v2/", "set by `--var`", optional=True)


def manifests() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        blocks = [body for language, body in FENCED.findall(page.read_text()) if language == "yaml"]
        for number, body in enumerate(blocks):
            if re.search(r"^kind:", body, re.MULTILINE):
                yield f"{page.relative_to(ROOT)}:{number}", body


def commands() -> Iterator[tuple[str, str]]:
    """Yield each place that names a command, with the words behind `picsellia-apply`, as people read them."""
    for page in PAGES:
        text = page.read_text()
        scripts = [body for language, body in FENCED.findall(text) if language in ("sh", "bash", "")]
        lines = [line.strip() for body in scripts for line in body.splitlines()]
        lines += [code or line for code, line in CODE.findall(FENCED.sub("", text))]
        short = [
            words for words in SHORT.findall(text) if words.split()[0] in group.list_commands(click.Context(group))
        ]
        for line in [*lines, *(f"picsellia-apply {words}" for words in short)]:
            if line.startswith("picsellia-apply ") and re.match(r"[a-z]", words := line.partition(" ")[2]):
                yield str(page.relative_to(ROOT)), words


def options_of(command: click.Command) -> set[str]:
    shared = {"--help", "-h"}
    return shared | {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


def unknown(words: str) -> list[str]:
    """Return what of a command line there is not."""
    rest = re.split(r"   |[>;#`]", words)[0].split()
    command: click.Command = group
    while rest and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest[0].strip("[](),.:|"))
        if found is None:
            return [rest[0]]
        command, rest = found, rest[1:]
    given = re.findall(r"(?:^|[\s\[(|])(--?[a-z][a-z-]*)", " ".join(rest))
    return [one for one in given if one not in options_of(command)]


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in manifests()])
def test_every_manifest_is_one(tmp_path: Path, body: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(body)
    collected = read_manifests([path], given=[GIVEN])
    assert collected.diagnostics == []
    assert len(collected.reads) == len(list(yaml.safe_load_all(body)))


def test_there_are_manifests_and_commands_on_many_pages() -> None:
    assert len({name.partition(":")[0] for name, _ in manifests()}) >= 5
    pages = {page for page, _ in commands()}
    assert {"README.md", "docs/ci.md", "docs/drift.md", "docs/environments.md", "docs/inventory.md"} <= pages
    assert len(list(commands())) >= 50


@pytest.mark.parametrize("page", sorted({page for page, _ in commands()}))
def test_every_command_and_every_option_is_there(page: str) -> None:
    wrong = {words: found for where, words in commands() if where == page and (found := unknown(words))}
    assert wrong == {}


def takes(command: click.Command | None, option: str) -> bool:
    """Return whether a command, or every command of a group, has an option."""
    if isinstance(command, click.Group):
        return all(takes(one, option) for one in command.commands.values())
    return command is not None and option in options_of(command)


@pytest.mark.parametrize("option", ["--var", "--var-file"])
def test_every_command_that_takes_variables_is_named(option: str) -> None:
    text = " ".join((ROOT / "docs/environments.md").read_text().split())
    listed = re.search(r"((?:`\w+`,? (?:and )?)+)take these options", text)
    assert listed is not None
    context = click.Context(group)
    taking = {name for name in group.list_commands(context) if takes(group.get_command(context, name), option)}
    assert set(re.findall(r"\w+(?=`)", listed[1])) == taking


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("plan manifests --out plan.json", []),
        ("plan manifests --outt plan.json -v", ["--outt"]),
        ("inventory list [PATH]... --no-such", ["--no-such"]),
        ("inventry list", ["inventry"]),
        ("plan [--allow X|--tagret Y]   (see --elsewhere)", ["--tagret"]),
    ],
)
def test_what_is_not_there_is_seen(words: str, wrong: list[str]) -> None:
    assert unknown(words) == wrong
