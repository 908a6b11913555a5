"""What may happen to a request on its way: faults that are chosen before anything runs."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from requests import PreparedRequest, Response, exceptions
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError

from tests.laws.sky import Clock, Pass

Fault = Literal[
    "refused",
    "reset before",
    "reset after",
    "slow before",
    "slow after",
    "429",
    "500 before",
    "500 after",
    "503 before",
    "503 after",
    "truncated",
    "half an answer",
    "404 after a create",
]
FAULTS: tuple[Fault, ...] = Fault.__args__  # type: ignore[attr-defined]
WAIT_S = 7
"""What a 429 asks for."""


@dataclass
class Weather:
    """Which request meets with what, by number; see `Sky`.

    Attributes:
        faults: Number of a request (from 1) to what happens to it.
        waits: How many answers asked for patience.
    """

    faults: Mapping[int, Fault]
    clock: Clock = field(default_factory=Clock)
    waits: int = 0
    _forgets: bool = False

    def __call__(self, number: int, request: PreparedRequest, pass_on: Pass) -> Response:
        """Let a request meet with its fault."""
        if self._forgets and request.method == "GET":
            self._forgets = False
            return _answer(request, 404)
        match self.faults.get(number):
            case None:
                return pass_on()
            case "refused":
                pool = HTTPConnectionPool("nowhere")
                reason = NewConnectionError(pool, "refused")  # type: ignore[arg-type]
                raise exceptions.ConnectionError(MaxRetryError(pool, "/", reason), request=request)
            case "429":
                self.waits += 1
                return _answer(request, 429, {"Retry-After": str(WAIT_S)})
            case "404 after a create":
                answer = pass_on()
                self._forgets = answer.ok and _creates(request)
                return answer
            case fault:
                return _broken(fault, request, pass_on)


def _creates(request: PreparedRequest) -> bool:
    path = request.path_url
    return request.method == "PUT" or (request.method == "POST" and ("/create" in path or "/network/" in path))


def _broken(fault: str, request: PreparedRequest, pass_on: Pass) -> Response:
    kind, _, side = fault.partition(" ")
    answer = None if side == "before" else pass_on()
    match kind:
        case "reset":
            raise exceptions.ConnectionError("reset by peer", request=request)
        case "slow":
            raise exceptions.ReadTimeout(request=request)
        case "truncated":
            raise exceptions.ChunkedEncodingError("cut short", request=request)
        case "half" if answer is not None:
            half = answer.content[: len(answer.content) // 2]
            if answer.headers["Content-Type"] == "application/json":
                answer._content = half
            else:
                answer.raw = _Cut(half)
                vars(answer).update(_content=False, _content_consumed=False)
            return answer
        case _:
            return _answer(request, int(kind))


class _Cut:
    """The bytes of an object that ends before its stated length: the HTTP library says so once they are read."""

    def __init__(self, held: bytes) -> None:
        self._held = io.BytesIO(held)

    def read(self, size: int = -1) -> bytes:
        if part := self._held.read(size):
            return part
        raise exceptions.ChunkedEncodingError("cut short")

    def close(self) -> None:
        """Nothing is open."""


def _answer(request: PreparedRequest, status: int, headers: Mapping[str, str] | None = None) -> Response:
    response = Response()
    response.status_code, response.request, response.url = status, request, request.url or ""
    response._content = json.dumps({"error": "the weather"}).encode()
    response.headers.update(headers or {})
    return response


def page_lost(number: int, request: PreparedRequest, pass_on: Pass) -> Response:
    """Lose the second half of the rows of every listing, as if its last page had not come."""
    answer = pass_on()
    try:
        body = json.loads(answer.content)
    except ValueError:
        return answer
    if not isinstance(body, dict) or "total" not in body or len(body.get("names", ())) < 2:
        return answer
    rows = len(body["names"])
    for name, column in body.items():
        if isinstance(column, list) and len(column) == rows:
            body[name] = column[: rows // 2]
    if "tags" in body:
        body["tags"] = {tag: [row for row in on if row < rows // 2] for tag, on in body["tags"].items()}
    answer._content = json.dumps(body).encode()
    return answer
