"""The overrides of a run as an immutable value: which are active, and how often those with limited uses were used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.contract.model import Override
from mockserver.engine.state.seeded import draw_between
from mockserver.refusals import OverrideLimit, UnknownOverride

OVERRIDE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class ActiveOverride:
    """An override with its id. One that is `from_scenario` cannot be removed."""

    id: str
    override: Override
    from_scenario: bool = False

    def delay(self, seed: int, number: int) -> int:
        """Delay in milliseconds for use number `number`."""
        return draw_between(self.override.min_delay, self.override.max_delay, seed, self.id, number)


@dataclass(frozen=True, slots=True)
class Overrides:
    """The active overrides: those that were added, newest first, then the scenario's in their order.

    `added` counts all that were ever added. `use_counts` are by id, of overrides with a limited number of uses.
    """

    active: tuple[ActiveOverride, ...] = ()
    use_counts: Mapping[str, int] = field(default_factory=dict)
    added: int = 0

    @classmethod
    def from_scenario(cls, overrides: tuple[Override, ...]) -> Overrides:
        """The overrides of a scenario."""
        numbered = enumerate(overrides, 1)
        return cls(tuple(ActiveOverride(f"scenario-{number}", override, True) for number, override in numbered))

    def add(self, override: Override) -> Overrides:
        """The overrides with one more, in front of the others. Raises OverrideLimit."""
        if len(self.active) >= OVERRIDE_LIMIT:
            raise OverrideLimit(OVERRIDE_LIMIT)
        first = ActiveOverride(f"override-{self.added + 1}", override)
        return replace(self, active=(first, *self.active), added=self.added + 1)

    def remove(self, override_id: str | None) -> Overrides:
        """The overrides without the one with that id; without any that was added where it is None.

        Raises UnknownOverride.
        """
        removable = [active.id for active in self.active if not active.from_scenario]
        if override_id is not None and override_id not in removable:
            raise UnknownOverride(override_id, removable)
        removed = set(removable) if override_id is None else {override_id}
        remaining = tuple(active for active in self.active if active.id not in removed)
        counts = {name: count for name, count in self.use_counts.items() if name not in removed}
        return replace(self, active=remaining, use_counts=counts)

    def use(self, override_id: str) -> Overrides:
        """The overrides with one more use of that one counted. Raises UnknownOverride."""
        if not any(active.id == override_id for active in self.active):
            raise UnknownOverride(override_id, [active.id for active in self.active])
        counts = {**self.use_counts, override_id: self.use_counts.get(override_id, 0) + 1}
        return replace(self, use_counts=counts)

    def match(self, operation: str, parameters: Mapping[str, Any]) -> ActiveOverride | None:
        """The first override for a request to the operation with these parameters that is not used up."""
        for active in self.active:
            override = active.override
            if override.operation != operation or self._is_used_up(active):
                continue
            if all(has_value(parameters.get(name), value) for name, value in override.where.items()):
                return active
        return None

    def _is_used_up(self, active: ActiveOverride) -> bool:
        times = active.override.times
        return times is not None and self.use_counts.get(active.id, 0) >= times


def has_value(parameter: Any, value: Any) -> bool:
    """Whether a parameter, or one of its values where it is repeated, is `value`, as JSON or as text."""
    values = parameter if isinstance(parameter, list) else [parameter]
    return any(candidate == value or str(candidate) == str(value) for candidate in values)


NO_OVERRIDES = Overrides()
