"""The SDK: `Client` and its parts, over one connection to a platform. What the reconciler uses, and anybody else.

`Client` is imported when it is asked for: commands that only want to know where the data lies pay nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from picsellia_apply.client.client import Client

__all__ = ["Client"]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from picsellia_apply.client.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
