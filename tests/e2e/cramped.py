"""Run the command line on a lake whose database has only so much room left: `cramped.py ROOM apply ...`.

ROOM is how many pages more than now the database may have, for as long as the process lives. SQLite itself then finds
it full; nothing of the program is changed.
"""

from __future__ import annotations

import sqlite3
import sys

from sqlalchemy import Engine, event

from picsellia_apply.cli import main


def leave_room(pages: int) -> None:
    """Let no database file that this process opens from now on grow by more than so many pages; for good."""
    most: dict[str, int] = {}

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        ((_, _, file),) = connection.execute("PRAGMA database_list")
        if file and file not in most:
            ((now,),) = connection.execute("PRAGMA page_count")
            most[file] = now + pages
        if file:
            connection.execute(f"PRAGMA max_page_count={most[file]}")

    event.listen(Engine, "connect", limit)


if __name__ == "__main__":
    leave_room(int(sys.argv.pop(1)))
    main()
