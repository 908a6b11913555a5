"""Names a few of the things that a refused delete would take along and that are not ours, so that nobody decides blind.

Only what is refused is looked at, in the order of names, and no further than what is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from itertools import islice

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import made_members, written_objects
from picsellia_apply.model.plan import Operation, Refusal
from picsellia_apply.planner.case import World
from picsellia_apply.planner.parts import is_anothers, strange_fields, strange_things
from picsellia_apply.planner.reach import object_words, strangers_on

_SHOWN = 3
_RULE = "foreign_content"


def with_strangers(refusals: Iterable[Refusal], operations: Iterable[Operation], world: World) -> Iterator[Refusal]:
    """Yield the refusals, those for what is not ours with a second line that names the first few of it.

    Args:
        refusals: Of the guards.
        operations: Of the same plan.
        world: What it rests on.
    """
    by_address: dict[str, list[Operation]] = {}
    for operation in operations:
        by_address.setdefault(operation.address, []).append(operation)
    for one in refusals:
        operations_here = by_address.get(one.address, ())
        few = tuple(islice(_strangers(one.address, operations_here, world), _SHOWN + 1)) if one.rule == _RULE else ()
        yield replace(one, message=f"{one.message}\nnamely {_listed(few)}") if few else one


def _listed(few: Sequence[str]) -> str:
    more = ", ..." if len(few) > _SHOWN else ""
    return ", ".join(map(_one_line, few[:_SHOWN])) + more


def _one_line(words: str) -> str:
    """Return words in which no name of others begins a line: each line of a message is told as one of ours."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in words)


def _strangers(text: str, operations: Sequence[Operation], world: World) -> Iterator[str]:
    address = parse_address(text)
    removed = frozenset(name for one in operations for name in one.members.remove)
    match address.kind:
        case "pictures" if not address.rest:
            yield from _with_pictures(removed, world)
            yield from (f"what {_said(one)} holds" for one in sorted(world.observed.holders.get(text, {})))
        case "version":
            yield from _with_version(address, text, removed, world)
        case "annotations":
            yield from _with_annotations(text, operations, world)
        case "network" | "dataset":
            yield from (_thing_words(one, world) for one in sorted(strange_things(address, text, world)))
            yield from (f"`{name}`" for name in sorted(strange_fields(text, world)))
        case "file" | "thumbnail":
            yield from (_thing_words(one, world) for one in strange_things(address, text, world))


def _thing_words(text: str, world: World) -> str:
    """Return a file, a thumbnail or a label in words."""
    address = parse_address(text)
    what = f"{address.kind} `{' '.join(address.rest)}`" if address.rest else address.kind
    record = world.inventory.records.get(text)
    instead = record is not None and record.created and is_anothers(text, world)
    return f"{what}, which is not the one that we stored" if instead else what


def _with_pictures(gone: Set[str], world: World) -> Iterator[str]:
    for text in sorted(world.observed.resources):
        if text.startswith("version/") and text not in world.deleted_versions:
            held = gone & world.observed.resources[text].members.keys()
            yield from _members(text, held, world)
            yield from strangers_on(text.replace("version/", "annotations/", 1), held, world)
    for tag, names in sorted(world.observed.lake.tags.items()):
        strange = (names & gone) - world.ours.tags.get(tag, frozenset())
        yield from (f"tag `{tag}` on {name}" for name in sorted(strange))


def _with_version(address: Address, text: str, removed: Set[str], world: World) -> Iterator[str]:
    """Yield what goes with a whole version, or with pictures that are taken out, which are ours."""
    held = removed or world.observed.resources[text].members.keys()
    if not removed:
        yield from (_thing_words(one, world) for one in sorted(strange_things(address, text, world)))
        yield from _members(text, held, world)
    yield from strangers_on(str(Address("annotations", address.name, address.version)), held, world)


def _members(text: str, held: Set[str], world: World) -> Iterator[str]:
    strange = held - made_members(world.inventory.records.get(text, Record()))
    yield from (f"{name} in {_said(text)}" for name in sorted(strange))


def _said(version: str) -> str:
    return version.removeprefix("version/")


def _with_annotations(text: str, operations: Iterable[Operation], world: World) -> Iterator[str]:
    written = written_objects(world.inventory.records.get(text, Record()))
    changed = {name: change for one in operations for name, change in one.members.objects.items()}
    for name, change in sorted(changed.items()):
        gone = Counter(change.before or ()) - Counter(change.after) - Counter(written.get(name, ()))
        yield from (object_words(one, name) for one in sorted(gone.elements()))
