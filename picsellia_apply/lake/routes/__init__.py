"""The lake's requests, one module per family: read the body, open a transaction, call the service, answer."""

from __future__ import annotations

from picsellia_apply.lake.call import Handler
from picsellia_apply.lake.router import Route
from picsellia_apply.lake.routes import (
    annotation,
    conditional,
    datasets,
    leases,
    networks,
    openapi,
    pictures,
    session,
    storage,
    workspaces,
)
from picsellia_apply.wire.extension import PREFIX

ROUTES: tuple[Route[Handler], ...] = (
    *session.ROUTES,
    *openapi.ROUTES,
    *pictures.ROUTES,
    *datasets.ROUTES,
    *annotation.ROUTES,
    *networks.ROUTES,
    *workspaces.ROUTES,
    *leases.ROUTES,
    *conditional.ROUTES,
    *storage.ROUTES,
)
"""Every request; where two patterns fit, the special one stands first (WIRE_V2.md section 10)."""

PLAIN_ROUTES = tuple(one for one in ROUTES if one.pattern[0] != PREFIX)
"""Those of SDK v2 alone."""
