"""What need not be done at every request is done at once, then seldom, for each organization by itself."""

from __future__ import annotations

from picsellia_apply.lake.call import Rarely


def test_it_is_due_at_once_and_after_the_time() -> None:
    rarely = Rarely(60.0)
    assert [rarely.is_due("a", now_s) for now_s in (1000.0, 1001.0, 1059.0, 1060.0, 1061.0)] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_one_does_not_wait_for_another() -> None:
    rarely = Rarely(60.0)
    assert rarely.is_due("a", 1000.0)
    assert rarely.is_due("b", 1001.0)
    assert not rarely.is_due("a", 1002.0)


def test_a_clock_set_back_makes_it_due() -> None:
    rarely = Rarely(60.0)
    assert rarely.is_due("a", 1000.0)
    assert rarely.is_due("a", 10.0)
