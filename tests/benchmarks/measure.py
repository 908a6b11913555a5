"""Run commands and steps, take medians, print a line with a ratio. No benchmark asserts a time: machines are noisy."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def seconds_of(step: Callable[[], object], *, runs: int = 1) -> float:
    """Return the median wall time of `step` over `runs`, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def command(
    arguments: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    expect: Sequence[int] = (0,),
) -> str:
    """Run a command to its end and return its standard output; any other exit code ends the benchmark."""
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in expect:
        sys.exit(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def report(what: str, ours_s: float, peer: str, peer_s: float) -> None:
    """Print one line: what was measured, how long it took, and how many times faster (or slower) than the peer."""
    ratio = peer_s / ours_s
    verdict = f"{ratio:.2f}x the speed of" if ratio >= 1 else f"{1 / ratio:.2f}x slower than"
    sys.stdout.write(f"{what:<46} {ours_s:8.3f} s   {verdict} {peer} ({peer_s:.3f} s)\n")
    sys.stdout.flush()
