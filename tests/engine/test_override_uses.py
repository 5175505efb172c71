from __future__ import annotations

from mockserver.engine.override_uses import OverrideUses


def test_each_override_is_counted_on_its_own() -> None:
    uses = OverrideUses()
    assert [uses.add(name) for name in ("a", "b", "a")] == [1, 1, 2]
    assert uses.counts == {"a": 2, "b": 1}
    assert "b" in uses
    assert "c" not in uses


def test_counts_that_were_kept_do_not_change() -> None:
    uses = OverrideUses()
    uses.add("a")
    stored = uses.counts
    uses.add("a")
    assert stored == {"a": 1}
    assert OverrideUses(stored).add("a") == 2


def test_the_counts_of_other_overrides_are_forgotten() -> None:
    uses = OverrideUses()
    uses.add("a")
    uses.add("b")
    uses.retain({"b", "c"})
    assert uses.counts == {"b": 1}
