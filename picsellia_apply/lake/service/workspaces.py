"""Inventories of workspaces, kept beside the data. What they hold is the client's business."""

from __future__ import annotations

from sqlalchemy import Connection, select

from picsellia_apply.lake.db import insert
from picsellia_apply.lake.names import checked
from picsellia_apply.lake.refusal import conflict, not_found
from picsellia_apply.lake.schema import workspaces
from picsellia_apply.lake.service import owners
from picsellia_apply.wire.ownership import WorkspaceBody, WorkspaceWrite


def read(conn: Connection, organization_id: int, name: str) -> WorkspaceBody:
    """Return a workspace's inventory.

    Raises:
        Refusal: 404, it was never written.
    """
    row = conn.execute(select(workspaces).filter_by(organization_id=organization_id, name=name)).one_or_none()
    if row is None:
        raise not_found(f"the workspace `{name}` was never written")
    return WorkspaceBody(row.serial, row.body)


def write(conn: Connection, organization_id: int, name: str, new: WorkspaceWrite, now: str) -> None:
    """Write a workspace's inventory, and what it owns.

    Raises:
        Refusal: 400, its name or an address is not acceptable; 409, the serial is not the stored one + 1 (somebody else
            wrote), or an address belongs to another workspace.
    """
    stated = select(workspaces.c.serial).filter_by(organization_id=organization_id, name=checked(name))
    stored = conn.execute(stated).scalar() or 0
    if new.serial != stored + 1:
        raise conflict(f"the workspace `{name}` is at serial {stored}; {new.serial} does not follow it")
    values = {"organization_id": organization_id, "name": name, "serial": new.serial, "body": new.body, "updated": now}
    put = insert(conn, workspaces).values(**values)
    changed = {column: values[column] for column in ("serial", "body", "updated")}
    conn.execute(put.on_conflict_do_update(index_elements=["organization_id", "name"], set_=changed))
    if new.owned is not None:
        row = conn.execute(select(workspaces.c.id).filter_by(organization_id=organization_id, name=name)).scalar_one()
        owners.claim(conn, organization_id, row, new.owned, new.takeovers)
