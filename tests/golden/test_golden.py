"""The golden repository gives the expected texts. ``make golden`` writes them anew."""

from __future__ import annotations

import pytest

from tests.golden.steps import EXPECTED, STEPS


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    assert (EXPECTED / name).read_text("utf-8") == STEPS[name]()


def test_every_expected_text_has_a_step() -> None:
    assert sorted(STEPS) == sorted(path.name for path in EXPECTED.iterdir())
