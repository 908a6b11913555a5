"""What must still hold right before an operation writes: an apply may run long after it looked.

An upload may take an hour between the plan and the change of a description; what a person did meanwhile is neither
overwritten nor taken for ours. Each check is one request; what a platform does not show is not compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from picsellia_apply.errors import ConflictError
from picsellia_apply.executor.renaming import renames
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import canonical_json
from picsellia_apply.model.plan import Operation

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.wire.extension import DatasetInfo, NetworkInfo, VersionInfo

_HINT = "plan again: the next plan is made from what is there now"
_UNORDERED = frozenset({"tag"})


def check(client: Client, operation: Operation) -> None:
    """Pass when what the plan says must hold before an operation does hold; see `planner.diff` for `Operation.pre`.

    Raises:
        ConflictError: Somebody changed it since the plan was made; nothing was written.
    """
    pre, address = operation.pre, parse_address(operation.address)
    if not pre.keys() & {"absent", "fields", "sha256"}:
        return
    match address.kind:
        case "dataset":
            _check_whole(operation, _dataset(client, address))
        case "version":
            _check_whole(operation, _version(client, address))
        case "label":
            version = _version(client, address)
            labels = {(one.name, one.type) for one in version.labels} if version is not None else set()
            _check_whole(operation, True if tuple(address.rest) in labels else None)
        case "network":
            found = _network(client, *renames([operation]).get(operation.address, (address.name,)))
            _check_whole(operation, found.network if found is not None else None)
        case "file" | "thumbnail":
            stored = _stored(_network(client, address.name), address)
            _check_file(operation, stored, digests="digest" in client.features)


def _dataset(client: Client, address: Address) -> DatasetInfo | None:
    return next(iter(client.reader.datasets([address.name])), None)


def _version(client: Client, address: Address) -> VersionInfo | None:
    dataset = _dataset(client, address)
    return next((one for one in dataset.versions if one.name == address.version), None) if dataset is not None else None


def _network(client: Client, *names: str) -> NetworkInfo | None:
    """Return the network of one of these names: one that is to be renamed may bear either."""
    return next(iter(client.reader.networks(names)), None)


def _stored(found: NetworkInfo | None, address: Address) -> tuple[bool, str | None]:
    """Return whether a network's file or thumbnail is there, and its digest."""
    if found is None:
        return False, None
    one = found.files.get(address.rest[0]) if address.rest else found.thumbnail
    return one is not None, one.sha256 if one is not None else None


def _check_whole(operation: Operation, found: Any) -> None:
    if operation.pre.get("absent") and found is not None:
        raise ConflictError("somebody made it since the plan was made", _HINT)
    for name, planned in operation.pre.get("fields", {}).items():
        now = getattr(found, name, None)
        if not same(name, planned, now):
            raise ConflictError(f"`{name}` changed on the platform since the plan was made: now {now!r:.80}", _HINT)


def _check_file(operation: Operation, stored: tuple[bool, str | None], *, digests: bool) -> None:
    there, now = stored
    if there and operation.action == "create":
        raise ConflictError("somebody stored it since the plan was made", _HINT)
    planned = operation.pre.get("sha256")
    if digests and there and now is not None and now != planned:
        raise ConflictError("its file changed on the platform since the plan was made", _HINT)


def same(name: str, planned: Any, now: Any) -> bool:
    """Tell whether a field is what it was; an emptied one may be answered as null."""
    if not planned and not now:
        return True
    if name in _UNORDERED and isinstance(planned, (list, tuple)) and isinstance(now, (list, tuple)):
        return sorted(map(str, planned)) == sorted(map(str, now))
    return canonical_json(planned) == canonical_json(now)
