"""Linting a whole repository: errors at their own place, once each, and one fault never floods."""

from __future__ import annotations

from collections import Counter

import pytest

from perpend.authoring import lint
from perpend.authoring.lint.check import MAX_ALIKE, RULES_BY_CODE
from perpend.core.diagnostics.model import Severity
from perpend.findings.remediation.rules import RULES as REMEDY_RULES
from perpend.language.compiler import rules as analyze_rules
from perpend.language.syntax import rules as load_rules
from tests.unit.language.syntax.written import EXTRACTS, LOGIC, NAMES, POLICY, checked, errors, logic, warnings, write

IMPORT = f"importExtracts: [{{file: /{EXTRACTS}}}]\n"


def extracts(*values: str) -> str:
    """Return a file of extracts `a0`, `a1` …; extract n stands in line n + 2."""
    return "extracts:\n" + "".join(f"  - {{name: a{number}, value: {{{value}}}}}\n" for number, value in enumerate(values))


CYCLES = {
    "of one": ("EXTRACT: a0",),
    "of two": ("NOT: {arg: {EXTRACT: a1}}", "NOT: {arg: {EXTRACT: a0}}"),
    "of three": ("EXTRACT: a1", "EXTRACT: a2", "OR: {args: [{BOOLEAN: true}, {EXTRACT: a0}]}"),
}


@pytest.mark.parametrize("values", CYCLES.values(), ids=CYCLES.keys())
def test_extracts_that_need_themselves_are_named_once(tmp_path, values):
    files = {EXTRACTS: extracts(*values), LOGIC: logic("EXTRACT: a0", head=IMPORT)}
    found = checked(write(tmp_path, files))
    assert [("A205", EXTRACTS, 2, 12)] == errors(found)
    assert [" → ".join([*(f"a{number}" for number in range(len(values))), "a0"])] == [
        each.help for each in found if each.code == "A205"
    ]


@pytest.mark.medium
@pytest.mark.parametrize("order", [1, -1])
def test_a_chain_of_thousands_of_extracts_is_refused(tmp_path, order):
    values = ["BOOLEAN: true", *(f"NOT: {{arg: {{EXTRACT: a{number}}}}}" for number in range(1_500))]
    if order < 0:
        values = [*(f"NOT: {{arg: {{EXTRACT: a{number + 1}}}}}" for number in range(1_500)), "BOOLEAN: true"]
    found = errors(checked(write(tmp_path, {EXTRACTS: extracts(*values)})))
    assert {"A213"} == {each.code for each in found}
    assert 1 <= len(found) <= 21


def test_extracts_that_double_are_refused(tmp_path):
    values = [
        "FIELD: {path: a__c}",
        *(f"AND: {{args: [{{EXTRACT: a{number}}}, {{EXTRACT: a{number}}}]}}" for number in range(35)),
    ]
    found = errors(checked(write(tmp_path, {EXTRACTS: extracts(*values), LOGIC: logic("EXTRACT: a35", head=IMPORT)})))
    assert [("A213", EXTRACTS, 13, 25)] == found


def test_a_repeated_extract_is_named_where_it_is_repeated(tmp_path):
    first = "extracts: [{name: a, value: {BOOLEAN: true}}, {name: a, value: {BOOLEAN: true}}]\n"
    found = checked(write(tmp_path, {EXTRACTS: first}))
    assert [("A206", EXTRACTS, 1, 54)] == errors(found)
    assert ("the extract `a` is defined twice", "first defined in line 1") == (found[0].message, found[0].label)


def test_an_extract_repeated_in_another_file_of_the_type_is_named_in_the_later(tmp_path):
    content = "extracts: [{name: a, value: {BOOLEAN: true}}]\n"
    files = {"types/Bucket/a.extracts.yaml": content, "types/Bucket/b.extracts.yaml": content}
    found = checked(write(tmp_path, {**files, "types/Disk/a.extracts.yaml": content}))
    assert [("A206", "types/Bucket/b.extracts.yaml", 1, 19)] == errors(found)
    assert "first defined in `types/Bucket/a.extracts.yaml`" == found[0].label


SECTIONS = {
    "frameworks/cis/section.yaml": "name: CIS\n",
    "frameworks/cis/01/section.yaml": "name: Identity\n",
    "frameworks/cis/01/10/section.yaml": "name: Keys\n",
}


@pytest.mark.parametrize(
    ("reference", "message", "label", "help"),
    [
        ("/frameworks/cis/01/11", "there is no section `/frameworks/cis/01/11`", "", "did you mean `/frameworks/cis/01/10`?"),
        (
            *("/frameworks/cis/02/01", "there is no section `/frameworks/cis/02`"),
            *("so there is no `/frameworks/cis/02/01`", "did you mean `/frameworks/cis/01`?"),
        ),
        (
            *("/frameworks/cis-2/01", "there is no framework `/frameworks/cis-2`"),
            *("so there is no `/frameworks/cis-2/01`", "did you mean `/frameworks/cis`?"),
        ),
        ("cis", "there is no framework `cis`", "", None),
    ],
)
@pytest.mark.parametrize("key", ["frameworkMappings", "frameworkIgnoreMappings"])
def test_a_policy_s_reference_to_no_section_is_an_error(tmp_path, key, reference, message, label, help):
    content = f"{NAMES}description: d\n{key}: [/frameworks/cis/01/10, {reference}]\n"
    found = checked(write(tmp_path, {**SECTIONS, POLICY: content}))
    assert [("A220", POLICY, 3, len(key) + 27)] == errors(found)
    assert (message, label, help) == (found[0].message, found[0].label, found[0].help)


def test_a_section_s_reference_to_no_section_is_an_error(tmp_path):
    path = "frameworks/cis/01/section.yaml"
    files = {**SECTIONS, path: "name: Identity\nsimilar:\n  sections:\n    - /frameworks/cis/01/10\n    - /frameworks/cis/03\n"}
    assert [("A220", path, 5, 7)] == errors(checked(write(tmp_path, files)))


def many_logics(head: str, check: str, number: int = 60) -> dict[str, str]:
    return {f"ce/acme/l{each:03}.logic.yaml": logic(check.format(each), head=head) for each in range(number)}


FLOODS: dict[str, dict[str, str | bytes]] = {
    "extracts that are no YAML": {EXTRACTS: "[", **many_logics(IMPORT, "EXTRACT: a{}")},
    "extracts that are empty": {EXTRACTS: "", **many_logics(IMPORT, "EXTRACT: a{}")},
    "extracts that do not exist": many_logics(IMPORT, "EXTRACT: a{}"),
    "extracts that need themselves": {EXTRACTS: extracts("EXTRACT: a0"), **many_logics(IMPORT, "EXTRACT: a0")},
    "a framework that is gone": {
        f"ce/p{number:03}/policy.yaml": f"{NAMES}description: d\nframeworkMappings: [/frameworks/gone/{number:02}/01]\n"
        for number in range(60)
    },
    "a condition repeated by an alias": {
        LOGIC: "inputType: Bucket\notherwise: {status: COMPLIANT, currentStateMessage: m}\n"
        f"conditions: [&a {{status: COMPLIANT, currentStateMessage: m, check: {{NOPE: 1}}}}{', *a' * 500}]\n"
    },
    "an import that is forgotten": {
        EXTRACTS: extracts(*["BOOLEAN: true"] * 60),
        LOGIC: logic(f"AND: {{args: [{', '.join(f'{{EXTRACT: a{number}}}' for number in range(60))}]}}"),
    },
}


@pytest.mark.parametrize("files", FLOODS.values(), ids=FLOODS.keys())
def test_one_fault_is_told_at_most_25_times(tmp_path, files):
    found = errors(checked(write(tmp_path, files)))
    assert 1 <= len(found) <= 25


BROKEN_EXTRACTS = [name for name in FLOODS if name.startswith("extracts that") and "not exist" not in name]


@pytest.mark.parametrize("name", BROKEN_EXTRACTS)
def test_a_broken_import_is_told_in_its_own_file_only(tmp_path, name):
    assert [EXTRACTS] == [each.path for each in errors(checked(write(tmp_path, FLOODS[name])))]


def test_a_sound_import_beside_a_broken_one_is_still_used(tmp_path):
    head = f"importExtracts: [{{file: /{EXTRACTS}}}, {{file: /types/Bucket/broken.extracts.yaml}}]\n"
    files = {EXTRACTS: extracts("NUMBER: 1"), "types/Bucket/broken.extracts.yaml": "[", LOGIC: logic("EXTRACT: a0", head=head)}
    found = errors(checked(write(tmp_path, files)))
    assert [("A209", LOGIC, 7, 7), ("L110", "types/Bucket/broken.extracts.yaml", 2, 1)] == found


def test_what_is_beyond_the_bound_is_counted_where_it_begins(tmp_path):
    found = checked(write(tmp_path, FLOODS["extracts that do not exist"]))
    assert MAX_ALIKE + 1 == len(errors(found))
    last = found[-1]
    assert ("L133", "ce/acme/l020.logic.yaml") == (last.code, last.span.path)
    assert "and 40 more like “there is no directory `/types`”" == last.message


def test_faults_of_many_files_are_all_told(tmp_path):
    files = {f"ce/acme/l{each:03}.logic.yaml": logic(f"EXTRACT: a{each}") for each in range(60)}
    assert 60 == len(errors(checked(write(tmp_path, files))))


def test_diagnostics_are_in_the_order_of_their_places_and_none_is_told_twice(tmp_path):
    found = checked(write(tmp_path, FLOODS["a condition repeated by an alias"] | {POLICY: f"{NAMES}x: 1\n"}))
    assert sorted(found, key=lambda each: (each.span, each.code)) == found
    assert [("L121", POLICY), ("L120", POLICY), ("L124", LOGIC)] == [(each.code, each.path) for each in errors(found)]


def test_a_sound_repository_has_neither_errors_nor_warnings(tmp_path):
    found = checked(write(tmp_path, {**SECTIONS, "ce/acme/wip.logic.yaml": logic("FIELD: {path: public__c}")}))
    assert ([], []) == (errors(found), warnings(found))


def test_every_rule_has_a_code_a_name_and_a_page_of_its_own():
    rules = (*load_rules.RULES, *analyze_rules.RULES, *REMEDY_RULES, *lint.RULES)
    assert {rule.code: rule for rule in rules} == RULES_BY_CODE
    assert {1} == set(Counter(rule.code for rule in rules).values())
    assert {1} == set(Counter(rule.name for rule in rules).values())
    assert [] == [rule.code for rule in rules if len(rule.page) < 40]
    assert ["A321"] == [rule.code for rule in lint.RULES if rule.severity is Severity.ERROR]
