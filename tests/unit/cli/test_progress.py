"""What an apply tells while it runs: lines without a terminal, bars only for what takes longer than a second."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from picsellia_apply.cli.progress import BarProgress, PlainProgress
from picsellia_apply.executor.events import Advanced, Finished, Started
from picsellia_apply.model.plan import Operation
from picsellia_apply.model.result import OperationResult


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


LABELS = tuple(Operation(f"label/d@v/{name}/rectangle", "create", "new") for name in ("a", "b"))


def test_lines_say_what_was_done_and_leave_the_rest_to_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainProgress(Clock()) as tell:
        tell(Started("pictures/s", "create", 2, 10))
        tell(Advanced("pictures/s", 2, 10))
        tell(Finished(OperationResult("pictures/s", "create", "done")))
        tell(Finished(OperationResult("network/n", "create", "failed", "no room")))
    assert capsys.readouterr().err.splitlines() == ["  + done  pictures/s"]


@pytest.mark.parametrize("kind", [PlainProgress, BarProgress])
def test_without_a_result_what_was_not_done_is_told_here(
    capsys: pytest.CaptureFixture[str], kind: Callable[[Clock], PlainProgress | BarProgress]
) -> None:
    def broken() -> None:
        with kind(Clock()) as tell:
            tell(Finished(OperationResult("network/n", "create", "failed", "[bold]no room")))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert capsys.readouterr().err.splitlines() == ["  x failed  network/n  [bold]no room"]


def test_labels_of_one_version_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainProgress(Clock(), LABELS) as tell:
        for label in LABELS:
            tell(Finished(OperationResult(label.address, "create", "done")))
    assert capsys.readouterr().err.splitlines() == ["  + done  label/d@v/*  2 labels"]


def test_labels_that_ended_apart_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainProgress(Clock(), LABELS) as tell:
        tell(Finished(OperationResult(LABELS[0].address, "create", "failed", "no")))
        tell(Finished(OperationResult(LABELS[1].address, "create", "done")))
    assert capsys.readouterr().err.splitlines() == ["  + done  label/d@v/b/rectangle"]


def test_a_long_operation_says_now_and_then_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with PlainProgress(clock) as tell:
        tell(Started("pictures/s", "create", 3000))
        for second in range(12):
            clock.now = float(second)
            tell(Advanced("pictures/s", 100))
    assert capsys.readouterr().err.splitlines() == ["  . going  pictures/s  700 of 3,000"]


def test_a_quick_apply_shows_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with BarProgress(Clock()) as tell:
        tell(Started("pictures/s", "create", 2))
        tell(Advanced("pictures/s", 2))
        tell(Finished(OperationResult("pictures/s", "create", "done")))
        tell(Finished(OperationResult("network/n", "create", "failed", "[bold]no room")))
    assert capsys.readouterr().err == ""


def test_a_slow_operation_gets_a_bar_whatever_its_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    clock = Clock()
    with BarProgress(clock) as tell:
        tell(Started("pictures/[bold]", "create", 100))
        clock.now = 2.0
        tell(Advanced("pictures/[bold]", 40))
        tell(Finished(OperationResult("network/n", "create", "failed", "no room")))
        tell(Finished(OperationResult("pictures/[bold]", "create", "done")))
    shown = capsys.readouterr().err
    assert "pictures/[bold]" in shown
    assert "network/n" not in shown


@pytest.mark.parametrize("kind", [PlainProgress, BarProgress])
def test_one_large_file_is_told_in_bytes(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: Callable[[Clock], PlainProgress | BarProgress],
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    clock = Clock()
    with kind(clock) as tell:
        tell(Started("file/n/weights", "create", 1, 50_000_000))
        clock.now = 9.0
        tell(Advanced("file/n/weights", 0, 20_000_000))
        tell(Advanced("file/n/weights", 1, 30_000_000))
        tell(Finished(OperationResult("file/n/weights", "create", "done")))
    assert "20.0 MB of 50.0 MB" in capsys.readouterr().err
