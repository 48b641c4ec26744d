"""Parameters of policies: declared, referred to, set by a project, and literals after that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from perpend.core.errors import PerpendError
from perpend.evaluation.planner.describe import plan_lines
from perpend.evaluation.verdicts.plans import plans_of
from perpend.evaluation.verdicts.selection import select_policies
from perpend.findings.history.identity import program_hash
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.encoding import programs_from, text_of
from perpend.language.program.parameters import DeclaredParameter, Looser, ParameterKind
from perpend.language.syntax.repository import open_repository
from tests.unit.language.syntax.written import LOGIC, NAMES, POLICY, checked, errors, logic, warnings, write

if TYPE_CHECKING:
    from pathlib import Path

    from perpend.language.program.program import Program

DAYS = "{name: days, description: The age., type: integer, default: 90, minimum: 1, maximum: 365, looser: higher}"
PORTS = "{name: ports, description: The ports., type: integers, default: [22, 3389], minimum: 0, maximum: 65535}"
OLDER = "IS_BEYOND_LAST_DAYS: {{arg: {{FIELD: {{path: made__c}}}}, offsetDays: {}}}"
LISTED = "CONTAINS: {{arg: {{SET: {{itemType: TEXT, items: {}}}}}, search: {{FIELD: {{path: port__c}}}}}}"
ID = "/ce/acme"


def policy(*parameters: str) -> str:
    return f"{NAMES}description: Keys are rotated.\nparameters:\n" + "".join(f"  - {each}\n" for each in parameters)


def program(root: Path, settings: dict[str, dict[str, object]] | None = None) -> Program | None:
    return Analyzer(open_repository(root, parameters=settings)).analyzed(f"/{LOGIC}").program


def plan(root: Path, settings: dict[str, dict[str, object]] | None = None) -> list[str]:
    analyzer = Analyzer(open_repository(root, parameters=settings))
    plans = plans_of(analyzer, select_policies(analyzer, [ID]), tables=None, snapshot_time=datetime(2026, 1, 1, tzinfo=UTC))
    return [line for each in plans for line in plan_lines(each)]


@pytest.mark.parametrize(
    ("check", "parameter", "default", "value", "other"),
    [
        (OLDER, DAYS, "90", 30, "30"),
        (LISTED, PORTS, "['22', '3389']", [443, 80], "['443', '80']"),
        (LISTED, PORTS, "['22', '3389']", [], "[]"),
    ],
    ids=["an integer", "a list", "an empty list"],
)
def test_a_parameter_is_a_literal_after_reading(tmp_path, check, parameter, default, value, other):
    name = "days" if parameter is DAYS else "ports"
    root = write(
        tmp_path / "a", {POLICY: policy(parameter), LOGIC: logic(check.format(f"{{parameter: {name}}}")), **type_of_bucket()}
    )
    for literal, settings in ((default, None), (other, {"acme": {name: value}})):
        plain = write(tmp_path / literal.replace("'", ""), {LOGIC: logic(check.format(literal)), **type_of_bucket()})
        expected, actual = program(plain), program(root, settings)
        assert expected is not None
        assert actual is not None
        assert program_hash(expected) == program_hash(actual)
        assert dict(expected.verdicts) == dict(actual.verdicts)
        assert () == expected.parameters
        assert plan(plain) == plan(root, settings)
        assert [name] == [each.name for each in actual.parameters]
        assert actual.parameters == programs_from(text_of([actual]))[0].parameters
    assert [] == errors(checked(root))


def type_of_bucket() -> dict[str, str]:
    fields = "[{name: made__c, type: datetime}, {name: port__c, type: text}]"
    return {"types/Bucket/type.yaml": f"label: Bucket\nfields: {fields}\n"}


def test_messages_and_names_have_the_value(tmp_path):
    written = policy(DAYS).replace("Acme,", "'Acme {{days}}',").replace("rotated.", "rotated in {{ days }} days.")
    text = logic(OLDER.format("{parameter: days}")).replace("it is\n", "older than {{days}} days, {{ days }} {days}\n")
    root = write(tmp_path, {POLICY: written, LOGIC: text})
    by_value = program(root, {ID: {"days": 7}})
    assert by_value is not None
    assert "older than 7 days, 7 {days}" == by_value.verdicts[199].message
    loaded = open_repository(root, parameters={ID: {"days": 7}}).policy(ID).value
    assert loaded is not None
    assert ("Acme 7", "Keys are rotated in 7 days.") == (loaded.names.full, loaded.description)


def test_double_braces_stay_in_a_policy_without_parameters(tmp_path):
    text = logic("FIELD: {path: public__c}").replace("it is\n", "it is {{days}}\n")
    written = program(write(tmp_path, {LOGIC: text}))
    assert written is not None
    assert "it is {{days}}" == written.verdicts[199].message


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        (DAYS.replace("90", "0"), "the default of `days`: expected an integer from 1 to 365, found `0`"),
        (DAYS.replace("90", "90.5"), None),
        (DAYS.replace("90", "true"), None),
        (DAYS.replace("90", "'90'"), "the default of `days`: expected an integer from 1 to 365, found the text `90`"),
        (DAYS.replace("90", "[90]"), "the default of `days`: expected an integer from 1 to 365, found the list `90`"),
        (DAYS.replace("minimum: 1", "minimum: 366"), "`minimum` 366 is greater than `maximum` 365"),
        (DAYS.replace("name: days", "name: Days"), "`Days` is not the name of a parameter: up to 40 small letters, digits and"),
        (PORTS.replace("22", "70000"), "the default of `ports`: expected a list of integers from 0 to 65535, found `70000`"),
        (PORTS.replace("22", "a"), None),
        ("{name: days, description: A., type: text, default: a, minimum: 1}", "`minimum` is for integers, not for a text: use"),
        (
            "{name: days, description: A., type: text, default: a, allowed: [b, c]}",
            "expected a text of `b`, `c`, found the text `a`",
        ),
        ("{name: days, description: A., type: text, default: a, allowed: a}", "`allowed` takes a list of the values of a text"),
        ("{name: days, description: A., type: date, default: a}", None),
        (f"{DAYS}\n  - {DAYS}", "two parameters are called `days`"),
        (DAYS.replace("looser: higher", "benchmarks: [{section: /frameworks/a, value: 400}]"), "the value of /frameworks/a of"),
    ],
)
def test_a_declaration_with_an_error_is_named_and_the_policy_is_not_evaluated(tmp_path, parameter, message):
    root = write(tmp_path, {POLICY: policy(parameter), LOGIC: logic(OLDER.format("{parameter: days}"))})
    found = [each for each in checked(root) if each.span.path == POLICY]
    assert {4, 5} >= {each.span.line for each in found}
    assert message is None or any(message in each.message for each in found), [each.message for each in found]
    assert found
    if "two" not in str(message):
        assert program(root) is None


@pytest.mark.parametrize(
    ("check", "parameters", "message"),
    [
        (OLDER.format("{parameter: day}"), [DAYS], "unknown parameter `day`"),
        (OLDER.format("{parameter: days}"), [], "unknown parameter `days`"),
        (OLDER.format("{parameter: days, more: 1}"), [DAYS], "expected a whole number"),
        (OLDER.format("{parameter: [days]}"), [DAYS], "expected a whole number"),
        ("FIELD: {path: {parameter: days}}", [DAYS], "expected the path of a field"),
        (OLDER.format("{parameter: ports}"), [PORTS], "expected a whole number"),
        (LISTED.format("{parameter: days}"), [DAYS], "expected a list of texts"),
    ],
)
def test_a_reference_to_nothing_or_in_a_wrong_place_is_an_error(tmp_path, check, parameters, message):
    root = write(tmp_path, {POLICY: policy(*parameters) if parameters else f"{NAMES}description: A.\n", LOGIC: logic(check)})
    assert message in [each.message for each in checked(root) if each.span.path == LOGIC and each.severity == "error"]
    assert program(root) is None


def test_an_extract_cannot_use_a_parameter(tmp_path):
    extracts = "extracts: [{name: limit, value: {NUMBER: {parameter: days}}}]\n"
    root = write(tmp_path, {POLICY: policy(DAYS), "types/Bucket/object.extracts.yaml": extracts})
    assert ["only logic files of policies can use parameters"] == [
        each.message for each in checked(root) if each.severity == "error"
    ]


def test_a_message_cannot_name_an_unknown_parameter(tmp_path):
    text = logic(OLDER.format("{parameter: days}")).replace("it is\n", "older than {{weeks}} weeks\n")
    found = [each for each in checked(write(tmp_path, {POLICY: policy(DAYS), LOGIC: text})) if each.code == "L152"]
    assert [("unknown parameter `weeks`", 4)] == [(each.message, each.span.line) for each in found]


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        ("names: {full: 'Older than {{weeks}}', contextual: Old}\ndescription: A.\n", 1),
        ("names:\n  full: Old\n  contextual: Older than {{weeks}}\ndescription: A.\n", 3),
        ("names: {full: Old, contextual: Old}\ndescription: >-\n  After {{days}} days,\n  or {{weeks}} weeks.\n", 2),
    ],
    ids=["full name", "contextual name", "description"],
)
def test_no_text_of_a_policy_names_an_unknown_parameter(tmp_path, texts, line):
    files = {LOGIC: logic(OLDER.format("{parameter: days}")), **type_of_bucket()}
    root = write(tmp_path / "a", {POLICY: f"{texts}parameters:\n  - {DAYS}\n", **files})
    assert [("L152", "unknown parameter `weeks`", POLICY, line)] == [
        (each.code, each.message, each.span.path, each.span.line) for each in checked(root) if each.severity == "error"
    ]
    without = write(tmp_path / "b", {POLICY: texts, LOGIC: logic(OLDER.format(90)), **type_of_bucket()})
    assert [] == [each.message for each in checked(without) if each.severity == "error"]


def test_a_json_constant_is_no_reference(tmp_path):
    check = "IS_EQUAL: {left: {JSON: {parameter: days}}, right: {JSON: {parameter: days}}}"
    written = program(write(tmp_path, {LOGIC: logic(check)}))
    assert written is not None
    assert '{"parameter":"days"} ==' in written.verdicts[199].text


def test_an_unused_parameter_is_a_warning(tmp_path):
    root = write(tmp_path, {POLICY: policy(DAYS, PORTS), LOGIC: logic(OLDER.format("{parameter: days}"))})
    assert [("A323", POLICY, 5)] == [each[:3] for each in warnings(checked(root)) if each.code == "A323"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"acmee": {"days": 1}}, "unknown policy `acmee` (did you mean `/ce/acme`?)"),
        ({"/ce/acma": {"days": 1}}, "unknown policy `/ce/acma` (did you mean `/ce/acme`?)"),
        ({"acme": {"day": 1}}, "/ce/acme has no parameter `day` (did you mean `days`?)"),
        ({"acme": {"x": 1}}, "/ce/acme has no parameter `x` (parameters: `days`, `ports`)"),
        ({"acme": {"days": "30"}}, "`days` of /ce/acme: expected an integer from 1 to 365, found the text `30`"),
        ({"acme": {"days": 3.5}}, "`days` of /ce/acme: expected an integer from 1 to 365, found `3.5`"),
        ({"acme": {"days": True}}, "`days` of /ce/acme: expected an integer from 1 to 365, found `true`"),
        ({"acme": {"days": 366}}, "`days` of /ce/acme: expected an integer from 1 to 365, found `366`"),
        ({"acme": {"days": 10**30}}, f"`days` of /ce/acme: expected an integer from 1 to 365, found `{10**30}`"),
        ({"acme": {"ports": 22}}, "`ports` of /ce/acme: expected a list of integers from 0 to 65535, found `22`"),
        ({"acme": {"ports": [22, "a"]}}, "`ports` of /ce/acme: expected a list of integers from 0 to 65535, found the list"),
        ({"acme": {"ports": [-1]}}, "`ports` of /ce/acme: expected a list of integers from 0 to 65535, found `-1`"),
        ({"acme": {"ports": {}}}, "`ports` of /ce/acme: expected a list of integers from 0 to 65535, found a mapping"),
        ({"acme": {"days": 1}, "/ce/acme": {"days": 2}}, "`days` of /ce/acme is set twice"),
    ],
)
def test_a_value_that_cannot_be_used_is_an_error_before_anything_is_read(tmp_path, settings, message):
    root = write(tmp_path, {POLICY: policy(DAYS, PORTS), LOGIC: logic(OLDER.format("{parameter: days}"))})
    with pytest.raises(PerpendError) as raised:
        open_repository(root, parameters=settings)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("looser", "value", "benchmark", "expected"),
    [
        (Looser.HIGHER, 91, 90, True),
        (Looser.HIGHER, 89, 90, False),
        (Looser.LOWER, 13, 14, True),
        (Looser.LOWER, 15, 14, False),
        (None, 89, 90, True),
        (None, 90, 90, False),
        (Looser.HIGHER, (80, 443, 22), (80, 443), True),
        (Looser.HIGHER, (80,), (80, 443), False),
        (Looser.LOWER, (22,), (22, 23), True),
        (Looser.LOWER, (22, 23, 24), (23, 22), False),
        (None, (22, 24), (22, 23), True),
        (None, (23, 22), (22, 23), False),
    ],
)
def test_a_value_is_looser_in_the_declared_direction(looser, value, benchmark, expected):
    declared = DeclaredParameter("x", "", ParameterKind.INTEGER, benchmark, looser=looser)
    assert expected is declared.is_looser(value, benchmark)


def test_a_requirement_has_the_value_of_the_nearest_section_above():
    declared = DeclaredParameter("x", "", ParameterKind.INTEGER, 90, benchmarks={"/frameworks/a": 30, "/frameworks/a/1": 45})
    sections = ("/frameworks/a/2", "/frameworks/a/1/3", "/frameworks/b/1", "/frameworks/ab")
    assert [30, 45, 90, 90] == [declared.benchmark_of(section) for section in sections]
