"""What tells two constants of programs apart."""

from __future__ import annotations

import pytest

from perpend.language.program.program import constant_text

APART = (None, True, False, 1, 0, 1.0, -0.0, 0.0, 1e300, "1", "", "None", "true", "é", ("1",), ("1", None), (("1",),), ())


def test_constants_of_another_value_or_kind_have_another_text() -> None:
    assert len({constant_text(value) for value in APART}) == len(APART)


def test_the_text_is_the_same_in_every_process() -> None:
    assert constant_text(("a", 1, 1.5, None, True, {"b": 2})) == '["a", 1, 1.5, null, true, {"b": 2}]'


def test_a_constant_of_a_kind_that_nobody_thought_of_is_refused() -> None:
    with pytest.raises(TypeError):
        constant_text(object())
