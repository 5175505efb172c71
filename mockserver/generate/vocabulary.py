"""Plain words, for values that no example and no name tells more about."""

from __future__ import annotations

import random

WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbour", "island", "juniper", "kelp", "lagoon",
    "meadow", "nectar", "orchard", "pebble", "quartz", "river", "summit", "thicket", "umber", "valley", "willow",
    "yarrow", "zephyr",
)  # fmt: skip


def word(chance: random.Random) -> str:
    """One word."""
    return chance.choice(WORDS)
