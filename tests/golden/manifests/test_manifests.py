"""Bad (and a few good) manifests through the real command line: what is printed, and the exit code.

One folder per case: the files as they are, `setup.txt` for what is made at test time (pictures, links, bytes that git
should not keep), `args.txt` for another command than `validate manifests`, `expected.txt` for exit code and output.
Rewritten only by `pytest --rewrite-golden`.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from picsellia_apply.cli import group
from picsellia_apply.cli.exit import run

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/expected.txt"))
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n"


def picture(path: Path, size: str = "8x6", color: str = "red") -> None:
    width, height = map(int, size.split("x"))
    Image.new("RGB", (width, height), color).save(path)


def cut(path: Path, size: str) -> None:
    path.write_bytes(path.read_bytes()[: int(size)])


STEPS: dict[str, Callable[..., object]] = {
    "picture": picture,
    "text": lambda path, text: path.write_bytes(text.encode().decode("unicode_escape").encode("latin-1")),
    "name": lambda path, name: path.with_name(name.encode().decode("unicode_escape")).write_bytes(path.read_bytes()),
    "hex": lambda path, digits: path.write_bytes(bytes.fromhex(digits)),
    "pointer": lambda path: path.write_text(POINTER.format("0" * 64)),
    "folder": lambda path: path.mkdir(parents=True, exist_ok=True),
    "link": lambda path, target: path.symlink_to(target),
    "cut": cut,
    "repeat": lambda path, text, times: path.write_text(text.encode().decode("unicode_escape") * int(times)),
}
"""What a line of `setup.txt` may do: verb, path, arguments."""


def prepare(case: Path, folder: Path) -> list[str]:
    """Copy a case, make what its setup asks for, and return the arguments to run with."""
    shutil.copytree(case, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected.txt"))
    setup = folder / "setup.txt"
    for line in setup.read_text().splitlines() if setup.exists() else []:
        verb, path, *arguments = shlex.split(line)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        STEPS[verb](target, *arguments)
    args = folder / "args.txt"
    return shlex.split(args.read_text()) if args.exists() else ["validate", "manifests"]


def transcript(code: int, out: str, err: str) -> str:
    parts = [f"exit {code}"]
    if out:
        parts.append(f"--- stdout\n{out.rstrip()}")
    if err:
        parts.append(f"--- stderr\n{err.rstrip()}")
    return "\n".join(parts) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(
    case: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rewrite_golden: bool,
) -> None:
    arguments = prepare(case, tmp_path / "case")
    monkeypatch.chdir(tmp_path / "case")
    monkeypatch.setenv("PICSELLIA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["picsellia-apply", *arguments])
    code = run(group)
    out, err = capsys.readouterr()
    found = transcript(code, out, err)
    assert "Traceback" not in found
    assert "pydantic" not in found
    assert code == {"good": 0, "usage": 64}.get(case.name.partition("-")[0], 65)
    if rewrite_golden:
        (case / "expected.txt").write_text(found)
    assert found == (case / "expected.txt").read_text()


@pytest.mark.parametrize("name", ["yaml-tab", "unknown-field", "good-everything"])
def test_as_a_process(name: str, tmp_path: Path) -> None:
    case = Path(__file__).parent / name
    arguments = prepare(case, tmp_path / "case")
    command = [sys.executable, "-m", "picsellia_apply", *arguments]
    environment = {"PICSELLIA_CACHE_DIR": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=tmp_path / "case", capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    assert transcript(done.returncode, done.stdout, done.stderr) == (case / "expected.txt").read_text()


def test_there_are_enough_cases() -> None:
    assert sum(not case.name.startswith("good-") for case in CASES) >= 40
