"""What each mutator makes of a program, by the words for it; that nothing makes what is there already."""

from __future__ import annotations

import pytest

from perpend.authoring.mutation.mutants import mutants_of
from perpend.authoring.mutation.mutators import OF_BLOCKS, OF_EXPRESSIONS, operators
from perpend.language.compiler.reachability import Structures
from perpend.language.operations import OPERATIONS
from tests.unit.authoring.mutation.programs import equal, field, greater, program

LIST = {
    "relatedLists": [
        {
            "relationshipName": "Disks__r",
            "conditions": [],
            "otherwise": {"status": "INCOMPLIANT", "currentStateMessage": "m", "remediationMessage": "r"},
        }
    ]
}
HAS = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "Disks__r"}}
DATE = {"DATE_TIME_FROM": {"arg": field("a__c"), "format": "ISO_8601", "undeterminedIf": {"invalidFormat": "odd"}}}

CASES = {
    "operator": (
        greater("a__c", 3),
        {},
        ["`a__c > number(3.0)` became `a__c >= number(3.0)`", "`a__c > number(3.0)` became `a__c <= number(3.0)`"],
    ),
    "range end": (
        {"BETWEEN": {"arg": field("a__c"), "rangeFrom": {"NUMBER": 1}, "rangeTo": {"NUMBER": 2}}},
        {},
        ["`exclusiveFrom` became true", "`exclusiveTo` became true"],
    ),
    "number": (greater("a__c", 3), {}, ["`number(3.0)` became `number(2.0)`", "`number(3.0)` became `number(4.0)`"]),
    "day": (
        {"IS_BEYOND_LAST_DAYS": {"arg": DATE, "offsetDays": 90}},
        {},
        [f"`a__c.asDateTime().beyondLastDays(90)` became `a__c.asDateTime().beyondLastDays({days})`" for days in (89, 91)],
    ),
    "truth": (
        {"IS_EQUAL": {"left": field("a__c"), "right": {"BOOLEAN": True}}},
        {},
        ["`true` became `false`"],
    ),
    "text": (equal("a__c", "on"), {}, ["`'on'` became `'onx'`"]),
    "text cut": (
        {"STARTS_WITH": {"arg": field("a__c"), "search": {"TEXT": "arn:"}}},
        {},
        ["`a__c.startsWith('arn:')` became `a__c.startsWith('arn')`"],
    ),
    "entry dropped": (
        {"CONTAINS": {"arg": {"SET": {"itemType": "TEXT", "items": ["a", "b"]}}, "search": field("a__c")}},
        {},
        [f"'{one}' was dropped from `items` of `setOfText(['a', 'b'])`" for one in "ab"],
    ),
    "access level": (
        {"AWS_POLICY_ALLOWS": {"policyExtField": "p__c", "widestAcceptableAccessLevel": "NOBODY", "actions": ["s3:*"]}},
        {},
        ["`p__c.awsPolicyAllows(NOBODY, ['s3:*'])` became `p__c.awsPolicyAllows(SAME_ACCOUNT, ['s3:*'])`"],
    ),
    "and/or": (
        {"AND": {"args": [equal("a__c", "x"), equal("b__c", "y")]}},
        {},
        ["AND became OR in `a__c == 'x' && b__c == 'y'`"],
    ),
    "part dropped": (
        {"OR": {"args": [equal("a__c", "x"), equal("b__c", "y")]}},
        {},
        [f"`{part}` was dropped from `a__c == 'x' || b__c == 'y'`" for part in ("a__c == 'x'", "b__c == 'y'")],
    ),
    "negation": (greater("a__c", 3), {}, ["`a__c > number(3.0)` became `not(a__c > number(3.0))`"]),
    "empty": (equal("a__c", "on"), {}, ["`a__c == 'on'` said yes where `a__c` is empty"]),
    "items": (
        {
            "CONTAINS": {
                "arg": {
                    "COLLECTION_FROM": {
                        "arg": field("a__c"),
                        "separator": ",",
                        "emptyValues": "SKIP",
                        "duplicateValues": "KEEP",
                        "ordering": "ORIGINAL",
                    }
                },
                "search": {"TEXT": "x"},
            }
        },
        {},
        [
            f"`{name}` became {value} in `a__c.asCollection(',').skipEmpty().keepDuplicates().originalOrder()`"
            for name, value in (("emptyValues", "KEEP"), ("duplicateValues", "SKIP"), ("ordering", "SORTED"))
        ],
    ),
    "check removed": (
        {"IS_EQUAL": {"left": {"FIELD": {"path": "a__c", "undeterminedIf": {"isEmpty": "m"}}}, "right": {"TEXT": "x"}}},
        {},
        ["the check `a__c.isEmpty()` was removed"],
    ),
    "child status": (
        HAS,
        LIST,
        [
            f"`Disks__r.has(INCOMPLIANT)` became `Disks__r.has({status})`"
            for status in ("COMPLIANT", "INAPPLICABLE", "UNDETERMINED", "DISAPPEARED")
        ],
    ),
    "list emptied": (HAS, LIST, ["`Disks__r.has(INCOMPLIANT)` saw an empty list"]),
    "lookup emptied": (equal("a__r.b__c", "x"), {}, ["`a__r.b__c` saw a lookup that leads nowhere"]),
    "status": (
        equal("a__c", "on"),
        {},
        ["COMPLIANT became INCOMPLIANT in condition 1", "INAPPLICABLE became COMPLIANT in `otherwise`"],
    ),
    "condition dropped": (equal("a__c", "on"), {}, ["condition 1, `a__c == 'on'`, was dropped"]),
    "record type dropped": (equal("a__c", "on"), {"recordTypes": ["Server"]}, ["the record type Server was dropped"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mutator_makes_every_small_change_of_its_kind(tmp_path, name):
    check, more, words = CASES[name]
    more = {"statuses": ["COMPLIANT"], "otherwise": "INAPPLICABLE", **more}
    found = [mutant.words for mutant in mutants_of(program(tmp_path, check, **more)) if mutant.mutator == name]
    assert words == found


def test_conditions_are_tried_in_the_other_order(tmp_path):
    made = program(tmp_path, equal("a__c", "x"), equal("b__c", "y"))
    found = [mutant for mutant in mutants_of(made) if mutant.mutator == "order"]
    assert ["condition 2, `b__c == 'y'`, was tried before condition 1"] == [mutant.words for mutant in found]
    assert made.block.conditions[::-1] == found[0].block.conditions


def test_every_mutator_is_tested_and_has_a_name_of_its_own():
    names = [mutator.name for mutator in (*OF_EXPRESSIONS, *OF_BLOCKS)]
    assert sorted(names) == sorted({*CASES, "order"})


def test_neighbours_of_operations_are_operations():
    named = {name for several in operators._NEIGHBOURS.values() for name in several} | set(operators._NEIGHBOURS)
    assert named <= set(OPERATIONS)


def test_no_mutant_is_the_program_itself_or_another_mutant(tmp_path):
    made = program(tmp_path, {"AND": {"args": [equal("a__c", "x"), {"NOT": {"arg": greater("b__c", 3)}}]}})
    structures = Structures()
    mutants = [mutant for mutant in mutants_of(made) if mutant.replaced]
    numbers = [structures.number(mutant.block.conditions[0].expression) for mutant in mutants]
    assert structures.number(made.block.conditions[0].expression) not in numbers
    assert len(numbers) == len(set(numbers))
    assert len(mutants) == len({mutant.key for mutant in mutants})


def test_a_mutant_shares_with_its_program_what_was_not_changed(tmp_path):
    made = program(tmp_path, equal("a__c", "x"), equal("b__c", "y"))
    mutant = next(mutant for mutant in mutants_of(made) if mutant.words == "`'y'` became `'yx'`")
    assert made.block.conditions[0] is mutant.block.conditions[0]
    assert made.block.conditions[1].expression.operands[0] is mutant.block.conditions[1].expression.operands[0]
