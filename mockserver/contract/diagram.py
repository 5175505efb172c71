"""A lifecycle as a picture: as Mermaid for documents, and laid out as boxes and arrows for pages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mockserver.contract.lifecycle import Lifecycle

# In pixels. Letters are taken to be wide, so that no font makes texts meet.
LETTER, LINE, PADDING = 7.5, 16.0, 14.0
BOX_HEIGHT, GAP, LAYER, LANE, MARGIN = 34.0, 44.0, 92.0, 14.0, 10.0
# Where along an arrow its label may stand, the best place first.
PLACES = (0.5, 0.38, 0.62, 0.28, 0.72, 0.2, 0.8)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Words that Mermaid reads as its own.
_TAKEN = {"state", "note", "end", "direction", "class", "click", "hide", "as"}

Point = tuple[float, float]


def layers(lifecycle: Lifecycle) -> list[list[str]]:
    """The states by their distance from the initial one, as declared; what nothing leads to comes last."""
    found, seen = [[lifecycle.initial]], {lifecycle.initial}
    while True:
        reached = {
            transition.target
            for transition in lifecycle.transitions.values()
            if any(source in found[-1] for source in transition.sources)
        } - seen
        if not reached:
            break
        found.append([state for state in lifecycle.states if state in reached])
        seen |= reached
    rest = [state for state in lifecycle.states if state not in seen]
    return [*found, rest] if rest else found


def is_final(lifecycle: Lifecycle, state: str) -> bool:
    """Whether no transition leads out of a state."""
    return not lifecycle.allowed(state)


def arrows(lifecycle: Lifecycle) -> dict[tuple[str, str], list[str]]:
    """The transitions between each two states, in the order of the layers of the first."""
    found: dict[tuple[str, str], list[str]] = {}
    for state in (state for layer in layers(lifecycle) for state in layer):
        for name in lifecycle.allowed(state):
            found.setdefault((state, lifecycle.transitions[name].target), []).append(name)
    return found


def mermaid(name: str, lifecycle: Lifecycle) -> str:
    """The lifecycle of the resource `name` as a Mermaid state diagram."""
    states = [state for layer in layers(lifecycle) for state in layer]
    plain = {state: bool(_PLAIN.fullmatch(state)) and state.lower() not in _TAKEN for state in states}
    ids = {state: state if plain[state] else f"state_{number}" for number, state in enumerate(states, 1)}
    lines = ["stateDiagram-v2", f"    %% {_one_line(name)}"]
    lines += [f'    state "{_escape(state)}" as {ids[state]}' for state in states if not plain[state]]
    lines.append(f"    [*] --> {ids[lifecycle.initial]}")
    for (source, target), names in arrows(lifecycle).items():
        lines += [f"    {ids[source]} --> {ids[target]}: {_escape(one)}" for one in names]
    lines += [f"    {ids[state]} --> [*]" for state in states if is_final(lifecycle, state)]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escape(text: str) -> str:
    """Text as Mermaid takes it: what has a meaning there by its number."""
    return re.sub(r'[#;:"<>&{}%]', lambda found: f"#{ord(found[0])};", _one_line(text))


@dataclass(frozen=True, slots=True)
class Box:
    """A state: the upper left corner of its box, and the box's size."""

    state: str
    x: float
    y: float
    width: float
    height: float
    initial: bool
    final: bool

    @property
    def middle(self) -> Point:
        """Its middle."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Label:
    """Text about the point `x`, `y`, a line each."""

    x: float
    y: float
    lines: tuple[str, ...]

    @property
    def area(self) -> tuple[float, float, float, float]:
        """What it takes up: left, top, right, bottom."""
        width, height = max(map(len, self.lines)) * LETTER, len(self.lines) * LINE
        return self.x - width / 2, self.y - height / 2, self.x + width / 2, self.y + height / 2


@dataclass(frozen=True, slots=True)
class Arrow:
    """The transitions from one state to another: `path` is SVG's."""

    source: str
    target: str
    path: str
    label: Label


@dataclass(frozen=True, slots=True)
class Picture:
    """A lifecycle as boxes and arrows; `text` says in words what it shows."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    text: str


def draw(lifecycle: Lifecycle) -> Picture:
    """Lay a lifecycle out from top to bottom, layer by layer; arrows that lead back run outside, on the right."""
    rows = layers(lifecycle)
    boxes = _boxes(lifecycle, rows)
    depth = {state: number for number, row in enumerate(rows) for state in row}
    right = max(box.x + box.width for box in boxes.values())
    drawn: list[Arrow] = []
    taken = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in boxes.values()]
    for (source, target), names in arrows(lifecycle).items():
        goes = (boxes[source], boxes[target], tuple(names))
        if source == target:
            arrow = _loop(*goes)
        elif depth[target] > depth[source]:
            arrow = _down(*goes, taken)
        elif depth[target] == depth[source] and _are_neighbours(rows[depth[source]], source, target):
            arrow = _across(*goes)
        else:
            arrow = _back(*goes, right)
            right = max(right + LANE, arrow.label.area[2])
        drawn.append(arrow)
        taken.append(arrow.label.area)
    width = max([right, *(area[2] for area in taken)]) + MARGIN
    return Picture(width, len(rows) * LAYER - LAYER + BOX_HEIGHT + 2 * MARGIN, tuple(boxes.values()), tuple(drawn),
                   in_words(lifecycle))  # fmt: skip


def in_words(lifecycle: Lifecycle) -> str:
    """What a picture of the lifecycle shows."""
    told = [f"It begins as {lifecycle.initial}."]
    for source in (state for layer in layers(lifecycle) for state in layer):
        ways = [f"{' or '.join(names)} leads to {to}" for (at, to), names in arrows(lifecycle).items() if at == source]
        told.append(f"From {source}, {', '.join(ways)}." if ways else f"{source} is final.")
    return " ".join(told)


def _boxes(lifecycle: Lifecycle, rows: Iterable[list[str]]) -> dict[str, Box]:
    rows = list(rows)
    width = max(len(state) for state in lifecycle.states) * LETTER + 2 * PADDING
    widest = max(len(row) for row in rows)
    step = width + max(GAP, _longest(lifecycle) * LETTER + PADDING)
    full = widest * step - (step - width)
    found: dict[str, Box] = {}
    for number, row in enumerate(rows):
        left = MARGIN + (full - (len(row) * step - (step - width))) / 2
        for place, state in enumerate(row):
            at = left + place * step, MARGIN + number * LAYER
            first, last = state == lifecycle.initial, is_final(lifecycle, state)
            found[state] = Box(state, *at, width, BOX_HEIGHT, first, last)
    return found


def _longest(lifecycle: Lifecycle) -> int:
    """The longest label between two neighbours of a layer."""
    place: Mapping[str, int] = {state: number for number, row in enumerate(layers(lifecycle)) for state in row}
    across = [names for (a, b), names in arrows(lifecycle).items() if place[a] == place[b] and a != b]
    return max((len(name) for names in across for name in names), default=0)


def _are_neighbours(row: list[str], source: str, target: str) -> bool:
    return abs(row.index(source) - row.index(target)) == 1


def _down(source: Box, target: Box, names: tuple[str, ...], taken: list[tuple[float, float, float, float]]) -> Arrow:
    """From the lower edge of one box to the upper edge of another, the label where nothing else is."""
    to_x, from_x = target.middle[0], source.middle[0]
    # Arrows that part from one box, or meet at one, keep a little distance there.
    lean = max(-source.width / 4, min(source.width / 4, (to_x - from_x) / 8))
    start, end = (from_x + lean, source.y + source.height), (to_x - lean, target.y)
    bend = (end[1] - start[1]) / 2
    control = (start[0], start[1] + bend), (end[0], end[1] - bend)
    labels = [Label(*_on_curve(start, *control, end, place), names) for place in PLACES]
    free = [one for one in labels if not any(_overlap(one.area, other) for other in taken)]
    path = f"M{_at(start)} C{_at(control[0])} {_at(control[1])} {_at(end)}"
    return Arrow(source.state, target.state, path, (free or labels)[0])


def _across(source: Box, target: Box, names: tuple[str, ...]) -> Arrow:
    """Between neighbours of a layer; there and back keep apart."""
    rightwards = target.x > source.x
    y = source.y + source.height * (0.35 if rightwards else 0.65)
    start = source.x + (source.width if rightwards else 0)
    end = target.x + (0 if rightwards else target.width)
    above = y - LINE * len(names) / 2 - 2 if rightwards else y + LINE * len(names) / 2 + 2
    return Arrow(source.state, target.state, f"M{_at((start, y))} L{_at((end, y))}",
                 Label((start + end) / 2, above, names))  # fmt: skip


def _back(source: Box, target: Box, names: tuple[str, ...], right: float) -> Arrow:
    """Out to a lane of its own on the right, along it, and in again."""
    lane = right + 2 * LANE
    start, end = (source.x + source.width, source.middle[1]), (target.x + target.width, target.middle[1])
    turn = LANE if end[1] > start[1] else -LANE
    if start[1] == end[1]:
        start, end = (start[0], start[1] + 6), (end[0], end[1] - 6)
    path = (
        f"M{_at(start)} L{_at((lane - LANE, start[1]))} Q{_at((lane, start[1]))} {_at((lane, start[1] + turn))} "
        f"L{_at((lane, end[1] - turn))} Q{_at((lane, end[1]))} {_at((lane - LANE, end[1]))} L{_at(end)}"
    )
    half = max(map(len, names)) * LETTER / 2
    return Arrow(source.state, target.state, path, Label(lane + half + 6, (start[1] + end[1]) / 2, names))


def _loop(box: Box, _: Box, names: tuple[str, ...]) -> Arrow:
    """Out of a box and into it again, at its right."""
    x, y = box.x + box.width, box.middle[1]
    path = f"M{_at((x, y - 8))} C{_at((x + 28, y - 18))} {_at((x + 28, y + 18))} {_at((x, y + 8))}"
    return Arrow(box.state, box.state, path, Label(x + 28 + max(map(len, names)) * LETTER / 2, y, names))


def _on_curve(start: Point, first: Point, second: Point, end: Point, place: float) -> Point:
    """A point of a cubic Bézier curve."""
    rest = 1 - place
    weights = (rest**3, 3 * rest**2 * place, 3 * rest * place**2, place**3)
    points = (start, first, second, end)
    return (
        sum(weight * point[0] for weight, point in zip(weights, points, strict=True)),
        sum(weight * point[1] for weight, point in zip(weights, points, strict=True)),
    )


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _at(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
