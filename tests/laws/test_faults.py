"""Faults on the way and on the disk: whatever happens, running it again ends where an undisturbed apply does."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import event, given, reject
from hypothesis import strategies as st
from requests import PreparedRequest, Response

from picsellia_apply.errors import PicselliaError, ProcessingError
from tests.laws.killing import Death, apply_apart
from tests.laws.profiles import bounded
from tests.laws.sky import Pass, Sky
from tests.laws.test_killed import compare, history, is_acceptable
from tests.laws.weather import FAULTS, Weather, page_lost
from tests.laws.worlds import World

weathers = st.dictionaries(st.integers(1, 40), st.sampled_from(FAULTS), min_size=1, max_size=6)
PLATFORMS = pytest.mark.parametrize("plain", [False, True], ids=["extension", "plain"])


def attempt(world: World, sky: Sky) -> None:
    """Apply in a process of its own; it may fail, with an error that the program has words for."""
    ended = apply_apart(world, sky)
    event(f"refused: {ended.refused.partition(':')[0][:20]}" if ended.refused else "complete")


def both(data: st.DataObject, *, plain: bool) -> tuple[World, World]:
    """Return one world twice, after a random history, with something to do."""
    whole = World(plain=plain)
    try:
        history(data, whole)
        if not is_acceptable(whole):
            reject()
    except BaseException:  # a case that Hypothesis gives up too
        whole.remove()
        raise
    return whole, whole.copy()


def end_alike(whole: World, broken: World) -> None:
    """Apply both in fair weather, the broken one once more, and compare."""
    with whole, broken:
        for world in (whole, broken):
            assert world.execute(world.plan()).complete
        compare(broken, whole)


@PLATFORMS
@bounded(8)
@given(data=st.data())
def test_requests_in_bad_weather(data: st.DataObject, *, plain: bool) -> None:
    whole, broken = both(data, plain=plain)
    weather = Weather(data.draw(weathers, "weather"))
    attempt(broken, Sky(weather, weather.clock))
    end_alike(whole, broken)


@PLATFORMS
@bounded(6)
@given(data=st.data())
def test_a_plan_in_bad_weather_is_the_plan_or_an_error(data: st.DataObject, *, plain: bool) -> None:
    whole, broken = both(data, plain=plain)
    with whole, broken:
        fair = whole.plan().plan
        weather = Weather(data.draw(weathers, "weather"))
        try:
            made = broken.plan(sky=Sky(weather, weather.clock)).plan
        except PicselliaError as error:
            event(f"{type(error).__name__}")
        else:
            assert made.digest == fair.digest


@bounded(6)
@given(data=st.data())
def test_a_page_that_does_not_come_makes_no_plan(data: st.DataObject) -> None:
    whole, broken = both(data, plain=False)
    with whole, broken:
        fair = whole.plan().plan
        try:
            made = broken.plan(sky=Sky(page_lost)).plan
        except ProcessingError:
            event("refused")
        else:
            assert made.digest == fair.digest


@PLATFORMS
@bounded(6)
@given(data=st.data())
def test_a_full_disk(data: st.DataObject, *, plain: bool) -> None:
    """From some step on no file can be written: not the journal, not the inventory, not the lake's pictures."""
    whole, broken = both(data, plain=plain)
    step = data.draw(st.integers(1, 60), "step")
    ended = apply_apart(broken, death=Death(step, "full"))
    event("refused" if ended.refused else "complete")
    end_alike(whole, broken)


@PLATFORMS
@bounded(6)
@given(data=st.data())
def test_a_full_database(data: st.DataObject, *, plain: bool) -> None:
    """SQLite finds the lake's database full, in the middle of some transaction."""
    whole, broken = both(data, plain=plain)
    broken.repage(512)
    ended = apply_apart(broken, room=data.draw(st.integers(0, 60), "pages"))
    event("refused" if ended.refused else "complete")
    end_alike(whole, broken)


@PLATFORMS
@bounded(6)
@given(data=st.data())
def test_a_clock_that_jumps(data: st.DataObject, *, plain: bool) -> None:
    """That of the lake, by which its signatures and its leases end."""
    whole, broken = both(data, plain=plain)
    due = data.draw(st.integers(1, 30), "request")
    jump = timedelta(hours=data.draw(st.sampled_from([-48, -1, 1, 48]), "hours"))

    def jumping(number: int, _request: PreparedRequest, pass_on: Pass) -> Response:
        if number == due:
            broken.ahead += jump
        return pass_on()

    attempt(broken, Sky(jumping))
    end_alike(whole, broken)


@PLATFORMS
@bounded(6)
@given(data=st.data())
def test_two_applies_at_once(data: st.DataObject, *, plain: bool) -> None:
    """The second one runs as a whole while the first one is about to send a request."""
    whole, broken = both(data, plain=plain)
    due = data.draw(st.integers(1, 30), "request of the first")

    def interfere(number: int, _request: PreparedRequest, pass_on: Pass) -> Response:
        if number == due:
            with contextlib.suppress(PicselliaError):
                planned = broken.plan()
                if not planned.plan.refusals:
                    broken.execute(planned)
        return pass_on()

    attempt(broken, Sky(interfere))
    end_alike(whole, broken)
