"""Renames: records go to their new addresses before anything is compared, so that nothing is deleted and made again.

Names of picture sets and queries are ours alone: their records move, and that is all. A network bears its name on the
platform: there what is found under the old name is compared with what is declared under the new one, and renamed. What
bears the new name already is somebody else's, unless our journal says that an apply of ours renamed it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import canonical_json, names_digest
from picsellia_apply.model.declaration import Move
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import Notice
from picsellia_apply.model.state import Resource, State
from picsellia_apply.planner.scope import covers

Content = tuple[Any, ...]
"""What a thing holds, in a form that can be compared."""
RENAMED_FROM = "renamed_from"
"""Option of an observed network: the name that it bears on the platform."""
_NONE: Mapping[str, str] = MappingProxyType({})


def with_moves(
    moves: Sequence[Move], inventory: Inventory, observed: State, renamed: Mapping[str, str] = _NONE
) -> tuple[Inventory, State]:
    """Return the inventory and what is there with everything renamed, as far as that is still to be done.

    Args:
        moves: As the Workspace has them, checked.
        inventory: As stored.
        observed: As read, in the scope of the stored inventory.
        renamed: Networks that an unfinished apply of ours was renaming: new address to old one.

    Returns:
        The inventory, `moved` where a record has another address now; and the observed state: networks under their new
        addresses, `moved` (new address to old one), and a finding for every rename that names nothing.

    Raises:
        InvalidInput: A network of ours is to get a name that another network bears on the platform.
    """
    records, done = dict(inventory.records), dict[str, str]()
    findings: list[Diagnostic] = []
    for move, end in _ends(moves):
        recorded = sorted(one for one in records if covers(move.origin, one))
        taken = any(covers(end, one) for one in records)
        if recorded and not taken and (found := _namesake(move, end, observed, renamed)):
            findings.append(found)
        elif recorded and not taken:
            done[end] = done.pop(move.origin, move.origin)
            records |= {_readdressed(one, end): records.pop(one) for one in recorded}
        else:
            findings.extend(_nothing_moved(move, end, recorded=bool(recorded), taken=taken))
    if not done and not findings:
        return inventory, observed
    resources = dict(observed.resources)
    for end, origin in done.items():
        resources = _renamed(resources, origin, end)
    moved = replace(inventory, records=dict(sorted(records.items())), moved=inventory.moved or bool(done))
    observed = replace(observed, resources=resources, findings=(*observed.findings, *findings), moved=done)
    return (moved if done else inventory), observed


def _namesake(move: Move, end: str, observed: State, renamed: Mapping[str, str]) -> Diagnostic | None:
    """Return what to say of a network that bears the new name and that we did not rename, None where there is none.

    Raises:
        InvalidInput: Ours is there too, so that neither can get the other's name.
    """
    if not end.startswith("network/") or end not in observed.resources or renamed.get(end) == move.origin:
        return None
    if move.origin in observed.resources:
        message = f"`{move.origin}` cannot be renamed: another network is there as `{end}`, which is not ours"
        hint = "drop this line to manage that one as it is found, or declare ours under a name that is free"
        raise InvalidInput([Diagnostic("L023", Severity.error, message, move.place, hint)])
    message = f"`{move.origin}` is not there any more, and `{end}` was not renamed by us: it counts as adopted"
    return Diagnostic("L024", Severity.warning, message, move.place, "drop this line")


def _ends(moves: Sequence[Move]) -> Iterator[tuple[Move, str]]:
    """Yield each rename with where its chain ends; the nearest to the end first, as it was made last."""
    following = {move.origin: move.to for move in moves}
    for move in moves:
        end = move.to
        while end in following:
            end = following[end]
        yield move, end


def _readdressed(address: str, end: str) -> str:
    old, new = parse_address(address), end.partition("/")[2]
    head = f"{old.kind}/{new}"
    return head + address.removeprefix(str(Address(old.kind, old.name)))


def _nothing_moved(move: Move, end: str, *, recorded: bool, taken: bool) -> Iterator[Diagnostic]:
    if recorded:
        message = f"`{move.origin}` is not renamed: `{end}` is managed already"
        hint = "what the old name still holds is kept, or pruned; drop this line"
        yield Diagnostic("L021", Severity.warning, message, move.place, hint)
    elif taken:
        message = f"`{move.origin}` was renamed to `{end}`"
        yield Diagnostic("L022", Severity.note, message, move.place, "drop this line once every workspace was applied")
    else:
        message = f"nothing is managed under `{move.origin}`: there is nothing to rename"
        hint = "`picsellia-apply inventory list` shows what is; drop this line if it was never applied here"
        yield Diagnostic("L020", Severity.warning, message, move.place.at("from"), hint)


def _renamed(resources: Mapping[str, Resource], origin: str, end: str) -> dict[str, Resource]:
    """Return what is there with a network under its new address, unless that is there already."""
    if end in resources or origin not in resources:
        return dict(resources)
    found: dict[str, Resource] = {}
    for address, resource in resources.items():
        found[_readdressed(address, end) if covers(origin, address) else address] = resource
    found[end] = replace(found[end], options={**found[end].options, RENAMED_FROM: parse_address(origin).name})
    return found


def move_notices(moved: Mapping[str, str]) -> Iterator[Notice]:
    """Yield what was renamed."""
    for end, origin in sorted(moved.items()):
        yield Notice("moved", end, f"was `{origin}`: managed under its new name from now on")


def rename_suggestions(desired: State, inventory: Inventory) -> Iterator[Notice]:
    """Yield what looks renamed: something new that holds just what something that is no longer declared held.

    Args:
        desired: What is declared.
        inventory: What is managed.
    """
    kept = {_whole(text) for text in desired.resources} & {_whole(text) for text in inventory.records}
    gone = {text: record for text, record in inventory.records.items() if _whole(text) not in kept}
    new = {text: resource for text, resource in desired.resources.items() if _whole(text) not in kept}
    held: dict[Content, list[str]] = {}
    for address, content in _contents(gone).items() if new else ():
        held.setdefault(content, []).append(address)
    for address, content in sorted(_contents(new).items()) if held else ():
        origins = held.get(content, [])
        if len(origins) == 1:
            line = f"`moved: [{{from: {origins[0]}, to: {address}}}]`"
            message = f"holds what `{origins[0]}` held; if it was renamed, write {line} in the Workspace's spec"
            yield Notice("rename", address, message)


def _whole(text: str) -> str:
    """Return the address that a rename names: that of the set, the query or the network; any other is its own."""
    address = parse_address(text)
    kind = "network" if address.kind in ("file", "thumbnail") else address.kind
    return f"{kind}/{text.split('/')[1]}" if kind in ("pictures", "query", "network") else text


def _contents(things: Mapping[str, Record] | Mapping[str, Resource]) -> dict[str, Content]:
    """Return what each set, query and network among these holds; those that hold nothing are left out.

    The pictures of a set, tags and pictures of a query, the properties and the files of a network.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for text, one in things.items():
        address = parse_address(text)
        match address.kind:
            case "pictures" if not address.rest and one.members:
                found.setdefault(text, []).append(("", _digest(dict(one.members))))
            case "query" if one.members:
                found.setdefault(_whole(text), []).append((address.rest[0], names_digest(one.members)))
            case "network" | "file" | "thumbnail" if one.fields:
                found.setdefault(_whole(text), []).append(
                    (":".join((address.kind, *address.rest)), _digest(one.fields))
                )
            case _:
                pass
    return {whole: (whole.partition("/")[0], *sorted(parts)) for whole, parts in found.items()}


def _digest(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(dict(value)).encode()).hexdigest()
