"""Laws between operations: what one says follows from what others say, for every operand and every object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.core.objects.status import Status
from perpend.core.values.types import ValueType
from perpend.core.values.values import DAY, iso_from_milliseconds
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.numbering import LAST
from tests.estates import IMPORTS, RELATED, THING, THING_NAMES, TYPES, ends_of_days, objects, related_lists
from tests.repositories import logic, program_of, temporary_analyzer
from tests.strategies import SETTLED_KINDS, Draw, expression

TIME = 1_768_068_000_000
OBJECTS = objects() | objects(loose=True)
KINDS = st.sampled_from(SETTLED_KINDS)
BOOLEAN, NUMBER, DATE_TIME = ValueType.BOOLEAN, ValueType.NUMBER, ValueType.DATE_TIME
NUMBERS = st.sampled_from([*({"NUMBER": number} for number in (-1, 0, 1)), {"FIELD": {"path": "CA10__number__c"}}])
"""Numbers near each other, so that limits are met."""
ITEMS = ("a", "A ", "b", "")
Observation = bool | tuple[int, str | None]
"""What a condition says of an object: true, false, or the check slot and runtime error that stopped it."""


@st.composite
def operands(draw: Draw, kind: ValueType, number: int = 2, depth: int = 1) -> list[Any]:
    """Draw expressions of one type over the things."""
    return [expression(draw, kind, THING_NAMES, depth) for _ in range(number)]


def said(checks: Mapping[str, Any], fields: Mapping[str, Any], **more: Any) -> dict[str, Observation]:
    """Return what each of several checks says of an object, each being the only condition of a policy."""
    files = {f"ce/{name}/prod.logic.yaml": logic(check, input_type=THING, **more) for name, check in checks.items()}
    extracts = {f"types/{name}/e.extracts.yaml": {"extracts": []} for name in (THING, "CA10__CaOwner__c")}
    found: dict[str, Observation] = {}
    with temporary_analyzer({**TYPES, **extracts, **files}) as analyzer:
        for name in checks:
            program = program_of(analyzer, f"/ce/{name}/prod.logic.yaml")
            index, error = Interpreter([program]).evaluate(fields, TIME)[0]
            found[name] = {100 + LAST: True, 200: False}.get(index, (index, error))
    return found


def negated(one: Observation) -> Observation:
    """Return the contrary of what a condition says; a stop has none."""
    return not one if isinstance(one, bool) else one


@given(KINDS.flatmap(operands), OBJECTS)
def test_not_equal_negates_is_equal(sides: list[Any], fields: dict[str, Any]) -> None:
    both = {"left": sides[0], "right": sides[1]}
    found = said({"equal": {"IS_EQUAL": both}, "other": {"NOT_EQUAL": both}}, fields)
    assert negated(found["equal"]) == found["other"]


@given(KINDS.flatmap(operands), OBJECTS)
def test_not_empty_negates_is_empty(sides: list[Any], fields: dict[str, Any]) -> None:
    found = said({"empty": {"IS_EMPTY": {"arg": sides[0]}}, "other": {"NOT_EMPTY": {"arg": sides[0]}}}, fields)
    assert negated(found["empty"]) == found["other"]


@given(KINDS.flatmap(operands), OBJECTS)
def test_a_value_equals_itself_unless_it_stops(sides: list[Any], fields: dict[str, Any]) -> None:
    found = said({"same": {"IS_EQUAL": {"left": sides[0], "right": sides[0]}}}, fields)["same"]
    assert found is not False


@given(KINDS.flatmap(operands), OBJECTS)
def test_equality_has_no_sides(sides: list[Any], fields: dict[str, Any]) -> None:
    one, other = sides
    checks = {"one": {"left": one, "right": other}, "other": {"left": other, "right": one}}
    found = said({name: {"IS_EQUAL": check} for name, check in checks.items()}, fields)
    assert isinstance(found["one"], bool) == isinstance(found["other"], bool)
    if isinstance(found["one"], bool):
        assert found["one"] == found["other"]


@given(KINDS.flatmap(operands), OBJECTS)
def test_equal_values_are_empty_together(sides: list[Any], fields: dict[str, Any]) -> None:
    checks: dict[str, Any] = {"equal": {"IS_EQUAL": {"left": sides[0], "right": sides[1]}}}
    checks |= {name: {"IS_EMPTY": {"arg": side}} for name, side in zip(("left", "right"), sides, strict=True)}
    found = said(checks, fields)
    # The contrary is no law: `[]` and null of Json are both empty, and not equal.
    if found["equal"] is True:
        assert found["left"] == found["right"]


@given(operands(BOOLEAN, 1), OBJECTS)
def test_not_negates(sides: list[Any], fields: dict[str, Any]) -> None:
    found = said(
        {"one": sides[0], "other": {"NOT": {"arg": sides[0]}}, "twice": {"NOT": {"arg": {"NOT": {"arg": sides[0]}}}}}, fields
    )
    assert negated(found["one"]) == found["other"]
    assert found["one"] == found["twice"]


@given(operands(BOOLEAN, 3, depth=2), OBJECTS)
def test_and_or_stop_at_the_argument_that_decides(sides: list[Any], fields: dict[str, Any]) -> None:
    checks: dict[str, Any] = {"and": {"AND": {"args": sides}}, "or": {"OR": {"args": sides}}}
    found = said({**checks, **{str(place): side for place, side in enumerate(sides)}}, fields)
    single = [found[str(place)] for place in range(len(sides))]
    slots = said_slots(sides)
    assert decided(single, slots, stops_at=False) == found["and"]
    assert decided(single, slots, stops_at=True) == found["or"]


def said_slots(checks: list[Any]) -> list[int]:
    """Return how many check slots each of several expressions takes."""
    with temporary_analyzer({**TYPES, "ce/a/prod.logic.yaml": logic(*checks, input_type=THING)}) as analyzer:
        program = program_of(analyzer, "/ce/a/prod.logic.yaml")
        return [condition.expression.slots for condition in program.block.conditions]


def decided(single: list[Observation], slots: list[int], *, stops_at: bool) -> Observation:
    """Return what AND (``stops_at`` false) or OR says, by what its arguments say and the slots in front of them."""
    before = 0
    for one, taken in zip(single, slots, strict=True):
        if one is stops_at:
            return stops_at
        if not isinstance(one, bool):
            return (one[0] + before if one[0] > 100 else one[0], one[1])
        before += taken
    return not stops_at


@given(operands(BOOLEAN, 3), st.permutations([0, 1, 2]), OBJECTS)
def test_the_order_of_arguments_matters_only_to_stops(sides: list[Any], order: list[int], fields: dict[str, Any]) -> None:
    shuffled = [sides[place] for place in order]
    checks = {"and": ("AND", sides), "and2": ("AND", shuffled), "or": ("OR", sides), "or2": ("OR", shuffled)}
    found = said({name: {key: {"args": args}} for name, (key, args) in checks.items()}, fields)
    for one, other in (("and", "and2"), ("or", "or2")):
        if isinstance(found[one], bool) and isinstance(found[other], bool):
            assert found[one] == found[other]


@given(operands(BOOLEAN, 2), OBJECTS)
def test_de_morgan(sides: list[Any], fields: dict[str, Any]) -> None:
    nots = [{"NOT": {"arg": side}} for side in sides]
    found = said({"one": {"NOT": {"arg": {"AND": {"args": sides}}}}, "other": {"OR": {"args": nots}}}, fields)
    assert found["one"] == found["other"]


@given(st.sampled_from([NUMBER, ValueType.DURATION]).flatmap(operands), OBJECTS)
def test_order_is_total_where_nothing_is_null(sides: list[Any], fields: dict[str, Any]) -> None:
    both, turned = {"left": sides[0], "right": sides[1]}, {"left": sides[1], "right": sides[0]}
    keys = ("LESS_THAN", "LESS_THAN_EQUAL", "GREATER_THAN", "GREATER_THAN_EQUAL", "IS_EQUAL")
    null = {"OR": {"args": [{"IS_EMPTY": {"arg": side}} for side in sides]}}
    found = said({**{key: {key: both} for key in keys}, "null": null, "turned": {"LESS_THAN": turned}}, fields)
    less, at_most, greater, at_least, equal = (found[key] for key in keys)
    if not isinstance(less, bool):
        return
    assert found["turned"] == greater
    if found["null"]:
        assert [False] * 4 == [less, at_most, greater, at_least]
    else:
        assert [less, equal, greater].count(True) == 1
        assert (at_most, at_least) == (less or equal, greater or equal)


@settings(max_examples=80)
@given(operands(NUMBER, 3) | st.lists(NUMBERS, min_size=3, max_size=3), st.booleans(), st.booleans(), OBJECTS)
def test_between_is_two_comparisons(sides: list[Any], above: bool, below: bool, fields: dict[str, Any]) -> None:
    value, low, high = sides
    between = {"arg": value, "rangeFrom": low, "rangeTo": high, "exclusiveFrom": above, "exclusiveTo": below}
    lower = {"GREATER_THAN" if above else "GREATER_THAN_EQUAL": {"left": value, "right": low}}
    upper = {"LESS_THAN" if below else "LESS_THAN_EQUAL": {"left": value, "right": high}}
    found = said({"between": {"BETWEEN": between}, "both": {"AND": {"args": [lower, upper]}}}, fields)
    if isinstance(found["between"], bool):
        assert found["between"] == found["both"]


def test_days_meet_at_midnight() -> None:
    offsets = ("IS_WITHIN_LAST_DAYS", "IS_BEYOND_LAST_DAYS", "IS_WITHIN_NEXT_DAYS", "IS_BEYOND_NEXT_DAYS")
    arg = {"FIELD": {"path": "CA10__datetime__c"}}
    names = {f"{name}-{days}": {name: {"arg": arg, "offsetDays": days}} for name in offsets for days in range(4)}
    names |= {name: {name: {"arg": arg}} for name in ("IS_BEFORE_TODAY", "IS_AFTER_TODAY")}
    instants = [TIME - TIME % DAY + day * DAY + shift for day in range(-5, 6) for shift in (-1, 0, 1)]
    for instant in instants:
        found = said(names, {"CA10__datetime__c": iso_from_milliseconds(instant)})
        for days in range(4):
            last, beyond, within, later = (found[f"{name}-{days}"] for name in offsets)
            assert [last, beyond, found["IS_AFTER_TODAY"]].count(True) == 1, (instant, days)
            assert [within, later, found["IS_BEFORE_TODAY"]].count(True) == 1, (instant, days)


@given(operands(DATE_TIME, 1) | st.lists(ends_of_days(TIME), min_size=1, max_size=1), st.integers(0, 3), OBJECTS)
def test_days_are_divided_without_gap_or_overlap(sides: list[Any], days: int, fields: dict[str, Any]) -> None:
    arg, offset = {"arg": sides[0]}, {"arg": sides[0], "offsetDays": days}
    bare = {key: {key: arg} for key in ("IS_BEFORE_TODAY", "IS_AFTER_TODAY")}
    offsets = ("IS_WITHIN_LAST_DAYS", "IS_BEYOND_LAST_DAYS", "IS_WITHIN_NEXT_DAYS", "IS_BEYOND_NEXT_DAYS")
    found = said({**bare, **{key: {key: offset} for key in offsets}, "null": {"IS_EMPTY": arg}}, fields)
    if not isinstance(found["IS_BEFORE_TODAY"], bool):
        assert len({found[key] for key in (*bare, *offsets)}) == 1
        return
    expected = 0 if found["null"] else 1
    assert expected == sum(found[key] is True for key in ("IS_BEYOND_LAST_DAYS", "IS_WITHIN_LAST_DAYS", "IS_AFTER_TODAY"))
    assert expected == sum(found[key] is True for key in ("IS_BEFORE_TODAY", "IS_WITHIN_NEXT_DAYS", "IS_BEYOND_NEXT_DAYS"))


@given(
    st.sampled_from(["TEXT", "BYTES"]),
    st.data(),
    st.lists(st.sampled_from(["a", "A ", "b", ""]), min_size=1, max_size=3),
    OBJECTS,
)
def test_searching_for_items_is_searching_for_each(
    item: str, data: st.DataObject, items: list[str], fields: dict[str, Any]
) -> None:
    kind = ValueType[data.draw(st.sampled_from([item, f"LIST_OF_{item}", f"SET_OF_{item}"]))]
    arg = expression(data.draw, kind, THING_NAMES, 1)
    search = {"LIST": {"itemType": item, "items": items}}
    each = [{"CONTAINS": {"arg": arg, "search": {item: one}}} for one in items]
    checks = {"all": {"CONTAINS_ALL": {"arg": arg, "search": search}}, "any": {"CONTAINS_ANY": {"arg": arg, "search": search}}}
    found = said({**checks, "and": {"AND": {"args": each}}, "or": {"OR": {"args": each}}}, fields)
    assert (found["all"], found["any"]) == (found["and"], found["or"]) or not isinstance(found["all"], bool)


@given(st.sampled_from(["CA10__owner__r", "CA10__other__r", "CA10__owner__r.CA10__other__r"]), OBJECTS)
def test_not_empty_lookup_negates_is_empty_lookup(path: str, fields: dict[str, Any]) -> None:
    found = said({"empty": {"IS_EMPTY_LOOKUP": path}, "other": {"NOT_EMPTY_LOOKUP": path}}, fields)
    assert negated(found["empty"]) == found["other"]


@given(st.data(), st.sampled_from(RELATED), st.sampled_from([status.value for status in Status]), OBJECTS)
def test_related_lists_agree_about_how_many(data: st.DataObject, name: str, status: str, fields: dict[str, Any]) -> None:
    asked = {"status": status, "relationshipName": name}
    some = {"GREATER_THAN": {"left": {"RELATED_LIST_COUNT": asked}, "right": {"NUMBER": 0}}}
    checks = {"has": {"RELATED_LIST_HAS": asked}, "none": {"RELATED_LIST_HAS_NO": asked}, "some": some}
    found = said(checks, fields, relatedLists=related_lists(data.draw), importExtracts=IMPORTS)
    assert found["has"] == found["some"] == negated(found["none"])


@given(KINDS.flatmap(lambda kind: operands(kind, 1, 2)), OBJECTS)
def test_an_extract_is_what_it_stands_for(sides: list[Any], fields: dict[str, Any]) -> None:
    extract = {f"types/{THING}/e.extracts.yaml": {"extracts": [{"name": "e", "value": sides[0]}]}}
    imports = {"importExtracts": IMPORTS[:1]}
    twice = [{"IS_EMPTY": {"arg": {"EXTRACT": "e"}}}] * 2
    written = [{"IS_EMPTY": {"arg": sides[0]}}] * 2
    files = {
        "ce/one/prod.logic.yaml": logic({"AND": {"args": twice}}, input_type=THING, **imports),
        "ce/two/prod.logic.yaml": logic({"AND": {"args": written}}, input_type=THING),
    }
    with temporary_analyzer({**TYPES, **extract, **files}) as analyzer:
        one, two = (program_of(analyzer, f"/ce/{name}/prod.logic.yaml") for name in ("one", "two"))
        assert Interpreter([one]).evaluate(fields, TIME) == Interpreter([two]).evaluate(fields, TIME)
        assert sorted(one.verdicts) == sorted(two.verdicts)
        checks = [index for index in one.verdicts if 100 < index < 100 + LAST]
        assert [two.verdicts[index].text for index in checks] == [one.verdicts[index].text for index in checks]


@given(operands(BOOLEAN, 1), OBJECTS)
def test_debug_and_unit_test_pass_their_argument_through(sides: list[Any], fields: dict[str, Any]) -> None:
    tested = {"UNIT_TEST": {"id": "a", "arg": sides[0]}}
    found = said({"bare": sides[0], "debug": {"DEBUG": {"name": "seen", "arg": sides[0]}}, "test": tested}, fields)
    assert found["bare"] == found["debug"]
    assert found["test"] == (found["bare"] if fields.get("Id") == "a" else found["test"])
    if fields.get("Id") != "a":
        assert not isinstance(found["test"], bool) or found["test"] is False
