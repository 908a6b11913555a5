"""Which platform an export is of: its folder says so, that an export of another one does not remove what it holds.

It knows no files. What a folder says is somebody's word: it is compared and shown, never connected to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from picsellia_apply.client.failures import plain_text
from picsellia_apply.client.target import EMBEDDED

if TYPE_CHECKING:
    from picsellia_apply.client import Client

_ID_SHOWN = 8


class Platform(msgspec.Struct, frozen=True):
    """An organization on a platform; it holds no path of a machine, and no secret.

    Attributes:
        host: `embedded`, or the address.
        organization: Its name.
        organization_id: Its id, which was made with it: it tells one embedded lake from another.
    """

    host: str
    organization: str
    organization_id: str

    def is_same(self, other: Platform) -> bool:
        """Return whether both are one; the organization may have got another name."""
        return (self.host, self.organization_id) == (other.host, other.organization_id)

    def __str__(self) -> str:
        """Return what to call it."""
        shown = plain_text(self.organization_id)[:_ID_SHOWN]
        if self.host == EMBEDDED:
            return f"the embedded lake {shown}"
        return f"{plain_text(self.organization)} ({shown}) at {plain_text(self.host)}"


def platform_of(client: Client) -> Platform:
    """Return the platform of a client."""
    return Platform(client.host, client.organization, client.organization_id)
