"""Checks that reachability calls silent never fire: whoever leaves them untested loses nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.core.values.types import ValueType
from perpend.language.compiler.reachability import silent_checks
from perpend.language.compiler.verdicts import verdict_table
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.program import Block
from tests.estates import PARTS, THING, THING_NAMES, TYPES, objects, repositories
from tests.repositories import logic, program_of, temporary_analyzer
from tests.strategies import Draw, expression

pytestmark = pytest.mark.slow

TIME = 1_768_068_000_000
OBJECTS = st.lists(objects() | objects(loose=True), min_size=2, max_size=6)
EVERY_OBJECT = [
    {"CA10__text__c": text, "CA10__json__c": document, "CA10__checkbox__c": on, "Id": "ab"[place % 2]}
    for place, (text, document, on) in enumerate(
        product(
            (None, "", "true", "a"),
            (None, "", "{}", '{"a": "a"}', '{"a": 1}', '{"a": [1]}', "{x"),
            (None, True, False),
        )
    )
]
"""Every way for the atoms below to be true, false, or to stop."""
TEXT_FIELD, JSON_FIELD = {"FIELD": {"path": "CA10__text__c"}}, {"FIELD": {"path": "CA10__json__c"}}
DOCUMENT = {"JSON_FROM": {"arg": JSON_FIELD, "undeterminedIf": {"isEmpty": "empty", "isInvalid": "invalid"}}}
QUERY_CHECKS = {"evaluationError": "failed", "resultTypeMismatch": "mismatch", "resultIsEmpty": "nothing"}
QUERIES = [
    {"JSON_QUERY_TEXT": {"arg": DOCUMENT, "expression": text, "undeterminedIf": QUERY_CHECKS}}
    for text in ("a", "to_string(a)", "type(a)", "length(a)", "a[0]", "a | to_string(@)", "a[::2] | [0]")
]
ATOMS: list[Any] = [
    *({"IS_EQUAL": {"left": query, "right": {"TEXT": "a"}}} for query in QUERIES),
    {
        "IS_EMPTY": {
            "arg": {"JSON_QUERY_BYTES": {"arg": DOCUMENT, "expression": "to_string(a)", "undeterminedIf": QUERY_CHECKS}}
        }
    },
    {"BOOLEAN_FROM": {"arg": TEXT_FIELD, "undeterminedIf": {"isEmpty": "empty"}}},
    {"IS_EMPTY": {"arg": {"FIELD": {"path": "CA10__text__c", "undeterminedIf": {"isEmpty": "empty"}}}}},
    {"NOT_EMPTY": {"arg": TEXT_FIELD}},
    {"IS_EMPTY": {"arg": JSON_FIELD}},
    {"FIELD": {"path": "CA10__checkbox__c"}},
    {"UNIT_TEST": {"id": "a", "arg": {"BOOLEAN_FROM": {"arg": TEXT_FIELD, "undeterminedIf": {"isEmpty": "empty"}}}}},
    {"BOOLEAN": True},
]


@st.composite
def combined(draw: Draw, atoms: list[Any], depth: int = 3) -> Any:
    """Draw a Boolean combination of a few atoms, so that the same atom stands in several places."""
    kind = draw(st.sampled_from(["atom", "AND", "OR", "NOT"])) if depth else "atom"
    if kind == "atom":
        return draw(st.sampled_from(atoms))
    if kind == "NOT":
        return {"NOT": {"arg": draw(combined(atoms, depth - 1))}}
    return {kind: {"args": [draw(combined(atoms, depth - 1)) for _ in range(draw(st.integers(1, 3)))]}}


def assert_silence(program: Any, judged: list[dict[str, Any]]) -> int:
    """Judge objects, related ones too, and see that no silent check fires; returns how many checks are silent."""
    ended: list[tuple[Block, int]] = []
    interpreter = Interpreter([program], reached=lambda block, index: ended.append((block, index)))
    for fields in judged:
        interpreter.evaluate(fields, TIME)
    silent = {id(block): silent_checks(block) for block, _ in ended}
    for block, index in ended:
        assert index not in silent[id(block)], f"{index} is called silent and fired"
    return sum(map(len, silent.values()))


@st.composite
def conditions(draw: Draw) -> list[Any]:
    """Draw conditions over a small stock of atoms, generated ones among them."""
    atoms = draw(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=3))
    if draw(st.booleans()):
        atoms.append(expression(draw, ValueType.BOOLEAN, THING_NAMES, 2))
    return draw(st.lists(combined(atoms), min_size=1, max_size=3))


def small_formulas() -> list[Any]:
    """Return every formula of one operation over a flag that may stop and a field that may not."""
    flag, field = ATOMS[len(QUERIES) + 1], {"FIELD": {"path": "CA10__checkbox__c"}}
    single = [flag, field, *({"NOT": {"arg": one}} for one in (flag, field))]
    pairs = product(("AND", "OR"), single, single)
    return [*single, *({key: {"args": [one, other]}} for key, one, other in pairs)]


def test_silent_checks_of_all_small_programs_never_fire() -> None:
    formulas = small_formulas()
    files = {f"ce/p{number}/prod.logic.yaml": logic(one, input_type=THING) for number, one in enumerate(formulas)}
    judged = [
        {"CA10__text__c": text, "CA10__checkbox__c": on} for text, on in product((None, "true", "false"), (None, True, False))
    ]
    with temporary_analyzer({**TYPES, **files}) as analyzer:
        programs = [program_of(analyzer, f"/{path}") for path in files]
    # Each is read once, and put before every other.
    for first, second in product(programs, programs):
        block = replace(first.block, conditions=(*first.block.conditions, *second.block.conditions))
        assert_silence(replace(first, block=block, verdicts=verdict_table(block)), judged)


@settings(max_examples=30)
@given(conditions())
def test_silent_checks_never_fire_whatever_the_object(checks: list[Any]) -> None:
    with temporary_analyzer({**TYPES, "ce/policy/prod.logic.yaml": logic(*checks, input_type=THING)}) as analyzer:
        assert_silence(program_of(analyzer), EVERY_OBJECT)


@given(conditions(), conditions(), OBJECTS)
def test_silent_checks_of_related_lists_never_fire(checks: list[Any], below: list[Any], judged: list[dict[str, Any]]) -> None:
    parts = {key: value for key, value in logic(*below).items() if key != "inputType"}
    asked = {"RELATED_LIST_HAS": {"status": "COMPLIANT", "relationshipName": PARTS}}
    document = logic(asked, *checks, input_type=THING, relatedLists=[{"relationshipName": PARTS, **parts}])
    with temporary_analyzer({**TYPES, "ce/policy/prod.logic.yaml": document}) as analyzer:
        assert_silence(program_of(analyzer), judged)


@given(repositories(), OBJECTS)
def test_silent_checks_of_any_program_never_fire(files: dict[str, Any], judged: list[dict[str, Any]]) -> None:
    with temporary_analyzer(files) as analyzer:
        assert_silence(program_of(analyzer), judged)


def test_the_properties_above_meet_silent_checks() -> None:
    found = 0

    @settings(max_examples=30, derandomize=True, database=None)
    @given(conditions())
    def count(checks: list[Any]) -> None:
        nonlocal found
        with temporary_analyzer({**TYPES, "ce/policy/prod.logic.yaml": logic(*checks, input_type=THING)}) as analyzer:
            found += len(silent_checks(program_of(analyzer).block))

    count()
    assert found > 30
