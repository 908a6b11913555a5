"""`Client`: where the SDK begins."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from picsellia_apply.client import datalake as _datalake
from picsellia_apply.client import network as _network
from picsellia_apply.client.connected import Connected
from picsellia_apply.client.leases import Leases
from picsellia_apply.client.reader import Reader
from picsellia_apply.client.writer import Writer


class Client(Connected):
    """Your way to a platform, or to the lake embedded in this process; its parts share one connection."""

    Datalake = _datalake.Datalake
    Network = _network.Network

    @cached_property
    def datalake(self) -> _datalake.Datalake:
        """Pictures and datasets."""
        return _datalake.Datalake(connection=self.connection)

    @cached_property
    def network(self) -> _network.Network:
        """Networks."""
        return _network.Network(connection=self.connection)

    @property
    def host(self) -> str:
        """`embedded`, or the platform's address."""
        return self.connection.host

    @property
    def username(self) -> str:
        """Who we are."""
        return self.connection.username

    @property
    def organization(self) -> str:
        """The organization's name."""
        return self.connection.organization

    @property
    def organization_id(self) -> str:
        """The organization's id."""
        return self.connection.organization_id

    @property
    def features(self) -> frozenset[str]:
        """Parts of the extension that the platform offers and we speak."""
        return self.connection.features

    @property
    def before_write(self) -> Callable[[], None] | None:
        """Called before every request that writes, repeats included; what it raises keeps the request from leaving."""
        return self.connection.transport.before_write

    @before_write.setter
    def before_write(self, check: Callable[[], None] | None) -> None:
        self.connection.transport.before_write = check

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeats included."""
        return self.connection.transport.requests

    @property
    def reader(self) -> Reader:
        """Bulk reading."""
        return self.connection.reader

    @cached_property
    def leases(self) -> Leases:
        """Who may apply which workspace."""
        return Leases(self.connection.transport, self.connection.organization_id)

    @property
    def writer(self) -> Writer:
        """Bulk writing."""
        return self.connection.writer
