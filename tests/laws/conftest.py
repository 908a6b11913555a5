"""The laws run without what this machine has configured, the longest of them first."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.laws import worlds

LONGEST = ("test_processes", "test_apply", "test_killed", "test_faults", "test_found", "test_export", "test_order")
"""Modules by how long each of their laws takes in the long run: begun last, one would keep a single core busy."""
HERE = Path(__file__).parent
TOLD = "told"
"""The property of a law's report that is said again at the end, since workers of pytest-xdist show no output."""


@pytest.fixture(autouse=True, scope="session")
def nothing_of_this_machine() -> Iterator[None]:
    """Forget the environment's platform and token; keep caches apart; leave nothing behind."""
    cache = worlds.scratch()
    with pytest.MonkeyPatch.context() as patch:
        for name in [*filter(lambda one: one.startswith("PICSELLIA_"), os.environ), "CI"]:
            patch.delenv(name, raising=False)
        patch.setenv("PICSELLIA_CACHE_DIR", str(cache))
        yield
    shutil.rmtree(cache)
    worlds.forget_the_empty_one()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest; other tests stay where they are."""
    rows = {f"{name}.py": row for row, name in enumerate(LONGEST)}
    places = [place for place, item in enumerate(items) if item.path.parent == HERE]
    laws = sorted((items[place] for place in places), key=lambda item: rows.get(item.path.name, len(rows)))
    for place, item in zip(places, laws, strict=True):
        items[place] = item


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what laws had to tell."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == TOLD:
                terminalreporter.write_line(f"{report.nodeid}: {value}")
