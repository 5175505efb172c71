"""State machines: which transition leads where, and what may happen to a record now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

# What a log entry holds beside its reference to the record.
LOG_EVENT = "event_type"
LOG_STAMP = "at"


class Verdict(Enum):
    """What becomes of a transition that somebody asks for."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Transition:
    """An event that leads from any of `sources` to `target`."""

    name: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A resource's state machine over the record's `field`.

    Every transition writes its stamp to `touch`, if named, and appends an entry to the resource `log`, if named.
    """

    field: str
    initial: str
    transitions: Mapping[str, Transition]
    touch: str | None = None
    log: str | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """Every state that is named, the initial one first."""
        named = [self.initial]
        for transition in self.transitions.values():
            named += [*transition.sources, transition.target]
        return tuple(dict.fromkeys(named))

    def allowed(self, state: str) -> tuple[str, ...]:
        """The transitions that lead out of `state`, as declared."""
        return tuple(name for name, transition in self.transitions.items() if state in transition.sources)

    def judge(self, state: str, last: str | None, name: str) -> Verdict:
        """Judge the transition `name` of a record in `state` that its transition `last` brought there.

        What the state allows is accepted; else the transition that led here is a harmless repeat.
        """
        transition = self.transitions[name]
        if state in transition.sources:
            return Verdict.ACCEPTED
        if name == last and state == transition.target:
            return Verdict.REPEATED
        return Verdict.REFUSED

    def assumed_last(self, state: str) -> str | None:
        """The last transition of a record that has no log: the only one into `state`, unless that is the initial."""
        if state == self.initial:
            return None
        into = [transition.name for transition in self.transitions.values() if transition.target == state]
        return into[0] if len(into) == 1 else None
