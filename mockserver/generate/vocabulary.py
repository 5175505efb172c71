"""Plain words, for text of which neither an example nor a name says more."""

from __future__ import annotations

import random

WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbour", "island", "juniper", "kelp", "lagoon",
    "meadow", "nectar", "orchard", "pebble", "quartz", "river", "summit", "thicket", "umber", "valley", "willow",
    "yarrow", "zephyr",
)  # fmt: skip

# What the name of a thing is called, in place of `name`, which is a person's.
THING_NAME = "thing_name"


def pick_word(rng: random.Random) -> str:
    """One word."""
    return rng.choice(WORDS)
