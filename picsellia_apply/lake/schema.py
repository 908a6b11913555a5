"""The tables, as SQLAlchemy knows them. `migrations/` makes them; a test compares the two.

Inside, rows are joined by integers; outside, things are known by lower-case uuid4 texts (`uuid`). Names of pictures
compare by code point. The bytes of a picture and of an object are the `size` bytes from `start` of a blob: what was
stored together is one blob, a large upload its own. Times are ISO 8601 texts in UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

REVISION = "0004"
"""The migration these tables stand for; a store of another one is upgraded when it is opened."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_KEY = BigInteger().with_variant(Integer(), "sqlite")
_NAME = Text().with_variant(Text(collation="C"), "postgresql")


def _key() -> Column[int]:
    return Column("id", _KEY, primary_key=True)


def _to(name: str, target: str, *, key: bool = False, index: bool = False) -> Column[int]:
    """Return a column that points at a row and goes with it."""
    return Column(name, _KEY, ForeignKey(target, ondelete="CASCADE"), primary_key=key, nullable=False, index=index)


settings = Table("settings", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

organizations = Table(
    "organizations",
    metadata,
    _key(),
    Column("uuid", Text, nullable=False, unique=True),
    Column("name", _NAME, nullable=False, unique=True),
    Column("created", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    _key(),
    Column("name", _NAME, nullable=False, unique=True),
    Column("created", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    _key(),
    _to("user_id", "users.id", index=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("created", Text, nullable=False),
    Column("revoked", Text),
)

memberships = Table(
    "memberships",
    metadata,
    _key(),
    _to("user_id", "users.id"),
    _to("organization_id", "organizations.id", index=True),
    UniqueConstraint("user_id", "organization_id"),
)

blobs = Table(
    "blobs",
    metadata,
    _key(),
    Column("location", Text, nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    _key(),
    Column("location", Text, nullable=False),
    Column("start", BigInteger),
    Column("size", BigInteger),
)
"""Bytes still to be erased: a range of a blob, or all of it (`start` None). Committed with the deletion itself."""

pictures = Table(
    "pictures",
    metadata,
    _key(),
    Column("uuid", Text, nullable=False, unique=True),
    _to("organization_id", "organizations.id"),
    Column("name", _NAME, nullable=False),
    Column("internal_key", Text, nullable=False, index=True),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("stored_width", Integer, nullable=False),
    Column("stored_height", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("blob_id", _KEY, ForeignKey("blobs.id"), nullable=False, index=True),
    Column("start", BigInteger, nullable=False),
    Column("created", Text, nullable=False),
    UniqueConstraint("organization_id", "name"),
)

tags = Table(
    "tags",
    metadata,
    _key(),
    _to("organization_id", "organizations.id"),
    Column("name", _NAME, nullable=False),
    UniqueConstraint("organization_id", "name"),
)

picture_tags = Table(
    "picture_tags",
    metadata,
    _to("tag_id", "tags.id", key=True),
    _to("picture_id", "pictures.id", key=True, index=True),
    sqlite_with_rowid=False,
)

datasets = Table(
    "datasets",
    metadata,
    _key(),
    _to("organization_id", "organizations.id"),
    Column("name", _NAME, nullable=False),
    Column("description", Text, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("created", Text, nullable=False),
    UniqueConstraint("organization_id", "name"),
)

versions = Table(
    "versions",
    metadata,
    _key(),
    Column("uuid", Text, nullable=False, unique=True),
    _to("dataset_id", "datasets.id"),
    Column("name", _NAME, nullable=False),
    Column("created", Text, nullable=False),
    Column("members_digest", Text),
    Column("stats", Text),
    UniqueConstraint("dataset_id", "name"),
)
"""`stats` are a published client's own counts, kept as sent: SDK v2 has no request that reads them."""

members = Table(
    "members",
    metadata,
    _to("version_id", "versions.id", key=True),
    _to("picture_id", "pictures.id", key=True, index=True),
    sqlite_with_rowid=False,
)

labels = Table(
    "labels",
    metadata,
    _key(),
    _to("version_id", "versions.id"),
    Column("name", _NAME, nullable=False),
    Column("type", Text, nullable=False),
    UniqueConstraint("version_id", "name", "type"),
)

annotated = Table(
    "annotations",
    metadata,
    Column("version_id", _KEY, primary_key=True),
    Column("picture_id", _KEY, primary_key=True),
    Column("data", Text, nullable=False),
    Column("image_qa", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("objects", Integer, nullable=False),
    Column("duration", Text),
    Column("updated", Text, nullable=False),
    ForeignKeyConstraint(
        ["version_id", "picture_id"], ["members.version_id", "members.picture_id"], ondelete="CASCADE"
    ),
)
"""`duration` is how long a person took, in seconds. SDK v2 has no request that reads it, and nothing else knows it."""

networks = Table(
    "networks",
    metadata,
    _key(),
    Column("uuid", Text, nullable=False, unique=True),
    Column("serving_uuid", Text, nullable=False),
    _to("organization_id", "organizations.id"),
    Column("owner", Text, nullable=False),
    Column("network_name", _NAME, nullable=False),
    Column("type", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("description", Text, nullable=False),
    Column("model_object_name", Text, nullable=False),
    Column("checkpoint_object_name", Text, nullable=False),
    Column("origin_checkpoint_objects", Text, nullable=False),
    Column("files", Text, nullable=False),
    Column("thumb_object_name", Text, nullable=False),
    Column("framework", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("base_parameters", Text, nullable=False),
    Column("readme_text", Text, nullable=False),
    Column("created", Text, nullable=False),
    UniqueConstraint("organization_id", "network_name"),
)

objects = Table(
    "objects",
    metadata,
    _key(),
    _to("organization_id", "organizations.id"),
    Column("bucket", Text, nullable=False),
    Column("name", _NAME, nullable=False),
    Column("network_id", _KEY, ForeignKey("networks.id", ondelete="CASCADE"), index=True),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("blob_id", _KEY, ForeignKey("blobs.id"), nullable=False, index=True),
    Column("created", Text, nullable=False),
    Column("start", BigInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("organization_id", "bucket", "name"),
)

uploads = Table(
    "uploads",
    metadata,
    _key(),
    Column("uuid", Text, nullable=False, unique=True),
    _to("organization_id", "organizations.id"),
    Column("bucket", Text, nullable=False),
    Column("name", _NAME, nullable=False),
    Column("created", Text, nullable=False),
)

upload_parts = Table(
    "upload_parts",
    metadata,
    _to("upload_id", "uploads.id", key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("blob_id", _KEY, ForeignKey("blobs.id"), nullable=False, index=True),
)

workspaces = Table(
    "workspaces",
    metadata,
    _key(),
    _to("organization_id", "organizations.id"),
    Column("name", _NAME, nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("updated", Text, nullable=False),
    UniqueConstraint("organization_id", "name"),
)

leases = Table(
    "leases",
    metadata,
    _key(),
    _to("organization_id", "organizations.id"),
    Column("workspace", _NAME, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("sha256", Text, unique=True),
    Column("holder", Text, nullable=False),
    Column("ttl_s", Integer, nullable=False),
    Column("acquired", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("broken_by", Text),
    UniqueConstraint("organization_id", "workspace"),
)
"""One row per workspace, kept when its lease ends so that `number` rises; `sha256` (of the lease's id) is null then."""

owners = Table(
    "owners",
    metadata,
    _to("organization_id", "organizations.id", key=True),
    Column("address", _NAME, primary_key=True),
    _to("workspace_id", "workspaces.id", key=True, index=True),
    Column("shared", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
"""Which workspace owns an address; `shared` ones may have several owners, see the unique index below."""

Index(
    "uq_owners_one",
    owners.c.organization_id,
    owners.c.address,
    unique=True,
    sqlite_where=text("NOT shared"),
    postgresql_where=text("NOT shared"),
)
Index("ix_annotations_picture_id", annotated.c.picture_id)
