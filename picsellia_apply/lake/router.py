"""Routing on the raw path: split at `/`, then percent-decode each segment; with or without a slash at the end.

The published clients paste names into paths. Their HTTP library encodes spaces and other scripts but leaves `/` as it
is, so a label's or a picture's name may span several segments: a pattern's `*name` takes one or more, joined by `/`.
Nothing is ever redirected (a redirected POST becomes a GET). Source: WIRE_V2.md sections 1 and 10.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import unquote_to_bytes

from picsellia_apply.lake.refusal import Refusal, bad_request, not_found

Target = TypeVar("Target", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Route(Generic[Target]):
    """One request the lake answers.

    Attributes:
        method: HTTP method.
        pattern: Segments: literal, `{name}` for one, `*name` for one or more.
        target: What answers it.
        signed: True where no token is asked for: a signature stands for it, or nobody's data is told.
        many: Answers several of these requests at once, where that is cheaper than one by one.
        writes: True where `many` writes.
    """

    method: str
    pattern: tuple[str, ...]
    target: Target
    signed: bool = False
    many: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    writes: bool = False


def route(
    method: str,
    pattern: str,
    target: Target,
    *,
    signed: bool = False,
    many: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
    writes: bool = False,
) -> Route[Target]:
    """Return the route for a pattern written as a path."""
    return Route(method, tuple(pattern.split("/")), target, signed, many, writes)


def segments_of(raw_path: str, base: str) -> list[str]:
    """Return the decoded segments of a raw path below `base`.

    Raises:
        Refusal: 404, the path is not below it; 400, a segment is not UTF-8.
    """
    if not raw_path.startswith(base):
        raise not_found("nothing is here")
    raw = raw_path[len(base) :].removesuffix("/")
    try:
        return [unquote_to_bytes(segment.encode("latin-1")).decode() for segment in raw.split("/")]
    except UnicodeDecodeError as error:
        raise bad_request("the path is not UTF-8") from error


def _match(pattern: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    """Return the values of a pattern's names, or None where it does not fit."""
    star = next((index for index, part in enumerate(pattern) if part.startswith("*")), None)
    if star is None:
        return _match_each(pattern, segments) if len(pattern) == len(segments) else None
    tail = len(pattern) - star - 1
    if len(segments) < len(pattern):
        return None
    middle = "/".join(segments[star : len(segments) - tail])
    return _match_each(pattern, [*segments[:star], middle, *segments[len(segments) - tail :]])


def _match_each(pattern: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for part, segment in zip(pattern, segments, strict=True):
        if part[0] in "{*":
            values[part.strip("{}*")] = segment
        elif part != segment:
            return None
    return values if all(values.values()) else None


class Router(Generic[Target]):
    """A table of routes; the first that fits decides, so the special ones stand first."""

    def __init__(self, routes: Sequence[Route[Target]]) -> None:
        """Keep the table, filed by first segment where that is literal."""
        self._routes = tuple(routes)

    def find(self, method: str, segments: Sequence[str]) -> tuple[Route[Target], dict[str, str]]:
        """Return the route for a request and the values in its path.

        Raises:
            Refusal: 404, no such path; 405, the path knows other methods.
        """
        known = False
        for one in self._routes:
            if one.pattern[0] != segments[0] or (values := _match(one.pattern, segments)) is None:
                continue
            if one.method == method:
                return one, values
            known = True
        raise Refusal(405, f"`{method}` is not offered here") if known else not_found("nothing is here")
