"""Runs a driver's steps in a virtual environment with a published client, and writes how each step ended.

    python drive.py tests.published.drive_508 HOST TOKEN FOLDER OUTCOMES.json

The wheels of 5.0 hold a package `tests` of their own, which would hide ours: ours is put first here.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType


def main(driver: str, host: str, token: str, folder: str, outcomes: str) -> None:
    """Run every step in order; an outcome is None, or a traceback."""
    ours = ModuleType("tests")
    ours.__path__ = [str(Path(__file__).parent.parent)]
    sys.modules["tests"] = ours
    steps = importlib.import_module(driver).STEPS
    scene = importlib.import_module("tests.published.scene").Scene(host, token, Path(folder))
    os.chdir(folder)
    ended: dict[str, str | None] = {}
    for step in steps:
        try:
            step(scene)
            ended[step.__name__] = None
        except (Exception, SystemExit):  # noqa: BLE001 - whatever a client raises is the outcome of its step
            ended[step.__name__] = traceback.format_exc()
    Path(outcomes).write_text(json.dumps(ended))


if __name__ == "__main__":
    main(*sys.argv[1:])
