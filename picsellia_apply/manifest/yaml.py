"""YAML text to plain values, read as YAML 1.2's core schema reads them, with every fault of the text itself.

PyYAML's own loaders keep the last of two equal keys in silence and turn `010` into 8, `1:20` into 80, `no` into False
and `1e3` into text. Here libyaml composes the nodes and a builder of our own makes the values: keys are text,
duplicates are faults, aliases are counted before anything is expanded. Must not know what a manifest is.

Source: YAML 1.2.2, chapter 10.3 (core schema).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.source import Position

ALIAS_LIMIT = 100_000
"""Most nodes that aliases of one document may stand for."""
DEPTH_LIMIT = 100
"""Deepest nesting; libyaml's composer overruns the stack at some 50,000."""

_PLAIN = "plain"
_TEXT = "tag:yaml.org,2002:str"
_CORE = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")
_STARTS = frozenset("0123456789+-.~nNtTfF")
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TAGGED: dict[str, tuple[type, ...]] = {
    _CORE + "null": (type(None),),
    _CORE + "bool": (bool,),
    _CORE + "int": (int,),
    _CORE + "float": (int, float),
}


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its plain value, and the faults of its text (values under a fault are None)."""

    value: Any
    faults: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's documents in order; `syntax` is what stopped the reading, if anything did."""

    documents: tuple[Document, ...]
    syntax: Diagnostic | None = None


class TooDeep(yaml.MarkedYAMLError):
    """Nesting deeper than DEPTH_LIMIT."""


class _Resolving:
    """Tells plain scalars from quoted ones, and keeps count of the depth; libyaml's composer calls it per node."""

    depth = 0

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:  # noqa: ARG002 - PyYAML's signature
        return _PLAIN if kind is yaml.ScalarNode and implicit[0] else _TEXT

    def descend_resolver(self, parent: yaml.Node | None, index: Any) -> None:  # noqa: ARG002
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            mark = parent.start_mark if parent is not None else None
            raise TooDeep(problem=f"nested deeper than {DEPTH_LIMIT} levels", problem_mark=mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def _composer() -> Callable[[bytes], Any]:
    """Return libyaml's composer where PyYAML was built with it, else the one in Python."""
    if yaml.__with_libyaml__:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]

        class Fast(_Resolving, CParser):
            pass

        return Fast
    return _python_composer()


def _python_composer() -> Callable[[bytes], Any]:
    from yaml.composer import Composer
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class Slow(_Resolving, Reader, Scanner, Parser, Composer):
        def __init__(self, stream: bytes) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)
            Composer.__init__(self)

    return Slow


_compose = _composer()


def compose(data: bytes) -> Iterator[yaml.Node]:
    """Yield the root node of each document, with its marks.

    Args:
        data: UTF-8.

    Raises:
        yaml.YAMLError: The text is not valid YAML.
    """
    loader = _compose(data)
    while loader.check_node():
        yield loader.get_node()


def parse(data: bytes, file: str) -> Parsed:
    """Read every document of a file.

    Args:
        data: The file's bytes, UTF-8 with or without a byte order mark.
        file: Its name for diagnostics.

    Returns:
        The documents up to the first fault of syntax, and that fault.
    """
    documents: list[Document] = []
    try:
        data.decode()
        for node in compose(data):
            builder = _Builder(file)
            documents.append(Document(builder.build(node), tuple(builder.faults)))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return Parsed(tuple(documents), _syntax_fault(error, data, file))
    return Parsed(tuple(documents))


class _Bomb(yaml.MarkedYAMLError):
    """Aliases stand for more than ALIAS_LIMIT nodes."""


class _Builder:
    """Makes the plain value of one document; values behind aliases are shared, never copied."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Diagnostic] = []
        self._built: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()
        self._count = 0
        self._aliased = 0

    def build(self, node: yaml.Node) -> Any:
        """Return the value of `node`."""
        self._count += 1
        if type(node) is yaml.ScalarNode:
            return self._scalar(node)
        key = id(node)
        if key in self._built:
            return self._again(node, *self._built[key])
        if key in self._open:
            return self._fault("M005", "an alias stands inside the value it names", node)
        if node.tag not in (_TEXT, _CORE + "map", _CORE + "seq"):
            return self._fault("M005", f"tag `{node.tag}` is not supported", node, "leave the tag out")
        self._open.add(key)
        before = self._count
        value = self._mapping(node) if type(node) is yaml.MappingNode else [self.build(item) for item in node.value]
        self._open.discard(key)
        self._built[key] = value, self._count - before
        return value

    def _again(self, node: yaml.Node, value: Any, size: int) -> Any:
        self._count += size
        self._aliased += size
        if self._aliased > ALIAS_LIMIT:
            raise _Bomb(problem=f"aliases stand for more than {ALIAS_LIMIT:,} values", problem_mark=node.start_mark)
        return value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        value: dict[str, Any] = {}
        first: dict[str, yaml.Node] = {}
        for key, item in node.value:
            name = self._key(key)
            if name is None:
                continue
            if name in first:
                line = first[name].start_mark.line + 1
                self._fault("M002", f"key `{name}` is written twice", key, f"first written in line {line}")
            first[name] = key
            value[name] = self.build(item)
        return value

    def _key(self, key: yaml.Node) -> str | None:
        self._count += 1
        if type(key) is not yaml.ScalarNode:
            self._fault("M005", "a key must be text, not a list or a map", key)
            return None
        if key.value == "<<" and key.tag == _PLAIN:
            hint = "YAML 1.2 has no merge keys: write the fields out, or use an alias for a whole value"
            self._fault("M005", "merge key `<<` is not supported", key, hint)
            return None
        return str(key.value)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        tag: str = node.tag
        if tag == _TEXT or (tag == _PLAIN and text[:1] not in _STARTS and text):
            return text
        if tag == _PLAIN:
            return self._plain(node, text)
        return self._tagged(node, text, tag)

    def _plain(self, node: yaml.ScalarNode, text: str) -> Any:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INT.fullmatch(text):
            return int(text) if len(text) < 400 else self._not_finite(node, text)
        if _BASED.fullmatch(text):
            return int(text, 0) if len(text) < 400 else self._not_finite(node, text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            return number if abs(number) != float("inf") else self._not_finite(node, text)
        return self._not_finite(node, text) if _NOT_FINITE.fullmatch(text) else text

    def _tagged(self, node: yaml.ScalarNode, text: str, tag: str) -> Any:
        value = self._plain(node, text)
        if isinstance(value, _TAGGED.get(tag, ())):
            return value
        shown = tag.replace(_CORE, "!!")
        return self._fault("M005", f"tag `{shown}` is not supported here", node, "leave the tag out")

    def _not_finite(self, node: yaml.Node, text: str) -> None:
        shown = text if len(text) < 40 else f"{text[:20]}..."
        self._fault("M026", f"`{shown}` is no finite number", node, f'for the text write "{shown}", with quotes')

    def _fault(self, code: str, message: str, node: yaml.Node, hint: str = "") -> None:
        self.faults.append(Diagnostic(code, Severity.error, message, position_of(node, self.file), hint))


def plain_value(text: str) -> Any:
    """Return what a text without quotes stands for; a number that is not finite stays the text."""
    builder, mark = _Builder(""), yaml.Mark("", 0, 0, 0, None, 0)
    value = builder.build(yaml.ScalarNode(_PLAIN, text, mark, mark))
    return text if builder.faults else value


def position_of(node: yaml.Node, file: str) -> Position:
    """Return where a node stands: the whole of it when it ends in the same line, else its first character."""
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if end.line == start.line else 1
    return Position(file, start.line + 1, start.column + 1, max(1, length))


_MESSAGES = {
    "found character that cannot start any token": "a value cannot begin with this character",
    "mapping values are not allowed in this context": "a `:` is not expected here",
    "found undefined alias": "this alias names no anchor",
    "could not find expected ':'": "a `:` was expected before this",
    "did not find expected key": "a key was expected here",
    "did not find expected <document start>": "a `---` was expected here",
    "found unexpected end of stream": "the file ends inside a value",
    "did not find expected node content": "a value was expected here",
    "did not find expected ',' or ']'": "a `,` or a `]` was expected here",
    "did not find expected ',' or '}'": "a `,` or a `}` was expected here",
    "did not find expected '-' indicator": "a `- ` was expected here",
    "found a tab character that violates indentation": "a tab cannot indent",
}
_HINTS = {
    "found character that cannot start any token": "put the value in quotes",
    "mapping values are not allowed in this context": "put a text that holds `: ` in quotes, or mend the indentation",
    "could not find expected ':'": "is a quote, a bracket or a `:` missing above?",
    "did not find expected key": "is the indentation right, and is every quote and bracket closed?",
    "found unexpected end of stream": "a closing quote is missing",
    "found a tab character that violates indentation": "indent with spaces",
}


def _syntax_fault(error: yaml.YAMLError | UnicodeDecodeError, data: bytes, file: str) -> Diagnostic:
    if isinstance(error, UnicodeDecodeError):
        hint = "save the file as UTF-8"
        return Diagnostic("M003", Severity.error, "the file is not UTF-8", _offset(data, error.start, file), hint)
    if isinstance(error, yaml.reader.ReaderError):
        position = _offset(data, error.position, file)
        return Diagnostic("M003", Severity.error, "YAML allows no control characters", position, "remove it")
    if not isinstance(error, yaml.MarkedYAMLError):
        return Diagnostic("M001", Severity.error, f"not valid YAML: {error}", Position(file))
    mark = error.problem_mark or error.context_mark
    position = Position(file, mark.line + 1, mark.column + 1) if mark is not None else Position(file)
    problem = (error.problem or error.context or "not valid YAML").replace("\n", " ")
    if isinstance(error, _Bomb):
        return Diagnostic("M004", Severity.error, problem, position, "write the values out, or use fewer aliases")
    if isinstance(error, TooDeep):
        return Diagnostic("M004", Severity.error, problem, position)
    opened = error.context_mark.line + 1 if error.context_mark is not None else 0
    return _marked_fault(problem, opened, position, data)


def _marked_fault(problem: str, opened: int, position: Position, data: bytes) -> Diagnostic:
    lines = data.decode(errors="replace").removeprefix("\ufeff").split("\n")
    line = lines[position.line - 1] if 0 < position.line <= len(lines) else ""
    if line[position.column - 1 : position.column] == "\t":
        return Diagnostic("M001", Severity.error, "a tab cannot indent", position, "indent with spaces")
    hint = _HINTS.get(problem, "")
    if "${" in line and "or '" in problem:
        hint = 'inside `{...}` and `[...]` a variable needs quotes: "${var.name}"'
    elif not hint and "or '" in problem:  # a list or a map in brackets
        hint = f"is the bracket opened in line {opened} closed, and is there a comma between its items?"
    if position.line >= len(lines) and not line[position.column - 1 :].strip():
        position = _end_of_text(lines, position)
    return Diagnostic("M001", Severity.error, f"not valid YAML: {_MESSAGES.get(problem, problem)}", position, hint)


def _end_of_text(lines: list[str], position: Position) -> Position:
    """Return the last character of the file, for what is missing at its end."""
    number = max((n for n, line in enumerate(lines, 1) if line.strip()), default=1)
    return Position(position.file, number, max(1, len(lines[number - 1].rstrip())))


def _offset(data: bytes, offset: int, file: str) -> Position:
    """Return the position of a byte of the file."""
    before = data[:offset].decode(errors="replace").removeprefix("\ufeff")
    return Position(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
