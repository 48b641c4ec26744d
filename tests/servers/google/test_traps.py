"""Traps of Google's inventory, by number in the design's list: answers that look like a fact and are none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("google.auth", reason="the extra google is not installed")
pytest.importorskip("googleapiclient", reason="the client for tests is not installed")
pytest.importorskip("perpend.collectors.google.api", reason="nothing collects from Google Cloud")

from perpend.collectors.google.cloud import TABLES
from perpend.collectors.protocol import NothingCollected
from perpend.collectors.runs.collection import CollectionResult
from tests.servers.aws import Verdicts
from tests.servers.google import faults, inventories
from tests.servers.google.double import ORGANIZATION, Google
from tests.servers.google.inventories import BINDING, BUCKET, PROJECT, claims
from tests.servers.google.rounds import LIBRARY, collect, estate
from tests.servers.google.samples import SAMPLES
from tests.servers.planted_rest import evaluate
from tests.servers.rest import Rule
from tests.unit.inventory.snapshots.stored import rows_of

pytestmark = pytest.mark.medium

WEB, DATA = "web-prod-1", "data-prod-1"
KIND = "storage.googleapis.com/Bucket"
LISTING = f"cai.{KIND}"
PUBLIC = "CA10__membersAllUsers__c"

NOT_REACHED: Mapping[int, str] = {
    30: "no policy of the library reads the inventory of operating systems",
}
"""The traps that no collection for the library can fall into, each with the reason."""

PASS, FAIL, UNKNOWN, NOT_JUDGED = "COMPLIANT", "INCOMPLIANT", "UNDETERMINED", "INAPPLICABLE"


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Google]:
    """Yield two projects of an organization, each with three buckets, on pages of two."""
    with estate(tmp_path / "credentials") as google:
        google.folder("folders/2001")
        google.project(WEB, "folders/2001")
        google.project(DATA)
        for project in (WEB, DATA):
            for number in range(3):
                google.plant(
                    KIND, project, {"name": f"{project}-{number}", "versioning": {"enabled": True}}, f"{project}-{number}"
                )
        google.page = 2
        yield google


def collected(double: Google, store: Path, types: Collection[str] = (BUCKET,), **options: Any) -> CollectionResult:
    """Collect types of the organization, or of another parent; of projects only the name."""
    parent = {} if {"organization", "folders", "projects"} & options.keys() else {"organization": "1001"}
    wanted = {PROJECT: ("Name",), **dict.fromkeys(types, ())}
    return inventories.collected(double.url, store, wanted, **{**parent, **options})


def lacking(result: CollectionResult, account: str = WEB, type_name: str = BUCKET) -> str | None:
    return claims(result)[account, type_name]


def values(result: CollectionResult, field: str = PUBLIC, type_name: str = BUCKET) -> list[Any]:
    return [row.get(field) for row in rows_of(result.snapshot, type_name)]


def judged(double: Google, store: Path, *policies: str) -> Verdicts:
    """Collect by command for policies, which are named below the library, and judge them."""
    options = [word for policy in policies for word in ("--policy", LIBRARY + policy)]
    collect(double, store, *options)
    return evaluate(store, *options)


def statuses(double: Google, store: Path, policy: str) -> dict[str, str]:
    """Return the verdicts of a policy by the last part of an object's Id."""
    verdicts = judged(double, store, policy)
    return {key.rpartition("/")[2]: verdict["status"] for (_, key), verdict in verdicts.items()}


def times(double: Google) -> set[str]:
    return {asked.query.get("readTime", "") for asked in double.asked if asked.path.endswith("/assets")}


def test_a_healthy_inventory_is_read_in_full(double: Google, tmp_path: Path) -> None:
    result = collected(double, tmp_path / "s", [BUCKET, BINDING])
    assert (None, None) == (lacking(result), lacking(result, DATA))
    assert [False] * 6 == values(result)
    assert [] == double.strange


def test_trap_1_what_was_seen_was_seen_at_the_time_of_the_inventory(double: Google, tmp_path: Path) -> None:
    result = collected(double, tmp_path / "s")
    shown = times(double) - {""}
    observed = {str(source.observed_at) for source in result.snapshot.sources if source.coverage}
    assert {datetime.fromisoformat(one) for one in shown} >= {datetime.fromisoformat(one) for one in observed}


def test_trap_2_and_3_all_requests_are_of_one_time_before_the_start(double: Google, tmp_path: Path) -> None:
    begin = double.now()
    late = f"{begin:%Y-%m-%dT%H:%M:%SZ}"
    double.plant(KIND, WEB, {"name": "young"}, "young", since=late)
    result = collected(double, tmp_path / "s", [BUCKET, BINDING])
    of_pages = [
        asked.query["readTime"] for asked in double.asked if asked.path.endswith("/assets") and "pageToken" in asked.query
    ]
    assert 1 == len(set(of_pages))
    assert (begin - datetime.fromisoformat(of_pages[0])).total_seconds() >= 299
    assert 6 == len(values(result))
    assert all(asked.query.get("readTime") for asked in double.asked if asked.path.endswith("/assets"))


def test_trap_4_an_asset_without_a_resource_is_no_object_with_nulls(double: Google, tmp_path: Path) -> None:
    double.rules = [Rule(LISTING, faults.without_resource(f"{WEB}-1"))]
    result = collected(double, tmp_path / "s")
    assert f"//storage.googleapis.com/{WEB}-1" not in values(result, "Id")
    assert lacking(result)


def test_trap_5_a_type_that_the_inventory_does_not_have_is_not_empty(double: Google, tmp_path: Path) -> None:
    double.unsupported = {KIND}
    result = collected(double, tmp_path / "s")
    assert [] == values(result)
    assert lacking(result)
    assert lacking(result, DATA)


def test_trap_6_nothing_is_known_of_an_asset_that_was_cut(double: Google, tmp_path: Path) -> None:
    double.rules = [Rule(LISTING, faults.truncated(f"{WEB}-1"))]
    rows = {row["Id"]: row for row in rows_of(collected(double, tmp_path / "s").snapshot, BUCKET)}
    assert 6 == len(rows)
    shown = {name for name, source in TABLES.types[BUCKET].fields.items() if source.path.startswith("resource.")}
    assert set() == {name for name in shown if rows[f"//storage.googleapis.com/{WEB}-1"].get(name) is not None}
    assert shown & {name for name, value in rows[f"//storage.googleapis.com/{WEB}-2"].items() if value is not None}


def test_trap_10_no_policy_is_a_fact_only_with_both_lists(double: Google, tmp_path: Path) -> None:
    double.rules = [Rule("cai.iam", faults.DENIED)]
    result = collected(double, tmp_path / "s")
    assert [None] * 6 == values(result)
    double.rules = [Rule("cai.iam", faults.perimeter(), first=1)]
    assert [None] * 6 == values(collected(double, tmp_path / "t"))


def test_trap_11_not_public_needs_the_policies_of_all_ancestors(double: Google, tmp_path: Path) -> None:
    alone = collected(double, tmp_path / "a", projects=(WEB,))
    assert [None] * 3 == values(alone)
    double.policy(ORGANIZATION, ("roles/storage.objectViewer", ["allUsers"]))
    assert [True] * 6 == values(collected(double, tmp_path / "b"))
    assert [None] * 3 == values(collected(double, tmp_path / "c", projects=(WEB,)))
    double.policy(f"//storage.googleapis.com/{WEB}-0", ("roles/storage.objectViewer", ["allUsers"]))
    assert {True, None} == {*values(collected(double, tmp_path / "d", projects=(WEB,)))}


def test_trap_12_a_conditional_binding_counts_as_given(double: Google, tmp_path: Path) -> None:
    key = f"//storage.googleapis.com/{WEB}-0"
    double.policy(key, ("roles/storage.objectViewer", ["allUsers"]))
    condition = {"title": "until", "expression": 'request.time < timestamp("2020-01-01T00:00:00Z")'}
    double.assets[key].asset["iamPolicy"]["bindings"][0]["condition"] = condition
    assert [True] == [value for value in values(collected(double, tmp_path / "s")) if value]


def test_trap_14_objects_are_there_though_the_api_is_off(double: Google, tmp_path: Path) -> None:
    double.off[WEB] = {"storage.googleapis.com", "storage-api.googleapis.com", "cloudasset.googleapis.com"}
    result = collected(double, tmp_path / "s")
    assert (6, None) == (len(values(result)), lacking(result))


def test_trap_15_an_api_that_is_off_in_the_quota_project_is_a_fault_of_the_set_up(double: Google, tmp_path: Path) -> None:
    double.off["tooling-1"] = {"cloudasset.googleapis.com"}
    with pytest.raises(NothingCollected):
        collected(double, tmp_path / "s")


@pytest.mark.parametrize("roles", [(f"projects/{WEB}",), ("folders/2001",), ()])
def test_trap_16_an_organization_that_is_refused_is_not_what_else_there_is(
    double: Google, tmp_path: Path, roles: tuple[str, ...]
) -> None:
    double.roles = (*roles, "projects/tooling-1")
    with pytest.raises(NothingCollected):
        collected(double, tmp_path / "s")
    assert not [asked for asked in double.asked if asked.path.endswith(":search")]


def test_trap_17_a_project_without_an_organization_is_a_scope_of_its_own(double: Google, tmp_path: Path) -> None:
    double.project("loose-1", "")
    double.plant(KIND, "loose-1", {"name": "loose"}, "loose")
    assert "//storage.googleapis.com/loose" not in values(collected(double, tmp_path / "a"), "Id")
    result = collected(double, tmp_path / "b", projects=("loose-1",))
    assert ["//storage.googleapis.com/loose"] == values(result, "Id")


def test_trap_18_the_objects_of_a_project_that_is_to_be_deleted_are_not_judged(double: Google, tmp_path: Path) -> None:
    double.delete(WEB, listed=True)
    result = collected(double, tmp_path / "s")
    assert {DATA} == {str(key).removeprefix("//storage.googleapis.com/")[:-2] for key in values(result, "Id")}


def test_trap_19_ids_have_the_ids_of_projects(double: Google, tmp_path: Path) -> None:
    result = collected(double, tmp_path / "s", [BUCKET, BINDING])
    assert {WEB, DATA, "tooling-1"} == {*values(result, "Id", PROJECT)}
    assert {WEB, DATA} == {*values(result, "CA10__googleProject__c")}


@pytest.mark.parametrize("name", ["another time", "no time", "same token"])
def test_trap_26_pages_are_of_one_list(double: Google, tmp_path: Path, name: str) -> None:
    double.rules = [Rule(LISTING, faults.PAGES[name], first=2)]
    assert lacking(collected(double, tmp_path / "s"))


def test_trap_26_a_refused_token_begins_the_type_anew_at_the_same_time(double: Google, tmp_path: Path) -> None:
    refused = faults.error(400, "INVALID_ARGUMENT", "The page token is invalid or has expired.")
    wanted: list[Any] = []

    def once(asked: Any, number: int) -> Any:
        if "pageToken" in asked.query and asked.query.get("assetTypes") == KIND and not wanted:
            wanted.append(asked)
            return refused
        return None

    double.fault = once
    result = collected(double, tmp_path / "s")
    assert 1 == len(wanted)
    assert (6, None) == (len(values(result)), lacking(result)) or lacking(result)


def test_a_page_that_is_lost_leaves_the_type_unclaimed_for_all_projects(double: Google, tmp_path: Path) -> None:
    double.rules = [Rule(LISTING, faults.DENIED, first=1)]
    double.fault = lambda asked, number: (
        faults.REFUSALS["INTERNAL"] if "pageToken" in asked.query and asked.query.get("assetTypes") == KIND else None
    )
    double.rules = []
    result = collected(double, tmp_path / "s")
    assert lacking(result)
    assert lacking(result, DATA)


def test_trap_27_throttled_for_ever_is_not_known(double: Google, tmp_path: Path) -> None:
    double.rules = [Rule(LISTING, faults.throttled())]
    assert lacking(collected(double, tmp_path / "a"))
    double.rules = [Rule(LISTING, faults.throttled(as_date=True))]
    assert lacking(collected(double, tmp_path / "b"))


def test_trap_28_a_perimeter_is_named_with_its_violation(double: Google, tmp_path: Path) -> None:
    double.rules = [Rule(LISTING, faults.perimeter())]
    assert faults.VIOLATION in str(lacking(collected(double, tmp_path / "s")))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in faults.FAULTS if name not in faults.PAGES])
def test_trap_29_no_answer_but_a_list_is_one(double: Google, tmp_path: Path, name: str) -> None:
    double.rules = [Rule(LISTING, faults.FAULTS[name])]
    result = collected(double, tmp_path / "s")
    if name == "TRUNCATION":
        assert [None] * 6 == values(result, "Name")
    else:
        assert lacking(result)
        assert lacking(result, DATA)


def test_every_row_asks_for_exact_types() -> None:
    asked = [call.parameters.get("assetTypes", "") for call in TABLES.all_calls]
    assert [] == [one for one in asked if re.search(r"[*^$|()\[\]+?]", one)]


def planted(double: Google, asset_type: str, objects: Mapping[str, Mapping[str, Any]]) -> None:
    """Plant objects in a project by name, each with the members of its sample that it does not name."""
    for name, data in objects.items():
        double.plant(asset_type, WEB, {**SAMPLES[asset_type], "name": name, **data}, name)


def test_trap_13_a_bucket_is_closed_only_by_uniform_access_or_prevention(double: Google, tmp_path: Path) -> None:
    objects_too = {"uniformBucketLevelAccess": {"enabled": False}}
    everybody = [{"entity": "allUsers", "role": "READER"}]
    buckets = {
        "prevented": {"iamConfiguration": {**objects_too, "publicAccessPrevention": "enforced"}},
        "uniform": {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "inherited"}},
        "by-lists": {"iamConfiguration": {**objects_too, "publicAccessPrevention": "inherited"}},
        "own-list": {"iamConfiguration": {**objects_too, "publicAccessPrevention": "inherited"}, "acl": [everybody[0]]},
        "closed-list": {"iamConfiguration": {**objects_too, "publicAccessPrevention": "inherited"}, "acl": []},
        "left-out": {"iamConfiguration": {"publicAccessPrevention": "inherited"}},
        "taken-out": {"iamConfiguration": {}},
    }
    planted(double, KIND, buckets)
    wanted = dict.fromkeys(buckets, UNKNOWN) | {"prevented": PASS, "uniform": PASS, "own-list": FAIL}
    shown = statuses(double, tmp_path / "s", "storage/not-public")
    assert wanted == {name: shown[name] for name in buckets}


def test_trap_20_what_google_makes_for_itself_is_told_by_fields(double: Google, tmp_path: Path) -> None:
    kinds = {"google": "SYSTEM_MANAGED", "own": "USER_MANAGED", "unspecified": "KEY_TYPE_UNSPECIFIED"}
    old = {"validAfterTime": "2020-01-01T00:00:00Z", "keyOrigin": "GOOGLE_PROVIDED"}
    key = "iam.googleapis.com/ServiceAccountKey"
    planted(double, key, {name: {**old, "keyType": kind} for name, kind in kinds.items()})
    double.plant(key, WEB, old, "left-out")
    for policy in ("iam/no-user-managed-keys", "iam/keys-rotated"):
        wanted = {"google": NOT_JUDGED, "own": FAIL, "unspecified": UNKNOWN, "left-out": UNKNOWN}
        assert wanted == statuses(double, tmp_path / policy.rpartition("/")[2], policy)


def test_trap_20_a_machine_is_a_node_only_by_name_and_label(double: Google, tmp_path: Path) -> None:
    interfaces = [{"accessConfigs": [{"natIP": "203.0.113.7", "type": "ONE_TO_ONE_NAT"}]}]
    accounts = [{"email": "700000000001-compute@developer.gserviceaccount.com", "scopes": []}]
    node = {"goog-gke-node": ""}
    labels: dict[str, dict[str, Any]] = {"gke-node": node, "gke-alone": {}, "alone": node, "web": {"team": "web"}}
    shared = {"networkInterfaces": interfaces, "serviceAccounts": accounts}
    machines = {name: {**shared, "labels": of} for name, of in labels.items()}
    planted(double, "compute.googleapis.com/Instance", machines)
    for policy in ("compute/no-public-address", "compute/no-default-service-account"):
        wanted = {"gke-node": NOT_JUDGED, "gke-alone": FAIL, "alone": FAIL, "web": FAIL}
        assert wanted == statuses(double, tmp_path / policy.rpartition("/")[2], policy)


def test_trap_31_two_members_say_the_same(double: Google, tmp_path: Path) -> None:
    network = double.key("compute.googleapis.com/Network", WEB, "n").removeprefix("//compute.googleapis.com/")
    subnetworks: dict[str, dict[str, Any]] = {
        "older": {"enableFlowLogs": True},
        "newer": {"logConfig": {"enable": True}},
        "both": {"enableFlowLogs": False, "logConfig": {"enable": True}},
        "off": {"enableFlowLogs": False, "logConfig": {"enable": False}},
        "left-out": {},
    }
    for name, data in subnetworks.items():
        double.plant("compute.googleapis.com/Subnetwork", WEB, {"purpose": "PRIVATE", "network": network, **data}, name)
    wanted = {"older": PASS, "newer": PASS, "both": PASS, "off": FAIL, "left-out": UNKNOWN}
    assert wanted == statuses(double, tmp_path / "logs", "network/flow-logs")

    databases: dict[str, dict[str, Any]] = {
        "older": {"requireSsl": True},
        "newer": {"sslMode": "ENCRYPTED_ONLY"},
        "newer-decides": {"requireSsl": False, "sslMode": "ENCRYPTED_ONLY"},
        "older-contradicts": {"requireSsl": True, "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"},
        "open": {"requireSsl": False, "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"},
        "older-open": {"requireSsl": False},
        "left-out": {},
    }
    for name, data in databases.items():
        settings = {"settings": {"ipConfiguration": data}}
        double.plant("sqladmin.googleapis.com/Instance", WEB, {"databaseVersion": "MYSQL_8_0", **settings}, name)
    wanted = dict.fromkeys(databases, UNKNOWN) | {"older": PASS, "newer": PASS, "newer-decides": PASS, "open": FAIL}
    assert wanted == statuses(double, tmp_path / "ssl", "sql/ssl")

    machines: dict[str, dict[str, Any]] = {
        "older": {"enableConfidentialCompute": True},
        "newer": {"confidentialInstanceType": "TDX"},
        "both": {"enableConfidentialCompute": False, "confidentialInstanceType": "SEV_SNP"},
        "other": {"confidentialInstanceType": "CONFIDENTIAL_INSTANCE_TYPE_UNSPECIFIED"},
        "off": {"enableConfidentialCompute": False},
    }
    planted(
        double,
        "compute.googleapis.com/Instance",
        {name: {"confidentialInstanceConfig": data} for name, data in machines.items()},
    )
    wanted = {"older": PASS, "newer": PASS, "both": PASS, "other": UNKNOWN, "off": FAIL}
    assert wanted == statuses(double, tmp_path / "memory", "compute/confidential")


def test_trap_32_a_policy_above_a_rule_is_told_and_not_believed(double: Google, tmp_path: Path) -> None:
    planted(double, "compute.googleapis.com/Firewall", {"open": {"sourceRanges": ["0.0.0.0/0"]}})
    closing = [{"priority": 1, "action": "deny", "direction": "INGRESS", "match": {"srcIpRanges": ["0.0.0.0/0"]}}]
    above = {**SAMPLES["compute.googleapis.com/FirewallPolicy"], "rules": closing}
    double.plant("compute.googleapis.com/FirewallPolicy", ORGANIZATION, above, "above")
    policies = ("network/no-ssh", "network/no-rdp", "network/no-all-ports")
    [shown] = judged(double, tmp_path / "s", policies[0]).values()
    assert FAIL == shown["status"]
    assert "unless a firewall policy above it decides first" in shown["currentStateMessage"]
    planted(
        double, "compute.googleapis.com/Firewall", {"open": {"sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "all"}]}}
    )
    verdicts = judged(double, tmp_path / "t", *policies)
    assert [FAIL] * 3 == [verdict["status"] for verdict in verdicts.values()]
    assert all("unless a firewall policy above" in verdict["currentStateMessage"] for verdict in verdicts.values())
