"""The schema's history, run by Alembic. Imported only when a store is not at the newest revision."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine

from picsellia_apply.errors import UsageError


def configuration() -> Config:
    """Return Alembic's configuration for the migrations in this folder."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def head() -> str | None:
    """Return the newest revision."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def upgrade(engine: Engine) -> None:
    """Bring a store to the newest revision.

    Raises:
        UsageError: The store was made by a newer program.
    """
    config = configuration()
    config.attributes["engine"] = engine
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UsageError(
            f"the lake's schema is not known to this program: {error}",
            hint="it was made by a newer picsellia-apply; install that one",
        ) from error
