"""Where a record can come to: by its lifecycle's transitions, and which rules it may meet on the way. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import NamedTuple

from mockserver.contract.lifecycle import Lifecycle
from mockserver.contract.model import Record, Rule


class StateNode(NamedTuple):
    """A state, and the transition that a record came there by, which is what a repeat is judged by."""

    state: str
    last: str | None


def paths_from(lifecycle: Lifecycle, begin: StateNode) -> dict[StateNode, tuple[str, ...]]:
    """Every place that can be reached from `begin`, itself included, with the shortest way there."""
    found: dict[StateNode, tuple[str, ...]] = {begin: ()}
    waiting = deque([begin])
    while waiting:
        place = waiting.popleft()
        for name in lifecycle.allowed(place.state):
            after = StateNode(lifecycle.transitions[name].target, name)
            if after not in found:
                found[after] = (*found[place], name)
                waiting.append(after)
    return found


def reachable_states(lifecycle: Lifecycle) -> frozenset[str]:
    """The states that a record can come to from the initial one."""
    return frozenset(place.state for place in paths_from(lifecycle, StateNode(lifecycle.initial, None)))


def applicable_rules(rules: Sequence[Rule], field: str, record: Record, states: Collection[str]) -> set[int]:
    """The numbers of the rules that the record may meet in one of the states that it can come to.

    A rule before it that matches as well and has no `times` always comes first.
    """
    met: set[int] = set()
    for state in states:
        there = {**record, field: state}
        for number, rule in enumerate(rules):
            if rule.state == state and rule.applies_to(there):
                met.add(number)
                if rule.times is None:
                    break
    return met
