"""Values of which several cases are left: what is said at once, and what is asked."""

from __future__ import annotations

import pytest

from perpend.authoring.mutation.proof.case_set import OpenQuestion, Several, alone, decided, mapped, merge_cases

SOME = Several("a", ((1, 1), (2, 2), (7, 7)))


def test_what_holds_of_all_cases_needs_no_choice():
    assert decided(SOME, lambda number: number > 0) is True
    assert "x" == merge_cases("a", [(1, "x"), (2, "x")])
    assert merge_cases("a", [(1, 1), (2, True)]) == Several("a", ((1, 1), (2, True)))


def test_where_cases_differ_the_choice_is_between_groups():
    with pytest.raises(OpenQuestion) as asked:
        decided(mapped(SOME, lambda number: number > 1), bool)
    assert ("a", ((1,), (2, 7))) == (asked.value.key, asked.value.options)
    with pytest.raises(OpenQuestion) as asked:
        alone(SOME)
    assert ((1,), (2,), (7,)) == asked.value.options
    assert 5 == alone(5)
