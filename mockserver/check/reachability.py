"""Which states a record can reach by its lifecycle's transitions, and which `progress` rules can apply to it. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from mockserver.contract.lifecycle import Lifecycle
from mockserver.contract.model import Record, Rule


class StateNode(NamedTuple):
    """A state, and the transition by which a record entered it, which decides what a repeat is."""

    state: str
    last: str | None


def paths_from(lifecycle: Lifecycle, start: StateNode) -> dict[StateNode, tuple[str, ...]]:
    """Every node that can be reached from `start`, itself included, with the shortest path of transitions to it."""
    paths: dict[StateNode, tuple[str, ...]] = {start: ()}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for transition in lifecycle.allowed(node.state):
            target = StateNode(lifecycle.transitions[transition].target, transition)
            if target not in paths:
                paths[target] = (*paths[node], transition)
                waiting.append(target)
    return paths


class Reached(NamedTuple):
    """What a record is after the transitions of `path`, which effects and guards were applied to."""

    path: tuple[str, ...]
    record: Record


def records_from(
    lifecycle: Lifecycle, start: StateNode, record: Record, at: int, sample: Callable[[], Record]
) -> dict[StateNode, Reached]:
    """Every node that a record can reach from `start`, itself included, by its shortest path.

    Effects write the instant `at`, in milliseconds since 1970, and take what they read of a body from the record that
    `sample` returns.
    """
    reached = {start: Reached((), record)}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        path, present = reached[node]
        for name, changed in firings(lifecycle, present, at, sample):
            target = StateNode(lifecycle.transitions[name].target, name)
            if target not in reached:
                reached[target] = Reached((*path, name), changed)
                waiting.append(target)
    return reached


def firings(
    lifecycle: Lifecycle, record: Record, at: int, sample: Callable[[], Record]
) -> Iterator[tuple[str, Record]]:
    """Each transition that a record may have now, and the record after it; `at` and `sample` as in `records_from`."""
    for name in lifecycle.allowed(record[lifecycle.field]):
        step = lifecycle.transitions[name]
        if step.guard is None or step.guard.is_valid(record):
            body = step.effects.sample_body(sample()) if step.effects.read_body else None
            yield name, {**record, lifecycle.field: step.target, **step.effects.apply(at, body)}


def reachable_states(lifecycle: Lifecycle) -> frozenset[str]:
    """The states that a record can reach from the initial one."""
    return frozenset(node.state for node in paths_from(lifecycle, StateNode(lifecycle.initial, None)))


def applicable_rules(rules: Sequence[Rule], field: str, record: Record, states: Collection[str]) -> set[int]:
    """The numbers of the rules that can apply to the record in one of these states; `field` holds its state.

    A matching rule without `times` always comes before the rules after it.
    """
    numbers: set[int] = set()
    for state in states:
        record_there = {**record, field: state}
        for number, rule in enumerate(rules):
            if rule.state == state and rule.applies_to(record_there):
                numbers.add(number)
                if rule.times is None:
                    break
    return numbers
