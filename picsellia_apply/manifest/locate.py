"""Places to positions: the file is composed a second time, with marks, only when there is something to report.

A place whose last step begins with `KEY` means the key itself, not its value (an unknown field, for example).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import yaml

from picsellia_apply.errors import Diagnostic
from picsellia_apply.formats.collector import collector_paused
from picsellia_apply.manifest.yaml import compose, position_of
from picsellia_apply.source import Place, Position

KEY = "\0"
"""Marks a step of a path as the key itself; YAML text cannot hold it unescaped, so no field of ours is called so."""


def key_of(place: Place, name: str) -> Place:
    """Return the place of the key `name` itself in the map at `place`."""
    return place.at(KEY + name)


def positioned(diagnostics: Iterable[Diagnostic], locator: Locator | None = None) -> tuple[Diagnostic, ...]:
    """Return the diagnostics with every place turned into a position, in the order given.

    Args:
        diagnostics: Those whose position is a `Position` or None stay as they are.
        locator: One that may have composed the files already.
    """
    locator = Locator() if locator is None else locator
    return tuple(
        dataclasses.replace(one, position=locator.position(one.position)) if isinstance(one.position, Place) else one
        for one in diagnostics
    )


class Locator:
    """Finds positions; each file is composed once."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._roots: dict[str, list[yaml.Node]] = {}

    def position(self, place: Place) -> Position:
        """Return the position of a place, or as near as its path leads."""
        if place.file not in self._roots:
            with collector_paused():
                self._roots[place.file] = _compose_file(place.file)
        roots = self._roots[place.file]
        return _walk(roots[place.document], place) if place.document < len(roots) else Position(place.file)


def _compose_file(file: str) -> list[yaml.Node]:
    """Return the root nodes of a file's documents, as many as can be had."""
    roots: list[yaml.Node] = []
    try:
        for root in compose(Path(file).read_bytes()):
            roots.append(root)  # noqa: PERF402 - what came before a fault counts
    except (OSError, yaml.YAMLError):
        return roots
    return roots


def _walk(root: yaml.Node, place: Place) -> Position:
    """Follow the path as far as it goes."""
    node, key = root, None
    for step in place.path:
        child = _step(node, step.removeprefix(KEY))
        if child is None:
            break
        key, node = child
        if step.startswith(KEY) and key is not None:
            return position_of(key, place.file)
    return _position(node, key, place.file)


def _step(node: yaml.Node, step: str) -> tuple[yaml.Node | None, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == step:
                return key, value
    elif isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
        return None, node.value[int(step)]
    return None


def _position(node: yaml.Node, key: yaml.Node | None, file: str) -> Position:
    """Return where to point: a list or a map in block style by its key, or by its first key."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        if key is not None:
            return position_of(key, file)
        if isinstance(node, yaml.MappingNode) and node.value:
            return position_of(node.value[0][0], file)
    if isinstance(node, yaml.ScalarNode) and not node.value and not node.style and key is not None:
        return position_of(key, file)
    return position_of(node, file)
