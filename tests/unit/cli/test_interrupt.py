"""What is done when a process is stopped at once: by threads of their own, for a short time, and once."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial

import pytest

from picsellia_apply.cli import interrupt
from picsellia_apply.cli.exit import Exit
from picsellia_apply.cli.interrupt import Ending, Interrupts


class Left:
    """Stands for the end of the process."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.over = threading.Event()

    def __call__(self, code: int) -> None:
        self.codes.append(code)
        self.over.set()


def _hang(until: threading.Event) -> None:
    until.wait()


def test_acts_are_done_by_other_threads_before_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "_PATIENCE_S", 60.0)
    left, threads = Left(), []
    ending = Ending(left)
    ending.prepare()
    for _ in range(2):
        ending.add(lambda: threads.append(threading.current_thread()))
    ending.begin()
    ending.forget()
    assert left.codes == [Exit.interrupted]
    assert len({*threads, threading.current_thread()}) == 3


def test_one_that_hangs_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "_PATIENCE_S", 0.01)
    left, never, done = Left(), threading.Event(), threading.Event()
    ending = Ending(left)
    ending.prepare()
    ending.add(partial(_hang, never))
    ending.add(done.set)
    ending.begin()
    assert left.over.wait(30)
    assert done.wait(30), "one that hangs keeps no other from being done"
    never.set()


def test_one_that_fails_keeps_the_process_from_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    left = Left()
    ending = Ending(left)
    ending.prepare()
    ending.add({}.clear)
    ending.add([].pop)
    ending.begin()
    ending.forget()
    assert left.codes == [Exit.interrupted]
    assert "Traceback" not in capsys.readouterr().err


def test_asked_a_third_time_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "_PATIENCE_S", 60.0)
    left, never = Left(), threading.Event()
    ending = Ending(left)
    ending.prepare()
    ending.add(partial(_hang, never))
    ending.begin()
    assert left.codes == []
    ending.begin()
    assert left.codes == [Exit.interrupted]
    never.set()
    ending.forget()


def test_a_lock_that_the_interrupted_thread_holds_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler returns, so that whatever it interrupted goes on: an act may need what that holds."""
    monkeypatch.setattr(interrupt, "_PATIENCE_S", 20.0)
    left, lock, done = Left(), threading.Lock(), threading.Event()

    def act() -> None:
        with lock:
            done.set()

    with Interrupts(left) as interrupts:
        interrupts.at_the_end(act)
        with lock:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        assert left.over.wait(30)
    assert done.is_set()
    assert left.codes == [Exit.interrupted]


def test_after_the_apply_nothing_is_done() -> None:
    done: list[str] = []
    left = Left()
    with Interrupts(left) as interrupts:
        interrupts.at_the_end(lambda: done.append("given back"))
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.stopped()
    assert (done, left.codes) == ([], [])
    assert not any(one.name == "ending" for one in threading.enumerate())
