"""Options for all tests.

Properties draw the same examples in every run and have no deadline, so that what has not changed does not turn red by
chance or on a slow machine. The laws have profiles of their own.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write what comes out as what is expected")


def pytest_configure() -> None:
    """Hear Ctrl-C also where a shell runs the tests in the background: it has them and their children ignore SIGINT."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def rewrite_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--rewrite-golden"))


@pytest.fixture(autouse=True)
def unset_log_level() -> Iterator[None]:
    """Take back the level that a command line run in this process set: it would hide what later tests look for."""
    yield
    logging.getLogger("picsellia_apply").setLevel(logging.NOTSET)
