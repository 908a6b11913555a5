"""Export of 20,000 pictures with 150,000 objects, against reading the same with the SDK; and its peak memory."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import resource
import shutil
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from picsellia_apply.client import Client
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.wire.extension import AnnotationItem
from tests.benchmarks.measure import command, report, seconds_of

PICTURES = int(os.environ.get("PICSELLIA_BENCH_PICTURES", "20000"))
OBJECTS = PICTURES * 15 // 2
PAGE = 200
APPLY = Path(sys.executable).with_name("picsellia-apply")


def tiny_png(number: int) -> bytes:
    """Return a PNG of 1 x 1 px with a text of its own, some 90 bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    text = b"n\0" + str(number).encode()
    parts = (chunk(b"IHDR", head), chunk(b"tEXt", text), chunk(b"IDAT", zlib.compress(b"\0\0")), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def files(folder: Path) -> Iterator[PictureFile]:
    """Write the pictures and yield them with three tags each of a dozen."""
    folder.mkdir()
    for number in range(PICTURES):
        data = tiny_png(number)
        path = folder / f"photo_{number:06d}.png"
        path.write_bytes(data)
        tags = ("bench", f"camera-{number % 3}", f"split-{number % 4}")
        yield PictureFile(path.name, path, hashlib.sha256(data).hexdigest(), len(data), 1, 1, tags=tags)


def make_lake(work: Path) -> None:
    """Make a lake with one version that holds every picture and object."""
    chance = random.Random(7)  # noqa: S311 - no secret
    with Client(host="embedded", data_dir=work / ".picsellia", greet=False) as client:
        made = client.writer.upload_pictures(list(files(work / "source")))
        version = client.writer.create_version("Many", "first", [one.picture_id for one in made if one.picture_id])
        client.writer.create_label(version, "cell", "rectangle")
        owners: dict[str, list[dict[str, object]]] = {one.name: [] for one in made}
        for number in range(OBJECTS):
            box = {side: round(chance.uniform(0, 600), 2) for side in ("top", "left", "width", "height")}
            name = f"photo_{number % PICTURES:06d}.png"
            owners[name].append({"type": "rectangle", "label": "cell", "rectangle": box})
        client.writer.replace_annotations(version, [AnnotationItem(name, data) for name, data in owners.items()])


def read_with_the_sdk(work: Path) -> None:
    """Read pictures, datasets, members and annotations as a script does with the documented SDK."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        Client(host="embedded", data_dir=work / ".picsellia", greet=False, read_only=True) as client,
    ):
        assert len(client.datalake.picture.list()["pictures"]) == PICTURES
        for one in client.datalake.dataset.list():
            dataset = client.datalake.dataset.fetch(one.dataset_name, one.version)
            assert len(client.datalake.dataset.list_pictures(dataset.dataset_id)) == PICTURES
            assert sum(map(len, _annotations(client, dataset.dataset_id))) == PICTURES


def _annotations(client: Client, dataset_id: str) -> Iterator[list[object]]:
    """Yield pages of annotations as published client 5.0.22 asks for them."""
    page, pages = 0, 1
    while page < pages:
        query = {"limit": str(PAGE), "offset": str(page * PAGE)}
        path = ("annotation", dataset_id)
        answer = client.connection.transport.ask("GET", *path, answer=dict[str, Any], repeat_safe=True, query=query)
        page, pages = page + 1, answer["nb_pages"]
        yield answer["annotations"]


def main() -> None:
    """Print the ratio, the peak memory, and what a plan of the export takes."""
    work = Path(tempfile.mkdtemp(prefix="picsellia-bench-"))
    try:
        make_lake(work)
        sdk_s = seconds_of(lambda: read_with_the_sdk(work))
        arguments: list[str | Path] = [APPLY, "export", "--embedded", "--out", "out"]
        export_s = seconds_of(lambda: command(arguments, cwd=work))
        assert len((work / "out/datasets/Many/first.json").read_bytes().splitlines()) == PICTURES + 2
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        what = f"export {PICTURES:,} pictures, {OBJECTS:,} objects"
        report(what, export_s, "reading them with the SDK", sdk_s)
        sys.stdout.write(f"{'  peak memory of the export':<46} {peak:8.0f} MiB\n")
        plan_s = seconds_of(lambda: plan_of_it(work))
        report("a plan of the export: nothing to do", plan_s, "the export", export_s)
    finally:
        shutil.rmtree(work)


def plan_of_it(work: Path) -> None:
    """Plan what was exported: all of it is there, and is adopted."""
    text = command([APPLY, "plan", "--embedded", "out", "--format", "json"], cwd=work)
    if json.loads(text)["operations"]:
        sys.exit(f"the plan has something to do: {text[:2000]}")


if __name__ == "__main__":
    main()
