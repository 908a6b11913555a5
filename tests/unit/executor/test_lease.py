"""The lease on the client: taken, watched before every write, lost, given back; on a clock that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from picsellia_apply.client import Client
from picsellia_apply.errors import LeaseHeld, NetworkError, PicselliaError
from picsellia_apply.executor.lease import Held, Terms, held_message, lease, lost_message, way_to
from picsellia_apply.inventory.holder import this_holder
from picsellia_apply.model.result import Result
from picsellia_apply.wire.ownership import LeaseHolder, LeaseState

THEM = LeaseHolder("ci-7", "ada", 12, "2026-01-01T00:00:00Z")
TAKEN = LeaseState(held=True, yours=False, number=3, holder=THEM, acquired="2026-01-01T10:11:12.345678Z", left_s=21.4)
FREE = LeaseState(held=False, yours=False, number=3)
OURS = LeaseState(held=True, yours=True, number=4, holder=this_holder(), left_s=30)


@dataclass
class Scripted:
    """A way to a lease that answers as it is told; the last answer of a list stays."""

    trusted: bool = True
    acquired: list[LeaseState] = field(default_factory=lambda: [OURS])
    renewed: list[LeaseState | PicselliaError] = field(default_factory=lambda: [OURS])
    calls: list[str] = field(default_factory=list)

    def show(self) -> LeaseState:
        return self.acquired[0]

    def acquire(self) -> LeaseState:
        self.calls.append("acquire")
        return self.acquired.pop(0) if len(self.acquired) > 1 else self.acquired[0]

    def renew(self) -> LeaseState:
        self.calls.append("renew")
        answer = self.renewed.pop(0) if len(self.renewed) > 1 else self.renewed[0]
        if isinstance(answer, PicselliaError):
            raise answer
        return answer

    def release(self) -> None:
        self.calls.append("release")

    def end(self, number: int, user: str) -> LeaseState:  # noqa: ARG002 - the protocol
        self.calls.append(f"break {number}")
        return FREE


@dataclass
class Clock:
    """Seconds that a test lets pass; a sleep lets them pass too."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def taken(way: Scripted, clock: Clock, *, timeout_s: float = 0, said: list[str] | None = None) -> Held:
    from picsellia_apply.executor.lease import _acquired

    told = [] if said is None else said
    return _acquired(way, "demo", Terms(timeout_s, tell=told.append, clock=clock, sleep=clock.sleep))


def test_somebody_elses_lease_refuses_at_once_and_names_the_holder() -> None:
    way = Scripted(acquired=[TAKEN])
    with pytest.raises(LeaseHeld) as refused:
        taken(way, Clock())
    assert refused.value.message == (
        "workspace `demo` is being applied by ada on ci-7 (process 12) since 2026-01-01 10:11:12 UTC;"
        " it expires in 21 s unless it is renewed"
    )
    assert "--lock-timeout" in refused.value.hint
    assert "unlock" in refused.value.hint
    assert way.calls == ["acquire"]


def test_waiting_says_once_for_whom_and_ends_when_the_lease_is_free() -> None:
    said: list[str] = []
    held = taken(Scripted(acquired=[TAKEN, TAKEN, changed(TAKEN, number=4), OURS]), Clock(), timeout_s=60, said=said)
    assert held.waited
    assert [one.endswith("waiting up to 60 s") for one in said] == [True, False]
    assert len(said) == 2


def test_waiting_ends_when_its_time_is_over() -> None:
    clock = Clock()
    with pytest.raises(LeaseHeld):
        taken(Scripted(acquired=[TAKEN]), clock, timeout_s=7)
    assert 1007 <= clock.now_s < 1008


def test_waiting_ends_when_it_is_interrupted() -> None:
    from picsellia_apply.executor.lease import _acquired

    with pytest.raises(KeyboardInterrupt):
        _acquired(Scripted(acquired=[TAKEN]), "demo", Terms(60, stopped=lambda: True, tell=lambda _: None))


def test_a_holder_of_this_machine_that_has_ended_is_taken_over_at_once() -> None:
    gone = changed(TAKEN, holder=replace_pid(this_holder(), process="1"))
    way = Scripted(acquired=[gone, OURS])
    held = taken(way, Clock())
    assert (held.waited, way.calls) == (False, ["acquire", "break 3", "acquire"])


def test_a_platform_that_does_not_let_go_of_an_ended_holder_is_not_asked_for_ever() -> None:
    gone = changed(TAKEN, holder=replace_pid(this_holder(), process="1"))
    with pytest.raises(LeaseHeld):
        taken(Scripted(acquired=[gone]), Clock())


def replace_pid(holder: LeaseHolder, *, process: str) -> LeaseHolder:
    return LeaseHolder(holder.host, holder.user, holder.pid, holder.started, holder.machine, process)


def test_a_live_holder_of_this_machine_is_not_taken_over() -> None:
    way = Scripted(acquired=[changed(TAKEN, holder=this_holder())])
    with pytest.raises(LeaseHeld):
        taken(way, Clock())
    assert way.calls == ["acquire"]


def test_a_write_asks_again_only_when_the_last_renewal_is_over() -> None:
    way, clock = Scripted(), Clock()
    held = taken(way, clock)
    clock.now_s += 29.9
    held.check()
    assert way.calls == ["acquire"]
    clock.now_s += 0.2
    held.check()
    held.check()
    assert way.calls == ["acquire", "renew"]


def test_where_asking_costs_nothing_every_write_asks() -> None:
    way, clock = Scripted(trusted=False), Clock()
    held = taken(way, clock)
    held.check()
    held.check()
    assert way.calls == ["acquire", "renew", "renew"]


def test_a_process_that_slept_longer_than_its_lease_notices_before_its_next_write() -> None:
    way, clock = Scripted(renewed=[TAKEN]), Clock()
    held = taken(way, clock)
    clock.now_s += 3600
    for _ in range(2):
        with pytest.raises(LeaseHeld, match=r"was taken over by ada on ci-7 .* had not renewed it in time"):
            held.check()
    assert way.calls == ["acquire", "renew"]


def test_a_lease_that_expired_while_nobody_wanted_it_goes_on() -> None:
    way, clock = Scripted(), Clock()
    held = taken(way, clock)
    clock.now_s += 3600
    held.check()
    assert held.lost == ""


def test_a_platform_that_cannot_be_asked_keeps_the_write_here_and_is_asked_again() -> None:
    way, clock = Scripted(renewed=[NetworkError("no answer"), OURS]), Clock()
    held = taken(way, clock)
    clock.now_s += 31
    with pytest.raises(NetworkError):
        held.check()
    held.check()
    assert held.lost == ""


def test_a_renewal_counts_from_when_it_was_asked_for() -> None:
    clock = Clock()

    class Slow(Scripted):
        def renew(self) -> LeaseState:
            clock.now_s += 25
            return super().renew()

    way = Slow()
    held = taken(way, clock)
    clock.now_s += 31
    held.check()
    clock.now_s += 6
    held.check()
    assert way.calls.count("renew") == 2


def test_given_back_once_and_nothing_is_written_after_that() -> None:
    way, clock = Scripted(), Clock()
    held = taken(way, clock)
    held.drop()
    held.end()
    assert way.calls == ["acquire", "release"]
    with pytest.raises(LeaseHeld, match="given back"):
        held.check()


def test_a_lost_lease_is_not_given_back() -> None:
    way, clock = Scripted(trusted=False, renewed=[FREE]), Clock()
    held = taken(way, clock)
    with pytest.raises(LeaseHeld):
        held.check()
    held.end()
    assert "release" not in way.calls


def test_a_lease_that_cannot_be_given_back_is_told_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    class Stuck(Scripted):
        def release(self) -> None:
            raise NetworkError("no connection")

    taken(Stuck(), Clock()).end()
    assert "ends by itself in 30 s: no connection" in caplog.text


def test_the_heartbeat_renews_until_the_end_and_survives_failures() -> None:
    beaten = threading.Event()

    class Beating(Scripted):
        def renew(self) -> LeaseState:
            if self.calls.count("renew") > 2:
                beaten.set()
            return super().renew()

    way = Beating(renewed=[NetworkError("once"), OURS])
    from picsellia_apply.executor.lease import _acquired

    held = _acquired(way, "demo", replace(Terms(), ttl_s=0))
    held.begin()
    assert beaten.wait(30)
    held.end()
    assert way.calls[-1] == "release"
    assert not any(one.name == "lease" for one in threading.enumerate())


def test_how_it_was_lost_is_told_in_words() -> None:
    broken = LeaseState(held=False, yours=False, number=3, broken_by="bob\x1b[31m")
    assert "was broken by bob [31m; this apply stopped before its next write" in lost_message("demo", broken)
    assert "is no longer known" in lost_message("demo", FREE)
    assert "was taken over by ada" in lost_message("demo", TAKEN)


def test_a_server_that_says_odd_things_steers_no_terminal() -> None:
    odd = changed(TAKEN, holder=LeaseHolder("h\x1b]0;", "u\n", 1, ""), acquired="\x07" * 40, left_s=None)
    assert held_message("demo", odd).isprintable()
    assert "does not say who it is" in held_message("demo", changed(TAKEN, holder=None))
    assert "expired 5 s ago" in held_message("demo", changed(TAKEN, left_s=-5.0))


def test_the_result_tells_who_ended_the_lease() -> None:
    way = Scripted(renewed=[LeaseState(held=False, yours=False, number=3, broken_by="bob")])
    held = taken(way, Clock())
    assert held.told(Result()) == Result()
    assert "broken by bob" in held.told(Result(lease_lost="423")).lease_lost
    unreachable = taken(Scripted(renewed=[NetworkError("no answer")]), Clock())
    assert unreachable.told(Result(lease_lost="423")).lease_lost == "423"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(host="embedded", data_dir=tmp_path / ".picsellia") as one:
        yield one


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Client]:
    with Client(host="embedded", data_dir=tmp_path / ".picsellia") as one:
        yield one


def test_one_client_at_a_time_and_workspaces_do_not_meet(client: Client, another: Client) -> None:
    with lease(client, "demo"), lease(another, "other"):
        with pytest.raises(LeaseHeld, match=r"workspace `demo` is being applied by .* expires in \d+ s"):
            lease(another, "demo").__enter__()
        client.writer.create_network("n", "t")
    with lease(another, "demo") as held:
        assert not held.waited


def test_it_is_given_back_whatever_happens(client: Client, another: Client) -> None:
    with pytest.raises(KeyboardInterrupt), lease(client, "demo"):
        raise KeyboardInterrupt
    assert client.before_write is None
    with lease(another, "demo"):
        pass


def test_the_platform_refuses_what_is_sent_under_a_broken_lease(client: Client, another: Client) -> None:
    with lease(client, "demo"):
        way = way_to(another, "demo")
        way.end(way.show().number, "bob")
        with pytest.raises(LeaseHeld, match="no longer held"):
            client.writer.create_network("n", "t")
        client.reader.networks(["n"])
    assert another.reader.networks(["n"]) == ()


def test_no_write_leaves_once_it_is_known_that_the_lease_is_lost(client: Client, another: Client) -> None:
    clock = Clock()
    with lease(client, "demo", terms=Terms(clock=clock)) as held:
        way = way_to(another, "demo")
        way.end(way.show().number, "bob")
        clock.now_s += 31
        with pytest.raises(LeaseHeld, match="broken by local"):
            client.writer.create_network("n", "t")
        sent = client.requests
        with pytest.raises(LeaseHeld):
            client.writer.create_network("n", "t")
        assert (client.requests, "broken by" in held.lost) == (sent, True)


def test_what_gives_it_back_at_once_is_handed_over(client: Client, another: Client) -> None:
    given: list[Callable[[], None]] = []
    with lease(client, "demo", terms=Terms(on_held=given.append)):
        given[0]()
        with lease(another, "demo"), pytest.raises(LeaseHeld, match="given back"):
            client.writer.create_network("n", "t")
