"""`picsellia-apply --version` against importing click alone: what a user waits for before anything happens."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.benchmarks.measure import command, report, seconds_of

RUNS = 15


def main() -> None:
    """Print the ratio."""
    ours = Path(sys.executable).with_name("picsellia-apply")
    click_s = seconds_of(lambda: command([sys.executable, "-c", "import click"]), runs=RUNS)
    version_s = seconds_of(lambda: command([ours, "--version"]), runs=RUNS)
    report("picsellia-apply --version", version_s, "python -c 'import click'", click_s)


if __name__ == "__main__":
    main()
