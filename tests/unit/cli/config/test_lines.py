from __future__ import annotations

import pytest

from perpend.cli.config.files import line_of

TEXT = '''# store = "commented out"
store = "estate"
output.limit = 3
policies = [
  "a",
]
note = """
exclude = ["inside a text"]
"""
exclude = []
[accounts."111122223333"]
name = 'x'
[ accounts . 444455556666 ]
"owner" = "y"
[output]
site = {out = "inline"}
'''


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (("store",), 2),
        (("output", "limit"), 3),
        (("policies",), 4),
        (("exclude",), 10),
        (("accounts", "111122223333"), 11),
        (("accounts", "111122223333", "name"), 12),
        (("accounts", "444455556666", "owner"), 14),
        (("output", "site"), 16),
        (("output", "site", "out"), 16),
        (("absent",), None),
        ((), None),
    ],
)
def test_a_key_has_the_line_it_begins_in_or_that_of_what_holds_it(name: tuple[str, ...], line: int | None) -> None:
    assert line == line_of(TEXT, name)


def test_quotes_in_a_comment_open_no_text() -> None:
    assert 2 == line_of("# it's '''\nstore = 'x'\n", ("store",))
