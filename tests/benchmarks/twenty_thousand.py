"""20,000 JPEGs of 20 KB: first apply, no-op plan a plan after 20 changed files; against DVC and a plain copy.

DVC is installed from the registry into a virtual environment of the benchmark's own. Both sides start from nothing:
no cache of digests, no lake, no DVC cache. The file system's cache is warm for both (every file was just written).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from tests.benchmarks.measure import command, report, seconds_of

COUNT = int(os.environ.get("PICSELLIA_BENCH_PICTURES", "20000"))
SIZE = 20_000
CHANGED = 20
APPLY = Path(sys.executable).with_name("picsellia-apply")
MANIFEST = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: many}
spec:
  from: pictures
  tags: [bench]
"""


def make_pictures(folder: Path, count: int) -> None:
    """Write `count` different JPEG files of SIZE bytes: one photograph-like picture with a comment of its own."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(7).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=50)
    jpeg = buffer.getvalue()
    room = SIZE - len(jpeg) - 4
    folder.mkdir(parents=True)
    for number in range(count):
        comment = hashlib.sha256(str(number).encode()).digest() * (room // 32 + 1)
        marker = b"\xff\xfe" + (room + 2).to_bytes(2, "big") + comment[:room]
        (folder / f"photo_{number:06d}.jpg").write_bytes(jpeg[:2] + marker + jpeg[2:])


def hash_and_copy(source: Path, target: Path) -> None:
    """Read, hash and write every file once: the least that any of the programs must do."""
    target.mkdir()
    for path in source.iterdir():
        data = path.read_bytes()
        hashlib.sha256(data).hexdigest()
        (target / path.name).write_bytes(data)


def dvc_program() -> Path:
    """Install DVC into a virtual environment of its own, once, and return the program."""
    venv = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "picsellia-apply-bench" / "dvc"
    if not (venv / "bin" / "dvc").exists():
        sys.stdout.write("installing dvc into a virtual environment of its own (once)\n")
        command([sys.executable, "-m", "venv", venv])
        command([venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "dvc"])
    return venv / "bin" / "dvc"


def measure_dvc(work: Path, pictures: Path) -> tuple[float, float]:
    """Return the seconds of `dvc add` + `dvc push` to a folder, and of `dvc status`."""
    dvc, home = dvc_program(), work / "dvc"
    shutil.copytree(pictures, home / "pictures")
    environment = {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(work / "dvc-site")}
    for arguments in (["init", "--no-scm", "-q"], ["remote", "add", "-d", "store", str(work / "dvc-remote")]):
        command([dvc, *arguments], cwd=home, env=environment)

    def add_and_push() -> None:
        command([dvc, "add", "-q", "pictures"], cwd=home, env=environment)
        command([dvc, "push", "-q"], cwd=home, env=environment)

    first = seconds_of(add_and_push)
    return first, seconds_of(lambda: command([dvc, "status"], cwd=home, env=environment), runs=5)


@contextmanager
def served(work: Path, *flags: str) -> Iterator[dict[str, str]]:
    """Run `serve` in another process and yield the environment that reaches it."""
    token = "0123456789abcdef0123456789abcdef01234567"
    process = subprocess.Popen(
        [APPLY, "serve", "--data", work / "served", "--bind", "127.0.0.1", "--port", "0", *flags],
        env={**os.environ, "PICSELLIA_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=(work / "serve.log").open("w"),
        text=True,
    )
    try:
        yield {"PICSELLIA_HOST": _announced_host(process), "PICSELLIA_TOKEN": token}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _announced_host(process: subprocess.Popen[str]) -> str:
    if process.stdout is None:
        sys.exit("serve has no output to read")
    for line in process.stdout:
        found = [word for word in line.split() if word.startswith("http://")]
        if found:
            return found[0]
    sys.exit("serve ended without saying where it listens")


def apply(manifests: Path, environment: dict[str, str], *flags: str) -> None:
    """Apply the manifests."""
    command([APPLY, "apply", manifests, "--auto-approve", *flags], env=environment)


def plan(manifests: Path, environment: dict[str, str], *flags: str) -> dict[str, list[dict[str, object]]]:
    """Plan, demand that there is nothing to do, and return the plan."""
    text = command([APPLY, "plan", manifests, "--format", "json", *flags], env=environment, expect=(0, 7))
    found: dict[str, list[dict[str, object]]] = json.loads(text)
    if found["operations"]:
        sys.exit(f"the plan is not empty: {text[:2000]}")
    return found


def change_files(pictures: Path) -> list[str]:
    """Change the last byte before the end marker of CHANGED pictures and return their names."""
    chosen = sorted(pictures.iterdir())[:: COUNT // CHANGED][:CHANGED]
    for path in chosen:
        data = bytearray(path.read_bytes())
        data[30] ^= 0xFF
        path.write_bytes(data)
    return [path.name for path in chosen]


def main() -> None:
    """Print the lines."""
    with tempfile.TemporaryDirectory(prefix="picsellia-bench-") as folder:
        run(Path(folder))


def run(work: Path) -> None:
    """Measure everything below `work`."""
    manifests, pictures = work / "project", work / "project" / "pictures"
    make_pictures(pictures, COUNT)
    (manifests / "many.yaml").write_text(MANIFEST)
    copy_s = seconds_of(lambda: hash_and_copy(pictures, work / "copy"))
    dvc_first_s, dvc_status_s = measure_dvc(work, pictures)
    label = f"{COUNT:,} pictures"

    embedded = {"PICSELLIA_CACHE_DIR": str(work / "cache-embedded"), "PICSELLIA_HOST": "", "PICSELLIA_TOKEN": ""}
    first_s = seconds_of(lambda: apply(manifests, embedded, "--embedded"))
    report(f"first apply, embedded, {label}", first_s, "dvc add + dvc push", dvc_first_s)
    report(f"first apply, embedded, {label}", first_s, "sha256 + copy", copy_s)
    time.sleep(2.5)  # files younger than two seconds are hashed again, here as in git and DVC
    plan(manifests, embedded, "--embedded")
    noop_s = seconds_of(lambda: plan(manifests, embedded, "--embedded"), runs=5)
    report(f"no-op plan, embedded, {label}", noop_s, "dvc status", dvc_status_s)

    with served(work) as environment:
        remote = {**environment, "PICSELLIA_CACHE_DIR": str(work / "cache-served")}
        served_s = seconds_of(lambda: apply(manifests, remote))
        report(f"first apply, serve, {label}", served_s, "dvc add + dvc push", dvc_first_s)
        report(f"first apply, serve, {label}", served_s, "sha256 + copy", copy_s)
        time.sleep(2.5)
        plan(manifests, remote)
        report(
            f"no-op plan, serve, {label}",
            seconds_of(lambda: plan(manifests, remote), runs=5),
            "dvc status",
            dvc_status_s,
        )

    names, times = change_files(pictures), []
    for _ in range(3):
        start = time.perf_counter()
        shown = command([APPLY, "plan", manifests, "--embedded"], env=embedded, expect=(7,))
        times.append(time.perf_counter() - start)
        unnamed = [name for name in names if name not in shown]
        if unnamed:
            sys.exit(f"{len(names)} changed files, but the plan does not name {', '.join(unnamed[:3])}")
    report(
        f"plan with {CHANGED} changed files, all listed", statistics.median(times), "dvc status (no-op)", dvc_status_s
    )


if __name__ == "__main__":
    main()
