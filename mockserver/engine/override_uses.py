"""How often requests have been answered by each override of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping


class OverrideUses:
    """Counts by the override's id. The mapping itself is never changed in place, so `counts` can be kept and put back.

    Overrides with a limited number of uses are counted in the run's state as well (`Overrides.use_counts`), since
    those counts decide what is answered.
    """

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self.counts: Mapping[str, int] = counts if counts is not None else {}

    def __contains__(self, override_id: str) -> bool:
        return override_id in self.counts

    def add(self, override_id: str) -> int:
        """Count one more use of an override; how often it has been used by now."""
        number = self.counts.get(override_id, 0) + 1
        self.counts = {**self.counts, override_id: number}
        return number

    def retain(self, override_ids: Collection[str]) -> None:
        """Forget the counts of all other overrides: their ids may come to name different ones."""
        self.counts = {name: count for name, count in self.counts.items() if name in override_ids}
