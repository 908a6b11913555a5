"""What `plan` and `show` say to type next means what was planned: it is parsed again by `apply` itself."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.cli.apply import command as apply
from picsellia_apply.cli.options import Connection
from picsellia_apply.cli.planning import connection_to, next_command, next_command_of_saved
from picsellia_apply.cli.wishes import Wishes
from picsellia_apply.model.plan import Target

HOSTED = Connection("https://lake.example/sdk/v2/", "acme & sons", Path("my token"))


def parsed(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the parameters that `apply` reads from a line that a shell splits."""
    monkeypatch.chdir(folder)
    program, name, *arguments = shlex.split(text)
    assert (program, name) == ("picsellia-apply", "apply")
    for word in ("a b", "-x", "m", "p.json"):
        (folder / word).mkdir(exist_ok=True)
    return apply.make_context("apply", arguments).params


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(),
        Wishes("prod", ("dataset/A B", "query/x;y"), prune=True, allowances=("empty:workspace/prod",)),
        Wishes("-odd", ("pictures/it's",), prune=False, allowances=("a:dataset/$HOME", "b:dataset/`x`")),
    ],
)
@pytest.mark.parametrize("connection", [Connection(), Connection(embedded=True, verbose=2), HOSTED])
def test_the_next_command_means_what_was_planned(
    wishes: Wishes, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = (Path("a b"), Path("-x"))
    found = parsed(next_command(paths, wishes, connection), tmp_path, monkeypatch)
    assert found["paths"] == paths
    assert Wishes(found["workspace"], found["targets"], found["prune"], found["allowances"]) == wishes
    assert (found["host"], found["organization"]) == (connection.host, connection.organization)
    assert (found["token_file"], found["embedded"]) == (connection.token_file, connection.embedded)
    assert found["verbose"] == 0


def test_a_saved_plan_is_applied_with_its_manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = next_command_of_saved(Path("p.json"), (Path("a b"), Path("m")), HOSTED)
    found = parsed(text, tmp_path, monkeypatch)
    assert (found["paths"], found["manifests"]) == ((Path("p.json"),), (Path("a b"), Path("m")))
    assert (found["host"], found["organization"], found["token_file"]) == (
        HOSTED.host,
        HOSTED.organization,
        HOSTED.token_file,
    )


def test_a_plan_is_shown_with_its_own_platform() -> None:
    assert next_command((), Wishes(), Connection()) == "picsellia-apply apply"
    assert next_command_of_saved(Path("p.json"), (), connection_to(Target("embedded", "local", "demo"))) == (
        "picsellia-apply apply p.json --embedded"
    )
    assert next_command_of_saved(Path("p.json"), (), connection_to(Target("http://x/", "acme", "demo"))) == (
        "picsellia-apply apply p.json --host http://x/ --organization acme"
    )
