"""What Alembic runs: the migrations on the engine it was given, in one transaction.

Alembic holds SQLite's DDL for not transactional, as Python's driver used to commit before it; ours begins by itself.
"""

from __future__ import annotations

from alembic import context

from picsellia_apply.lake.schema import metadata

engine = context.config.attributes["engine"].execution_options(writes=True)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
