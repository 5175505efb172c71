"""Bars as an SVG, readable on light and on dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, ROW, LABEL = 720, 30, 250
OWN, OTHER = "#2f6fd6", "#8a93a1"


def bars(title: str, unit: str, rows: Sequence[tuple[str, float, bool]]) -> str:
    """A bar for each name and value; ours are told apart."""
    most = max(value for _, value, _ in rows)
    height = 46 + ROW * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        "<style>text{fill:#1b1f27;font-size:14px}.t{font-weight:600}"
        "@media(prefers-color-scheme:dark){text{fill:#e8eaee}}</style>",
        f'<text class="t" x="0" y="20">{escape(title)}</text>',
    ]
    for number, (name, value, own) in enumerate(rows):
        y = 38 + ROW * number
        length = max(2.0, (WIDTH - LABEL - 110) * value / most)
        parts += [
            f'<text x="{LABEL - 10}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="20" rx="3" fill="{OWN if own else OTHER}"/>',
            f'<text x="{LABEL + length + 8:.1f}" y="{y + 15}">{value:,.0f}{unit}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
