"""One lake for the suite, reached in-process and over HTTP; every test gets organizations of its own in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from picsellia_apply.lake import Lake, open_lake
from picsellia_apply.lake.call import Limits
from tests.contract.platforms import Api, Clock, Transport, in_process, over_http, served

LIMITS = Limits(json=2_000_000, object=3_000_000)

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def lake_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="session")
def lake(lake_folder: Path, clock: Clock) -> Iterator[Lake]:
    with open_lake(lake_folder, limits=LIMITS, clock=clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def address(lake: Lake) -> Iterator[tuple[str, int]]:
    with served(lake) as listening:
        yield listening


@pytest.fixture(params=["in-process", "http"])
def transport(request: pytest.FixtureRequest, lake: Lake) -> Transport:
    if request.param == "in-process":
        return in_process(lake)
    return over_http(request.getfixturevalue("address"))


@pytest.fixture
def enter(lake: Lake, transport: Transport) -> Callable[[str], Api]:
    """Returns a function that lets a new user into an organization, made when it is new."""

    def new_user(organization: str) -> Api:
        name = f"user-{next(_numbers)}"
        token = lake.bootstrap(name, organization)
        found = Api(transport, token, organization, "").ok("POST", "get_organization", {"organization": None})
        return Api(transport, token, organization, found["organization_id"], name)

    return new_user


@pytest.fixture
def api(enter: Callable[[str], Api]) -> Api:
    """A user in an organization of this test's own."""
    return enter(f"organization-{next(_numbers)}")


@pytest.fixture
def stranger(enter: Callable[[str], Api]) -> Api:
    """A user of another organization."""
    return enter(f"elsewhere-{next(_numbers)}")
