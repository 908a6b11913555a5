"""The bounded run of the laws draws what it always drew; the long one draws afresh, and remembers what it found."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.laws.profiles import CASES, LONG


def test_the_bounded_run_draws_the_same_each_time() -> None:
    assert settings.get_profile("ci").derandomize
    assert settings.get_profile("repeatable").derandomize


@pytest.mark.parametrize("name", [LONG, "hunt"])
def test_the_long_run_draws_afresh(name: str) -> None:
    profile = settings.get_profile(name)
    assert (profile.derandomize, profile.max_examples) == (False, CASES)
    assert profile.database is not None
