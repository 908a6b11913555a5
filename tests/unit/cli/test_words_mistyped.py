"""A word that is no command or option is answered with what it may have been meant to be, and with exit code 64."""

from __future__ import annotations

import sys

import pytest

from picsellia_apply.cli import COMMANDS, group
from picsellia_apply.cli.exit import run


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["plam"], "No such command 'plam'. Did you mean 'plan'?"),
        (["Apply", "."], "No such command 'Apply'. Did you mean 'apply'?"),
        (["inventry", "list"], "No such command 'inventry'. Did you mean 'inventory'?"),
        (["xyzzy"], "No such command 'xyzzy'.\n"),
        (["plan", "--detailed-exitcod"], "No such option '--detailed-exitcod'. Did you mean '--detailed-exitcode'?"),
        (["--versoin"], "No such option '--versoin'. Did you mean '--version'?"),
    ],
)
def test_what_may_have_been_meant_is_told(
    typed: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["picsellia-apply", *typed])
    assert run(group) == 64
    err = capsys.readouterr().err
    assert said in err
    assert "Try 'picsellia-apply" in err


def test_every_command_is_still_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        monkeypatch.setattr(sys, "argv", ["picsellia-apply", name, "--help"])
        assert run(group) == 0
        assert f"Usage: picsellia-apply {name}" in capsys.readouterr().out
