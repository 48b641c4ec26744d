"""Each rewrite changes what it should and nothing else; differential tests compare the verdicts."""

from __future__ import annotations

import pytest

from perpend.core.schema.tables import Column, Form
from perpend.evaluation.planner.rewrites import (
    merge_calls,
    merge_member_reads,
    read_members_directly,
)
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars


@pytest.fixture
def made() -> Scalars:
    return Scalars()


def document(made: Scalars, name: str = "d") -> Scalar:
    return made.column("t", name, Kind.TEXT)


def member(made: Scalars, key: str, name: str = "d") -> Scalar:
    return made.make("member", document(made, name), constants=(key,))


def test_members_of_one_document_are_read_at_once(made: Scalars) -> None:
    a, b = member(made, "a"), member(made, "b")
    found = merge_member_reads(made, [a, b])
    both = made.make("members", document(made), constants=("a", "b"))
    assert made.make("pick", both, constants=("a",)) is found[a]
    assert made.make("pick", both, constants=("b",)) is found[b]


def queries(made: Scalars, *asked: tuple[str, str]) -> Scalar:
    return made.native("queries", Kind.TEXTS, document(made), constants=asked)


def test_queries_over_one_document_are_asked_at_once(made: Scalars) -> None:
    one, two = queries(made, ("a", "Text")), queries(made, ("b", "Text"))
    first, second = (made.make("part", one, constants=(0,)), made.make("part", two, constants=(0,)))
    found = merge_calls(made, [first, second])
    both = queries(made, ("a", "Text"), ("b", "Text"))
    assert made.make("part", both, constants=(0,)) is found[first]
    assert made.make("part", both, constants=(1,)) is found[second]


def test_a_part_behind_a_condition_finds_its_query_too(made: Scalars) -> None:
    guarded = made.choice(made.column("t", "c", Kind.BOOLEAN), made.literal(None, Kind.TEXTS), queries(made, ("b", "Text")))
    first = made.make("part", queries(made, ("a", "Text")), constants=(0,))
    second = made.make("part", guarded, constants=(0,))
    assert (1,) == merge_calls(made, [first, second])[second].constants


def test_texts_are_read_from_columns_of_their_own(made: Scalars) -> None:
    mark = made.truth(made.column("t", "d#plain", Kind.BOOLEAN))
    known, absent = (
        made.make("member", made.choice(mark, document(made), made.literal(None, Kind.TEXT)), constants=(key,))
        for key in ("a", "b")
    )
    asked = made.native("queries", Kind.TEXTS, document(made), constants=(("a", "token"),))
    other = made.make("part", made.choice(mark, made.literal(None, Kind.TEXTS), asked), constants=(0,))
    texts = [made.make("unquoted", made.make("else", one, other)) for one in (known, absent)]
    fits = made.make("quoted", made.make("else", known, other))
    is_deleted = made.any(made.is_null(document(made)), made.negation(mark))
    elsewhere = made.make("unquoted", member(made, "a", "e"))
    found = read_members_directly(Column("d", Form.TEXT, plain=True, members={"a": "c"}))(
        made, [*texts, fits, is_deleted, elsewhere]
    )
    expected = [made.column("t", "c", Kind.TEXT), made.literal(None, Kind.TEXT), made.true, made.false, elsewhere]
    assert expected == [found[one] for one in (*texts, fits, is_deleted, elsewhere)]
