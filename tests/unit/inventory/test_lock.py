"""The lease as a file beside the inventory: held by the kernel, survived by nobody's death, seen when it is broken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from picsellia_apply.errors import ConflictError
from picsellia_apply.inventory.files import Place
from picsellia_apply.inventory.holder import is_gone, this_holder
from picsellia_apply.inventory.lock import FileLease
from picsellia_apply.wire.ownership import LeaseHolder, LeaseState

ELSEWHERE = LeaseHolder("other-host", "bob", os.getpid(), "2026-01-01T00:00:00Z", "another machine", "1")


def at(folder: Path, lease_id: str = "mine", holder: LeaseHolder | None = None) -> FileLease:
    return FileLease(Place(folder / "inventory", "0" * 12, "a/b.c"), lease_id, holder or this_holder(), 30)


def stand(state: LeaseState) -> tuple[bool, bool, int]:
    return state.held, state.yours, state.number


def test_one_has_it_and_the_others_are_told_who(tmp_path: Path) -> None:
    mine, theirs = at(tmp_path), at(tmp_path, "theirs")
    assert stand(mine.show()) == (False, False, 0)
    assert not list(tmp_path.iterdir())
    assert stand(mine.acquire()) == (True, True, 1)
    refused = theirs.acquire()
    assert (stand(refused), refused.left_s) == ((True, False, 1), None)
    assert refused.holder is not None
    assert (refused.holder.pid, refused.acquired[-1]) == (os.getpid(), "Z")
    assert stand(theirs.show()) == (True, False, 1)
    mine.release()
    mine.release()
    assert stand(theirs.show()) == (False, False, 1)
    assert stand(theirs.acquire()) == (True, True, 2)
    assert stand(mine.renew()) == (True, False, 2)


def test_it_tells_no_path_and_not_its_id(tmp_path: Path) -> None:
    mine = at(tmp_path, "the-secret-id")
    mine.acquire()
    written = mine.path.read_text()
    assert "secret" not in written
    assert str(tmp_path) not in written
    assert mine.path.name == "000000000000-a%2Fb%2Ec.lease"


def test_a_killed_holder_is_taken_over_at_once(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.unit.inventory.test_lock import at\n"
        "assert at(Path(sys.argv[1]), 'other').acquire().yours\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        refused = at(tmp_path).acquire()
        assert stand(refused) == (True, False, 1)
        assert refused.holder is not None
        assert refused.holder.pid == holder.pid
        holder.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(refused.holder), "it has ended, even if nobody asked for it yet"
        taken = at(tmp_path).acquire()
    assert stand(taken) == (True, True, 2)


def test_a_broken_lease_is_lost_before_the_next_write_and_free_for_others(tmp_path: Path) -> None:
    mine, theirs = at(tmp_path), at(tmp_path, "theirs")
    mine.acquire()
    with pytest.raises(ConflictError):
        theirs.end(7, "bob")
    assert stand(mine.renew()) == (True, True, 1)
    assert theirs.end(1, "bob").broken_by == "bob"
    lost = mine.renew()
    assert (stand(lost), lost.broken_by) == ((False, False, 1), "bob")
    assert stand(theirs.acquire()) == (True, True, 2)
    mine.release()
    assert stand(theirs.renew()) == (True, True, 2)


def test_breaking_what_is_free_changes_nothing(tmp_path: Path) -> None:
    mine = at(tmp_path)
    mine.acquire()
    mine.release()
    assert stand(at(tmp_path, "theirs").end(1, "bob")) == (False, False, 1)


def test_a_lease_whose_file_was_deleted_is_lost(tmp_path: Path) -> None:
    mine = at(tmp_path)
    mine.acquire()
    mine.path.unlink()
    assert stand(mine.renew()) == (False, False, 0)
    mine.release()
    assert not mine.path.exists()


def written_elsewhere(tmp_path: Path, *, age_s: float) -> None:
    other = at(tmp_path, "other", ELSEWHERE)
    other.acquire()
    content = other.path.read_bytes()
    other.release()
    other.path.write_bytes(content)
    now = other.path.stat().st_mtime
    os.utime(other.path, (now - age_s, now - age_s))


def test_a_holder_on_another_machine_has_it_until_it_expires(tmp_path: Path) -> None:
    written_elsewhere(tmp_path, age_s=20)
    mine = at(tmp_path)
    refused = mine.acquire()
    assert stand(refused) == (True, False, 1)
    assert refused.left_s is not None
    assert 0 < refused.left_s <= 10
    written_elsewhere(tmp_path, age_s=31)
    expired = mine.show()
    assert expired.held is False
    assert stand(mine.acquire()) == (True, True, expired.number + 1)


def test_a_clock_that_jumped_makes_nobody_wait_longer_than_the_lease_lasts(tmp_path: Path) -> None:
    written_elsewhere(tmp_path, age_s=-7200)
    left_s = at(tmp_path).acquire().left_s
    assert left_s is not None
    assert left_s <= 30


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"number": "x"}'])
def test_a_damaged_file_that_nobody_holds_is_no_hindrance(tmp_path: Path, content: bytes) -> None:
    mine = at(tmp_path)
    mine.acquire()
    mine.release()
    mine.path.write_bytes(content)
    assert stand(mine.acquire()) == (True, True, 1)


def test_the_heartbeat_keeps_it_young(tmp_path: Path) -> None:
    mine = at(tmp_path, "mine", ELSEWHERE)
    mine.acquire()
    os.utime(mine.path, (1, 1))
    mine.renew()
    assert mine.path.stat().st_mtime > 1


def changed(holder: LeaseHolder, **fields: object) -> LeaseHolder:
    return msgspec.structs.replace(holder, **fields)


def test_only_a_process_of_this_machine_can_be_known_to_be_gone() -> None:
    here = this_holder()
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        ended = process.pid
        process.wait()
    assert not is_gone(here)
    assert is_gone(changed(here, pid=ended))
    assert is_gone(changed(here, process="1")), "the pid was used again"
    assert not is_gone(changed(here, process=""))
    assert not is_gone(changed(here, pid=1, process=""))
    assert not is_gone(changed(here, pid=2**31 - 1, machine="another"))
    assert not is_gone(changed(here, pid=2**31 - 1, machine=""))
    assert not is_gone(changed(here, pid=2**80))
