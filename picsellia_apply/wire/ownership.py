"""Bodies of the extension's parts `workspace`, `owners` and `lease`: who manages what, and who may write now."""

from __future__ import annotations

import msgspec

from picsellia_apply.wire.extension import PAGE_LIMIT

LEASE_HEADER = "Picsellia-Apply-Lease"
"""Carries the id of the lease under which a request writes."""
LEASE_TTL_S = (1, 3600)
"""Least and most seconds that a lease lasts without being renewed."""


class WorkspaceBody(msgspec.Struct):
    """A workspace's inventory: `body` is ours to understand, the server keeps it as it is (base64 of zlib JSON)."""

    serial: int
    body: str


class WorkspaceWrite(msgspec.Struct, omit_defaults=True):
    """A workspace's inventory to be kept, and which addresses it owns from now on.

    `owned` None leaves what it owns. `takeovers`: address to the workspace that it may be taken from. A dataset, a
    version, a label, annotations, a network and its files have one owner; pictures and tags may have several.
    """

    serial: int
    body: str
    owned: list[str] | None = None
    takeovers: dict[str, str] = {}


class OwnersLookup(msgspec.Struct, omit_defaults=True):
    """Whose: either `addresses` (at most PAGE_LIMIT, no paging), or all of `kinds`, one page after `after`."""

    addresses: list[str] | None = None
    kinds: list[str] | None = None
    after: str | None = None
    limit: int = PAGE_LIMIT


class OwnerColumns(msgspec.Struct):
    """Addresses and the workspaces that own them, ordered; an address with several owners has several rows.

    A page holds all owners of its last address, and may so be longer than was asked for.
    """

    addresses: list[str]
    workspaces: list[str]
    total: int
    next: str | None = None


class LeaseHolder(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who applies, for people to read; each text at most 255 characters.

    `started` is ISO 8601, UTC. `machine` and `process` let another process of the same machine find out whether this
    one is still there: the server keeps them as they are. No path, no token.
    """

    host: str
    user: str
    pid: int
    started: str
    machine: str = ""
    process: str = ""


class LeaseAcquire(msgspec.Struct):
    """Take a workspace's lease when nobody has it, or it expired; one that this id has already is renewed.

    `lease_id` is the taker's own random text of 32 to 128 characters, and a secret: who knows it may renew and release.
    """

    workspace: str
    lease_id: str
    ttl_s: int
    holder: LeaseHolder


class LeaseNamed(msgspec.Struct):
    """Renew or release the lease of this id; one that expired can be renewed until somebody else takes it."""

    workspace: str
    lease_id: str


class LeaseBreak(msgspec.Struct):
    """End somebody's lease: that of this number, so that nobody breaks another one than was looked at."""

    workspace: str
    number: int


class LeaseShow(msgspec.Struct):
    """Whose lease it is."""

    workspace: str


class LeaseState(msgspec.Struct, frozen=True):
    """What is known of a workspace's lease once a request was answered; never its id.

    `held`: somebody has it, and it has not expired. `yours`: the id that was sent has it. `number` rises with every
    lease of this workspace; 0 when there never was one. `holder` and `acquired` are those of the lease that was neither
    released nor broken, if there is one; `left_s`: seconds until it expires, by the server's clock, 0 or less when it
    did. `broken_by`: who broke the last one, if that is how it ended.
    """

    held: bool
    yours: bool
    number: int
    holder: LeaseHolder | None = None
    acquired: str = ""
    left_s: float | None = None
    broken_by: str | None = None
