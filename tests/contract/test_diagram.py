from __future__ import annotations

from itertools import combinations

import pytest

from mockserver import Contract
from mockserver.contract.diagrams.diagram import Picture, draw, is_final, layers
from mockserver.contract.diagrams.mermaid import write_mermaid
from mockserver.contract.lifecycle import Lifecycle, Transition


def lifecycle(*transitions: tuple[str, str, str], initial: str = "a") -> Lifecycle:
    """A lifecycle of (name, source, target); equal names are one transition with several sources."""
    sources: dict[str, list[str]] = {}
    targets = {name: target for name, _, target in transitions}
    for name, source, _ in transitions:
        sources.setdefault(name, []).append(source)
    by_name = {name: Transition(name, tuple(sources[name]), targets[name]) for name in sources}
    return Lifecycle("status", initial, by_name)


@pytest.fixture
def jobs(built_in: Contract) -> Lifecycle:
    lifecycle = built_in.resources["jobs"].lifecycle
    assert lifecycle is not None
    return lifecycle


def overlapping(drawn: Picture) -> list[tuple[object, object]]:
    """Every two of the labels and boxes that overlap."""
    areas = {("label", *item.label.lines, item.source): item.label.area for item in drawn.arrows}
    areas |= {("box", item.state): (item.x, item.y, item.x + item.width, item.y + item.height) for item in drawn.boxes}
    return [
        (a, b)
        for (a, item), (b, other) in combinations(areas.items(), 2)
        if item[0] < other[2] and other[0] < item[2] and item[1] < other[3] and other[1] < item[3]
    ]


def test_layers_hold_the_states_by_their_distance_from_the_initial_one(jobs: Lifecycle) -> None:
    assert layers(jobs) == [["queued"], ["running", "cancelled"], ["succeeded", "failed"]]


def test_an_unreachable_state_comes_last() -> None:
    assert layers(lifecycle(("go", "a", "b"), ("return", "lost", "a"))) == [["a"], ["b"], ["lost"]]


def test_a_state_is_final_if_no_transition_leaves_it(jobs: Lifecycle) -> None:
    assert [state for state in jobs.states if is_final(jobs, state)] == ["succeeded", "cancelled"]


def test_mermaid_draws_every_transition_the_initial_state_and_the_final_ones(jobs: Lifecycle) -> None:
    assert write_mermaid("jobs", jobs).splitlines() == [
        "stateDiagram-v2",
        "    %% jobs",
        "    [*] --> queued",
        "    queued --> running: start",
        "    queued --> cancelled: cancel",
        "    running --> succeeded: succeed",
        "    running --> failed: fail",
        "    running --> cancelled: cancel",
        "    failed --> queued: retry",
        "    cancelled --> [*]",
        "    succeeded --> [*]",
    ]


def test_mermaid_numbers_states_whose_names_it_would_misread() -> None:
    drawn = write_mermaid("a\nb", lifecycle(('say: "x"; #1', "in progress", "end"), initial="in progress")).splitlines()
    assert drawn[1:] == [
        "    %% a b",
        '    state "in progress" as state_1',
        '    state "end" as state_2',
        "    [*] --> state_1",
        "    state_1 --> state_2: say#58; #34;x#34;#59; #35;1",
        "    state_2 --> [*]",
    ]


def test_the_labels_of_the_built_in_lifecycle_overlap_nothing(jobs: Lifecycle) -> None:
    assert overlapping(draw(jobs)) == []


@pytest.mark.parametrize(
    "drawn",
    [
        lifecycle(("stay", "a", "a")),
        lifecycle(("go", "a", "b"), ("back", "b", "a")),
        lifecycle(("left", "a", "b"), ("right", "a", "c"), ("over", "b", "c"), ("back", "c", "b")),
        lifecycle(("x", "a", "b"), ("y", "a", "c"), ("z", "a", "d"), ("far", "b", "d"), ("redo", "d", "a"), ("again", "c", "a")),
        lifecycle(("return", "lost", "a")),
    ],
)  # fmt: skip
def test_a_picture_holds_every_state_and_arrow_without_overlaps(drawn: Lifecycle) -> None:
    picture = draw(drawn)
    assert {item.state for item in picture.boxes} == set(drawn.states)
    assert {(item.source, item.target) for item in picture.arrows} == {
        (source, item.target) for item in drawn.transitions.values() for source in item.sources
    }
    for left, top, right, bottom in [item.label.area for item in picture.arrows] + [
        (item.x, item.y, item.x + item.width, item.y + item.height) for item in picture.boxes
    ]:
        assert left >= 0
        assert top >= 0
        assert right <= picture.width
        assert bottom <= picture.height
    assert overlapping(picture) == []


def test_a_picture_is_described_in_words(jobs: Lifecycle) -> None:
    assert draw(jobs).text == (
        "It begins as queued. From queued, start leads to running, cancel leads to cancelled. From running, succeed leads "
        "to succeeded, fail leads to failed, cancel leads to cancelled. cancelled is final. succeeded is final. "
        "From failed, retry leads to queued."
    )
