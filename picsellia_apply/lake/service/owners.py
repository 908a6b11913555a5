"""Who owns which address in an organization: an index beside the workspaces, kept in the transaction that writes one.

A dataset, a version, a label, annotations, a network and its files have one owner; pictures, and tags on them, may have
several. What an address stands for is the client's business: nothing is looked up behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, false, func, or_, select
from sqlalchemy import insert as plain_insert

from picsellia_apply.lake.db import one_of
from picsellia_apply.lake.names import fault
from picsellia_apply.lake.refusal import bad_request, conflict
from picsellia_apply.lake.schema import owners, workspaces
from picsellia_apply.model.address import KINDS, SHARED_KINDS, parse_address
from picsellia_apply.wire.extension import PAGE_LIMIT
from picsellia_apply.wire.ownership import OwnerColumns, OwnersLookup


def claim(
    conn: Connection, organization_id: int, workspace_id: int, owned: Sequence[str], takeovers: Mapping[str, str]
) -> None:
    """Make a workspace the owner of these addresses, and of no other.

    Args:
        conn: A write transaction.
        organization_id: Whose data.
        workspace_id: The workspace's row.
        owned: Addresses.
        takeovers: Address to the workspace that it may be taken from.

    Raises:
        Refusal: 400, an address is none; 409, one belongs to another workspace, which is named.
    """
    wanted = dict.fromkeys(_checked(one) for one in owned)
    stated = select(owners.c.address).where(owners.c.workspace_id == workspace_id)
    mine = set(conn.execute(stated).scalars())
    _drop(conn, owners.c.workspace_id == workspace_id, mine - wanted.keys())
    new = [address for address in wanted if address not in mine]
    single = [address for address in new if not _is_shared(address)]
    held = {row.address: row.name for row in _rows(conn, organization_id, single)}
    for address, owner in sorted(held.items()):
        if takeovers.get(address) != owner:
            raise conflict(f"`{address}` belongs to workspace `{owner}`")
    _drop(conn, owners.c.organization_id == organization_id, held)
    if new:
        common = {"organization_id": organization_id, "workspace_id": workspace_id}
        rows = [{**common, "address": address, "shared": _is_shared(address)} for address in new]
        conn.execute(plain_insert(owners), rows)


def _checked(address: str) -> str:
    try:
        parsed = parse_address(address)
    except ValueError as error:
        raise bad_request(str(error)) from None
    for part in (parsed.name, parsed.version or "-", *parsed.rest):
        if found := fault(part):
            raise bad_request(f"in an address {found}")
    return address


def _is_shared(address: str) -> bool:
    return address.partition("/")[0] in SHARED_KINDS


def _drop(conn: Connection, whose: Any, addresses: Collection[str]) -> None:
    if addresses:
        conn.execute(delete(owners).where(whose, one_of(owners.c.address, list(addresses))))


def _rows(conn: Connection, organization_id: int, addresses: Collection[str]) -> Sequence[Row[Any]]:
    if not addresses:
        return ()
    found = _joined(organization_id).where(one_of(owners.c.address, list(addresses)))
    return conn.execute(found.order_by(owners.c.address, workspaces.c.name)).all()


def _joined(organization_id: int) -> Any:
    both = owners.join(workspaces, owners.c.workspace_id == workspaces.c.id)
    return (
        select(owners.c.address, workspaces.c.name).select_from(both).where(owners.c.organization_id == organization_id)
    )


def lookup(conn: Connection, organization_id: int, request: OwnersLookup) -> OwnerColumns:
    """Return who owns given addresses, or all addresses of given kinds, a page of them.

    Raises:
        Refusal: 400, neither or both are given, there are too many, or a kind is none.
    """
    if (request.addresses is None) == (request.kinds is None):
        raise bad_request("either `addresses` or `kinds` is given")
    if request.addresses is not None:
        if len(request.addresses) > PAGE_LIMIT:
            raise bad_request(f"more than {PAGE_LIMIT:,} addresses are asked for")
        return _columns(_rows(conn, organization_id, request.addresses))
    return _page(conn, organization_id, request)


def _page(conn: Connection, organization_id: int, request: OwnersLookup) -> OwnerColumns:
    kinds = request.kinds or ()
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not 1 <= request.limit <= PAGE_LIMIT:
        raise bad_request(f"a kind is unknown, or `limit` is not within 1 and {PAGE_LIMIT}")
    of_kinds = [owners.c.address.startswith(f"{kind}/") for kind in kinds]
    found = _joined(organization_id).where(or_(false(), *of_kinds))
    total = conn.execute(select(func.count()).select_from(found.subquery())).scalar_one()
    ordered = found.order_by(owners.c.address, workspaces.c.name)
    if request.after is not None:
        ordered = ordered.where(owners.c.address > request.after)
    rows = list(conn.execute(ordered.limit(request.limit + 1)).all())
    if len(rows) <= request.limit:
        return _columns(rows, total=total)
    edge = rows[request.limit - 1].address  # an address is never cut in two
    whole = [row for row in rows if row.address < edge] + list(_rows(conn, organization_id, [edge]))
    return _columns(whole, total=total, following=edge)


def _columns(rows: Sequence[Row[Any]], *, total: int | None = None, following: str | None = None) -> OwnerColumns:
    addresses, names = [row.address for row in rows], [row.name for row in rows]
    return OwnerColumns(addresses, names, len(rows) if total is None else total, following)
