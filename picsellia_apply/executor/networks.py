"""Networks, their files and their thumbnails. Bytes are hashed again before they are sent."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from picsellia_apply.errors import ResourceNotFoundError, StalePlan
from picsellia_apply.executor.context import Context, Done
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import Operation


def change_network(context: Context, operation: Operation) -> Done:
    """Make, change or delete a network; the fields are those of the record it shall have."""
    name = parse_address(operation.address).name
    writer = context.client.writer
    if operation.action == "delete":
        writer.delete_network(context.ids.network(name))
        return Done()
    fields = _fields(context, operation)
    if operation.action == "create":
        model_id = writer.create_network(name, fields.pop("type"))
        context.created(operation.address)
        context.ids.learn_network(name, model_id)
    if fields:
        writer.update_network(context.ids.network(name), fields)
    return Done()


def _fields(context: Context, operation: Operation) -> dict[str, Any]:
    """Return the fields that change, whole: a change may name a path inside one, but a field is sent as one."""
    changed = dict.fromkeys(re.split(r"[.\[/]", change.field, maxsplit=1)[0] for change in operation.diff)
    record = context.plan.records[operation.address]
    return {field: record.fields[field] for field in changed}


def change_file(context: Context, operation: Operation) -> Done:
    """Store a network's file under its key, or take the key out."""
    address = parse_address(operation.address)
    (key,) = address.rest
    model_id = context.ids.network(address.name)
    if operation.action == "delete":
        (info,) = context.client.reader.networks([address.name])
        files = {name: stored for name, stored in info.network.files.items() if name != key}
        context.client.writer.update_network(model_id, {"files": files})
        return Done()
    path = _checked(context, operation)
    context.client.writer.store_file(model_id, key, path)
    return _sent(context, operation, path)


def change_thumbnail(context: Context, operation: Operation) -> Done:
    """Store a network's thumbnail, or take it away."""
    address = parse_address(operation.address)
    model_id = context.ids.network(address.name)
    if operation.action == "delete":
        context.client.writer.update_network(model_id, {"thumb_object_name": ""})
        return Done()
    path = _checked(context, operation)
    context.client.writer.store_thumbnail(model_id, path)
    return _sent(context, operation, path)


def _sent(context: Context, operation: Operation, path: Path) -> Done:
    size = path.stat().st_size
    context.advance(operation, 1, size)
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
