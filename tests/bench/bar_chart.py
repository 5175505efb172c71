"""A bar chart as SVG, readable on light and on dark backgrounds."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, ROW, LABEL, VALUE = 720, 30, 250, 110
OURS, OTHERS = "#2f6fd6", "#8a93a1"


def draw(title: str, bars: Sequence[tuple[str, float, bool]]) -> str:
    """One bar for each label and value; the third member says whether it is ours, which has a colour of its own."""
    largest = max(value for _, value, _ in bars)
    height = 46 + ROW * len(bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        "<style>text{fill:#1b1f27;font-size:14px}.t{font-weight:600}"
        "@media(prefers-color-scheme:dark){text{fill:#e8eaee}}</style>",
        f'<text class="t" x="0" y="20">{escape(title)}</text>',
    ]
    for number, (label, value, is_ours) in enumerate(bars):
        y = 38 + ROW * number
        length = max(2.0, (WIDTH - LABEL - VALUE) * value / largest)
        colour = OURS if is_ours else OTHERS
        parts += [
            f'<text x="{LABEL - 10}" y="{y + 15}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="20" rx="3" fill="{colour}"/>',
            f'<text x="{LABEL + length + 8:.1f}" y="{y + 15}">{value:,.0f}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
