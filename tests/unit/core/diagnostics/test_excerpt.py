"""The part of a line that is shown, and the columns underlined in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.core.diagnostics.escape import display_width
from perpend.core.diagnostics.text import Excerpt, excerpt_of
from tests.unit.core.diagnostics.examples import LINES


@pytest.mark.parametrize(
    ("line", "start", "end", "expected"),
    [
        ("key: value", 5, 10, Excerpt("key: value", 5, 5)),
        ("\tkey:\tvalue", 6, 11, Excerpt(" key: value", 6, 5)),
        ("日本: 語", 4, 5, Excerpt("日本: 語", 6, 2)),
        ("e\u0301: x", 4, 5, Excerpt("e\u0301: x", 3, 1)),
        ("a\x1bb c", 4, 5, Excerpt("a\\x1bb c", 7, 1)),
        ("a \u202e", 2, 3, Excerpt("a \\u202e", 2, 6)),
        ("key", 3, 3, Excerpt("key", 3, 1)),
        ("key", 2, 99, Excerpt("key", 2, 1)),
        ("", 0, 1, Excerpt("", 0, 1)),
    ],
)
def test_short_line_is_shown_whole(line: str, start: int, end: int, expected: Excerpt) -> None:
    assert expected == excerpt_of(line, start, end, width=40)


LONG = "a" * 1_000_000 + "KEY" + "z" * 1_000_000


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (1_000_000, 1_000_003, Excerpt("…aaaaaaaKEYzzzzzzzz…", 8, 3)),
        (1_000_000, 1_900_000, Excerpt("…aaKEYzzzzzzzzzzzzz…", 3, 16)),
        (0, 3, Excerpt("aaaaaaaaaaaaaaaaaa…", 0, 3)),
        (2_000_002, 2_000_003, Excerpt("…zzzzzzzzzzzzzzzzzz", 18, 1)),
        (2_000_003, 2_000_003, Excerpt("…zzzzzzzzzzzzzzzzzz", 19, 1)),
        (3_000_000, 3_000_001, Excerpt("…zzzzzzzzzzzzzzzzzz", 19, 1)),
    ],
)
def test_line_of_megabytes_is_cut_around_the_place(start: int, end: int, expected: Excerpt) -> None:
    assert expected == excerpt_of(LONG, start, end, width=20)


def test_wide_and_escaped_characters_count_against_the_width() -> None:
    assert Excerpt("…日\\x1b日!日\\x1b日…", 9, 1) == excerpt_of("日\x1b日" * 9 + "!" + "日\x1b日" * 9, 27, 28, width=20)


def test_line_of_combining_marks_is_cut_too() -> None:
    excerpt = excerpt_of("a" + "\u0301" * 1_000_000, 500_000, 500_001, width=20)
    expected = ("…", "…", True)
    assert expected == (excerpt.text[0], excerpt.text[-1], len(excerpt.text) < 100)


@given(LINES.map(lambda line: (line or "") * 3), st.integers(0, 250), st.integers(0, 250), st.integers(24, 60))
def test_excerpt_of_any_line_fits_and_its_underline_lies_within(line: str, start: int, end: int, width: int) -> None:
    excerpt = excerpt_of(line, start, end, width=width)
    shown = display_width(excerpt.text)
    assert shown <= width
    assert excerpt.length >= 1
    assert excerpt.before + excerpt.length <= shown + 1
