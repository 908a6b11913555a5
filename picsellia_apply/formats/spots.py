"""Line and column of objects that columns name by their place: looked up only for what is told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from xml.parsers.expat import ExpatError

from picsellia_apply.formats.findings import Spot
from picsellia_apply.formats.jsonfile import locator
from picsellia_apply.formats.markup import find_elements
from picsellia_apply.source import Position, shown_path

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_XML = re.compile(r"(.*) object (\d+)", re.DOTALL)


def places_in_file(path: Path, places: Iterable[str]) -> dict[str, str]:
    """Return where objects stand, for messages.

    Args:
        path: The annotation file, or the folder of them, that was read.
        places: As in `FileAnnotations.places`: `$.annotations[17]` or `a.xml object 3`.

    Returns:
        Place to `coco.json:12:5 ($.annotations[17])` or `a.xml:9:3 (object 3)`; to the place itself where the file
        changed since, or cannot be read any more.
    """
    wanted = list(places)
    spots = {place: Spot(path, _steps(place)) for place in wanted if place.startswith("$")}
    try:
        found = locator(path.read_bytes())(spots.values()) if spots else {}
        positions = {place: found[spot] for place, spot in spots.items() if spot in found}
        positions |= {place: _xml_position(path, place) for place in wanted if _XML.fullmatch(place)}
    except (OSError, ValueError, KeyError, ExpatError):
        positions = {}
    return {place: _told(positions.get(place), place) for place in wanted}


def _steps(place: str) -> tuple[str | int, ...]:
    return tuple(int(index) if index else key for key, index in _STEP.findall(place))


def _xml_position(path: Path, place: str) -> Position:
    name, _, number = place.rpartition(" object ")
    file = path / name if path.is_dir() else path
    steps = ("object", int(number) - 1)
    return Position(shown_path(file), *find_elements(file.read_bytes(), [steps])[steps])


def _told(position: Position | None, place: str) -> str:
    if position is None:
        return place
    return f"{position} ({place if place.startswith('$') else place[place.rindex('object ') :]})"
