"""The lake's requests, one module per family: read the body, open a transaction, call the service, answer."""

from __future__ import annotations

from picsellia_apply.lake.call import Handler
from picsellia_apply.lake.router import Route
from picsellia_apply.lake.routes import annotation, datasets, networks, pictures, session, storage, workspaces

ROUTES: tuple[Route[Handler], ...] = (
    *session.ROUTES,
    *pictures.ROUTES,
    *datasets.ROUTES,
    *annotation.ROUTES,
    *networks.ROUTES,
    *workspaces.ROUTES,
    *storage.ROUTES,
)
"""Every request; where two patterns fit, the special one stands first (WIRE_V2.md section 10)."""
