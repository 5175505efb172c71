"""The overrides of a run as an immutable value: which there are, and how often each was used up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.contract.model import Override
from mockserver.engine.state.seeded import between
from mockserver.refusals import OverrideLimit, UnknownOverride

OVERRIDE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class ActiveOverride:
    """An override with the id that it goes by. Those of the scenario are there for good."""

    id: str
    override: Override
    from_scenario: bool = False

    def delay(self, seed: int, number: int) -> int:
        """The delay of its so-manieth use, in milliseconds."""
        return between(self.override.min_delay, self.override.max_delay, seed, self.id, number)


@dataclass(frozen=True, slots=True)
class Overrides:
    """Those that were added, newest first, then the scenario's in their order; `made` counts all that were added."""

    active: tuple[ActiveOverride, ...] = ()
    use_counts: Mapping[str, int] = field(default_factory=dict)
    made: int = 0

    @classmethod
    def from_scenario(cls, overrides: tuple[Override, ...]) -> Overrides:
        """The overrides that a scenario begins with."""
        return cls(tuple(ActiveOverride(f"scenario-{number}", one, True) for number, one in enumerate(overrides, 1)))

    def add(self, override: Override) -> Overrides:
        """With one more, which comes first. Raises OverrideLimit."""
        if len(self.active) >= OVERRIDE_LIMIT:
            raise OverrideLimit(OVERRIDE_LIMIT)
        placed = ActiveOverride(f"override-{self.made + 1}", override)
        return replace(self, active=(placed, *self.active), made=self.made + 1)

    def remove(self, name: str | None) -> Overrides:
        """Without the one of that id, or without any that was added. Raises UnknownOverride."""
        if name is not None and not any(one.id == name and not one.from_scenario for one in self.active):
            raise UnknownOverride(name, [one.id for one in self.active if not one.from_scenario])
        kept = tuple(one for one in self.active if one.from_scenario or (name is not None and one.id != name))
        counts = {known: count for known, count in self.use_counts.items() if any(one.id == known for one in kept)}
        return replace(self, active=kept, use_counts=counts)

    def use(self, name: str) -> Overrides:
        """With one use of that override counted. Raises UnknownOverride."""
        if not any(one.id == name for one in self.active):
            raise UnknownOverride(name, [one.id for one in self.active])
        return replace(self, use_counts={**self.use_counts, name: self.use_counts.get(name, 0) + 1})

    def match(self, operation: str, values: Mapping[str, Any]) -> ActiveOverride | None:
        """The first for the operation that these parameters meet and that is not used up."""
        return next(self._matching(operation, values), None)

    def _matching(self, operation: str, values: Mapping[str, Any]) -> Iterator[ActiveOverride]:
        for one in self.active:
            override = one.override
            spent = override.times is not None and self.use_counts.get(one.id, 0) >= override.times
            if override.operation == operation and not spent:
                if all(_meets(values.get(name), value) for name, value in override.where.items()):
                    yield one


def _meets(given: Any, wanted: Any) -> bool:
    return any(one == wanted or str(one) == str(wanted) for one in (given if isinstance(given, list) else [given]))


NONE = Overrides()
