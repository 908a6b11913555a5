"""Options for all tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write what comes out as what is expected")


@pytest.fixture
def rewrite_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--rewrite-golden"))


@pytest.fixture(autouse=True)
def unset_log_level() -> Iterator[None]:
    """Take back the level that a command line run in this process set: it would hide what later tests look for."""
    yield
    logging.getLogger("picsellia_apply").setLevel(logging.NOTSET)
