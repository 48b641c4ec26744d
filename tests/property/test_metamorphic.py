"""No change that states no fact turns a verdict UNDETERMINED or INCOMPLIANT into COMPLIANT, INAPPLICABLE or DISAPPEARED.

Some changes of each kind, over the library and, where ``PERPEND_CORPUS`` names it, another repository;
``python -m tests.property.metamorphic`` makes as many as wanted and prints figures.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from perpend.inventory.importers import child_lists as lists
from perpend.inventory.importers.child_lists import Lists
from tests.property.metamorphic.changes import OBJECT_CHANGES, Change
from tests.property.metamorphic.compare import PASS, Figures, changed, fitting, violations_of
from tests.property.metamorphic.contradictions import contradictions, settled
from tests.property.metamorphic.estates import USER, WITH_REPORTS, Inventory, inventory, roads_of
from tests.property.metamorphic.files import CLAIM_CHANGES, FILE_CHANGES, FileChange
from tests.property.metamorphic.roads import EvaluationOutcome
from tests.property.metamorphic.worlds import ACCOUNT, LIBRARY, Pool, pools

pytestmark = pytest.mark.usefixtures("shared_database")

SEED = os.environ.get("PERPEND_METAMORPHIC_SEED", "house")
WORLDS = 6
ROOTS = (LIBRARY, *(Path(one) for one in os.environ.get("PERPEND_CORPUS", "").split(os.pathsep) if one))


def pool_of(type_name: str) -> Pool:
    return next(one for one in pools(LIBRARY) if one.type_name == type_name)


ROADS = list(dict.fromkeys([*roads_of(pool_of(USER)), *roads_of(pool_of(ACCOUNT))]))
DEAR = {"files duckdb", "parquet tables", *(f"{one}{WITH_REPORTS}" for one in ("files duckdb", "nested store"))}
"""Roads left to CI: the same changes go the others, by the interpreter, by DuckDB, through tables and with reports."""

KINDS = [*FILE_CHANGES, *OBJECT_CHANGES]
EACH = 12
"""Of how many kinds of changes one is made on a road where it can be, others on the next one."""


@pytest.mark.parametrize("road", [pytest.param(one, marks=[pytest.mark.slow] * (one in DEAR)) for one in ROADS])
@pytest.mark.parametrize("root", ROOTS, ids=lambda one: one.name)
def test_no_change_makes_what_is_unknown_or_wrong_pass(root: Path, road: str) -> None:
    random = Random(f"{SEED}-{road}")
    found = Figures()
    pool = random.choice([one for one in pools(root) if road in roads_of(one)] or [None])
    if pool is None:
        pytest.skip("declares no tables")
    few = 2 if WITH_REPORTS in road else 1  # accounts with all that reports hold are dear
    asked = inventory(pool, road, random, WORLDS // few)
    chosen = [one for one in fitting(asked) if (KINDS.index(one) + ROADS.index(road)) % EACH == 0][::few]
    for figures in changed(asked, [one if isinstance(one, FileChange) else [one] for one in chosen], random):
        found.add(figures)
    assert not found.violations, "\n".join(str(one) for one in found.violations[:3])
    assert not found.crashes, found.crashes[0]


def test_every_kind_of_change_can_be_made_somewhere() -> None:
    made = set()
    for road in ROADS:
        pool = next(one for one in pools(LIBRARY) if road in roads_of(one))
        made |= {one.name for one in fitting(inventory(pool, road, Random(SEED), 1))}
    assert {one.name for one in KINDS} == made


NO_USERS = "/ce/ca/aws/iam/account-has-no-iam-users"
"""The policy of accounts that asks for a list that must be empty."""


def found_by(type_name: str, road: str, worlds: int, policies: tuple[str, ...] = ()) -> Figures:
    """Return what changes of claims find, which begin every long run; of some policies, or of all."""
    asked = inventory(replace(pool_of(type_name), asked=policies), road, Random("planted"), worlds)
    return found_in(asked, [one for one in CLAIM_CHANGES if one.fits(asked.inputs, asked.way)])


def found_in(asked: Inventory, changes: Sequence[list[Change] | FileChange]) -> Figures:
    """Return what changes find, up to the first that finds something."""
    found = Figures()
    for figures in changed(asked, changes, Random("faults")):
        found.add(figures)
        if found.violations:
            break
    return found


def test_absence_that_files_take_for_a_fact_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not found_by(ACCOUNT, f"files{WITH_REPORTS}", 24, (NO_USERS,)).violations
    covered = Lists._covered
    monkeypatch.setattr(Lists, "_covered", lambda *given: [one for one in covered(*given) if not one.startswith("ELSE")])
    assert found_by(ACCOUNT, f"files{WITH_REPORTS}", 24, (NO_USERS,)).violations


def test_absence_that_stores_take_for_a_fact_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    covered = Lists._covered
    monkeypatch.setattr(Lists, "_covered", lambda *given: [one for one in covered(*given) if not one.startswith("ELSE")])
    assert found_by("CA10__CaAwsSecurityGroup__c", "ndjson tables", 24).violations


def claimed(pool: Pool, types: Collection[str]) -> Inventory:
    """Return a small estate of tables of some types, each said to be complete."""
    found = inventory(pool, "ndjson tables", Random("planted"), 12)
    return replace(found, inputs=tuple(replace(one, complete="all") for one in found.inputs if one.type_name in types))


def test_keys_that_lead_elsewhere_than_the_object_beside_them_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = claimed(pool_of("CA10__CaAwsRouteTable__c"), ("CA10__CaAwsRouteTable__c", "CA10__CaAwsRoute__c"))
    changes = [one for one in FILE_CHANGES if one.name == "keys that an object beside speaks against"] * 12
    assert not found_in(asked, changes).violations
    monkeypatch.setattr(lists, "OTHER_OBJECT", "told by nobody")
    monkeypatch.setattr(Lists, "_unmatched", lambda *_: [])
    assert found_in(asked, changes).violations


def test_blank_keys_of_masters_that_are_taken_for_a_fact_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = pool_of(ACCOUNT)
    with_users = replace(pool, objects=tuple(one for one in pool.objects if one.get("CA10__users__r")), asked=(NO_USERS,))
    asked = claimed(with_users, (ACCOUNT, USER))
    changes = [[one for one in OBJECT_CHANGES if one.name == "a value blanked"]] * 2
    assert not found_in(asked, changes).violations
    monkeypatch.setattr(lists, "MASTER_KEY", "told by nobody")
    assert found_in(asked, changes).violations


KEY = ("/ce/a", 1, "one-w1")


def ended(*statuses: str) -> tuple[EvaluationOutcome, ...]:
    return tuple(EvaluationOutcome(status, 199) for status in statuses)


@pytest.mark.parametrize("before", ["UNDETERMINED", "INCOMPLIANT"])
@pytest.mark.parametrize("after", sorted(PASS))
def test_a_pass_made_of_no_fact_is_a_violation(before: str, after: str) -> None:
    found = violations_of({KEY: ended(before)}, {KEY: ended(after)})
    assert [(KEY, ended(after))] == list(found)


def test_an_object_that_is_not_judged_any_more_is_one_unless_the_change_took_it() -> None:
    before = {KEY: ended("INCOMPLIANT")}
    assert [(KEY, ())] == list(violations_of(before, {}))
    assert [] == list(violations_of(before, {}, takes=lambda policy, name: True))


def test_any_other_verdict_is_one_only_where_none_may_change() -> None:
    before, after = {KEY: ended("COMPLIANT")}, {KEY: ended("UNDETERMINED")}
    assert [] == list(violations_of(before, after))
    assert [(KEY, ended("UNDETERMINED"))] == list(violations_of(before, after, same=True))


def test_a_document_that_is_understood_now_may_pass_only_where_the_change_may_have_mended_it() -> None:
    odd, wrong, after = {KEY: ended("UNDETERMINED")}, {KEY: ended("INCOMPLIANT")}, {KEY: ended("COMPLIANT")}
    assert [] == list(violations_of(odd, after, mends=lambda world: True))
    assert [(KEY, after[KEY])] == list(violations_of(wrong, after, mends=lambda world: True))


def test_of_what_has_no_id_no_more_may_pass_than_did_or_has_lost_its_id() -> None:
    nameless = ("/ce/a", -1, "")
    before = {nameless: ended("UNDETERMINED", "COMPLIANT"), KEY: ended("COMPLIANT")}
    one, two = ended("COMPLIANT", "UNDETERMINED"), ended("COMPLIANT", "COMPLIANT")
    assert [] == list(violations_of(before, {nameless: one, KEY: before[KEY]}))
    assert [(nameless, two)] == list(violations_of(before, {nameless: two, KEY: before[KEY]}))
    assert [] == list(violations_of(before, {nameless: two}, takes=lambda policy, name: name != ""))
    assert [(nameless, ())] == list(violations_of(before, {KEY: before[KEY]}))


TRAIL, BUCKET = "CA10__CaAwsCloudTrailTrail__c", "CA10__bucket__c"
DOCUMENT, EXTENDED = "CA10__policyDocument__c", "CA10__policyDocumentExt__c"


@pytest.mark.parametrize(
    ("fields", "type_name", "names"),
    [
        ({BUCKET: None, "CA10__bucket__r": {"Id": "b"}}, TRAIL, {BUCKET, "CA10__bucket__r", "Id"}),
        ({BUCKET: "b", "CA10__bucket__r": None}, TRAIL, {BUCKET, "CA10__bucket__r", "Id"}),
        ({"Id": "a", "CA10__users__r": [{"Id": "u", "CA10__account__c": "b"}]}, ACCOUNT, {"CA10__account__c", "Id"}),
        ({"one": {"Id": "b", "x": 1}, "two": [{"Id": "b", "x": 2}]}, None, {"x", "Id", "one", "two"}),
        ({DOCUMENT: 0, EXTENDED: "{}"}, None, {DOCUMENT}),
        ({"Id": "1", "CA10__accountId__c": None}, ACCOUNT, {"CA10__accountId__c"}),
    ],
)
def test_who_takes_away_one_of_two_statements_may_mend_and_who_changes_another_may_not(
    fields: dict[str, object], type_name: str, names: set[str]
) -> None:
    before = contradictions(fields, type_name, reported=True)
    assert [names] == [set(one.names) for one in before]
    assert settled(before, frozenset(), f"{min(names)} at depth 0")
    assert not settled(before, frozenset(), "CA10__other__c at depth 0")
    assert not settled(before, before, f"{min(names)} at depth 0")


@pytest.mark.parametrize(
    ("fields", "type_name"),
    [
        ({BUCKET: "b", "CA10__bucket__r": {"Id": "b"}}, TRAIL),
        ({BUCKET: None, "CA10__bucket__r": None}, TRAIL),
        ({"CA10__bucket__r": {"Id": "b"}}, TRAIL),
        ({BUCKET: "b", "CA10__bucket__r": "denied"}, TRAIL),
        ({"Id": "a", "CA10__users__r": [{"Id": "u"}]}, ACCOUNT),
        ({"one": {"Id": "b", "x": 1}, "two": [{"Id": "b"}, {"Id": "c", "x": 2}]}, None),
        ({"one": {"Id": "b", "x": 1}, "two": [{"Id": "b", "x": 2}, ""]}, None),
        ({DOCUMENT: "{", EXTENDED: "{}"}, None),
        ({DOCUMENT: 0, EXTENDED: None}, None),
        ({"Id": "1", "CA10__accountId__c": "1"}, ACCOUNT),
        ({"Id": "1"}, ACCOUNT),
    ],
)
def test_what_is_said_once_or_twice_alike_contradicts_nothing(fields: dict[str, object], type_name: str) -> None:
    assert not contradictions(fields, type_name, reported=True)


def test_a_list_that_may_be_empty_is_never_emptied_in_a_document_but_all_else_is_put_there() -> None:
    change = next(one for one in OBJECT_CHANGES if one.name == "an odd value in a document")
    put = set()
    for number in range(200):
        fields = {"attributes": '{"restore": ["all"]}'}
        change.apply(fields, None, Random(number))
        put.add(json.dumps(json.loads(fields["attributes"])["restore"]))
    assert "[]" not in put
    assert {"null", "[[]]", "[null]", '""', '{"error": "AccessDenied"}'} <= put
