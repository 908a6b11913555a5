"""Objects may share a blob: where in it each begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision up."""
    op.add_column("objects", sa.Column("start", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
