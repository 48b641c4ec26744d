"""Edits of a text: made all at once, and shown as lines that say all and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perpend.authoring.scaffold.edits import ChangedLines, Edit, changed_lines, edited

_TEXT = st.text("ab \n", max_size=30)


@st.composite
def texts_with_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """Draw a text and edits of it that do not overlap, in any order."""
    text = draw(_TEXT)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    pairs = list(zip(places[::2], places[1::2], strict=False))
    return text, draw(st.permutations([Edit(start, end, draw(_TEXT)) for start, end in pairs]))


@given(texts_with_edits())
def test_what_is_shown_makes_the_edited_text_of_the_old_one(drawn: tuple[str, list[Edit]]) -> None:
    text, edits = drawn
    lines, shift = text.split("\n"), 0
    for shown in changed_lines(text, edits):
        at = shown.number - 1 + shift
        assert list(shown.before) == lines[at : at + len(shown.before)]
        lines[at : at + len(shown.before)] = shown.after
        shift += len(shown.after) - len(shown.before)
    assert edited(text, edits).split("\n") == lines


def test_only_lines_that_differ_are_shown() -> None:
    text = "one\ntwo\nthree\nfour\n"
    edits = [Edit(4, 7, "2\n2½"), Edit(14, 19, "")]
    assert [ChangedLines(2, ("two",), ("2", "2½")), ChangedLines(4, ("four",), ())] == list(changed_lines(text, edits))


def test_edits_of_one_line_are_shown_together() -> None:
    assert [ChangedLines(1, ("a b",), ("x y",))] == list(changed_lines("a b\nc", [Edit(2, 3, "y"), Edit(0, 1, "x")]))
