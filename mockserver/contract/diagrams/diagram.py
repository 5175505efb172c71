"""A lifecycle laid out as boxes and arrows, for pages. Pure: coordinates only, no drawing."""

from __future__ import annotations

from msgspec import Struct

from mockserver.contract.lifecycle import Lifecycle

# In pixels. The width of a letter is an upper bound, so that texts never overlap, whatever the font.
LETTER, LINE, PADDING = 7.5, 16.0, 14.0
BOX_HEIGHT, GAP, LAYER, LANE, MARGIN = 34.0, 44.0, 92.0, 14.0, 10.0
# Where a label may be along an arrow, the preferred position first.
LABEL_POSITIONS = (0.5, 0.38, 0.62, 0.28, 0.72, 0.2, 0.8)

Point = tuple[float, float]
# Left, top, right, bottom.
Area = tuple[float, float, float, float]


def layers(lifecycle: Lifecycle) -> list[list[str]]:
    """The states by their distance from the initial one, in declared order; unreachable ones come last."""
    rows, seen = [[lifecycle.initial]], {lifecycle.initial}
    while True:
        reached = {
            transition.target
            for transition in lifecycle.transitions.values()
            if any(source in rows[-1] for source in transition.sources)
        } - seen
        if not reached:
            break
        rows.append([state for state in lifecycle.states if state in reached])
        seen |= reached
    rest = [state for state in lifecycle.states if state not in seen]
    return [*rows, rest] if rest else rows


def is_final(lifecycle: Lifecycle, state: str) -> bool:
    """Whether no transition leaves a state."""
    return not lifecycle.allowed(state)


def arrows(lifecycle: Lifecycle) -> dict[tuple[str, str], list[str]]:
    """The names of the transitions from one state to another, in the order of the sources' layers."""
    names: dict[tuple[str, str], list[str]] = {}
    for state in (state for layer in layers(lifecycle) for state in layer):
        for name in lifecycle.allowed(state):
            names.setdefault((state, lifecycle.transitions[name].target), []).append(name)
    return names


class Box(Struct, frozen=True):
    """A state: the upper left corner and the size of its box."""

    state: str
    x: float
    y: float
    width: float
    height: float
    is_initial: bool
    is_final: bool

    @property
    def center(self) -> Point:
        """The center of the box."""
        return self.x + self.width / 2, self.y + self.height / 2


class Label(Struct, frozen=True):
    """Lines of text centered at the point `x`, `y`."""

    x: float
    y: float
    lines: tuple[str, ...]

    @property
    def area(self) -> Area:
        """The space that it takes."""
        width, height = max(map(len, self.lines)) * LETTER, len(self.lines) * LINE
        return self.x - width / 2, self.y - height / 2, self.x + width / 2, self.y + height / 2


class Arrow(Struct, frozen=True):
    """The transitions from one state to another; `path` is in SVG's notation."""

    source: str
    target: str
    path: str
    label: Label


class Picture(Struct, frozen=True):
    """A lifecycle as boxes and arrows; `text` describes it in words."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    text: str


def draw(lifecycle: Lifecycle) -> Picture:
    """Lay a lifecycle out from top to bottom, layer by layer; arrows to a higher layer run on the right."""
    rows = layers(lifecycle)
    boxes = _boxes(lifecycle, rows)
    depth = {state: number for number, row in enumerate(rows) for state in row}
    right = max(box.x + box.width for box in boxes.values())
    drawn: list[Arrow] = []
    occupied = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in boxes.values()]
    for (source, target), names in arrows(lifecycle).items():
        ends = (boxes[source], boxes[target], tuple(names))
        if source == target:
            arrow = _draw_loop(boxes[source], tuple(names))
        elif depth[target] > depth[source]:
            arrow = _draw_down(*ends, occupied)
        elif depth[target] == depth[source] and _are_neighbours(rows[depth[source]], source, target):
            arrow = _draw_across(*ends)
        else:
            arrow = _draw_back(*ends, right)
            right = max(right + LANE, arrow.label.area[2])
        drawn.append(arrow)
        occupied.append(arrow.label.area)
    width = max([right, *(area[2] for area in occupied)]) + MARGIN
    height = len(rows) * LAYER - LAYER + BOX_HEIGHT + 2 * MARGIN
    return Picture(width, height, tuple(boxes.values()), tuple(drawn), describe(lifecycle))


def describe(lifecycle: Lifecycle) -> str:
    """A lifecycle in words."""
    sentences = [f"It begins as {lifecycle.initial}."]
    for state in (state for layer in layers(lifecycle) for state in layer):
        steps = [
            f"{' or '.join(names)} leads to {target}"
            for (source, target), names in arrows(lifecycle).items()
            if source == state
        ]
        sentences.append(f"From {state}, {', '.join(steps)}." if steps else f"{state} is final.")
    return " ".join(sentences)


def _boxes(lifecycle: Lifecycle, rows: list[list[str]]) -> dict[str, Box]:
    width = max(len(state) for state in lifecycle.states) * LETTER + 2 * PADDING
    step = width + max(GAP, _longest_sideways(lifecycle) * LETTER + PADDING)
    full_width = max(len(row) for row in rows) * step - (step - width)
    boxes: dict[str, Box] = {}
    for number, row in enumerate(rows):
        left = MARGIN + (full_width - (len(row) * step - (step - width))) / 2
        for index, state in enumerate(row):
            corner = left + index * step, MARGIN + number * LAYER
            is_initial = state == lifecycle.initial
            boxes[state] = Box(state, *corner, width, BOX_HEIGHT, is_initial, is_final(lifecycle, state))
    return boxes


def _longest_sideways(lifecycle: Lifecycle) -> int:
    """The length of the longest label between two states of a layer."""
    depth = {state: number for number, row in enumerate(layers(lifecycle)) for state in row}
    sideways = [
        names
        for (source, target), names in arrows(lifecycle).items()
        if depth[source] == depth[target] and source != target
    ]
    return max((len(name) for names in sideways for name in names), default=0)


def _are_neighbours(row: list[str], source: str, target: str) -> bool:
    return abs(row.index(source) - row.index(target)) == 1


def _draw_down(source: Box, target: Box, names: tuple[str, ...], occupied: list[Area]) -> Arrow:
    """From the lower edge of one box to the upper edge of another, the label in a free position if possible."""
    to_x, from_x = target.center[0], source.center[0]
    # Keeps arrows that start or end at the same box apart.
    lean = max(-source.width / 4, min(source.width / 4, (to_x - from_x) / 8))
    start, end = (from_x + lean, source.y + source.height), (to_x - lean, target.y)
    bend = (end[1] - start[1]) / 2
    control = (start[0], start[1] + bend), (end[0], end[1] - bend)
    labels = [Label(*_on_curve(start, *control, end, position), names) for position in LABEL_POSITIONS]
    free = [label for label in labels if not any(_overlap(label.area, area) for area in occupied)]
    path = f"M{_svg(start)} C{_svg(control[0])} {_svg(control[1])} {_svg(end)}"
    return Arrow(source.state, target.state, path, (free or labels)[0])


def _draw_across(source: Box, target: Box, names: tuple[str, ...]) -> Arrow:
    """Between neighbours of a layer, rightwards in the upper half and leftwards in the lower one."""
    rightwards = target.x > source.x
    y = source.y + source.height * (0.35 if rightwards else 0.65)
    start = source.x + (source.width if rightwards else 0)
    end = target.x + (0 if rightwards else target.width)
    label_y = y - LINE * len(names) / 2 - 2 if rightwards else y + LINE * len(names) / 2 + 2
    path = f"M{_svg((start, y))} L{_svg((end, y))}"
    return Arrow(source.state, target.state, path, Label((start + end) / 2, label_y, names))


def _draw_back(source: Box, target: Box, names: tuple[str, ...], right: float) -> Arrow:
    """Out of a box to a lane of its own on the right of `right`, along it, and into the other box."""
    lane = right + 2 * LANE
    start, end = (source.x + source.width, source.center[1]), (target.x + target.width, target.center[1])
    turn = LANE if end[1] > start[1] else -LANE
    if start[1] == end[1]:
        start, end = (start[0], start[1] + 6), (end[0], end[1] - 6)
    path = (
        f"M{_svg(start)} L{_svg((lane - LANE, start[1]))} Q{_svg((lane, start[1]))} {_svg((lane, start[1] + turn))} "
        f"L{_svg((lane, end[1] - turn))} Q{_svg((lane, end[1]))} {_svg((lane - LANE, end[1]))} L{_svg(end)}"
    )
    half = max(map(len, names)) * LETTER / 2
    return Arrow(source.state, target.state, path, Label(lane + half + 6, (start[1] + end[1]) / 2, names))


def _draw_loop(box: Box, names: tuple[str, ...]) -> Arrow:
    """Out of a box and back into it, on its right."""
    x, y = box.x + box.width, box.center[1]
    path = f"M{_svg((x, y - 8))} C{_svg((x + 28, y - 18))} {_svg((x + 28, y + 18))} {_svg((x, y + 8))}"
    return Arrow(box.state, box.state, path, Label(x + 28 + max(map(len, names)) * LETTER / 2, y, names))


def _on_curve(start: Point, first: Point, second: Point, end: Point, position: float) -> Point:
    """The point of a cubic Bézier curve at a position from 0 to 1."""
    rest = 1 - position
    weights = (rest**3, 3 * rest**2 * position, 3 * rest * position**2, position**3)
    points = (start, first, second, end)
    return (
        sum(weight * point[0] for weight, point in zip(weights, points, strict=True)),
        sum(weight * point[1] for weight, point in zip(weights, points, strict=True)),
    )


def _overlap(area: Area, other: Area) -> bool:
    return area[0] < other[2] and other[0] < area[2] and area[1] < other[3] and other[1] < area[3]


def _svg(point: Point) -> str:
    """A point in SVG's notation."""
    return f"{point[0]:.1f} {point[1]:.1f}"
