"""A plan: plain data, ordered, with reasons; no closure, no connection, no path of a machine.

`operations` are what apply does. `notices` are what was seen and is left alone (drift that is kept, adoption, members
that stopped matching). `blocked` cannot be done by apply at all, `conflicts` need a person, `refusals` are guards that
said no. `records` is the inventory record that each address has once everything succeeded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from picsellia_apply.errors import Diagnostic
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.state import State

FORMAT_VERSION = 2
SAMPLE = 3
"""How many member names an operation shows."""

RULES = ("empty", "delete_percent", "update_percent", "foreign_content", "protected")
"""What `--allow RULE:ADDRESS` lifts."""
SIDES = ("manifest", "remote")
"""Who may win where both changed something: `--prefer SIDE:ADDRESS`."""

NETWORK_NAME = "network_name"
"""The field that changes where a network is renamed; no manifest holds it among a network's fields."""

Action = Literal["create", "update", "delete"]
Outcome = Literal["no_changes", "changes", "refused", "blocked"]
Recording = Literal["taken over", "moved", "preferred", "adopted", "forgotten", "noted"]
NoticeKind = Literal["drift", "adopt", "kept", "resumed", "moved", "rename"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs: its name, and a path inside it where deepdiff found the difference."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Bytes:
    """Where the bytes of a member are: never a path of a machine.

    Attributes:
        ref: `pictures/SET:relative/name` or `file/NETWORK/KEY`: found again through the manifests.
        sha256: Hex of the raw bytes.
        size: Bytes.
        width: px, stored; 0 for what is no picture.
        height: px, stored.
        orientation: EXIF, 1 to 8.
    """

    ref: str
    sha256: str
    size: int
    width: int = 0
    height: int = 0
    orientation: int = 1


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What happens to one picture's annotation: the platform is given `after` as a whole.

    Attributes:
        before: Canonical texts now there; None when the picture has no annotation. Its digest is the precondition.
        after: Canonical texts to be there.
    """

    before: tuple[str, ...] | None
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """Members that change.

    Attributes:
        add: Picture name -> Bytes (pictures), None (tags, versions).
        remove: Picture names.
        objects: Picture name -> ObjectChange (annotations only).
        counts: {add, remove, change}: names, or annotation objects for annotations.
    """

    add: Mapping[str, Bytes | None] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    objects: Mapping[str, ObjectChange] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that apply does.

    Attributes:
        address: See `model.address`.
        action: create, update or delete.
        reason: Why, in a few words.
        diff: Fields that change; for create the fields it is created with (before None).
        members: Members that change.
        impact: What it touches, in words: "205 pictures, 2,805 boxes".
        pre: What must still hold when it runs: see `planner.diff`.
        needs: Addresses of operations of this plan that must be done before it.
    """

    address: str
    action: Action
    reason: str
    diff: tuple[FieldChange, ...] = ()
    members: Members = Members()
    impact: str = ""
    pre: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something seen and left alone.

    Attributes:
        kind: drift (the remote moved, kept), adopt (it was there, now managed), kept (no longer matches or declared),
            resumed (an apply of ours that did not finish made it), moved (renamed), rename (it looks so).
        address: Of what.
        message: What, with numbers.
        names: The members concerned, sorted.
    """

    kind: NoticeKind
    address: str
    message: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """What the manifests ask for and apply cannot do.

    Attributes:
        address: Of what.
        rule: `content differs`, `unsupported by this server`, ... stable.
        message: What, with numbers.
        names: The members concerned, sorted.
        hint: What a person can do.
    """

    address: str
    rule: str
    message: str
    names: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both the manifest and the platform changed since the last apply."""

    address: str
    field: str
    base: Any
    desired: Any
    observed: Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """A guard that said no: rule, address, the numbers, and the flag that lifts this rule for this address."""

    rule: str
    address: str
    message: str
    flag: str


@dataclass(frozen=True, slots=True)
class Target:
    """What the plan is for: host (`embedded` for the embedded lake), organization's name, workspace."""

    host: str
    organization: str
    workspace: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply would do, and everything it rests on.

    `policy` is what the plan was made under, and `variables` what the manifests were read with, so that an apply of the
    saved plan makes it again in the same way. `takeovers` is address to the workspace that it is taken from; an apply
    of a saved plan finds it out again. `recorded` is what an apply writes into the inventory though nothing is done on
    the platform: address to why; only where there is no operation at all. `policies` are the Policy documents that
    judged it: name to the hex sha256 of what it says. `seen` is what was read, where something is deleted: a delete
    must take along no more than that. It is not saved, since an apply of a saved plan reads it again. `late` is, by
    address, what its record holds besides once all of the plan is done: members that another address of it makes.
    """

    target: Target
    operations: tuple[Operation, ...] = ()
    notices: tuple[Notice, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    limits: tuple[str, ...] = ()
    unchanged: int = 0
    inventory_serial: int = 0
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)
    digest: str = ""
    policy: Policy | None = None
    takeovers: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, Recording] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    seen: State | None = field(default=None, compare=False, repr=False)
    late: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def summary(self) -> dict[str, int]:
        """Return how many operations of each kind, and how much stands in their way."""
        actions = [operation.action for operation in self.operations]
        return {
            **{action: actions.count(action) for action in ("create", "update", "delete")},
            "unchanged": self.unchanged,
            "blocked": len(self.blocked),
            "conflict": len(self.conflicts),
        }

    @property
    def outcome(self) -> Outcome:
        """Return the plan in a word; what blocks outranks what refuses, which outranks changes."""
        if self.blocked or self.conflicts:
            return "blocked"
        if self.refusals:
            return "refused"
        return "changes" if self.operations or self.recorded else "no_changes"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the planner may do, and with which platform.

    Attributes:
        prune: Deletes are on.
        delete_percent: Budget, 0 to 100, of the managed things that one apply may delete.
        update_percent: Budget, 0 to 100, of the managed things that one apply may change.
        allowances: `RULE:ADDRESS` pairs lifted by flags.
        targets: Addresses given with `--target`; () for all.
        features: What the platform offers: names of extension parts (see `wire.extension`).
        takeovers: Addresses, with what belongs to them, that are taken from the workspaces that own them.
        prefer: `SIDE:ADDRESS` pairs, SIDE `manifest` or `remote`: who wins where both changed something.
    """

    prune: bool = False
    delete_percent: float = 10.0
    update_percent: float = 50.0
    allowances: frozenset[str] = frozenset()
    targets: tuple[str, ...] = ()
    features: frozenset[str] = frozenset()
    takeovers: frozenset[str] = frozenset()
    prefer: frozenset[str] = frozenset()

    @property
    def sweeps(self) -> bool:
        """Return whether everything that is ours and no longer declared goes: a target leaves most of it alone."""
        return self.prune and not self.targets
