"""Opening a lake: a folder (or memory) with its database and objects, brought to this program's schema and swept.

DIR/lake.db          the database
DIR/objects/         blobs, see `objects`
DIR/open.lock        held while the schema is brought up
DIR/.gitignore       of an embedded lake: nothing here belongs into a repository
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from picsellia_apply.errors import UsageError
from picsellia_apply.lake.app import Application
from picsellia_apply.lake.call import Limits, Platform
from picsellia_apply.lake.db import Database, insert
from picsellia_apply.lake.lock import waiting_lock
from picsellia_apply.lake.objects import ObjectStore
from picsellia_apply.lake.refusal import Refusal
from picsellia_apply.lake.schema import REVISION, settings
from picsellia_apply.lake.service import accounts, blobs, storage
from picsellia_apply.lake.signing import Signer

EMBEDDED_NAME = "local"
"""The organization and the user of a lake that nobody gave others."""


def _now() -> datetime:
    return datetime.now(UTC)


class Lake:
    """An open lake.

    Attributes:
        wsgi: The application; `PATH_INFO` must hold the raw path.
        idle_s: How long a server is to wait for a peer.
    """

    def __init__(self, platform: Platform, *, embedded: bool) -> None:
        """Serve a platform; use `open_lake`."""
        self._platform = platform
        self.idle_s = platform.limits.idle_s
        self.wsgi = Application(platform, embedded=embedded)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    @property
    def is_empty(self) -> bool:
        """True before the first user is there."""
        return not self.users()

    def bootstrap(self, user: str, organization: str, token: str | None = None) -> str:
        """Let a user into an organization, making either where it is missing; repeating changes nothing.

        Args:
            user: His name.
            organization: Its name.
            token: What he will say; None for a fresh one.

        Returns:
            The token. Only its hash is kept.

        Raises:
            UsageError: A name or the token is not acceptable.
        """
        token = accounts.new_token() if token is None else token
        if not token.strip() or token != token.strip() or not token.isprintable():
            raise UsageError("the token is empty or holds spaces at its ends or control characters")
        now = self._platform.now()
        try:
            with self._platform.db.write() as conn:
                row = accounts.add_user(conn, user, now)
                accounts.add_member(conn, row, accounts.add_organization(conn, organization, now))
                accounts.add_token(conn, row, token, now)
        except Refusal as refusal:
            raise UsageError(refusal.message) from refusal
        return token

    def users(self) -> list[accounts.UserInfo]:
        """Return every user, oldest first."""
        with self._platform.db.read() as conn:
            return accounts.list_users(conn)

    def revoke(self, user: str) -> int:
        """Take every token from a user and return how many there were."""
        with self._platform.db.write() as conn:
            return accounts.revoke(conn, user, self._platform.now())

    def close(self) -> None:
        """Close the database and the objects."""
        self._platform.objects.close()
        self._platform.db.close()


def _secret(db: Database) -> bytes:
    """Return the lake's secret for signatures, made when it is opened first; a passing one where nothing is written."""
    stated = select(settings.c.value).where(settings.c.name == "signing_secret")
    with db.read() as conn:
        found = conn.execute(stated).scalar()
    if found is None and db.read_only:
        return secrets.token_bytes(32)
    if found is None:
        with db.write() as conn:
            new = insert(conn, settings).values(name="signing_secret", value=secrets.token_hex(32))
            conn.execute(new.on_conflict_do_nothing())
            found = conn.execute(stated).scalar_one()
    return bytes.fromhex(found)


def _open_database(data: Path | None, *, embedded: bool) -> Database:
    if data is None:
        db = Database(None)
        db.upgrade()
        return db
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if embedded and not (data / ".gitignore").exists():
        (data / ".gitignore").write_text("*\n")
    (data / "lake.db").touch(mode=0o600)  # it holds the secret for signatures
    db = Database(data / "lake.db")
    with waiting_lock(data / "open.lock"):
        db.upgrade()
    return db


def _sweep(platform: Platform) -> None:
    """Clear what ended processes and abandoned uploads left behind."""
    db, objects = platform.db, platform.objects
    objects.sweep(lambda locations: blobs.named(db, locations))
    blobs.erase_pending(db, objects)
    with blobs.erasing(db, objects) as conn:
        storage.sweep(conn, platform.abandoned_before())


def _open_for_reading(data: Path) -> Database | None:
    """Open a lake's database, or a copy of it where an older program made it: reading upgrades nothing on the disk.

    Returns:
        None where it holds nothing: whoever wanted to make it was stopped before he had.
    """
    db = Database(data / "lake.db", read_only=True)
    if db.revision() == REVISION:
        return db
    with closing(db):
        return None if db.is_empty() else db.upgraded_copy()


def open_lake(
    data: Path | None,
    *,
    embedded: bool = False,
    plain: bool = False,
    read_only: bool = False,
    limits: Limits | None = None,
    clock: Callable[[], datetime] = _now,
) -> Lake:
    """Open the lake in a folder, making it when there is none.

    Args:
        data: Its folder; None for an empty one in memory.
        embedded: True where requests without a token are the owner's; there is always an owner then.
        plain: True to speak SDK v2 alone, without the extension.
        read_only: True to leave the folder as it is: nothing is made, upgraded, swept or erased; writes are refused. An
            empty lake in memory answers for one that is not there.
        limits: Most bytes of bodies.
        clock: Tells the time.

    Raises:
        UsageError: The folder cannot be used, or a newer program made the lake.
    """
    stored = None
    try:
        if read_only and data is not None:
            stored = _open_for_reading(data) if (data / "lake.db").is_file() else None
            data = None if stored is None else data
        db = stored or _open_database(data, embedded=embedded)
        objects = ObjectStore(None if data is None else data / "objects")
        platform = Platform(db, objects, Signer(_secret(db), clock), limits or Limits(), clock, plain)
        lake = Lake(platform, embedded=embedded)
        if stored is None:
            _sweep(platform)
        if stored is None and embedded and lake.is_empty:
            lake.bootstrap(EMBEDDED_NAME, EMBEDDED_NAME)
    except OSError as error:
        raise UsageError(f"the folder `{data}` cannot hold a lake: {error.strerror}") from error
    except DatabaseError as error:
        raise UsageError(f"the folder `{data}` holds no lake that can be read: {error.orig}") from error
    return lake
