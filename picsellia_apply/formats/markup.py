"""An XML annotation file: parsed without a DOCTYPE ever being looked at, positions found when they are needed.

Annotation files need no DOCTYPE, and everything dangerous in XML (entity bombs, external entities) needs one. The fast
path is the C parser, taken only when the bytes cannot hide a DOCTYPE: no `<!D`, no NUL, and an encoding in which ASCII
stands for itself. Everything else goes through defusedxml, which refuses a DOCTYPE as it meets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.parsers import expat

from picsellia_apply.formats.findings import Steps
from picsellia_apply.formats.shapes import text_of_head

_ENCODING = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_TRANSPARENT = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"latin-1"})


class MarkupError(Exception):
    """The file cannot be parsed.

    Attributes:
        reason: What the parser says.
        line: 1-based; 0 where unknown.
        column: 1-based.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        """Keep what is known."""
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


class DoctypeError(MarkupError):
    """The file has a DOCTYPE, and is not read for it."""


def parse_xml(data: bytes) -> Element:
    """Return the root element.

    Raises:
        DoctypeError: It has a DOCTYPE.
        MarkupError: The bytes are no well-formed XML.
    """
    try:
        if not _may_hide_doctype(data):
            parser = XMLParser()  # noqa: S314 - no DOCTYPE can be in these bytes
            parser.feed(data)
            root: Element = parser.close()
            return root
        return _parse_guarded(data)
    except ParseError as error:
        line, column = error.position
        raise MarkupError(str(error).split(":")[0], line, column + 1) from error
    except (LookupError, ValueError) as error:
        raise MarkupError(f"its encoding is not supported ({error})") from error


def _may_hide_doctype(data: bytes) -> bool:
    if b"<!D" in data or b"\0" in data:
        return True
    declared = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf")[:200])
    if declared:
        return declared[1].lower() not in _TRANSPARENT
    return b"encoding" in data[:200]


def _parse_guarded(data: bytes) -> Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise DoctypeError("it has a DOCTYPE", *_doctype_position(data)) from error
    return root


def _doctype_position(data: bytes) -> tuple[int, int]:
    """Return line and column of the DOCTYPE; (0, 0) where its encoding hides it."""
    before, found, _ = text_of_head(data).partition("<!DOCTYPE")
    return (before.count("\n") + 1, len(before) - before.rfind("\n")) if found else (0, 0)


def find_elements(data: bytes, wanted: Iterable[Steps]) -> dict[Steps, tuple[int, int, int]]:
    """Return line, column (1-based, in characters) and length of elements.

    Args:
        data: A file that `parse_xml` accepted.
        wanted: Paths below the root: a tag, or a tag followed by its 0-based index among its equals:
            `("object", 2, "bndbox", "xmin")`. An element that is not there is given its nearest parent's place.
    """
    tree = _Places(data)
    return {steps: tree.nearest(steps) for steps in wanted}


class _Places:
    """Where every element of one file starts."""

    def __init__(self, data: bytes) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._path: list[str | int] = []
        self._counts: list[dict[str, int]] = []
        self._places: dict[Steps, tuple[int, int, int]] = {}
        self._parser.Parse(data)

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        if self._counts:
            index = self._counts[-1].get(tag, 0)
            self._counts[-1][tag] = index + 1
            self._path += [tag, index]
        self._counts.append({})
        place = (self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1, len(tag) + 2)
        self._places[tuple(self._path)] = place

    def _end(self, _tag: str) -> None:
        self._counts.pop()
        del self._path[-2:]

    def nearest(self, steps: Steps) -> tuple[int, int, int]:
        full: list[str | int] = []
        best = self._places[()]
        for position, step in enumerate(steps):
            if isinstance(step, int):
                continue
            after = steps[position + 1] if position + 1 < len(steps) else 0
            full += [step, after if isinstance(after, int) else 0]
            best = self._places.get(tuple(full), best)
        return best
