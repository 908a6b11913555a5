"""Networks, their files and their thumbnails. Bytes are hashed again before they are sent."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from picsellia_apply.errors import ConflictError, ResourceNotFoundError, StalePlan
from picsellia_apply.executor.context import Context, Done
from picsellia_apply.executor.preconditions import check
from picsellia_apply.executor.taken import changed
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import NETWORK_NAME, Operation

_plain_lock = threading.RLock()
"""Where nothing can be written under a condition, at least this process does not come between its own two requests."""


def change_network(context: Context, operation: Operation) -> Done:
    """Make, change or delete a network; the fields are those of the record it shall have."""
    name = parse_address(operation.address).name
    writer = context.client.writer
    if operation.action == "delete":
        return _delete_network(context, operation)
    fields = _fields(context, operation)
    if NETWORK_NAME in fields:
        context.ids.learn_network(name, _renamed_id(context, operation))
    if operation.action == "create":
        model_id = writer.create_network(name, fields.pop("type"))
        context.created(operation.address)
        context.ids.learn_network(name, model_id)
    if fields:

        def looked() -> Mapping[str, Any]:
            if operation.action == "update":
                check(context.client, operation)
            return fields

        _write(context, context.ids.network(name), looked)
    return Done()


def _delete_network(context: Context, operation: Operation) -> Done:
    """Delete a network with what the plan saw of it."""
    address = parse_address(operation.address)
    model_id, conditional = context.ids.network(address.name), context.client.writer.conditional
    state = conditional.network_state(model_id) if conditional is not None else ""
    for info in context.client.reader.networks([address.name]):
        context.taken.check_network(address, info)
    if conditional is None:
        context.client.writer.delete_network(model_id)
        return Done()
    try:
        conditional.delete_network(model_id, state)
    except ConflictError:
        changed("somebody is writing to it right now")
    return Done()


def _write(context: Context, model_id: str, looked: Callable[[], Mapping[str, Any]]) -> None:
    """Set properties of a network as it is, looking again when somebody wrote to another part of it meanwhile.

    Args:
        context: Of the apply.
        model_id: The network.
        looked: Looks at it and returns what to set; raises where what counts here has changed.
    """
    conditional = context.client.writer.conditional
    if conditional is None:
        with _plain_lock:
            context.client.writer.update_network(model_id, looked())
        return
    while True:
        state = conditional.network_state(model_id)
        fields = looked()
        try:
            conditional.change_network(model_id, fields, state)
        except ConflictError:
            continue
        return


def _fields(context: Context, operation: Operation) -> dict[str, Any]:
    """Return the fields that change, whole: a change may name a path inside one, but a field is sent as one."""
    changed = dict.fromkeys(re.split(r"[.\[/]", change.field, maxsplit=1)[0] for change in operation.diff)
    record = context.plan.records[operation.address]
    known = {**record.fields, NETWORK_NAME: parse_address(operation.address).name}
    return {field: known[field] for field in changed}


def _renamed_id(context: Context, operation: Operation) -> str:
    """Return the id of a network that is to be renamed, from its old name; of one that is already, from its new."""
    (old,) = [change.before for change in operation.diff if change.field == NETWORK_NAME]
    try:
        return context.ids.network(old)
    except ResourceNotFoundError:
        return context.ids.network(parse_address(operation.address).name)


def change_file(context: Context, operation: Operation) -> Done:
    """Store a network's file under its key, or take the key out."""
    address = parse_address(operation.address)
    (key,) = address.rest
    model_id = context.ids.network(address.name)
    if operation.action == "delete":

        def without() -> Mapping[str, Any]:
            (info,) = context.client.reader.networks([address.name])
            if key in info.files:
                context.taken.check_file(operation.address, info.files[key].sha256)
            return {"files": {name: stored for name, stored in info.network.files.items() if name != key}}

        _write(context, model_id, without)
        return Done()
    path = _checked(context, operation)
    told = 0

    def on_sent(size: int) -> None:
        nonlocal told
        told += size
        context.advance(operation, 0, size)

    still = partial(check, context.client, operation)
    context.client.writer.store_file(model_id, key, path, on_sent=on_sent, check=still)
    return _sent(context, operation, path, told)


def change_thumbnail(context: Context, operation: Operation) -> Done:
    """Store a network's thumbnail, or take it away."""
    address = parse_address(operation.address)
    model_id = context.ids.network(address.name)
    if operation.action == "delete":

        def without() -> Mapping[str, Any]:
            (info,) = context.client.reader.networks([address.name])
            if info.thumbnail is not None:
                context.taken.check_file(operation.address, info.thumbnail.sha256)
            return {"thumb_object_name": ""}

        _write(context, model_id, without)
        return Done()
    path = _checked(context, operation)
    context.client.writer.store_thumbnail(model_id, path, check=partial(check, context.client, operation))
    return _sent(context, operation, path)


def _sent(context: Context, operation: Operation, path: Path, told: int = 0) -> Done:
    """Tell that a file was sent, and how much of it was not told yet."""
    size = path.stat().st_size
    context.advance(operation, 1, max(size - told, 0))
    return Done(done=1, bytes_sent=size)


def _checked(context: Context, operation: Operation) -> Path:
    """Return the file to send, after making sure that its bytes are the planned ones; its address is its reference.

    Raises:
        ResourceNotFoundError: The manifests no longer name it.
        StalePlan: Its bytes changed since the plan.
    """
    found = context.paths.get(operation.address)
    if found is None:
        raise ResourceNotFoundError("it is not among the manifests' files")
    planned = context.plan.records[operation.address].fields["sha256"]
    with Path(found).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != planned:
        raise StalePlan("its file changed since it was planned")
    return Path(found)
