"""How records move on their own: which `progress` rule a record waits for, until when, and what is due next."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from msgspec import Struct

from mockserver.contract.lifecycle import Lifecycle
from mockserver.contract.model import Record, Rule, Scenario
from mockserver.engine.state.seeded_draws import draw_between

# Of the rules with `times`, how often each has been applied to a record, by number.
RuleUses = Mapping[int, int]
UNUSED: RuleUses = {}
# About the square root of the number of transitions that thousands of records wait for.
BLOCK_SIZE = 48
LAST = itemgetter(-1)


class DueTransition(Struct, frozen=True, order=True):
    """A transition that will be fired at `at`. Of equal instants, the order is by resource, then by key.

    `is_text` says whether the key is a text: these come after numbers. `rule` is the number of the rule in the
    scenario.
    """

    at: int
    resource: str
    is_text: bool
    key: Any
    rule: int


class Schedule(Struct, frozen=True):
    """A scenario's `progress` rules by resource, and the seed of their random waits."""

    rules: Mapping[str, tuple[Rule, ...]]
    seed: int

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Schedule:
        """The schedule of a scenario."""
        return cls(scenario.progress, scenario.seed)

    def next(
        self, resource: str, lifecycle: Lifecycle | None, key: Any, record: Record, uses: RuleUses, since: int
    ) -> DueTransition | None:
        """The transition that a record waits for after it has entered its state at `since`."""
        rules = self.rules.get(resource)
        if lifecycle is None or not rules:
            return None
        state = record[lifecycle.field]
        for number, rule in enumerate(rules):
            if rule.state != state or (rule.times is not None and uses.get(number, 0) >= rule.times):
                continue
            if rule.applies_to(record):
                wait = draw_between(rule.min_wait, rule.max_wait, self.seed, resource, key, number)
                return DueTransition(since + wait, resource, isinstance(key, str), key, number)
        return None


class Agenda:
    """Transitions in the order in which they are due, as an immutable value: a change copies two blocks, and not all.

    The blocks are those of `SortedRows` without its keys: transitions are compared as they are.

    `first` is the one that is due next; None where there is none.
    """

    __slots__ = ("_blocks", "first")

    def __init__(self, blocks: list[list[DueTransition]]) -> None:
        self._blocks = blocks
        self.first = blocks[0][0] if blocks else None

    @classmethod
    def from_transitions(cls, transitions: Iterable[DueTransition]) -> Agenda:
        """The agenda of these transitions, which may come in any order."""
        entries = sorted(transitions)
        return cls([entries[start : start + BLOCK_SIZE] for start in range(0, len(entries), BLOCK_SIZE)])

    def with_replaced(self, old: DueTransition | None, new: DueTransition | None) -> Agenda:
        """The agenda without `old`, which is in it, and with `new`."""
        if old is None and new is None:
            return self
        blocks = self._blocks.copy()
        if old is not None:
            index = bisect_left(blocks, old, key=LAST)
            block = blocks[index].copy()
            del block[bisect_left(block, old)]
            blocks[index : index + 1] = [block] if block else []
        if new is not None:
            index = min(bisect_left(blocks, new, key=LAST), max(len(blocks) - 1, 0))
            block = blocks[index].copy() if blocks else []
            insort(block, new)
            half = BLOCK_SIZE if len(block) > 2 * BLOCK_SIZE else len(block)
            blocks[index : index + 1] = [part for part in (block[:half], block[half:]) if part]
        return Agenda(blocks)


NOTHING_DUE = Agenda([])
