"""What drives a published client, in its own virtual environment: nothing but it, requests and Pillow is there.

A driver is a sequence of steps that share a scene, run in order in one process. Each step checks what the client
returned and what SDK v2 shows afterwards; `drive` runs them.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from PIL import Image

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIMEOUT_S = 60


@dataclass
class Scene:
    """A platform, a folder, and what earlier steps left."""

    host: str
    token: str
    folder: Path
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def module(self) -> Any:
        """The published module, `picsellia.client`."""
        return importlib.import_module("picsellia.client")

    @property
    def errors(self) -> Any:
        """The published exceptions."""
        return importlib.import_module("picsellia.pxl_exceptions")

    def picture(self, name: str, size: tuple[int, int] = (16, 12)) -> str:
        """Write a picture whose bytes depend on its base name and size, and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        red, green, blue = (hash_of(path.name, number) for number in range(3))
        Image.new("RGB", size, (red, green, blue)).save(path, format="PNG" if name.endswith(".png") else "JPEG")
        return str(path)

    def file(self, name: str, content: bytes | str) -> str:
        """Write a file and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request of SDK v2, to see what the client does not show."""
        headers = {"Authorization": f"Token {self.token}"}
        return requests.request(method, self.host + path, headers=headers, timeout=TIMEOUT_S, **options)

    def objects(self, dataset_id: str) -> dict[str, list[dict[str, Any]]]:
        """Return picture name -> objects of a version."""
        answer = self.ask("GET", f"annotation/{dataset_id}")
        assert answer.status_code == 200, answer.text
        return {one["external_picture_url"]: one["data"] for one in answer.json()["annotations"]}

    def names(self, dataset_id: str) -> list[str]:
        """Return the picture names of a version, ordered."""
        answer = self.ask("GET", f"picture/{dataset_id}")
        assert answer.status_code == 200, answer.text
        return sorted(one["external_url"] for one in answer.json()["pictures"])

    def lake(self) -> dict[str, dict[str, Any]]:
        """Return every picture by name."""
        return {one["external_url"]: one for one in self.ask("GET", "datalake/none").json()["pictures"]}

    def stored(self, object_name: str, *, model: bool) -> bytes:
        """Return an object's bytes through a signed URL."""
        body = json.dumps({"method": "get", "object_name": object_name, "bucket_model": model})
        answer = self.ask("POST", "generate_presigned_url", data=body)
        assert answer.status_code == 200, answer.text
        sent = requests.get(answer.json()["url"], timeout=TIMEOUT_S)
        assert sent.status_code == 200
        assert int(sent.headers["Content-Length"]) == len(sent.content)
        return sent.content

    def check_download(self, folder: Path, names: Sequence[str], sources: Path) -> None:
        """Compare a folder of downloads with the files sent, byte by byte."""
        assert sorted(path.name for path in folder.iterdir()) == sorted(names)
        for name in names:
            assert (folder / name).read_bytes() == (sources / name).read_bytes(), name


Step = Callable[[Scene], None]


def hash_of(text: str, number: int) -> int:
    """Return 0 to 255, the same in every process."""
    return sum((index + 7) * (number + 3) * ord(letter) for index, letter in enumerate(text)) % 256


@contextlib.contextmanager
def refused(kind: type[BaseException], text: str = "") -> Iterator[None]:
    """Expect that a block raises `kind` with `text` in its message."""
    try:
        yield
    except kind as error:
        assert text in str(error), f"`{text}` is not in `{error}`"  # noqa: PT017 - pytest is not installed here
        return
    raise AssertionError(f"no {kind.__name__}")


@contextlib.contextmanager
def told() -> Iterator[io.StringIO]:
    """Catch what a client prints."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        yield text


def box(label: str, left: float = 1, top: float = 2, width: float = 5, height: float = 6) -> dict[str, Any]:
    """Return a rectangle as SDK v2 writes it."""
    sides = {"top": top, "left": left, "width": width, "height": height}
    return {"type": "rectangle", "label": label, "rectangle": sides}


def outline(label: str, *points: tuple[float, float]) -> dict[str, Any]:
    """Return a polygon as SDK v2 writes it."""
    geometry = [{"x": x, "y": y} for x, y in points]
    return {"type": "polygon", "label": label, "polygon": {"geometry": geometry}}
