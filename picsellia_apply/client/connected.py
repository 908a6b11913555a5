"""What Client and its parts have in common: each can be opened alone, or shares the connection of another."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from picsellia_apply.client.connection import Connection


class Connected:
    """Something that talks to the platform.

    Attributes:
        connection: Who we are on which platform.
    """

    def __init__(
        self,
        api_token: str | None = None,
        organization: str | None = None,
        host: str | None = None,
        *,
        data_dir: Path | str | None = None,
        read_only: bool = False,
        greet: bool = True,
        connection: Connection | None = None,
    ) -> None:
        """Connect, or share a connection.

        Args:
            api_token: Personal token; None takes PICSELLIA_TOKEN. The embedded lake needs none.
            organization: Name or id; None is the token's own.
            host: The platform's address (`https://platform.example/sdk/v2/`), or `embedded`; None takes PICSELLIA_HOST,
                else the embedded lake.
            data_dir: Folder of the embedded lake; None takes the nearest `.picsellia` at or above the current folder.
            read_only: Refuse every request that writes; the embedded lake is not made on disk.
            greet: Say hello.
            connection: Share this one; the other arguments do not count then.

        Raises:
            AuthenticationError: A host is given, but no token; or the platform does not accept it.
            NetworkError: The platform does not answer.
        """
        self._owns = connection is None
        self.connection = connection or Connection.open(
            api_token, organization, host, data_dir=data_dir, read_only=read_only
        )
        if self._owns and greet:
            self.connection.greet()

    def close(self) -> None:
        """Close the connection, unless it is another's."""
        if self._owns:
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
