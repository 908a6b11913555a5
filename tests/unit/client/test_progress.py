"""A bar: on a terminal only, after a second only, on stderr only."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable

import pytest

from picsellia_apply.client.progress import PATIENCE_S, Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Return what makes stderr a terminal: inside the test, as pytest puts its own there after the set-up."""

    def make() -> Terminal:
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        return stream

    return make


def test_what_takes_longer_than_a_second_has_a_bar(
    terminal: Callable[[], Terminal], capsys: pytest.CaptureFixture[str]
) -> None:
    stream = terminal()
    now = [0.0]
    with Bar("uploading [pictures]", 10, clock=lambda: now[0]) as bar:
        bar.advance(3)
        assert stream.getvalue() == ""
        now[0] = PATIENCE_S
        bar.advance(4)
    assert "uploading [pictures]" in stream.getvalue()
    assert "7/10" in stream.getvalue()
    assert capsys.readouterr().out == ""


def test_what_is_quick_has_none(terminal: Callable[[], Terminal]) -> None:
    stream = terminal()
    with Bar("uploading", 10, clock=lambda: 0.0) as bar:
        bar.advance(10)
    assert stream.getvalue() == ""


def test_without_a_terminal_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    now = [0.0]
    with Bar("uploading", 10, clock=lambda: now[0]) as bar:
        now[0] = 99.0
        bar.advance(10)
    assert stream.getvalue() == ""


def test_threads_count_together(terminal: Callable[[], Terminal]) -> None:
    stream = terminal()
    ticks = iter(float(number) for number in range(1000))
    with Bar("downloading", 80, clock=lambda: next(ticks)) as bar:

        def count() -> None:
            for _ in range(10):
                bar.advance()

        threads = [threading.Thread(target=count) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert "80/80" in stream.getvalue()


def test_bytes_are_shown_in_units(terminal: Callable[[], Terminal]) -> None:
    stream = terminal()
    now = [0.0]
    with Bar("storing m.bin", 50_000_000, in_bytes=True, clock=lambda: now[0]) as bar:
        now[0] = 2.0
        bar.advance(20_000_000)
    assert "20.0/50.0 MB" in stream.getvalue()
