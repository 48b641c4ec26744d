"""A few drawn objects in, many out that hold their parts in other combinations: cheap, and seldom gone or unread."""

from __future__ import annotations

import os
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.estates import DELETION, OPEN, objects
from tests.strategies import POOL, Draw

TIME = 1_768_068_000_000
"""The time of the snapshot that is judged, in milliseconds since 1970."""

EXAMPLES = int(os.environ.get("PERPEND_DIFFERENTIAL_EXAMPLES", "28"))
THINGS = objects() | objects(loose=True)
OBJECTS_EACH = 40
_TEXTS = {"CA10__text__c", "CA10__json__c", OPEN}
_PARTS = ("CA10__Parts__r", "CA10__Bolts__r", "CA10__Things__r")


def mixed(drawn: list[dict[str, Any]], random: Random, number: int) -> list[dict[str, Any]]:
    """Return the drawn objects and mixtures of them, ``number`` in all; half of the texts are others, which often match."""
    mixtures = [_mixture(drawn, random) for _ in range(number - len(drawn))]
    for mixture in mixtures:
        for name in _TEXTS & mixture.keys():
            if random.random() < 0.5:
                mixture[name] = random.choice(POOL)
    return [*drawn, *mixtures]


def _mixture(drawn: list[dict[str, Any]], random: Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sorted({name for one in drawn for name in one}):
        values = [one[name] for one in drawn if name in one]
        if name == DELETION and random.random() < 0.8:
            values = [None]
        dicts = [value for value in values if isinstance(value, dict)]
        lists = [value for value in values if isinstance(value, list) and all(isinstance(item, dict) for item in value)]
        if dicts and random.random() < 0.7:
            found[name] = _mixture(dicts, random)
        elif name in _PARTS and any(lists) and random.random() < 0.8:
            items = [item for value in lists for item in value]
            found[name] = [_mixture(items, random) for _ in range(random.randint(0, 4))]
        elif random.random() < 0.97:
            found[name] = random.choice(values)
    return found


@st.composite
def batches(draw: Draw, number: int = OBJECTS_EACH) -> list[dict[str, Any]]:
    """Draw objects and mix them, ``number`` in all."""
    drawn = draw(st.lists(THINGS, min_size=2, max_size=6))
    return mixed(drawn, Random(draw(st.integers(0, 2**32))), number)
