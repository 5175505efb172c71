"""The overrides of a run as an immutable value: which are active, and how often those with limited uses were used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.contract.model import Override
from mockserver.contract.request_conditions import RequestContent, SentParameters
from mockserver.engine.state.persistent_map import PersistentMap
from mockserver.engine.state.seeded_draws import draw_between
from mockserver.refusals import OverrideLimit, UnknownOverride
from mockserver.syntax import strict_json

OVERRIDE_LIMIT = 10_000
NO_DRAWS = PersistentMap.from_items({})
# A share is drawn in steps of a millionth.
DRAW_STEPS = 1_000_000


class ActiveOverride(Struct, frozen=True):
    """An override with its id. One that is `from_scenario` cannot be removed."""

    id: str
    override: Override
    from_scenario: bool = False

    def delay(self, seed: int, number: int) -> int:
        """Delay in milliseconds for use number `number`."""
        return draw_between(self.override.min_delay, self.override.max_delay, seed, self.id, number)


class OverrideChoice(Struct, frozen=True):
    """The override for a request, and the ids of those with a share of the requests that were drawn for to find it."""

    override: ActiveOverride | None
    drawn: tuple[str, ...]


class Overrides(Struct, frozen=True):
    """The active overrides: those that were added, newest first, then the scenario's in their order.

    `added` counts all that were ever added. `use_counts` are by id, of overrides with a limited number of uses, and
    `draw_counts` of those with a share of the requests.
    """

    active: tuple[ActiveOverride, ...] = ()
    use_counts: Mapping[str, int] = field(default_factory=dict)
    added: int = 0
    draw_counts: PersistentMap = NO_DRAWS
    # The ids of the active ones.
    ids: frozenset[str] = frozenset()

    @classmethod
    def from_scenario(cls, overrides: tuple[Override, ...]) -> Overrides:
        """The overrides of a scenario."""
        active = tuple(ActiveOverride(name, override, True) for name, override in _by_id(overrides).items())
        return cls(active, ids=frozenset(override.id for override in active))

    def add(self, override: Override) -> Overrides:
        """The overrides with one more, in front of the others. Raises OverrideLimit."""
        self.require_room(1)
        first = ActiveOverride(f"override-{self.added + 1}", override)
        return replace(self, active=(first, *self.active), added=self.added + 1, ids=self.ids | {first.id})

    def require_room(self, count: int) -> None:
        """Raise OverrideLimit unless so many can be added."""
        if len(self.active) + count > OVERRIDE_LIMIT:
            raise OverrideLimit(OVERRIDE_LIMIT)

    def remove(self, override_id: str | None) -> Overrides:
        """The overrides without the one with that id; without any that was added where it is None.

        Raises UnknownOverride.
        """
        removable = [active.id for active in self.active if not active.from_scenario]
        if override_id is not None and override_id not in removable:
            raise UnknownOverride(
                override_id, removable, is_in_scenario=override_id in {active.id for active in self.active}
            )
        removed = set(removable) if override_id is None else {override_id}
        remaining = tuple(active for active in self.active if active.id not in removed)
        counts = {name: count for name, count in self.use_counts.items() if name not in removed}
        draws = {name: count for name, count in self.draw_counts.as_dict().items() if name not in removed}
        return replace(
            self,
            active=remaining,
            use_counts=counts,
            draw_counts=PersistentMap.from_items(draws) if draws else NO_DRAWS,
            ids=self.ids - removed,
        )

    def use(self, override_id: str) -> Overrides:
        """The overrides with one more use of that one counted. Raises UnknownOverride."""
        self._require(override_id)
        counts = {**self.use_counts, override_id: self.use_counts.get(override_id, 0) + 1}
        return replace(self, use_counts=counts)

    def draw(self, override_id: str) -> Overrides:
        """The overrides with one more draw of that one counted. Raises UnknownOverride."""
        self._require(override_id)
        counts = self.draw_counts
        return replace(self, draw_counts=counts.insert(override_id, counts.get(override_id, 0) + 1))

    @property
    def has_draws(self) -> bool:
        """Whether the response to a request may have depended on a draw."""
        return self.draw_counts is not NO_DRAWS

    def choose(
        self, operation: str, parameters: Mapping[str, Any], content: RequestContent, seed: int
    ) -> OverrideChoice:
        """The first override that matches a request and, where it has a share of the requests, is drawn for it.

        Raises TooMuchToMatch.
        """
        drawn: list[str] = []
        for active in self.matches(operation, parameters, content):
            if active.override.share >= 1:
                return OverrideChoice(active, tuple(drawn))
            drawn.append(active.id)
            if self._is_drawn(active, seed):
                return OverrideChoice(active, tuple(drawn))
        return OverrideChoice(None, tuple(drawn))

    def _is_drawn(self, active: ActiveOverride, seed: int) -> bool:
        """Whether an override with a share is the response to the request that is drawn for next."""
        number: int = self.draw_counts.get(active.id, 0)
        return draw_between(0, DRAW_STEPS - 1, seed, "share", active.id, number) < active.override.share * DRAW_STEPS

    def matches(
        self, operation: str, parameters: Mapping[str, Any], content: RequestContent
    ) -> Iterator[ActiveOverride]:
        """The overrides for a request to the operation with these parameters that are not used up, the first first.

        Raises TooMuchToMatch.
        """
        sent = SentParameters(parameters)
        for active in self.active:
            override = active.override
            if override.operation not in (operation, None) or self._is_used_up(active):
                continue
            if all(condition.holds(name, sent, content.work) for name, condition in override.where.items()):
                if override.conditions is None or override.conditions.hold(content):
                    yield active

    def _require(self, override_id: str) -> None:
        if override_id not in self.ids:
            raise UnknownOverride(override_id, [active.id for active in self.active])

    def _is_used_up(self, active: ActiveOverride) -> bool:
        times = active.override.times
        return times is not None and self.use_counts.get(active.id, 0) >= times


NO_OVERRIDES = Overrides()


def _by_id(overrides: Sequence[Override]) -> dict[str, Override]:
    """The overrides of a scenario by their ids."""
    return {f"scenario-{number}": override for number, override in enumerate(overrides, 1)}


def find_renamed(before: Sequence[Override], after: Sequence[Override]) -> dict[str, str | None]:
    """By id of an override before a change of the scenario, its id after the change; None if it was removed."""
    names: dict[bytes, list[str]] = {}
    for name, override in reversed(_by_id(after).items()):
        names.setdefault(strict_json.dump_sorted(override.entry), []).append(name)
    same = ((name, names.get(strict_json.dump_sorted(override.entry))) for name, override in _by_id(before).items())
    return {name: others.pop() if others else None for name, others in same}
