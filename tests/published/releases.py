"""Virtual environments with published clients, each made once and kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest

from picsellia_apply.lake.lock import waiting_lock

NEEDED = ("setuptools<81", "beartype==0.9.1")
"""What 5.0.6 and later need to import today: setuptools at run time, and a private name of beartype < 0.10."""

_UNREACHABLE = re.compile(
    r"connection broken by|Failed to establish a new connection|Temporary failure in name resolution|"
    r"NameResolutionError|Name or service not known|Read timed out|ConnectTimeout|ProxyError|Network is unreachable"
)


@dataclass(frozen=True)
class Release:
    """A published release, the module of this package that drives it, and options of the platform that it meets."""

    version: str
    driver: str
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "".join((self.version, *self.options))


RELEASES = (
    Release("5.0.8", "tests.published.drive_508"),
    Release("5.0.8", "tests.published.drive_508", ("--plain",)),
    Release("5.0.22", "tests.published.drive_5022"),
    Release("5.0.5", "tests.published.drive_505"),
    Release("4.7.39", "tests.published.drive_4739"),
)


def python_with(version: str) -> Path:
    """Return the interpreter of a virtual environment that holds `picsellia==version`, making it where it is missing.

    Skips the test when the registry cannot be reached; any other failure of pip is a failure of the test.
    """
    wanted = (f"picsellia=={version}", *NEEDED)
    key = hashlib.sha256("\n".join((sys.version, sys.prefix, *wanted)).encode()).hexdigest()[:12]
    folder = platformdirs.user_cache_path("picsellia-apply") / "published-clients" / f"{version}-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with waiting_lock(folder.with_suffix(".lock")):
        if not (folder / "complete").exists():
            venv.EnvBuilder(with_pip=True, clear=True).create(folder)
            _install(folder, wanted)
            (folder / "complete").touch()
    return folder / "bin" / "python"


def _install(folder: Path, wanted: tuple[str, ...]) -> None:
    python = str(folder / "bin" / "python")
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--retries", "2"]
    done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
    if done.returncode and _UNREACHABLE.search(done.stdout + done.stderr):
        pytest.skip(f"the package registry cannot be reached to install {wanted[0]}")
    assert done.returncode == 0, done.stderr[-3000:]
