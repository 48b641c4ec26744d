"""Each rewrite changes what it should and nothing else; differential tests compare the verdicts."""

from __future__ import annotations

import pytest

from perpend.core.schema.tables import Column, Form, Join, Table
from perpend.evaluation.planner.rewrites import (
    apply_rewrites,
    find_white_space_directly,
    merge_calls,
    merge_member_reads,
    read_members_directly,
)
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.stage import ChildCounts, Stage

SPLIT = ("split", "", "Text", (False, False, False))


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


def test_a_single_member_stays_alone_and_documents_are_kept_apart(made: Scalars) -> None:
    a, b = member(made, "a"), member(made, "b", "e")
    assert {a: a, b: b} == {one: other for one, other in merge_member_reads(made, [a, b]).items() if one in (a, b)}


def test_a_key_that_differs_only_in_case_is_read_by_itself(made: Scalars) -> None:
    lower, upper, other = member(made, "a"), member(made, "A"), member(made, "b")
    found = merge_member_reads(made, [lower, upper, other])
    assert upper is found[upper]
    assert ("pick", ("a", "b")) == (found[lower].primitive, found[lower].arguments[0].constants)


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


def test_white_space_is_looked_for_without_splitting(made: Scalars) -> None:
    letters = made.native(*SPLIT[:1], Kind.TEXTS, document(made), constants=SPLIT[1:])
    has = made.make("has", letters, made.literal("", Kind.TEXT))
    assert made.make("spaced", document(made)) is find_white_space_directly(made, [has])[has]


@pytest.mark.parametrize(
    ("constants", "search"),
    [((",", "Text", (False, False, False)), ""), (("", "Bytes", (False, False, False)), ""), (SPLIT[1:], "a")],
)
def test_any_other_search_in_a_split_text_stays(made: Scalars, constants: tuple[object, ...], search: str) -> None:
    letters = made.native("split", Kind.TEXTS, document(made), constants=constants)
    has = made.make("has", letters, made.literal(search, Kind.TEXT))
    assert has is find_white_space_directly(made, [has])[has]


def test_a_stage_is_rewritten_with_the_stages_below_it_and_stays_as_it_was(made: Scalars) -> None:
    below = Stage(Table("B"), {"x": member(made, "a"), "y": member(made, "b")})
    counts = ChildCounts("c", "t", Join("bs__r", "B", "Id", "a__c"), below, {}, {})
    stage = Stage(Table("A"), {"o": made.true}, counts=(counts,))
    found = apply_rewrites(made, stage, [merge_member_reads])
    assert ["pick", "pick"] == [one.primitive for one in found.counts[0].stage.outputs.values()]
    assert ["member", "member"] == [one.primitive for one in below.outputs.values()]
    assert (["x", "y"], {"o": made.true}) == (list(found.counts[0].stage.outputs), found.outputs)


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
