from __future__ import annotations

from collections import Counter

from mockserver.engine.state.seeded_draws import draw_between


def test_a_draw_depends_on_its_purpose_alone_and_reaches_both_ends() -> None:
    drawn = [draw_between(3, 7, 0, "jobs", number) for number in range(500)]
    assert drawn == [draw_between(3, 7, 0, "jobs", number) for number in range(500)]
    assert drawn != [draw_between(3, 7, 1, "jobs", number) for number in range(500)]
    assert sorted(Counter(drawn)) == [3, 4, 5, 6, 7]
    assert min(Counter(drawn).values()) > 50


def test_there_is_nothing_to_draw_between_one_and_itself() -> None:
    assert draw_between(5, 5, "anything") == 5
