"""A program that analysis accepted judges every JSON object, without raising, to one of its own verdicts, always the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from perpend.core.objects.status import Status
from perpend.core.values.types import ValueType
from perpend.language.interpreter.interpreter import EvaluationOutcome, Interpreter
from perpend.language.operations import BY_KEY, OPERATIONS
from perpend.language.program.numbering import UNREADABLE
from perpend.language.program.program import Program
from tests.estates import (
    CATALOGUES,
    GROUPS,
    RELATED,
    THING_NAMES,
    TYPES,
    ends_of_days,
    extracts,
    in_one,
    objects,
    repositories,
    repositories_with,
)
from tests.repositories import LOGIC, codes, logic, operations_of, policy_files, program_of, temporary_analyzer
from tests.strategies import JSON, SETTLED_KINDS, Draw, Names, expression, kinds_of

TIME = 1_768_068_000_000
FEW = settings.default.max_examples // 10 if settings.default else 2
"""How many programs are drawn for each operation: DuckDB is asked about others, and vectors show what each does."""

OBJECTS = objects() | objects(loose=True) | st.dictionaries(st.text(max_size=12), JSON, max_size=4)


def end_of(program: Program, fields: dict[str, Any], time: int = TIME) -> EvaluationOutcome:
    """Return how a program ends on an object, having seen that it ends properly."""
    end = Interpreter([program]).evaluate(fields, time)[0]
    verdict = program.verdicts[end[0]]
    assert end[0] == verdict.index
    assert end[1] is None or verdict.status is Status.UNDETERMINED
    return end


@given(repositories(), st.lists(OBJECTS, min_size=1, max_size=4))
def test_well_typed_programs_are_accepted_and_judge_every_object(files: dict[str, Any], judged: list[dict[str, Any]]) -> None:
    with temporary_analyzer(files) as analyzer:
        assert [] == codes(analyzer)
        for fields in judged:
            end_of(program_of(analyzer), fields)


@pytest.mark.parametrize("names", GROUPS, ids="-".join)
def test_every_operation_judges_every_object(names: list[str]) -> None:
    judged: Counter[str] = Counter()

    @settings(max_examples=FEW)
    @given(data=st.data())
    def evaluate(data: st.DataObject) -> None:
        types, shared = st.just(data.draw(CATALOGUES)), st.just(data.draw(extracts()))
        files, logics = in_one([data.draw(repositories_with(name, types=types, shared=shared)) for name in names])
        fields = data.draw(OBJECTS)
        with temporary_analyzer(files) as analyzer:
            for name, logic_id in zip(names, logics, strict=True):
                assert [] == codes(analyzer, logic_id)
                program = program_of(analyzer, logic_id)
                assert name in operations_of(program.block)
                end_of(program, fields)
                judged[name] += 1

    evaluate()
    assert all(judged[name] >= FEW for name in names), judged


@st.composite
def bent(draw: Draw, names: Names) -> Any:
    """Draw a condition in which one operation was replaced by one of any type: analysis may accept it or not."""
    whole = expression(draw, ValueType.BOOLEAN, names, 2)
    holders = list(_holders(whole))
    holder, key = draw(st.sampled_from(holders)) if holders else ({}, "")
    holder[key] = expression(draw, draw(st.sampled_from(list(ValueType)[:-1])), names, 1)
    return whole


def _holders(written: Any) -> Iterator[tuple[dict[str, Any], str]]:
    for key, inner in written.items() if isinstance(written, dict) else ():
        if key in ("arg", "left", "right", "search", "name") and isinstance(inner, dict):
            yield written, key
        yield from _holders(inner)


@settings(max_examples=50)
@given(bent(THING_NAMES), st.lists(OBJECTS, min_size=3, max_size=5))
def test_whatever_analysis_accepts_judges_every_object(check: Any, judged: list[dict[str, Any]]) -> None:
    with temporary_analyzer({**policy_files(logic(check)), **TYPES}) as analyzer:
        program = analyzer.analyzed(LOGIC).program
        assume(program is not None)
        assert program is not None
        for fields in judged:
            end_of(program, fields)


@given(repositories(), OBJECTS, st.randoms(use_true_random=False))
def test_verdicts_depend_on_nothing_but_the_fields_read(files: dict[str, Any], fields: dict[str, Any], chance: Any) -> None:
    shuffled = list(fields.items())
    chance.shuffle(shuffled)
    with temporary_analyzer(files) as analyzer:
        program = program_of(analyzer)
        expected = end_of(program, fields)
        assert expected == end_of(program, fields)
        assert expected == end_of(program, dict(shuffled))
        assert expected == end_of(program, {**fields, "unread": [{"a": 1}], "CA10__Unread__r": 7})
    with temporary_analyzer(files) as again:
        assert expected == end_of(program_of(again), fields)


@given(repositories(), st.lists(OBJECTS, min_size=2, max_size=4))
def test_objects_do_not_influence_each_other(files: dict[str, Any], judged: list[dict[str, Any]]) -> None:
    with temporary_analyzer(files) as analyzer:
        program = program_of(analyzer)
        alone = [end_of(program, fields) for fields in judged]
        together = Interpreter([program, program])
        assert [[end, end] for end in alone] == [together.evaluate(fields, TIME) for fields in judged]
        assert [[end, end] for end in reversed(alone)] == [together.evaluate(fields, TIME) for fields in reversed(judged)]


@given(repositories(), OBJECTS)
def test_watching_a_judgement_does_not_change_it(files: dict[str, Any], fields: dict[str, Any]) -> None:
    with temporary_analyzer(files) as analyzer:
        program = program_of(analyzer)
        seen: list[Any] = []
        watched = Interpreter([program], observe=lambda *event: seen.append(event), reached=lambda *end: seen.append(end))
        assert end_of(program, fields) == watched.evaluate(fields, TIME)[0]
        assert seen


RELATIVE = [operation.name for operation in OPERATIONS.values() if operation.family == "Dates"]


@given(st.sampled_from(RELATIVE), st.integers(0, 5), ends_of_days(TIME), st.integers(0, 86_399_999))
def test_the_time_of_day_changes_no_verdict(name: str, days: int, date: Any, moment: int) -> None:
    offset = {"offsetDays": days} if name.endswith("_DAYS") else {}
    with temporary_analyzer({**policy_files(logic({name: {"arg": date, **offset}})), **TYPES}) as analyzer:
        midnight = TIME - TIME % 86_400_000
        assert end_of(program_of(analyzer), {}, midnight) == end_of(program_of(analyzer), {}, midnight + moment)


@given(st.lists(bent(THING_NAMES), min_size=1, max_size=3), OBJECTS)
def test_what_was_not_collected_turns_no_verdict_into_another(checks: list[Any], fields: dict[str, Any]) -> None:
    with temporary_analyzer({**policy_files(logic(*checks)), **TYPES}) as analyzer:
        program = analyzer.analyzed(LOGIC).program
        assume(program is not None)
        assert program is not None
        collected = Interpreter([program]).evaluate(fields, TIME, complete=False)[0]
        assert collected[0] == UNREADABLE or collected == end_of(program, fields)


def written_operations(written: Any) -> set[str]:
    """Return the names of the operations in an expression as it stands in YAML."""
    if isinstance(written, list):
        return set().union(*map(written_operations, written))
    if not isinstance(written, dict):
        return set()
    found = set().union(*map(written_operations, written.values()))
    for key in written.keys() & BY_KEY.keys():
        names = set(written[key]) - {"undeterminedIf"} if isinstance(written[key], dict) else set()
        found |= {one.name for one in BY_KEY[key] if one.scalar or names <= {parameter.name for parameter in one.parameters}}
    return found


def test_every_operation_is_generated() -> None:
    found: set[str] = set()
    names = replace(THING_NAMES, relationships=RELATED, extracts=((ValueType.TEXT, "e0"),))
    kinds = {name: [kind for kind in kinds_of(one, names) if kind in SETTLED_KINDS] for name, one in OPERATIONS.items()}
    kinds["ATTRIBUTES_FROM"] = [ValueType.TEXT]  # only ATTRIBUTE_VALUE takes its value, and gives a text

    def collect(data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from([kind for name in missing for kind in kinds[name]]))
        found.update(written_operations(expression(data.draw, kind, names, 2)))

    for number in range(56):
        if missing := sorted(OPERATIONS.keys() - found):
            some = settings(max_examples=25, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
            seed(number)(some(given(st.data())(collect)))()
    assert frozenset() == OPERATIONS.keys() - found
