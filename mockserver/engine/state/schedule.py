"""How records move on their own: which rule a record waits for, until when, and what falls due in which order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mockserver.contract.lifecycle import Lifecycle
from mockserver.contract.model import Record, Rule, Scenario
from mockserver.engine.state.seeded import between


class DueTransition(NamedTuple):
    """A transition that will be fired. Equal instants settle by resource, then key, which is `name` as text."""

    at: int
    resource: str
    name: str
    key: Any
    rule: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """A scenario's rules, and the seed that draws their waits."""

    rules: Mapping[str, tuple[Rule, ...]]
    seed: int

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Schedule:
        """The plan of a scenario."""
        return cls(scenario.progress, scenario.seed)

    def next(
        self, resource: str, lifecycle: Lifecycle | None, key: Any, record: Record, fired: tuple[int, ...], since: int
    ) -> DueTransition | None:
        """What a record that entered its state at `since` waits for; `fired` are the rules it has been through."""
        if lifecycle is None:
            return None
        for number, rule in enumerate(self.rules.get(resource, ())):
            if rule.state != record[lifecycle.field] or (rule.times is not None and fired.count(number) >= rule.times):
                continue
            if rule.applies_to(record):
                wait = between(rule.min_wait, rule.max_wait, self.seed, resource, key, number)
                return DueTransition(since + wait, resource, str(key), key, number)
        return None


Agenda = tuple[DueTransition, ...]


def changed(agenda: Agenda, gone: DueTransition | None, new: DueTransition | None) -> Agenda:
    """The agenda, which is in order, without one entry and with another."""
    if gone is None and new is None:
        return agenda
    entries = list(agenda)
    if gone is not None:
        del entries[bisect_left(entries, gone)]
    if new is not None:
        insort(entries, new)
    return tuple(entries)
