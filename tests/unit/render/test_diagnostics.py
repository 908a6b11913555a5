"""How diagnostics look."""

from __future__ import annotations

from pathlib import Path

import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.render.diagnostics import WIDTH, count_line, render_diagnostics
from picsellia_apply.source import Place, Position


def error(message: str, position: Position | Place | None = None, hint: str = "") -> Diagnostic:
    return Diagnostic("M012", Severity.error, message, position, hint)


def test_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cells.yaml").write_text("a:\n  - label: platlets\n")
    one = error("label `platlets` is not declared", Position("cells.yaml", 2, 12, 8), "did you mean `Platelets`?")
    assert render_diagnostics([one]) == (
        "cells.yaml:2:12: error[M012]: label `platlets` is not declared\n"
        "  2 |   - label: platlets\n"
        "    |            ^~~~~~~~\n"
        "\n"
        "  hint: did you mean `Platelets`?\n"
        "\n"
        "1 error"
    )


def test_order_and_count() -> None:
    found = [
        error("last", Position("b", 2)),
        Diagnostic("P006", Severity.warning, "third", Position("b", 1, 9)),
        Diagnostic("A001", Severity.info, "second", Position("b", 1, 2)),
        error("whole", None),
        error("first", Position("a", 70, 1)),
    ]
    text = render_diagnostics(found, verbose=True)
    assert _messages(text) == ["second", "third", "whole", "first", "last"]
    assert text.endswith("\n\n3 errors, 1 warning, 1 note")
    assert render_diagnostics(reversed(found), verbose=True) == text


def _messages(text: str) -> list[str]:
    return [line.split(": ")[-1] for line in text.splitlines() if "]: " in line]


def test_notes_are_only_counted_beside_errors() -> None:
    note = Diagnostic("A033", Severity.info, "note", Position("a", 1))
    warning = Diagnostic("Q003", Severity.warning, "warning", Position("b", 1))
    text = render_diagnostics([note, error("wrong", Position("a", 2)), warning])
    assert _messages(text) == ["warning", "wrong"]
    assert text.endswith("\n\n1 error, 1 warning, 1 note (-v lists it)")
    assert _messages(render_diagnostics([note, warning])) == ["note", "warning"]


def test_nothing_to_say() -> None:
    assert render_diagnostics([]) == ""
    assert count_line([]) == ""


def test_places_are_found(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("a:\n  b: wrong\n")
    assert f"{path}:2:6: error" in render_diagnostics([error("x", Place(str(path), 0, ("a", "b")))])


def test_a_long_line_is_cut_around_the_column(tmp_path: Path) -> None:
    path = tmp_path / "min.json"
    path.write_text("x" * 500_000 + "HERE" + "y" * 500_000)
    shown = render_diagnostics([error("x", Position(str(path), 1, 500_001, 4))]).splitlines()
    assert len(shown[1]) < WIDTH + 20
    assert shown[1][shown[2].index("^") :][:4] == "HERE"


def test_control_characters_never_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(b"a: \x1b[31m\x9b\n")
    text = render_diagnostics([error("name `\x1b[2J`", Position(str(path), 1, 4, 2), "do\x07")])
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "`\\x1b[2J`" in text


def test_marks_stand_under_wide_characters(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("細胞: 白\n")
    lines = render_diagnostics([error("x", Position(str(path), 1, 5, 1))]).splitlines()
    assert lines[2].index("^") == len("  1 | ") + 2 * 2 + 2
    assert lines[2].endswith("^~")


def test_a_file_that_is_gone() -> None:
    assert (
        render_diagnostics([error("x", Position("no/such", 3, 1), "h")])
        == "no/such:3:1: error[M012]: x\n  hint: h\n\n1 error"
    )


def test_colour_is_only_added() -> None:
    import re

    found = [error("x", Position("f", 1, 1), "h"), Diagnostic("P006", Severity.warning, "y")]
    coloured = render_diagnostics(found, color=True)
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_diagnostics(found)


def test_a_file_name_that_is_no_text() -> None:
    assert render_diagnostics([error("x", Position("a\udcff.yaml", 1, 1))]).startswith("a\\udcff.yaml:1:1: ")
