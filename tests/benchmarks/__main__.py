"""Run the benchmarks named, or all: `python -m tests.benchmarks [NAME ...]`."""

from __future__ import annotations

import importlib
import sys

ALL = ("cold_start", "bridge", "twenty_thousand", "upload", "export")

if __name__ == "__main__":
    for name in sys.argv[1:] or ALL:
        sys.stdout.write(f"\n== {name}\n")
        importlib.import_module(f"tests.benchmarks.{name}").main()
