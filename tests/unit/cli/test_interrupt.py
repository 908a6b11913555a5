"""What is done when a process is stopped at once: by a thread of its own, for a short time, and once."""

from __future__ import annotations

import threading

import pytest

from picsellia_apply.cli import interrupt
from picsellia_apply.cli.interrupt import Interrupts, LastAct


def test_it_is_done_by_another_thread_and_once() -> None:
    threads: list[threading.Thread] = []
    act = LastAct()
    act.prepare(lambda: threads.append(threading.current_thread()))
    act.do()
    act.do()
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


def test_one_that_hangs_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "_PATIENCE_S", 0.01)
    never = threading.Event()
    act = LastAct()

    def hang() -> None:
        never.wait()

    act.prepare(hang)
    act.do()
    never.set()


def test_nothing_to_do_is_nothing_to_wait_for() -> None:
    LastAct().do()


def test_after_the_apply_nothing_is_given_back() -> None:
    done: list[str] = []
    with Interrupts() as interrupts:
        interrupts.give_back(lambda: done.append("given back"))
    interrupts._last_act.do()
    assert done == []
    assert not any(one.name == "last act" and one.is_alive() for one in threading.enumerate() if _joined(one))


def _joined(thread: threading.Thread) -> bool:
    if thread.name == "last act":
        thread.join(30)
    return True
