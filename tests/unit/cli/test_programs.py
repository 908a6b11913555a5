"""Programs of policies, run for real: what they get, how they refuse, and what is left of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.cli import programs
from picsellia_apply.cli.descendants import MARK
from picsellia_apply.cli.exit import _terminated_as_interrupted
from picsellia_apply.cli.programs import judged
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Target
from picsellia_apply.model.policy import PolicyChecks, Program
from picsellia_apply.model.state import State
from picsellia_apply.pipeline import Planned
from picsellia_apply.planner.digest import sealed
from picsellia_apply.render.json import plan_to_json
from picsellia_apply.source import Place
from tests.processes import ended

TARGET = Target("embedded", "local", "demo")


def script(folder: Path, text: str, name: str = "check.sh", mode: int = 0o755) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


def planned(*programs: Program, limits: tuple[str, ...] = ()) -> Planned:
    policies = tuple(PolicyChecks(f"p{row}", Place("m.yaml"), program=one) for row, one in enumerate(programs))
    plan = sealed(Plan(TARGET, limits=limits))
    return Planned(plan, Declaration("root", policies=policies), Inventory("demo"), 0, State(), State())


def program(folder: Path, *command: str, timeout_s: int = 60) -> Program:
    return Program(command or ("./check.sh",), str(folder), timeout_s)


def verdicts(*programs: Program, environ: Mapping[str, str] | None = None) -> list[str]:
    env = dict(os.environ) if environ is None else environ
    made = judged(planned(*programs), env, run=True, applying=True)
    assert all(one.rule == "policy" and not one.flag for one in made.plan.refusals)
    return [one.message for one in made.plan.refusals]


def test_exit_code_0_lets_the_plan_pass_as_it_is(tmp_path: Path) -> None:
    script(tmp_path, "echo all is well; cat > seen.json")
    before = planned(program(tmp_path))
    after = judged(before, os.environ, run=True, applying=True)
    assert after == before
    assert (tmp_path / "seen.json").read_bytes() == plan_to_json(before.plan)


def test_a_refusal_says_why_and_seals_the_plan_again(tmp_path: Path) -> None:
    script(tmp_path, 'echo "too few: $1"; echo "3 of 50" >&2; exit 3')
    before = planned(program(tmp_path, "./check.sh", "night"))
    after = judged(before, os.environ, run=True, applying=False)
    (refusal,) = after.plan.refusals
    assert refusal.message == "`./check.sh night` refuses (exit code 3)\ntoo few: night\n3 of 50"
    assert refusal.address == "policy/p0"
    assert after.plan.digest != before.plan.digest
    assert after.plan == sealed(after.plan)


def test_every_program_is_asked(tmp_path: Path) -> None:
    script(tmp_path, "exit 1", "one")
    script(tmp_path, "exit 0", "two")
    script(tmp_path, "exit 2", "three")
    told = verdicts(*(program(tmp_path, f"./{name}") for name in ("one", "two", "three")))
    assert told == [
        "`./one` refuses (exit code 1), and says nothing",
        "`./three` refuses (exit code 2), and says nothing",
    ]


def test_what_is_missing_refuses(tmp_path: Path) -> None:
    told = verdicts(program(tmp_path, "./nowhere"), program(tmp_path, "no-such-program"), program(tmp_path, "./"))
    assert told == [
        "there is no program `./nowhere`",
        "there is no program `no-such-program`",
        "there is no program `./`",
    ]


def test_what_cannot_be_run_refuses(tmp_path: Path) -> None:
    script(tmp_path, "exit 0", "plain", mode=0o644)
    (tmp_path / "bytes").write_bytes(b"\x00\x01\x02")
    (tmp_path / "bytes").chmod(0o755)
    told = verdicts(program(tmp_path, "./plain"), program(tmp_path, "./bytes"))
    assert told == ["`./plain` cannot be run: Permission denied", "`./bytes` cannot be run: Exec format error"]


def test_a_program_of_the_path_runs_in_the_folder_of_the_manifest(tmp_path: Path) -> None:
    assert verdicts(program(tmp_path, "sh", "-c", f'test "$(pwd -P)" = "{tmp_path.resolve()}"')) == []


def test_a_program_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    script(tmp_path, "sleep 600 & echo $! > child; yes")
    assert verdicts(program(tmp_path, timeout_s=5)) == ["`./check.sh` was ended after 5 s"]
    assert ended(int((tmp_path / "child").read_text()))


def test_a_slow_program_is_named_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(programs, "PATIENCE_S", 0.1)
    script(tmp_path, "exec sleep 60")
    assert verdicts(program(tmp_path, timeout_s=1)) == ["`./check.sh` was ended after 1 s"]
    assert capsys.readouterr().err == "policy p0: `./check.sh` is running\n"


def test_what_a_program_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    script(tmp_path, "sleep 600 & echo $! > child; exit 0")
    assert verdicts(program(tmp_path)) == []
    assert ended(int((tmp_path / "child").read_text()))


@pytest.mark.parametrize(("end", "timeout_s"), [("exit 0", 60), ("exec sleep 600", 5)], ids=["done", "too long"])
def test_what_left_the_session_of_a_program_is_ended_with_it(tmp_path: Path, end: str, timeout_s: int) -> None:
    script(tmp_path, "sleep 600 & echo $! > child.new; mv child.new child; wait", "stays")
    script(tmp_path, f"setsid ./stays >/dev/null & until [ -e child ]; do :; done; {end}")
    verdicts(program(tmp_path, timeout_s=timeout_s))
    assert ended(int((tmp_path / "child").read_text()))


class Held:
    """The lock that `Popen.wait` takes, and a signal that comes right after it was taken."""

    def __init__(self, number: signal.Signals) -> None:
        self._lock = threading.Lock()
        self._number = number

    def acquire(self, blocking: bool) -> bool:
        assert self._lock.acquire(blocking)
        signal.raise_signal(self._number)
        return True

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        assert self._lock.acquire(timeout=10), "a lock that is waited for for ever"

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_wherever_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    started = []
    start = programs._started

    def watched(*arguments: Any) -> Any:
        started.append(start(*arguments))
        started[0]._waitpid_lock = Held(number)  # type: ignore[attr-defined]  # of its own
        return started[0]

    monkeypatch.setattr(programs, "_started", watched)
    script(tmp_path, "exec sleep 600")
    with _terminated_as_interrupted(), pytest.raises(KeyboardInterrupt):
        verdicts(program(tmp_path))
    assert started[0].returncode == -9


def test_a_program_whose_start_is_interrupted_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = programs._started

    def interrupted(*arguments: Any) -> Any:
        started.append(start(*arguments))
        signal.raise_signal(signal.SIGINT)
        return started[0]

    monkeypatch.setattr(programs, "_started", interrupted)
    script(tmp_path, "exec sleep 600")
    with pytest.raises(KeyboardInterrupt):
        verdicts(program(tmp_path))
    assert started[0].returncode == -9


def test_a_signal_during_a_program_that_cannot_be_run_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        raise OSError

    monkeypatch.setattr(programs, "_started", refused)
    script(tmp_path, "exit 0")
    with pytest.raises(KeyboardInterrupt):
        verdicts(program(tmp_path))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path) -> None:
    script(tmp_path, "kill -INT $PPID; exit 0")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert verdicts(program(tmp_path)) == []
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_program_that_became_another_users_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_allowed(_process: int, _number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "killpg", not_allowed)
    monkeypatch.setattr(programs, "end_marked", lambda _mark: None)
    monkeypatch.setattr(programs, "_ENDING_S", 0.1)
    started = []
    start = programs._started

    def watched(*arguments: Any) -> Any:
        started.append(start(*arguments))
        return started[0]

    monkeypatch.setattr(programs, "_started", watched)
    script(tmp_path, "exec sleep 600")
    try:
        assert verdicts(program(tmp_path, timeout_s=1)) == ["`./check.sh` was ended after 1 s"]
        assert started[0].poll() is None
    finally:
        started[0].kill()
        started[0].wait()


def test_a_signal_ends_a_program_though_nobody_reads_that_it_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, read = threading.Event(), threading.Event()

    def tell(*_: object) -> None:
        told.set()
        read.wait(60)

    monkeypatch.setattr(programs, "PATIENCE_S", 0.1)
    monkeypatch.setattr(programs, "_tell_slow", tell)
    script(tmp_path, "exec sleep 600")

    def interrupt() -> None:
        told.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    signals = threading.Thread(target=interrupt)
    signals.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            verdicts(program(tmp_path))
        assert not read.is_set()
    finally:
        read.set()
        signals.join()


def test_what_is_not_of_a_program_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: "of another run"}) as other:
        assert verdicts(program(tmp_path, "sh", "-c", "exit 0")) == []
        assert other.poll() is None
        other.kill()


def test_a_program_need_not_read_the_plan(tmp_path: Path) -> None:
    script(tmp_path, "exec <&-; exit 0")
    large = planned(program(tmp_path), limits=("x" * 2_000_000,))
    assert judged(large, os.environ, run=True, applying=True) == large


def test_a_signal_is_a_refusal(tmp_path: Path) -> None:
    script(tmp_path, "kill -9 $$")
    assert verdicts(program(tmp_path)) == ["`./check.sh` refuses (ended by signal 9), and says nothing"]


def test_output_is_bounded_and_without_control_characters(tmp_path: Path) -> None:
    script(
        tmp_path,
        r"printf '\033[31mred\033[0m\033]0;title\007 \302\233 \b\b\177ok\n\377\n'; seq 1 200000;"
        " head -c 500 /dev/zero | tr '\\0' x; exit 1",
    )
    (told,) = verdicts(program(tmp_path))
    first, *lines = told.split("\n")
    assert first == "`./check.sh` refuses (exit code 1)"
    assert len(lines) == 10
    assert lines[0] == "red  ok"
    assert lines[1] == "\N{REPLACEMENT CHARACTER}"
    assert lines[-1].endswith("...")
    assert max(map(len, lines)) == 200
    assert lines[5] == "... more ..."
    assert all(line.isprintable() for line in lines)


def test_how_many_lines_are_left_out_is_said_where_it_is_known(tmp_path: Path) -> None:
    script(tmp_path, 'seq 1 "$1"; exit 1')
    few, many = verdicts(*(program(tmp_path, "./check.sh", count) for count in ("774", "3000000")))
    assert few.split("\n")[6] == "... 765 lines ..."
    assert many.split("\n")[6] == "... more ..."
    assert many.endswith("\n3000000")


@pytest.mark.parametrize("before", ["", "head -c 8160 /dev/zero | tr '\\0' x; ", "seq 9; seq 1 9000; "])
def test_a_program_that_prints_its_environment_refuses_the_same_way_each_time(tmp_path: Path, before: str) -> None:
    script(tmp_path, f"{before}env | grep {MARK}; exit 1")
    digests = {judged(planned(program(tmp_path)), os.environ, run=True, applying=True).plan.digest for _ in range(3)}
    assert len(digests) == 1
    script(
        tmp_path, f'printf %s "${MARK}" | head -c 9; sleep 0.1; printf %s "${MARK}" | tail -c 23; echo .; env; exit 1'
    )
    (told,) = verdicts(program(tmp_path), environ={})
    assert not re.search(r"[0-9a-f]{9}", told), told
    assert f"{MARK}=" in told


def test_the_token_is_left_out_and_the_rest_is_there(tmp_path: Path) -> None:
    script(tmp_path, 'echo "token=${PICSELLIA_TOKEN-none} team=$TEAM"; exit 1')
    environ = {**os.environ, "PICSELLIA_TOKEN": "s3cret", "TEAM": "vision"}
    (told,) = verdicts(program(tmp_path), environ=environ)
    assert told.endswith("\ntoken=none team=vision")


def test_not_run_is_said_by_plan_and_refused_by_apply(tmp_path: Path) -> None:
    script(tmp_path, "touch ran; exit 0")
    one = planned(program(tmp_path), program(tmp_path))
    reviewed = judged(one, os.environ, run=False, applying=False)
    assert reviewed.plan.refusals == ()
    assert reviewed.plan.limits == ("not judged by the programs of 2 policies: `p0`, `p1` (--no-exec-policies)",)
    assert reviewed.plan.digest == one.plan.digest
    refused = judged(one, os.environ, run=False, applying=True)
    assert [refusal.message for refusal in refused.plan.refusals] == [
        "its program was not run (--no-exec-policies)"
    ] * 2
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("run", [True, False])
def test_without_programs_nothing_happens(run: bool) -> None:
    one = planned()
    assert judged(one, {}, run=run, applying=True) == one
