"""Datasets, versions and labels.

The platform makes a dataset together with its first version, in one request. So the creation of `dataset/NAME` is
done by the first `version/NAME@...` of the plan (see `executor.order`): that one brings the dataset's fields along, and
both succeed or fail together.
"""

from __future__ import annotations

from typing import Any

from picsellia_apply.errors import RefusedError
from picsellia_apply.executor.context import Context, Done
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.plan import Operation
from picsellia_apply.wire.extension import Label


def _after(operation: Operation | None) -> dict[str, Any]:
    return {change.field: change.after for change in operation.diff} if operation is not None else {}


def change_dataset(context: Context, operation: Operation) -> Done:
    """Change a dataset's own fields; its deletion is that of its last version.

    Raises:
        RefusedError: It is to be created without a version, or to be deleted while it holds versions of others.
    """
    name = parse_address(operation.address).name
    if operation.action == "create":
        raise RefusedError(f"dataset `{name}` cannot be made without a version")
    if operation.action == "delete":
        left = [version.name for info in context.client.reader.datasets([name]) for version in info.versions]
        if left:
            raise RefusedError(f"dataset `{name}` still holds versions of others: {', '.join(left[:3])}")
        return Done()
    fields = _after(operation)
    context.client.writer.patch_dataset(name, description=fields.get("description"), private=fields.get("private"))
    return Done()


def create_version(context: Context, operation: Operation, dataset: Operation | None) -> Done:
    """Make a version with exactly the planned pictures, and its dataset with it where `dataset` is its creation.

    Raises:
        ResourceNotFoundError: A planned picture is not in the lake.
    """
    address = parse_address(operation.address)
    fields, own = _after(dataset), _after(operation)
    dataset_id = context.client.writer.create_version(
        address.name,
        address.version,
        context.picture_ids.all_of(operation.members.add),
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
    """
    address = parse_address(operation.address)
    writer = context.client.writer
    if operation.action == "delete" and not operation.members.remove:
        writer.delete_version(address.name, address.version)
        return Done()
    dataset_id = context.ids.version(address.name, address.version)
    if operation.members.add:
        writer.add_pictures(dataset_id, context.picture_ids.all_of(operation.members.add))
    if operation.members.remove:
        writer.remove_pictures(dataset_id, list(context.picture_ids.find(operation.members.remove).values()))
    done = len(operation.members.add) + len(operation.members.remove)
    context.advance(operation, done)
    return Done(done=done)


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
