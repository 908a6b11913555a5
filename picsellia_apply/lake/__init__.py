"""The platform: speaks SDK v2 and our extension, in-process when no host is configured, over HTTP under `serve`.

app (WSGI, callers, faults) > routes (one module per family) > service (rules) > db (SQLAlchemy Core) | objects (bytes)
"""

from __future__ import annotations

from picsellia_apply.lake.opening import Lake, open_lake

__all__ = ["Lake", "open_lake"]
