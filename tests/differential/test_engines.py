"""Interpreter and DuckDB agree on the index of every object, whatever the program, the types and the data are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perpend.core.schema.shred import shred, tables_of
from perpend.evaluation.engines.duckdb.engine import DuckDb, duck_db
from perpend.evaluation.engines.nested import indexes_of
from perpend.evaluation.planner.build import plan_of
from perpend.evaluation.planner.rewrites import REWRITES, Rewrite
from perpend.evaluation.planner.scalar import walk
from perpend.language.program.numbering import UNREADABLE
from perpend.language.program.program import Program
from perpend.language.program.required_columns import required_fields
from tests import incomplete_lists
from tests.differential.mixing import EXAMPLES, TIME, batches
from tests.estates import (
    CATALOGUES,
    GROUPS,
    OWNER_LOOKUP,
    PARTS,
    THING,
    TYPES,
    extracts,
    in_one,
    repositories,
    repositories_with,
    repositories_with_logic,
)
from tests.regressions import Counterexample, check_agreement, reference
from tests.repositories import codes, logic, operations_of, policy_files, program_of, temporary_analyzer

BATCH = batches()


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDb]:
    with duck_db(threads=1) as engine:
        yield engine


def compare(engine: DuckDb, files: dict[str, Any], program: Program, judged: list[dict[str, Any]], *, complete: bool) -> None:
    indexes = reference(program, judged, TIME, complete=complete)
    (found,) = indexes_of(engine, [program], judged, TIME, complete=complete)
    check_agreement("duckdb", Counterexample(files, judged, complete, TIME, indexes), found)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=repositories() | repositories_with_logic(), judged=BATCH, complete=st.booleans())
def test_engines_agree_on_any_program(
    duckdb: DuckDb, files: dict[str, Any], judged: list[dict[str, Any]], complete: bool
) -> None:
    with temporary_analyzer(files) as analyzer:
        assert [] == codes(analyzer)
        compare(duckdb, files, program_of(analyzer), judged, complete=complete)


EACH = max(3, EXAMPLES // 14)
"""Of how many examples each operation is a part."""


@pytest.mark.parametrize("names", GROUPS, ids="-".join)
def test_engines_agree_on_every_operation(duckdb: DuckDb, names: list[str]) -> None:
    asked: Counter[str] = Counter()

    @settings(max_examples=EACH, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def agree(data: st.DataObject) -> None:
        judged, types, complete = data.draw(batches(60)), st.just(data.draw(CATALOGUES)), data.draw(st.booleans())
        shared = st.just(data.draw(extracts()))
        drawn = [data.draw(repositories_with(name, depth, types, shared)) for name in names for depth in (1, 2)]
        files, logics = in_one(drawn)
        with temporary_analyzer(files) as analyzer:
            programs = [program_of(analyzer, one) for one in logics]
        ends = indexes_of(duckdb, programs, judged, TIME, complete=complete)
        for name, alone, program, found in zip([one for one in names for _ in (1, 2)], drawn, programs, ends, strict=True):
            assert name in operations_of(program.block)
            indexes = reference(program, judged, TIME, complete=complete)
            check_agreement("duckdb", Counterexample(alone, judged, complete, TIME, indexes), found)
            asked[name] += 1

    agree()
    assert all(asked[name] >= 2 * EACH for name in names), asked


def test_a_list_that_may_hold_more_is_known_by_the_children_that_are(duckdb: DuckDb) -> None:
    for program, objects, indexes in incomplete_lists.cases():
        assert [indexes] == indexes_of(duckdb, [program], objects, TIME, complete=False)


@settings(max_examples=max(4, EXAMPLES // 4), deadline=None, suppress_health_check=list(HealthCheck))
@given(files=repositories() | repositories_with_logic(), judged=BATCH)
def test_each_rewrite_keeps_every_verdict(duckdb: DuckDb, files: dict[str, Any], judged: list[dict[str, Any]]) -> None:
    alone = [(rewrite,) for rewrite in REWRITES]
    others = [tuple(one for one in REWRITES if one is not rewrite) for rewrite in REWRITES]
    with temporary_analyzer(files) as analyzer:
        program = program_of(analyzer)
        found = indexes_of(duckdb, [program], judged, TIME)
        tables, rows = tables_of(shred(judged, THING, required_fields([program]), complete=True), complete=True)
        asked = set()
        for some in ((), *alone, *others):
            plan = plan_of([program], tables, TIME, rewrites=some)
            # Where some rewrites leave the same query as others did, it is asked once.
            if (query := duckdb.text_of(plan.stage, duckdb.quoted)) not in asked:
                asked.add(query)
                codes = duckdb.codes_of_rows(plan, tables, rows)
                assert found == [[max(code, UNREADABLE) for (code,) in codes]], [one.__name__ for one in some]


NO_JSON = {"isEmpty": "empty", "isInvalid": "invalid"}
NO_VALUE = {"evaluationError": "failed", "resultTypeMismatch": "another type"}
JSON_FROM = {"JSON_FROM": {"arg": {"FIELD": {"path": "CA10__json__c", "returnType": "BYTES"}}, "undeterminedIf": NO_JSON}}
LETTERS = {"LIST_FROM": {"arg": {"FIELD": {"path": "CA10__text__c"}}, "separator": ""}}


def is_of_document(expression: str, right: dict[str, Any]) -> dict[str, Any]:
    query = f"JSON_QUERY_{next(iter(right))}"
    return {
        "IS_EQUAL": {"left": {query: {"arg": JSON_FROM, "expression": expression, "undeterminedIf": NO_VALUE}}, "right": right}
    }


def grants(action: str) -> dict[str, Any]:
    return {
        "AWS_POLICY_ALLOWS": {"policyExtField": "CA10__ext__c", "actions": [action], "widestAcceptableAccessLevel": "NOBODY"}
    }


EACH_REWRITTEN = [
    *(is_of_document(expression, {"TEXT": "x"}) for expression in ("a", "A", "c[0]", "c[1]")),
    is_of_document("b", {"NUMBER": 1}),
    {"COLLECTION_CONTAINS": {"arg": LETTERS, "search": {"TEXT": ""}}},
    {"IS_EQUAL": {"left": {"FIELD": {"path": f"{OWNER_LOOKUP}.CA10__text__c"}}, "right": {"TEXT": "x"}}},
    grants("s3:Get*"),
    grants("sqs:*"),
]
"""What each rewrite changes: members of one document, questions about one, blank letters. Where owners are read, tables are,
too."""

GRANTS = [
    json.dumps({"Statement": {"Effect": "Allow", "Action": action, "AccessLevel": "SAME_ORG"}}) for action in ("s3:*", "sqs:*")
]

DOCUMENTS = [
    *('{"a": "x"}', '{"A": "x"}', '{"a": "y", "A": "x"}', '{"a": "y", "b": 1}', '{"b": 1, "a": "x"}', '{"b": "1"}', '{"a": 1}'),
    *('{"c": ["x"]}', '{"c": ["y", "x"]}', '{"a": "y", "b": 2, "c": [1]}', "[]", "{", "", r'{"a": "\u0078"}', None),
]


@pytest.mark.parametrize("rewrite", REWRITES)
def test_each_rewrite_keeps_the_verdicts_of_what_it_changes(duckdb: DuckDb, rewrite: Rewrite) -> None:
    judged = [
        {"CA10__json__c": document, "CA10__text__c": text, OWNER_LOOKUP: {"CA10__text__c": owner}, "CA10__ext__c": granting}
        for document, text, owner, granting in product(DOCUMENTS, ("b", "b c", " ", None), ("x", "y"), (*GRANTS, None, "{"))
    ]
    with temporary_analyzer(policy_files(logic(*EACH_REWRITTEN, input_type=THING), **TYPES)) as analyzer:
        program = program_of(analyzer)
        tables, _ = tables_of(shred(judged, THING, required_fields([program]), complete=True), complete=True)
        plans = [plan_of([program], tables, TIME, rewrites=some).stage.outputs for some in ((), (rewrite,))]
        plain, rewritten = ({(node.primitive, node.constants) for node in walk(plan.values())} for plan in plans)
        assert plain != rewritten, "nothing is rewritten"
        expected = reference(program, judged, TIME, complete=True)
        assert {*range(199, 1_000, 100), 1_000} <= set(expected), "not every condition fires"
        assert [expected] == indexes_of(duckdb, [program], judged, TIME, rewrites=[rewrite])


@settings(max_examples=max(4, EXAMPLES // 4), deadline=None, suppress_health_check=list(HealthCheck))
@given(files=repositories(), judged=BATCH, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    duckdb: DuckDb, files: dict[str, Any], judged: list[dict[str, Any]], order: Random
) -> None:
    places = list(range(len(judged)))
    order.shuffle(places)
    with temporary_analyzer(files) as analyzer:
        program = program_of(analyzer)
        (found,) = indexes_of(duckdb, [program], judged, TIME)
        assert [[found[place] for place in places]] == indexes_of(duckdb, [program], [judged[place] for place in places], TIME)


@settings(max_examples=max(4, EXAMPLES // 4), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_policies_judged_together_end_as_each_alone(duckdb: DuckDb, data: st.DataObject) -> None:
    judged, types = data.draw(BATCH), st.just(data.draw(CATALOGUES))
    with ExitStack() as stack:
        analyzers = [stack.enter_context(temporary_analyzer(data.draw(repositories(types)))) for _ in range(3)]
        programs = [program_of(analyzer) for analyzer in analyzers]
        alone = [indexes_of(duckdb, [program], judged, TIME)[0] for program in programs]
        assert alone == indexes_of(duckdb, programs, judged, TIME)


def test_policies_that_ask_the_same_of_children_may_call_it_differently(duckdb: DuckDb) -> None:
    judged = [{PARTS: [{"CA10__text__c": "a"}]}, {PARTS: [{"CA10__text__c": "b"}]}, {PARTS: []}]
    is_a = {"IS_EQUAL": {"left": {"FIELD": {"path": "CA10__text__c"}}, "right": {"TEXT": "a"}}}
    with ExitStack() as stack:
        programs = []
        for status, otherwise in (("INCOMPLIANT", "COMPLIANT"), ("COMPLIANT", "INCOMPLIANT"), ("INAPPLICABLE", "INAPPLICABLE")):
            condition = {"status": status, "currentStateMessage": "a", "check": is_a}
            parts = {"conditions": [condition], "otherwise": {"status": otherwise, "currentStateMessage": "b"}}
            has = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": PARTS}}
            document = logic(has, input_type=THING, relatedLists=[{"relationshipName": PARTS, **parts}])
            programs.append(program_of(stack.enter_context(temporary_analyzer(policy_files(document, **TYPES)))))
        assert [[199, 200, 200], [200, 199, 200], [200, 200, 200]] == indexes_of(duckdb, programs, judged, TIME)
