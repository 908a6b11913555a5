"""The laws run without what this machine has configured."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.laws import worlds


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
