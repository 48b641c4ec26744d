"""Of which expressions it is said that they find nothing in blank texts."""

from __future__ import annotations

import pytest
import re2

from perpend.authoring.mutation.proof.single import finds_no_blank

BLANKS = ("", " ", "  ", "\t", "\n", "\r\n", " \f\v ")


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (r"^([Aa]ll|-1|tcp|[0-9]{1,3})$", True),
        (r"^arn:aws[a-z-]*:iam::(aws|\d{12}):policy/\w+$", True),
        (r"a|\.", True),
        (r"^[0-9]*$", False),
        (r"^a?b*$", False),
        (r"^.+$", False),
        (r"^\s$", False),
        (r"^[^a]$", False),
        (r"^[[:space:]]$", False),
        (r"^( |a)$", False),
        (r"^[\t-z]$", False),
        (r"^\x20$", False),
        (r"^\PL$", False),
        (r"^\W$", False),
    ],
)
def test_only_what_shows_no_white_space_is_certain(regex, expected):
    assert expected == finds_no_blank(regex)
    assert not (expected and any(re2.search(regex, blank) for blank in BLANKS))
