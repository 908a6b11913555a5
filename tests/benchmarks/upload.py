"""2,000 JPEGs of 20 KB to one `serve`, and a COCO file of 20,000 images: the published client, our SDK, our apply.

Every upload goes to a server of its own with an empty lake, in another process, once with the extension and once
without (`serve --plain`). The published client is 5.0.8, in the virtual environment that the tests of it use.

Its COCO reader goes through all annotations for every image, so that its time is images times annotations: it is
measured on a tenth of the images and ten times that is stated.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.measure import command, report, seconds_of
from tests.benchmarks.twenty_thousand import MANIFEST, apply, make_pictures, served
from tests.published.releases import python_with

COUNT = int(os.environ.get("PICSELLIA_BENCH_UPLOADS", "2000"))
IMAGES, OBJECTS, SHARE = 20_000, 150_000, 10
JOBS = 5
_PUBLISHED_UPLOAD = """\
import os, sys, time
from picsellia.client import Client
client = Client(os.environ["PICSELLIA_TOKEN"], host=os.environ["PICSELLIA_HOST"])
start = time.perf_counter()
client.datalake.upload("many", imgdir=sys.argv[1], tags=["bench"], nb_jobs=int(sys.argv[2]))
took = time.perf_counter() - start
held = len(client.datalake.picture.list()["pictures"])
print()
print(took, held)
"""
_PUBLISHED_READER = """\
import sys, time
from picsellia.pxl_parser import COCOParser
start = time.perf_counter()
parser = COCOParser(path=sys.argv[1])
loaded = time.perf_counter()
parser.data["images"] = parser.data["images"][: int(sys.argv[2])]
found = parser.generate_annotations()
print()
print(loaded - start, time.perf_counter() - loaded)
"""
_OUR_UPLOAD = """\
import os, sys, time
from picsellia_apply.client.client import Client
with Client(os.environ["PICSELLIA_TOKEN"], host=os.environ["PICSELLIA_HOST"]) as client:
    start = time.perf_counter()
    done = client.datalake.upload("many", imgdir=sys.argv[1], tags=["bench"], nb_jobs=int(sys.argv[2]))
    print(time.perf_counter() - start, len(done.pictures))
"""


@contextmanager
def _fresh(work: Path, name: str, *, plain: bool) -> Iterator[dict[str, str]]:
    folder = work / name
    folder.mkdir()
    with served(folder, *(("--plain",) if plain else ())) as environment:
        yield {**environment, "PICSELLIA_CACHE_DIR": str(folder / "cache"), "PYTHONWARNINGS": "ignore"}


def _told(python: str | Path, script: str, *arguments: str | Path, env: dict[str, str] | None = None) -> list[float]:
    """Run a script in an interpreter and return the numbers on its last line."""
    lines = command([python, "-c", script, *arguments], env=env).split("\n")
    return [float(word) for word in [line for line in lines if line.strip()][-1].split()]


def _upload_s(python: str | Path, script: str, pictures: Path, environment: dict[str, str]) -> float:
    took_s, held = _told(python, script, pictures, str(JOBS), env=environment)
    if held != COUNT:
        sys.exit(f"{COUNT} pictures were to be uploaded, {held:.0f} were")
    return took_s


def measure_uploads(work: Path, published: Path, *, plain: bool) -> None:
    """Print the two lines of one mode."""
    pictures, mode = work / "project" / "pictures", "serve --plain" if plain else "serve"
    with _fresh(work, f"published-{plain}", plain=plain) as environment:
        peer_s = _upload_s(published, _PUBLISHED_UPLOAD, pictures, environment)
    with _fresh(work, f"sdk-{plain}", plain=plain) as environment:
        sdk_s = _upload_s(sys.executable, _OUR_UPLOAD, pictures, environment)
    with _fresh(work, f"apply-{plain}", plain=plain) as environment:
        apply_s = seconds_of(lambda: apply(work / "project", environment))
    peer = f"5.0.8 datalake.upload, nb_jobs={JOBS}"
    report(f"datalake.upload, {mode}, {COUNT:,} pictures", sdk_s, peer, peer_s)
    report(f"apply, {mode}, {COUNT:,} pictures", apply_s, peer, peer_s)


def make_coco(path: Path) -> None:
    """Write IMAGES images and OBJECTS boxes of 20 categories."""
    boxes = ([n % 400 + 0.5, n % 300 + 0.25, 20.0 + n % 50, 30.0 + n % 40] for n in range(OBJECTS))
    found = {
        "images": [
            {"id": n + 1, "file_name": f"photo_{n:06d}.jpg", "width": 640, "height": 480} for n in range(IMAGES)
        ],
        "categories": [{"id": n + 1, "name": f"kind {n:02d}"} for n in range(20)],
        "annotations": [
            {
                "id": n + 1,
                "image_id": n % IMAGES + 1,
                "category_id": n % 20 + 1,
                "bbox": box,
                "area": box[2] * box[3],
                "segmentation": [],
                "iscrowd": 0,
            }
            for n, box in enumerate(boxes)
        ],
    }
    path.write_text(json.dumps(found))


def _read(path: Path) -> None:
    from picsellia_apply.client.annotation_files import read_annotation_file

    found = read_annotation_file(path, "COCO", rectangle=False)
    if sum(map(len, found.objects.values())) != OBJECTS:
        sys.exit("the reader of COCO files lost objects")


def measure_readers(work: Path, published: Path) -> None:
    """Print the lines of the COCO readers."""
    path = work / "objects.json"
    make_coco(path)
    load_s, tenth_s = _told(published, _PUBLISHED_READER, path, str(IMAGES // SHARE))
    ours_s = seconds_of(lambda: _read(path), runs=3)
    what = f"COCO, {IMAGES:,} images, {OBJECTS:,} objects"
    report(what, ours_s, f"5.0.8's reader, {SHARE} x a tenth of the images", load_s + SHARE * tenth_s)
    report(what, ours_s, "json.load", seconds_of(lambda: json.loads(path.read_bytes()), runs=3))


def main() -> None:
    """Print the lines."""
    published = python_with("5.0.8")
    with tempfile.TemporaryDirectory(prefix="picsellia-bench-") as folder:
        work = Path(folder)
        make_pictures(work / "project" / "pictures", COUNT)
        (work / "project" / "many.yaml").write_text(MANIFEST)
        for plain in (False, True):
            measure_uploads(work, published, plain=plain)
        measure_readers(work, published)


if __name__ == "__main__":
    main()
