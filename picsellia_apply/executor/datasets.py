"""Datasets, versions and labels.

The platform makes a dataset together with its first version, in one request. So the creation of `dataset/NAME` is
done by the first `version/NAME@...` of the plan (see `executor.order`): that one brings the dataset's fields along, and
both succeed or fail together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from picsellia_apply.errors import ConflictError, RefusedError
from picsellia_apply.executor.context import Context, Done
from picsellia_apply.executor.taken import CHANGED, changed
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.holdings import Held
from picsellia_apply.model.plan import Operation
from picsellia_apply.wire.extension import DatasetFields, Label


def _after(operation: Operation | None) -> dict[str, Any]:
    return {change.field: change.after for change in operation.diff} if operation is not None else {}


def change_dataset(context: Context, operation: Operation) -> Done:
    """Change a dataset's own fields; its deletion is that of its last version.

    Raises:
        RefusedError: It is to be created without a version, or to be deleted while it holds versions.
    """
    name = parse_address(operation.address).name
    if operation.action == "create":
        raise RefusedError(f"dataset `{name}` cannot be made without a version")
    if operation.action == "delete":
        left = [version.name for info in context.client.reader.datasets([name]) for version in info.versions]
        if left:
            raise RefusedError(f"dataset `{name}` still holds versions: {', '.join(left[:3])}")
        return Done()
    fields, before = _after(operation), operation.pre.get("fields", {})
    context.client.writer.patch_dataset(
        name,
        description=fields.get("description"),
        private=fields.get("private"),
        expect=DatasetFields(before.get("description"), before.get("private")),
    )
    return Done()


def create_version(context: Context, operation: Operation, dataset: Operation | None) -> Done:
    """Make a version with exactly the planned pictures, and its dataset with it where `dataset` is its creation.

    Raises:
        ResourceNotFoundError: A planned picture is not in the lake.
    """
    address = parse_address(operation.address)
    fields, own = _after(dataset), _after(operation)
    picture_ids = context.picture_ids.all_of(operation.members.add)
    context.adding(operation, operation.members.add, ())
    dataset_id = context.client.writer.create_version(
        address.name,
        address.version,
        picture_ids,
        origin=own.get("from"),
        description=fields.get("description"),
        private=fields.get("private"),
    )
    context.created(operation.address)
    if dataset is not None:
        context.created(dataset.address)
    context.ids.learn_version(address.name, address.version, dataset_id)
    context.advance(operation, len(operation.members.add))
    return Done(done=len(operation.members.add))


def change_version(context: Context, operation: Operation) -> Done:
    """Add pictures to a version, take pictures out (a delete that names them), or delete it.

    Raises:
        ResourceNotFoundError: The version, or a picture that is to be added, is gone.
        ConflictError: It holds more than the plan saw; nothing was deleted.
    """
    address = parse_address(operation.address)
    if operation.action == "delete" and not operation.members.remove:
        return _delete_version(context, address)
    writer = context.client.writer
    dataset_id = context.ids.version(address.name, address.version)
    if operation.members.add:
        picture_ids = context.picture_ids.all_of(operation.members.add)
        members = context.client.reader.version_members(dataset_id)
        context.found(operation, operation.members.add.keys() & set(members))
        context.adding(operation, operation.members.add.keys() - set(members), ())
        writer.add_pictures(dataset_id, picture_ids)
        context.advance(operation, len(picture_ids))
    failures = _take_out(context, operation, dataset_id) if operation.members.remove else {}
    done = len(operation.members.add) + len(operation.members.remove) - len(failures)
    return Done(done=done, failures=failures, unwritten=frozenset(failures))


def _held(context: Context, dataset_id: str, names: Iterable[str]) -> dict[str, Held]:
    """Return the annotations of a version's pictures."""
    sizes = context.client.reader.annotation_sizes(dataset_id)
    return {name: Held(*sizes.get(name, ("", 0))) for name in names}


def _take_out(context: Context, operation: Operation, dataset_id: str) -> dict[str, str]:
    """Take pictures out of a version, with the annotations that the plan saw; return which stay, and why."""
    names = operation.members.remove
    held = _held(context, dataset_id, names)
    context.taken.check_annotations(parse_address(operation.address), held)
    ids = context.picture_ids.find(names)
    stayed: frozenset[str] = frozenset()
    writer = context.client.writer
    if writer.conditional is None:
        writer.remove_pictures(dataset_id, list(ids.values()))
    else:
        stayed = writer.conditional.remove_pictures(dataset_id, {ids[name]: held[name].digest for name in ids})
    context.advance(operation, len(names) - len(stayed))
    return {name: CHANGED for name, picture_id in ids.items() if picture_id in stayed}


def _delete_version(context: Context, address: Address) -> Done:
    """Delete a version with what the plan saw in it."""
    dataset_id, reader = context.ids.version(address.name, address.version), context.client.reader
    conditional = context.client.writer.conditional
    state = conditional.version_state(dataset_id) if conditional is not None else ""
    infos = [(one, version) for one in reader.datasets([address.name]) for version in one.versions]
    for dataset, info in infos:
        if info.dataset_id == dataset_id:
            held = _held(context, dataset_id, reader.version_members(dataset_id))
            context.taken.check_version(address, dataset, info, held)
    if conditional is None:
        context.client.writer.delete_version(address.name, address.version)
        return Done()
    try:
        conditional.delete_version(dataset_id, state)
    except ConflictError:
        changed("somebody is writing to it right now")
    return Done()


def change_label(context: Context, operation: Operation) -> Done:
    """Make or remove one label of one version."""
    address = parse_address(operation.address)
    name, kind = address.rest
    dataset_id = context.ids.version(address.name, address.version)
    if operation.action == "delete":
        context.client.writer.remove_labels(dataset_id, [Label(name, kind)])
    else:
        context.client.writer.create_label(dataset_id, name, kind)
    return Done()


def dataset_of(version_address: str) -> str:
    """Return the address of the dataset that a version's address belongs to."""
    return str(Address("dataset", parse_address(version_address).name))
