"""Requests about leases: who may apply a workspace. All of them may be repeated: the taker's id makes them the same."""

from __future__ import annotations

from dataclasses import dataclass

from picsellia_apply.client.transport import Transport
from picsellia_apply.wire import extension as ext
from picsellia_apply.wire import ownership


@dataclass(frozen=True, slots=True)
class Leases:
    """Asks a platform that offers the part `lease`.

    Attributes:
        transport: Sends the requests.
        organization_id: Whose workspaces.
    """

    transport: Transport
    organization_id: str

    def show(self, workspace: str) -> ownership.LeaseState:
        """Return whose lease it is."""
        return self._ask("show", ownership.LeaseShow(workspace))

    def acquire(self, asked: ownership.LeaseAcquire) -> ownership.LeaseState:
        """Take a lease where nobody has it; the answer says whether it is ours."""
        return self._ask("acquire", asked)

    def renew(self, workspace: str, lease_id: str) -> ownership.LeaseState:
        """Let a lease last on; the answer says whether it is still ours."""
        return self._ask("renew", ownership.LeaseNamed(workspace, lease_id))

    def release(self, workspace: str, lease_id: str) -> ownership.LeaseState:
        """Give a lease back."""
        return self._ask("release", ownership.LeaseNamed(workspace, lease_id))

    def end(self, workspace: str, number: int) -> ownership.LeaseState:
        """Break somebody's lease.

        Raises:
            ConflictError: Another lease than that of this number is held.
        """
        return self._ask("break", ownership.LeaseBreak(workspace, number))

    def _ask(self, verb: str, body: object) -> ownership.LeaseState:
        path = (ext.PREFIX, self.organization_id, "leases", verb)
        return self.transport.ask("POST", *path, answer=ownership.LeaseState, repeat_safe=True, body=body)
