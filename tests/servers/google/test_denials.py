"""What is known if one call is refused: over all calls of the tables, so over content types, asset types and direct calls.

A list that is refused is open, and names the permission. Fields that need it are not known. Nothing else changes, and no field
becomes null or another value.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("google.auth", reason="the extra google is not installed")
pytest.importorskip("googleapiclient", reason="the client for tests is not installed")

from perpend.collectors.google.calls import ALSO
from perpend.collectors.google.cloud import TABLES
from perpend.collectors.protocol import NothingCollected
from perpend.collectors.rest.rows import RestCall, TypeRow
from tests.servers.gathered_rest import Gathered
from tests.servers.google import inventories
from tests.servers.google.double import ORGANIZATION, RESOURCES, Google
from tests.servers.google.faults import DENIED
from tests.servers.google.rounds import PROJECTS, estate
from tests.servers.google.samples import SAMPLES, plant_samples
from tests.servers.rest import Rule

pytestmark = pytest.mark.slow

WEB, DATA, TOOLS = "web-prod-1", "data-prod-1", "tooling-1"
METADATA = "CA10__commonMetadata__c"
TABLE = "bigquery.googleapis.com/Table"
NODES = {f"cai.{RESOURCES}/{kind}" for kind in ("Folder", "Organization")}
CALLS = [call for call in TABLES.all_calls if call.name != PROJECTS]
EVERYTHING = {row.type_name: () for row in TABLES.all_types}


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    """Yield an organization with a sample of each asset type in two projects, policies at each level, and a person."""
    folder = tmp_path_factory.mktemp("denials")
    with estate(folder) as google:
        google.folder("folders/2001")
        for project, parent in ((WEB, "folders/2001"), (DATA, ORGANIZATION)):
            google.project(project, parent)
            for key in plant_samples(google, project, f"{project}-1").values():
                google.policy(key, ("roles/viewer", ["group:all@shop.example"]))
            unlocked = {name: part for name, part in SAMPLES[TABLE].items() if name != "encryptionConfiguration"}
            reference = {"projectId": project, "datasetId": "around-1", "tableId": f"{project}-2"}
            unlocked |= {"tableReference": reference}
            google.plant(TABLE, project, unlocked, f"{project}-2")
            google.direct[f"/bigquery/v2/projects/{project}/datasets/around-1/tables/{project}-2"] = unlocked
            google.policy(project, ("roles/owner", ["user:ann@shop.example"]), audit=[{"service": "allServices"}])
        google.policy("folders/2001", ("roles/viewer", ["allAuthenticatedUsers"]))
        google.policy(ORGANIZATION, ("roles/viewer", ["group:all@shop.example"]))
        inventory = {"items": {"one": {"id": "one"}}, "updateTime": "2026-01-01T00:00:00Z"}
        for planted in google.assets.values():
            if planted.asset["assetType"] == "compute.googleapis.com/Instance":
                planted.asset["osInventory"] = inventory
        google.assets[f"//{RESOURCES}/{ORGANIZATION}"].asset["orgPolicy"] = [
            {"constraint": "constraints/iam.x", "booleanPolicy": {}}
        ]
        google.users = [{"id": "7", "primaryEmail": "ann@shop.example", "isAdmin": True}]
        yield google


@pytest.fixture(scope="module")
def whole(double: Google) -> Gathered:
    """Return all of it, read without a refusal."""
    return gathered(double)


def gathered(double: Google, **parent: Any) -> Gathered:
    return inventories.gathered(double.url, EVERYTHING, **(parent or {"organization": "1001", "directory": True}))


def needs(row: TypeRow, name: str, call: RestCall) -> bool:
    """Whether a field is read with a detail call, or a join that a call answers."""
    of = row.fields[name].call if name in row.fields else ""
    return bool(of) and (of == call.name or call.name in TABLES.joins.get(of, ()))


def test_the_estate_has_every_type_and_is_read_in_full(double: Google, whole: Gathered) -> None:
    shown = {type_name for type_name, _ in whole.objects}
    assert set() == EVERYTHING.keys() - shown
    assert {None} == {*whole.claims.values()}
    unknown = {
        (key[1], name)
        for key, row in whole.objects.items()
        for name in row.reasons
        if name in TABLES.types[key[0]].fields and TABLES.types[key[0]].fields[name].call
    }
    assert {(TOOLS, METADATA)} == unknown
    assert [] == double.strange
    assert {f"cai.{other}" for other in ALSO.values()}.isdisjoint(TABLES.calls)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_refused_call_changes_what_needs_it_and_nothing_else(double: Google, whole: Gathered, call: RestCall) -> None:
    double.rules = [Rule(call.name, DENIED)]
    try:
        seen = gathered(double)
    finally:
        double.rules = []
    label = call.permission or "Directory:users.list"
    listed = {row.type_name for row in TABLES.all_types if row.listed == call.name}
    for (account, type_name), lacking in whole.claims.items():
        if type_name in listed:
            assert label in str(seen.claims.get((account, type_name), label)), (account, type_name)
        elif call.name not in NODES:
            assert lacking == seen.claims[account, type_name], (account, type_name)
    unknown: set[str] = set()
    for key, before in whole.objects.items():
        if key not in seen.objects:
            assert key[0] in listed, f"{key} is not there"
            continue
        row, after = TABLES.types[key[0]], seen.objects[key]
        for name in {*before.fields, *after.fields, *before.reasons, *after.reasons}:
            if name in after.reasons and name not in before.reasons:
                unknown.add(row.fields[name].call)
                assert needs(row, name, call) or call.name in NODES, f"{key}.{name}: {after.reasons[name]}"
                assert label in after.reasons[name] or "was not read" in after.reasons[name]
            else:
                assert (before.fields.get(name), name in before.fields) == (after.fields.get(name), name in after.fields), (
                    key,
                    name,
                )
                of = row.fields[name].call if name in row.fields and name not in before.reasons else ""
                if not (call.unless and before.fields.get(name) is not None):  # then it is read elsewhere
                    assert of != call.name and TABLES.joins.get(of) != (call.name,), (key, name)
    assert {name for name, listings in TABLES.joins.items() if call.name in listings} <= unknown
    assert unknown or listed or call.name in NODES
    assert not {key for key in seen.objects if key[0] in listed} - whole.objects.keys()


def test_without_the_list_of_projects_nothing_is_collected(double: Google) -> None:
    double.rules = [Rule(PROJECTS, DENIED)]
    try:
        with pytest.raises(NothingCollected):
            gathered(double)
    finally:
        double.rules = []


@pytest.mark.parametrize("is_public", [False, True])
def test_a_project_alone_knows_less_than_within_its_organization(double: Google, whole: Gathered, is_public: bool) -> None:
    node = double.assets[f"//{RESOURCES}/{ORGANIZATION}"].asset
    kept = copy.deepcopy(node["iamPolicy"])
    if is_public:
        double.policy(ORGANIZATION, ("roles/viewer", ["allUsers"]))
        whole = gathered(double)
    try:
        alone = gathered(double, projects=(DATA,))
    finally:
        node["iamPolicy"] = kept
    less = 0
    for key, after in alone.objects.items():
        before = whole.objects[key]
        for name, value in after.fields.items():
            assert before.fields.get(name) == value, (key, name)
        less += len(after.reasons.keys() - before.reasons.keys())
        assert before.reasons.keys() <= after.reasons.keys(), key
    assert less > 20
