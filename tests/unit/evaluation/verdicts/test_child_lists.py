"""Lists of an estate out of files: attached where claims cover them, in doubt as in a store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.claims import Claim, Scope
from perpend.core.objects.ids import PRODUCTION
from perpend.core.objects.inventory import Inventory, Origin, Source, object_from_fields
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository
from tests.reference import evaluate_objects
from tests.reference.child_lists import with_children
from tests.repositories import analyzer_of, logic, policy_files
from tests.unit.inventory.snapshots.stored import write_store

pytestmark = pytest.mark.usefixtures("shared_database")

USER, ACCOUNT, LIST, KEY = "CA10__CaAwsUser__c", "CA10__CaAwsAccount__c", "CA10__users__r", "CA10__account__c"
ANALYZER = Analyzer(open_repository())
A, B = "111122223333", "444455556666"


def program_of(name: str) -> Any:
    return ANALYZER.analyzed(f"/ce/ca/aws/iam/{name}/{PRODUCTION}").program


def inventory(accounts: Sequence[dict[str, Any]], users: Sequence[dict[str, Any]], *claims: Claim) -> Inventory:
    def read(name: str, rows: Sequence[dict[str, Any]]) -> list[Any]:
        return [object_from_fields(one, ANALYZER.object_type(name), Origin("x", row)) for row, one in enumerate(rows)]

    source = Source("x", "test-data", None, 0, coverage=claims)
    return Inventory((source,), {ACCOUNT: read(ACCOUNT, accounts), USER: read(USER, users)})


def accounts(found: Inventory, *, policy: str = "account-has-no-iam-users") -> list[Any]:
    return [one.fields for one in with_children(found, [program_of(policy)], ANALYZER.object_type).objects[ACCOUNT]]


PARTS, OWNER, OWNER_KEY = "CA10__Parts__r", "thing__r", "thing__c"
SAID: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({OWNER_KEY: None}, False),
    ({OWNER_KEY: ""}, False),
    ({OWNER_KEY: None, OWNER: {"Name": "x"}}, False),
    ({OWNER_KEY: "b"}, False),
    ({OWNER_KEY: "b", OWNER: {"Name": "x"}}, False),
    ({OWNER_KEY: "b", OWNER: {"Id": "b"}}, False),
    ({OWNER_KEY: "b", OWNER: {"Id": "a"}}, True),
    ({OWNER_KEY: None, OWNER: {"Id": "b"}}, True),
    ({OWNER_KEY: 5}, True),
    ({OWNER_KEY: ["b"]}, True),
    ({OWNER: None}, False),
    ({OWNER: {"Id": None}}, False),
    ({OWNER: {"Id": "b"}}, False),
    ({OWNER: {}}, True),
    ({OWNER: {"Name": "x"}}, True),
    ({OWNER: {"Id": ""}}, True),
    ({OWNER: {"Id": 5}}, True),
    ({OWNER: {"Id": ["b"]}}, True),
    ({OWNER: 5}, True),
    ({OWNER: []}, True),
]
"""What parts say of whose they are, and whether they leave open whose."""


def names_owner(said: dict[str, Any]) -> bool:
    """Whether a part says that it belongs to `b`."""
    return said.get(OWNER_KEY) == "b" or said.get(OWNER) == {"Id": "b"}


def gathered_cases() -> dict[str, tuple[str, list[dict[str, Any]], bool]]:
    """Return parts by case: each that leaves open whose it is has types of its own, all others of a kind are of one."""
    cases: dict[str, tuple[str, list[dict[str, Any]], bool]] = {}
    for kind in ("lookup", "masterDetail"):
        cases[kind] = (kind, [], False)
        for number, (said, is_open) in enumerate(SAID):
            if is_open or (kind == "masterDetail" and not names_owner(said)):
                cases[f"{kind} {number}"] = (kind, [said], True)
            else:
                cases[kind][1].append(said)
    return cases


CASES = gathered_cases()


def of_owner(said: dict[str, Any], owner: str) -> dict[str, Any]:
    """Return what a part says, of this owner where it is of `b`."""
    return {name: owner if value == "b" else {"Id": owner} if value == {"Id": "b"} else value for name, value in said.items()}


def types_of(case: str) -> tuple[str, str]:
    """Return the types of things and of parts that a case has for itself."""
    place = [*CASES].index(case)
    return f"CA10__CaThing{place}__c", f"CA10__CaPart{place}__c"


def declared_types(case: str) -> dict[str, Any]:
    """Return the files of a policy that asks things whether they have a part that is on, and of both types."""
    kind, _, _ = CASES[case]
    thing, part = types_of(case)
    fields = [{"name": "Id", "type": "text"}, {"name": OWNER_KEY, "type": kind}, {"name": "on", "type": "checkbox"}]
    condition = {"status": "INCOMPLIANT", "currentStateMessage": "on", "check": {"FIELD": {"path": "on"}}}
    otherwise = {"status": "COMPLIANT", "currentStateMessage": "off"}
    block = {"relationshipName": PARTS, "conditions": [condition], "otherwise": otherwise}
    asked = {"RELATED_LIST_HAS": {"relationshipName": PARTS, "status": "INCOMPLIANT"}}
    lookups = [{"name": OWNER, "target": thing, "key": OWNER_KEY}]
    files = policy_files(logic(asked, input_type=thing, relatedLists=[block]))
    return {
        **{path.replace("/policy/", f"/{thing.lower()}/"): content for path, content in files.items()},
        f"types/{thing}/type.yaml": {"label": "T", "fields": {}, "children": [{"name": PARTS, "type": part, "key": OWNER_KEY}]},
        f"types/{part}/type.yaml": {"label": "P", "fields": fields, "lookups": lookups},
    }


def ended(found: Evaluation) -> dict[str, dict[str, str]]:
    """Return how the things of each case ended."""
    by_type: dict[str, dict[str, str]] = defaultdict(dict)
    for one in found.findings():
        by_type[one.object.type_name][one.object.id] = one.status.value
    return {case: by_type[types_of(case)[0]] for case in CASES}


@pytest.mark.medium
def test_whether_a_part_says_whose_it_is_is_the_same_in_files_and_in_a_store(tmp_path: Path) -> None:
    files = {path: content for case in CASES for path, content in declared_types(case).items()}
    analyzer = analyzer_of(tmp_path / "repository", files)

    def read(name: str, *rows: dict[str, Any]) -> list[Any]:
        return [object_from_fields(one, analyzer.object_type(name), Origin("x", row)) for row, one in enumerate(rows)]

    claims, objects, expected = list[Claim](), dict[str, list[Any]](), dict[str, dict[str, str]]()
    for case, (_, parts, is_open) in CASES.items():
        thing, part = types_of(case)
        claims += [Claim(part), Claim(thing)]
        rows = [{"Id": f"p{number}", "on": True, **of_owner(said, f"b{number}")} for number, said in enumerate(parts)]
        objects[part] = read(part, *rows, {"Id": "q", "on": False, OWNER_KEY: "a"})
        objects[thing] = read(thing, {"Id": "a"}, *({"Id": f"b{number}"} for number in range(len(parts))))
        expected[case] = {"a": "UNDETERMINED" if is_open else "COMPLIANT"}
        for number, said in enumerate(parts):
            known = "INCOMPLIANT" if names_owner(said) else "COMPLIANT"
            expected[case][f"b{number}"] = "UNDETERMINED" if is_open else known
    found = Inventory((Source("x", "test-data", None, 0, coverage=tuple(claims)),), objects)
    selection = select_policies(analyzer)
    assert expected == ended(evaluate_objects(found, selection))
    snapshot = write_store(tmp_path / "store", found, declared=analyzer.object_type)
    with evaluate_snapshot(snapshot, selection) as evaluation:
        assert expected == ended(evaluation)


@pytest.mark.parametrize(
    ("claims", "known"),
    [
        ((Claim(USER),), ("COMPLIANT", "INCOMPLIANT")),
        ((Claim(USER, Scope("111122223333")),), ("UNDETERMINED", "INCOMPLIANT")),
        ((Claim(USER), Claim(USER, lacking="denied")), ("UNDETERMINED", "INCOMPLIANT")),
        ((), ("UNDETERMINED", "INCOMPLIANT")),
    ],
)
def test_a_known_user_answers_for_a_list_that_may_hold_more(
    tmp_path: Path, claims: tuple[Claim, ...], known: tuple[str, str]
) -> None:
    [without, having], policy = (B, "999988887777"), "account-has-no-iam-users"
    found = inventory([{"Id": without}, {"Id": having}], [{"Id": "u", "CA10__userName__c": "u", KEY: having}], *claims)
    selection = select_policies(ANALYZER, [policy])
    snapshot = write_store(tmp_path / "store", found, declared=ANALYZER.object_type)
    with evaluate_snapshot(snapshot, selection) as evaluation:
        for one in (evaluation, evaluate_objects(found, selection)):
            statuses = {finding.object.id: finding.status.value for finding in one.findings()}
            assert dict(zip((without, having), known, strict=True)) == statuses


TRAIL = "CA10__CaAwsCloudTrailTrail__c"


@pytest.mark.parametrize(("logging", "known"), [(True, "COMPLIANT"), (False, "UNDETERMINED")])
def test_a_trail_that_is_on_answers_though_a_region_was_not_asked(tmp_path: Path, logging: bool, known: str) -> None:
    accounts_of = inventory([{"Id": A}], [], Claim(TRAIL), Claim(TRAIL, Scope(A, "af-south-1"), "not asked for: --regions"))
    trail = {"Id": "t", KEY: A, "CA10__isLogging__c": logging, "CA10__disappearanceTime__c": None}
    trails = [object_from_fields(trail, ANALYZER.object_type(TRAIL), Origin("x", 0))]
    found = replace(accounts_of, objects={ACCOUNT: accounts_of.objects[ACCOUNT], TRAIL: trails})
    selection = select_policies(ANALYZER, ["cloudtrail-switched-on"])
    snapshot = write_store(tmp_path / "store", found, declared=ANALYZER.object_type)
    with evaluate_snapshot(snapshot, selection) as evaluation:
        assert [known] == [finding.status.value for finding in evaluation.findings()]
