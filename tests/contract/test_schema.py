"""Migrations make exactly the tables that the code knows; a store is upgraded only when it must be."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from picsellia_apply.errors import UsageError
from picsellia_apply.lake import migrations, open_lake
from picsellia_apply.lake.db import Database
from picsellia_apply.lake.schema import REVISION, metadata
from picsellia_apply.lake.service import accounts


def statements(path: Path) -> list[list[str]]:
    """Return what a SQLite file says about its own tables and indexes; spaces, quotes and the order aside."""
    with sqlite3.connect(path) as conn:
        rows = conn.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"
        ).fetchall()
    conn.close()
    plain = ["".join(row[0].split()).replace('"', "") for row in rows]
    return sorted(sorted(one.replace("(", ",").replace(")", ",").split(",")) for one in plain)


def test_the_newest_migration_is_the_one_the_code_names() -> None:
    assert migrations.head() == REVISION


def test_migrations_and_tables_are_equal(tmp_path: Path) -> None:
    migrated, made = Database(tmp_path / "migrated.db"), Database(tmp_path / "made.db")
    migrated.upgrade()
    with migrated.read() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
    with made.write() as conn:
        metadata.create_all(conn)
    migrated.close()
    made.close()
    assert statements(tmp_path / "migrated.db") == statements(tmp_path / "made.db")


def test_a_warm_start_does_not_import_alembic(tmp_path: Path) -> None:
    open_lake(tmp_path / "lake").close()
    script = (
        "import sys; from pathlib import Path; from picsellia_apply.lake import open_lake\n"
        "open_lake(Path(sys.argv[1])).close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script, tmp_path / "lake"], check=False).returncode == 0


def test_migrations_that_find_the_database_full_leave_nothing(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "whole.db")) as whole:
        whole.upgrade()
        with whole.read() as conn:
            pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    for most in range(pages - 15, pages):
        with closing(Database(tmp_path / f"{most}.db")) as db:
            event.listen(db.engine, "connect", lambda conn, _, most=most: conn.execute(f"PRAGMA max_page_count={most}"))
            with pytest.raises(OperationalError, match="is full"):
                db.upgrade()
            assert db.is_empty()


def test_a_lake_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    open_lake(tmp_path / "lake").close()
    with sqlite3.connect(tmp_path / "lake" / "lake.db") as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    conn.close()
    with pytest.raises(UsageError, match="9999"):
        open_lake(tmp_path / "lake")


def test_a_lake_of_an_older_program_is_read_as_it_is_and_upgraded_by_whoever_writes(tmp_path: Path) -> None:
    data = tmp_path / "lake"
    data.mkdir()
    with closing(Database(data / "lake.db")) as db:
        config = migrations.configuration()
        config.attributes["engine"] = db.engine
        command.upgrade(config, "0003")
        with db.write() as conn:
            accounts.add_user(conn, "ann", datetime.now(UTC).isoformat())
    before = (data / "lake.db").read_bytes()
    with open_lake(data, embedded=True, read_only=True) as lake:
        assert [one.name for one in lake.users()] == ["ann"]
        with pytest.raises(UsageError, match="reading only"):
            lake.bootstrap("bob", "acme")
    assert (data / "lake.db").read_bytes() == before
    open_lake(data, embedded=True).close()
    with closing(Database(data / "lake.db")) as db:
        assert db.revision() == REVISION


def test_a_folder_that_cannot_hold_a_lake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot hold a lake"):
        open_lake(tmp_path / "file")
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "lake.db").write_text("this is no database, and long enough to be looked at as one" * 100)
    with pytest.raises(UsageError, match="lake"):
        open_lake(tmp_path / "lake")


def test_two_processes_open_an_empty_folder_at_once(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from picsellia_apply.lake import open_lake\n"
    script += "lake = open_lake(Path(sys.argv[1]), embedded=True); print(len(lake.users()))"
    started = [
        subprocess.Popen([sys.executable, "-c", script, tmp_path / "lake"], stdout=subprocess.PIPE) for _ in range(4)
    ]
    answers = [process.communicate() for process in started]
    assert [(process.returncode, out) for process, (out, _) in zip(started, answers, strict=True)] == [(0, b"1\n")] * 4


def test_every_commit_is_durable_and_keys_are_kept(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db")
    with database.read() as conn:
        values = [
            conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    database.close()
    assert values == ["wal", 2, 1]
