"""The programs of policies: each gets the plan as `plan --format json` prints it, and may refuse it.

They run where a plan is made to be reviewed and where it is about to be applied; `validate`, `show` and `drift` never
run one. Whatever goes wrong is a refusal: a program that is missing, cannot be run, takes too long, or ends with an
exit code other than 0. It runs with the rights of who calls us, so whoever can edit a manifest can run a program here:
`--no-exec-policies` is for manifests that nobody reviewed yet. The token is left out of its environment so that it is
not written to a log by mistake; that is no wall against a program that wants to read it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picsellia_apply.cli.descendants import MARK, end_marked
from picsellia_apply.cli.interrupt import remembered
from picsellia_apply.render.lines import plain

if TYPE_CHECKING:
    from picsellia_apply.model.policy import PolicyChecks, Program
    from picsellia_apply.pipeline import Planned

Command = TypeVar("Command", bound=Callable[..., Any])

FLAG = "--no-exec-policies"
TOKEN = "PICSELLIA_TOKEN"  # noqa: S105 - the variable's name
LINES = 10
"""Most lines of a program's output that are shown."""
LINE = 200
"""Most characters of one of them."""
PATIENCE_S = 2.0
"""Seconds after which it is said that a program runs."""
_KEPT = 16_384
"""Bytes of output that are kept; the rest is read and dropped."""
_ENDING_S = 5.0
"""How long to wait for a program that is to end, and then for its pipes."""
_LOOK_S = 0.1
"""How often it is looked whether a signal came while a program runs."""
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Output:
    """What a program wrote.

    Attributes:
        first: Its beginning.
        last: What follows, or only the end of that.
        whole: Whether nothing between them was dropped.
    """

    first: bytes
    last: bytes
    whole: bool

    @property
    def text(self) -> bytes:
        """Return what there is, with a line of dots for what was dropped."""
        return self.first + (b"" if self.whole else b"\n...\n") + self.last


def programs_option(command: Command) -> Command:
    """Give a command the flag that runs no program of a policy; it gets it as `no_exec_policies`."""
    option = click.option(FLAG, is_flag=True, help="Run no program of a policy; apply then refuses where there is one.")
    return option(command)


def judged(planned: Planned, environ: Mapping[str, str], *, run: bool, applying: bool) -> Planned:
    """Return what was planned, judged by the programs of its policies.

    Args:
        planned: With every other refusal.
        environ: The environment; programs get it without the token.
        run: False where `--no-exec-policies` was given.
        applying: Whether what passes is applied: then a program that was not run refuses.

    Returns:
        It with a refusal for every program that refuses, and then another digest; or with a limit that names the
        programs that were not run.
    """
    policies = [one for one in planned.declaration.policies if one.program is not None]
    if not policies:
        return planned
    if not run and not applying:
        names = ", ".join(f"`{one.name}`" for one in policies)
        limit = f"not judged by the programs of {len(policies):,} policies: {names} ({FLAG})"
        if len(policies) == 1:
            limit = f"not judged by the program of policy {names} ({FLAG})"
        return replace(planned, plan=replace(planned.plan, limits=(*planned.plan.limits, limit)))
    if not run:
        return _refused(planned, {one.name: f"its program was not run ({FLAG})" for one in policies})
    from picsellia_apply.render.json import plan_to_json

    text = plan_to_json(planned.plan)
    verdicts = {one.name: _verdict(one, text, environ) for one in policies}
    return _refused(planned, {name: verdict for name, verdict in verdicts.items() if verdict})


def _refused(planned: Planned, messages: Mapping[str, str]) -> Planned:
    """Return the plan with a refusal for each policy that has a message, sealed again."""
    if not messages:
        return planned
    from picsellia_apply.planner.digest import sealed
    from picsellia_apply.planner.policies import policy_refusal

    refusals = [policy_refusal(one, messages[one.name]) for one in planned.declaration.policies if one.name in messages]
    plan = replace(planned.plan, refusals=(*planned.plan.refusals, *refusals))
    return replace(planned, plan=sealed(plan))


def _verdict(policy: PolicyChecks, plan: bytes, environ: Mapping[str, str]) -> str:
    """Return why a policy's program refuses, or an empty text."""
    program = policy.program
    if program is None:
        return ""
    name = f"`{' '.join(program.command)}`"
    _log.info("policy %s: running %s", policy.name, name)
    env = {key: value for key, value in environ.items() if key != TOKEN}
    executable = _executable(program, env)
    if executable is None:
        return f"there is no program `{program.command[0]}`"
    try:
        code, output = run_program(program, executable, plan, env, on_slow=lambda: _tell_slow(policy.name, name))
    except OSError as error:
        return f"{name} cannot be run: {error.strerror or error}"
    if code == 0:
        return ""
    if code is None:
        return f"{name} was ended after {program.timeout_s:,} s"
    ended = f"exit code {code}" if code > 0 else f"ended by signal {-code}"
    return f"{name} refuses ({ended}){_shown(output)}"


def _executable(program: Program, env: Mapping[str, str]) -> str | None:
    """Return the path of a program, or None where there is none; what the system cannot run, it says itself."""
    written = program.command[0]
    if "/" not in written:
        return shutil.which(written, path=env.get("PATH"))
    path = Path(program.folder, written)
    return str(path) if path.is_file() else None


def _tell_slow(policy: str, name: str) -> None:
    """Say what takes so long."""
    print(f"policy {plain(policy)}: {plain(name)} is running", file=sys.stderr, flush=True)


def run_program(
    program: Program,
    executable: str,
    given: bytes,
    env: Mapping[str, str],
    *,
    on_slow: Callable[[], None] = lambda: None,
) -> tuple[int | None, Output]:
    """Run a program in a session of its own, and end what it leaves behind.

    Args:
        program: Its arguments, folder and timeout.
        executable: Its path.
        given: What it gets on stdin; it need not read it.
        env: Its environment.
        on_slow: Called once, by another thread, when it takes longer than `PATIENCE_S`.

    Returns:
        Its exit code (minus the signal's number when one ended it), None when it took too long; and what it wrote to
        stdout and stderr.

    Raises:
        OSError: It cannot be run.
        KeyboardInterrupt: A signal came; the program was ended, unless it became another user's.
    """
    mark = secrets.token_hex(16)
    with remembered() as asked:
        process = _started(program, executable, {**env, MARK: mark})
        try:
            reader = _Reader(process, mark.encode())
            pipes = [threading.Thread(target=_feed, args=(process, given), daemon=True), reader]
            for pipe in pipes:
                pipe.start()
            code = _code(process, program.timeout_s, on_slow, asked)
        finally:
            _end(process, mark)
    for pipe in pipes:
        pipe.join(_ENDING_S)
    return code, reader.output()


def _started(program: Program, executable: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - running what the manifest names is what this is for
        [executable, *program.command[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=program.folder,
        env=env,
        start_new_session=True,
    )


def _code(
    process: subprocess.Popen[bytes], timeout_s: float, on_slow: Callable[[], None], asked: Callable[[], bool]
) -> int | None:
    """Return a program's exit code, None when it takes too long or is to end."""
    code = _waited(process, min(PATIENCE_S, timeout_s), asked)
    if code is None and timeout_s > PATIENCE_S and not asked():
        threading.Thread(target=on_slow, daemon=True).start()  # nobody may read what it writes
        code = _waited(process, timeout_s - PATIENCE_S, asked)
    return code


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    """End a program, its session, and what of it left the session; what became another user's goes on without us."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_ENDING_S)
    end_marked(mark)


def _waited(process: subprocess.Popen[bytes], seconds: float, asked: Callable[[], bool]) -> int | None:
    """Return a program's exit code, None when it still runs after so many seconds or is to end."""
    until = time.monotonic() + seconds
    while not asked() and (left_s := until - time.monotonic()) > 0:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(min(left_s, _LOOK_S))
    return None


def _feed(process: subprocess.Popen[bytes], given: bytes) -> None:
    """Write to a program's stdin; one that does not want it all is no fault."""
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(given)


class _Reader(threading.Thread):
    """Reads a program's output to its end, and keeps its first and last bytes.

    The mark of the run is left out: it is another one each time, and a refusal with it would be another one too.
    """

    def __init__(self, process: subprocess.Popen[bytes], mark: bytes) -> None:
        super().__init__(daemon=True)
        self._stdout = process.stdout
        self._mark = mark
        self._first = b""
        self._last = b""
        self._dropped = False

    def run(self) -> None:
        """Read."""
        if self._stdout is None:
            return
        begun = b""
        with self._stdout:
            while some := os.read(self._stdout.fileno(), 65_536):
                text = (begun + some).replace(self._mark, b"")
                end = max(0, len(text) - len(self._mark) + 1)  # what follows may be the beginning of a mark
                self._keep(text[:end])
                begun = text[end:]
        self._keep(begun)

    def _keep(self, some: bytes) -> None:
        room = _KEPT // 2 - len(self._first)
        self._first += some[:room] if room > 0 else b""
        rest = self._last + (some[room:] if room > 0 else some)
        self._dropped |= len(rest) > _KEPT // 2
        self._last = rest[-_KEPT // 2 :]

    def output(self) -> Output:
        """Return what was kept."""
        return Output(self._first, self._last, whole=not self._dropped)


def _shown(output: Output) -> str:
    """Return a program's output as lines below its verdict: bounded, without control characters and empty lines."""
    text = _ESCAPE.sub("", output.text.decode(errors="replace"))
    lines = [_visible(line) for line in text.splitlines()]
    lines = [line if len(line) <= LINE else f"{line[: LINE - 3]}..." for line in lines if line]
    if len(lines) > LINES:
        left = f"{len(lines) - LINES + 1:,} lines" if output.whole else "more"
        lines = [*lines[: LINES // 2], f"... {left} ...", *lines[1 - LINES // 2 :]]
    return "".join(f"\n{line}" for line in lines) or ", and says nothing"


def _visible(line: str) -> str:
    spaced = line.replace("\t", " ")
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp")).rstrip()
