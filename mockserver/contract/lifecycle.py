"""State machines: which transitions a resource has, and which of them a record may take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

# The members of a log entry besides its reference to the record.
LOG_EVENT = "event_type"
LOG_STAMP = "at"


class Verdict(Enum):
    """What happens to a requested transition."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Transition:
    """A named step from any of the states `sources` to `target`."""

    name: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Lifecycle:
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

    def presumed_last(self, state: str) -> str | None:
        """The last transition of a record without a log: the only one into `state`, unless that is initial."""
        if state == self.initial:
            return None
        incoming = [transition.name for transition in self.transitions.values() if transition.target == state]
        return incoming[0] if len(incoming) == 1 else None
