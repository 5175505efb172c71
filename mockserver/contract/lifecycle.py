"""State machines: which transitions a resource has, and which of them a record may take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from mockserver.contract.effects import NO_EFFECTS, Effects
from mockserver.schemas.validators import Validator

# The members of a log entry besides its reference to the record.
LOG_EVENT = "event_type"
LOG_STAMP = "at"


class Verdict(Enum):
    """What happens to a requested transition."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    REJECTED = "rejected"


class Transition(Struct, frozen=True):
    """A named step from any of the states `sources` to `target`.

    It writes its `effects`, and is only allowed for a record that `guard` accepts, if there is one.
    """

    name: str
    sources: tuple[str, ...]
    target: str
    effects: Effects = NO_EFFECTS
    guard: Validator | None = None


class Lifecycle(Struct, frozen=True):
    """A resource's state machine over the record's `field`.

    Every transition writes its stamp to the field `touch` and appends an entry to the resource `log`, where named.
    """

    field: str
    initial: str
    transitions: Mapping[str, Transition]
    touch: str | None = None
    log: str | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, the initial one first, the others as transitions name them."""
        states = [self.initial]
        for transition in self.transitions.values():
            states += [*transition.sources, transition.target]
        return tuple(dict.fromkeys(states))

    def allowed(self, state: str) -> tuple[str, ...]:
        """The names of the transitions that leave `state`, in declared order."""
        return tuple(name for name, transition in self.transitions.items() if state in transition.sources)

    def decide(self, state: str, last: str | None, name: str) -> Verdict:
        """Decide about the transition `name` of a record whose transition `last` brought it into `state`.

        It is accepted if the state allows it; else it is a harmless repeat if it is the one that led here.
        """
        transition = self.transitions[name]
        if state in transition.sources:
            return Verdict.ACCEPTED
        if name == last and state == transition.target:
            return Verdict.REPEATED
        return Verdict.REJECTED

    def between(self, source: str, target: str) -> Transition | None:
        """The first declared transition from one state to another."""
        transitions = self.transitions.values()
        return next((step for step in transitions if source in step.sources and target == step.target), None)

    @property
    def depends_on_records(self) -> bool:
        """Whether the transitions of two records in the same state may differ in more than their keys."""
        return any(step.effects.values or step.guard is not None for step in self.transitions.values())

    def presumed_last(self, state: str) -> str | None:
        """The last transition of a record without a log: the only one into `state`, unless that is initial."""
        if state == self.initial:
            return None
        incoming = [transition.name for transition in self.transitions.values() if transition.target == state]
        return incoming[0] if len(incoming) == 1 else None
