"""The database port: an engine, two kinds of transaction, and the few statements that dialects write differently.

Nothing else in the lake knows which database it is. SQLite runs in WAL mode with synchronous=FULL: an answer that says
"stored" must hold after a power cut too, and NORMAL may lose the last commits; FULL costs 0.24 ms a commit, and bulk
requests commit once.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    BindParameter,
    Connection,
    Engine,
    Table,
    Text,
    bindparam,
    cast,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import QueuePool, StaticPool
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.functions import GenericFunction

from picsellia_apply.lake.refusal import bad_request, forbidden
from picsellia_apply.lake.schema import REVISION, metadata

BUSY_TIMEOUT_MS = 30_000
"""How long a write waits for another process's."""


class json_texts(GenericFunction[Any]):  # noqa: N801 - SQLAlchemy names SQL functions so
    """The texts of a JSON array as rows of one column `value`: many values in one parameter of one statement."""

    inherit_cache = True
    name = "json_each"


@compiles(json_texts, "postgresql")
def _json_texts_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **kw)} AS JSON))"


def one_of(column: ColumnElement[Any], values: Collection[str] | Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of `values`, all texts or all ints; one parameter for any number.

    Raises:
        Refusal: 400, a text holds U+0000: SQLite ends a JSON text there, so that it would mean another.
    """
    return _in_list(column, bindparam(None, encoded(values)))


def one_of_those(column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
    """Return the same for values that are given, `encoded`, when a statement is executed: it is made once then."""
    return _in_list(column, bindparam(parameter, type_=Text))


def _in_list(column: ColumnElement[Any], listed: BindParameter[str]) -> ColumnElement[bool]:
    values = json_texts(listed).table_valued("value")
    return column.in_(select(cast(values.c.value, column.type)))


def encoded(values: Collection[str] | Collection[int]) -> str:
    """Return values as the parameter of a condition.

    Raises:
        Refusal: 400, a text holds U+0000: SQLite ends a JSON text there, so that it would mean another.
    """
    text = msgspec.json.encode(list(values)).decode()
    if "\\u0000" in text and any("\0" in str(value) for value in values):
        raise bad_request("a name or an id holds the character U+0000")
    return text


def insert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


@functools.cache
def _put(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> sqlite.Insert | postgresql.Insert:
    new = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    changed = {name: new.excluded[name] for name in names if name not in key}
    return new.on_conflict_do_update(index_elements=key, set_=changed)


def put_rows(conn: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each in place of the one of the same key.

    Args:
        conn: An open write.
        table: Where to.
        key: The columns of a unique constraint.
        rows: Not empty; each with the same columns.
    """
    conn.execute(_put(conn.dialect.name, table, tuple(key), tuple(rows[0])), rows)


_ALWAYS = (f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", "cache_size=-65536", "temp_store=MEMORY")
_WRITING = ("journal_mode=WAL", "synchronous=FULL")
_READING = ("query_only=ON",)


def _prepare(connection: sqlite3.Connection, pragmas: Collection[str]) -> None:
    """Set what every SQLite connection needs; `isolation_level` None leaves BEGIN to us."""
    connection.isolation_level = None
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Take the write lock at once for a write, so that two writers queue instead of failing halfway."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    """Open a database that may be another user's.

    Where its folder cannot be written, SQLite is told that nobody writes to it, unless somebody does (a log is there).
    """
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        mode = "mode=rw"
    else:
        mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, check_same_thread=False)


def _engine(path: Path | None, *, read_only: bool) -> Engine:
    if path is None:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    elif read_only:
        opening = partial(_connect_for_reading, path)
        engine = create_engine("sqlite://", creator=opening, poolclass=QueuePool, pool_size=16, max_overflow=64)
    else:
        engine = create_engine(f"sqlite:///{path}", pool_size=16, max_overflow=64)
    pragmas = (*_ALWAYS, *(_READING if read_only else _WRITING))
    event.listen(engine, "connect", lambda connection, _record: _prepare(connection, pragmas))
    event.listen(engine, "begin", _begin)
    return engine


class Database:
    """One store. `read` and `write` open a transaction; a write is alone in this process and among processes.

    Attributes:
        read_only: True where `write` is refused.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        """Open the database file at `path`, or one in memory."""
        self.read_only = read_only
        self.engine = _engine(path, read_only=read_only)
        self._writing = self.engine.execution_options(writes=True)
        self._write_lock = threading.RLock()
        self._in_memory = path is None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection whose statements all see one state."""
        if self._in_memory:  # its threads share the one connection
            with self._write_lock, self.engine.begin() as conn:
                yield conn
            return
        with self.engine.begin() as conn:
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection whose changes are all kept, durably, or none.

        Raises:
            Refusal: 403, the store is open for reading only.
        """
        if self.read_only:
            raise forbidden("the lake is open for reading only")
        with self._write_lock, self._writing.begin() as conn:
            yield conn

    def revision(self) -> str | None:
        """Return the migration the store is at, None for an empty one."""
        try:
            with self.read() as conn:
                found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
                return found
        except (OperationalError, ProgrammingError):
            return None

    def is_empty(self) -> bool:
        """Return whether nothing was ever made in the store."""
        with self.read() as conn:
            return not inspect(conn).get_table_names()

    def upgrade(self) -> None:
        """Bring the store to this program's schema. Alembic is imported only when there is something to do."""
        if self.revision() == REVISION:
            return
        if self._in_memory:  # nothing to migrate from; a test keeps metadata and migrations equal
            with self.write() as conn:
                metadata.create_all(conn)
            return
        from picsellia_apply.lake.migrations import upgrade

        upgrade(self.engine)

    def upgraded_copy(self) -> Database:
        """Return a copy in memory at this program's schema, to be read only: the store itself stays as it is.

        Raises:
            UsageError: The store was made by a newer program.
        """
        from picsellia_apply.lake.migrations import upgrade

        copy = Database(None)
        with closing(self.engine.raw_connection()) as here, closing(copy.engine.raw_connection()) as there:
            here.driver_connection.backup(there.driver_connection)  # type: ignore[union-attr]
        upgrade(copy.engine)
        copy.read_only = True
        return copy

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def insert_row(conn: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert one row and return its key."""
    key = conn.execute(plain_insert(table).values(**values)).inserted_primary_key
    if key is None:
        raise TypeError(f"the table `{table.name}` has no key of its own")
    return int(key[0])


def count(conn: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    """Return how many rows of a table meet all conditions."""
    return conn.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
