"""Traps of Google's inventory, by number in the design's list: answers that look like a fact and are none."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("google.auth", reason="the extra google is not installed")
pytest.importorskip("googleapiclient", reason="the client for tests is not installed")
pytest.importorskip("perpend.collectors.google.api", reason="nothing collects from Google Cloud")

from perpend.collectors.google.cloud import TABLES
from perpend.collectors.protocol import CollectedRow, NothingCollected
from perpend.collectors.runs.collection import CollectionResult
from perpend.language.syntax.repository import open_repository
from tests.servers.aws import Verdicts
from tests.servers.azure.planting import put
from tests.servers.gathered_rest import Gathered
from tests.servers.google import faults, inventories
from tests.servers.google.double import ORGANIZATION, RESOURCES, Google
from tests.servers.google.inventories import BINDING, BUCKET, PROJECT, claims
from tests.servers.google.models import SCHEMAS
from tests.servers.google.models import faults as wrong_members
from tests.servers.google.planting import Planter, make_around
from tests.servers.google.rounds import LIBRARY, PROJECTS, Rounds, collect, estate
from tests.servers.google.samples import OF_ORGANIZATION, SAMPLES
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

INSTANCE, RULE, KEY, TABLE = (
    "CA10__CaGoogleGceInstance__c",
    "CA10__CaGoogleGceFirewall__c",
    "CA10__CaGoogleCloudKmsCryptoKey__c",
    "CA10__CaGoogleBigQueryTable__c",
)
MACHINE, METADATA, FIREWALL, CRYPTO_KEY, TABLE_TYPE, ALERT = (
    "compute.googleapis.com/Instance",
    "compute.googleapis.com/Project",
    "compute.googleapis.com/Firewall",
    "cloudkms.googleapis.com/CryptoKey",
    "bigquery.googleapis.com/Table",
    "monitoring.googleapis.com/AlertPolicy",
)
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
        asked.query["readTime"]
        for asked in double.asked
        if "pageToken" in asked.query and double.call_of(asked) != PROJECTS  # these are also asked for before the start
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


@pytest.mark.parametrize(
    ("member", "cut", "status"),
    [
        ("allUsers", False, FAIL),
        ("allAuthenticatedUsers", False, FAIL),
        ("group:a@b.example", False, PASS),
        ("", True, UNKNOWN),
    ],
)
def test_trap_11_what_a_ring_grants_its_keys_grant(double: Google, tmp_path: Path, member: str, cut: bool, status: str) -> None:
    key = double.plant(CRYPTO_KEY, WEB, SAMPLES[CRYPTO_KEY], "k", around="r")
    other = double.plant(CRYPTO_KEY, WEB, SAMPLES[CRYPTO_KEY], "k", around="r-2")
    ring = key.removesuffix("/cryptoKeys/k")
    double.plant("cloudkms.googleapis.com/KeyRing", WEB, None, key=ring, iamPolicy={})
    double.policy(ring, *[("roles/cloudkms.cryptoKeyDecrypter", [member])] if member else [])
    if cut:
        double.assets[ring].asset["assetExceptions"] = [{"exceptionType": "TRUNCATION"}]
    verdicts = judged(double, tmp_path / "s", "kms/not-public")
    shown = {of: verdict["status"] for (_, of), verdict in verdicts.items()}
    assert {key: status, other: PASS} == shown


@pytest.mark.parametrize("above", [WEB, "folders/2001", ORGANIZATION])
@pytest.mark.parametrize(
    ("policy", "roles"),
    [
        ("iam/separate-service-account-duties", ["roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountUser"]),
        ("kms/separate-duties", ["roles/cloudkms.admin", "roles/cloudkms.cryptoKeyDecrypter"]),
    ],
)
def test_trap_11_a_member_has_the_roles_of_a_project_and_of_all_above_it(
    double: Google, tmp_path: Path, above: str, policy: str, roles: list[str]
) -> None:
    assert PASS == statuses(double, tmp_path / "apart", policy)[WEB]
    double.policy(above, *[(role, ["user:a@b.example"]) for role in roles])
    assert FAIL == statuses(double, tmp_path / "both", policy)[WEB]


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


def gathered(double: Google, *types: str) -> Gathered:
    """Collect all fields of types of the organization."""
    return inventories.gathered(double.url, {PROJECT: ("Name",), **dict.fromkeys(types, ())}, organization="1001")


def row_of(rows: Gathered, type_name: str, name: str) -> CollectedRow:
    """Return the row of the object whose Id ends with a name."""
    [row] = [row for (of, key), row in rows.objects.items() if of == type_name and key.rpartition("/")[2] == name]
    return row


def less(part: Any, steps: Sequence[str]) -> Any:
    """Return data without the member at a path, in each item of a list."""
    first, *rest = steps
    if isinstance(part, list):
        return [less(one, steps) for one in part]
    if not isinstance(part, dict):
        return part
    return {name: less(value, rest) if name == first else value for name, value in part.items() if name != first or rest}


def members_of(part: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of all members of data, those inside lists included."""
    for one in part if isinstance(part, list) else ():
        yield from members_of(one, path)
    for name, value in part.items() if isinstance(part, dict) else ():
        yield (*path, name)
        yield from members_of(value, (*path, name))


def owner_of(asset_type: str) -> str:
    """Return the node that has a sample of a type."""
    return ORGANIZATION if asset_type in OF_ORGANIZATION else WEB


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
    planted(double, MACHINE, machines)
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
        MACHINE,
        {name: {"confidentialInstanceConfig": data} for name, data in machines.items()},
    )
    wanted = {"older": PASS, "newer": PASS, "both": PASS, "other": UNKNOWN, "off": FAIL}
    assert wanted == statuses(double, tmp_path / "memory", "compute/confidential")


def test_trap_32_a_policy_above_a_rule_is_told_and_not_believed(double: Google, tmp_path: Path) -> None:
    planted(double, FIREWALL, {"open": {"sourceRanges": ["0.0.0.0/0"]}})
    closing = [{"priority": 1, "action": "deny", "direction": "INGRESS", "match": {"srcIpRanges": ["0.0.0.0/0"]}}]
    above = {**SAMPLES["compute.googleapis.com/FirewallPolicy"], "rules": closing}
    double.plant("compute.googleapis.com/FirewallPolicy", ORGANIZATION, above, "above")
    policies = ("network/no-ssh", "network/no-rdp", "network/no-all-ports")
    [shown] = judged(double, tmp_path / "s", policies[0]).values()
    assert FAIL == shown["status"]
    assert "unless a firewall policy above it decides first" in shown["currentStateMessage"]
    planted(double, FIREWALL, {"open": {"sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "all"}]}})
    verdicts = judged(double, tmp_path / "t", *policies)
    assert [FAIL] * 3 == [verdict["status"] for verdict in verdicts.values()]
    assert all("unless a firewall policy above" in verdict["currentStateMessage"] for verdict in verdicts.values())


LEFT_OUT: Mapping[str, str] = {
    "canIpForward": "false is left out",
    "legacyAbac.enabled": "false is left out of an object that is there",
    "metadata.items": "an empty list is left out of an object that is there",
    "networkInterfaces.accessConfigs": "an interface without a public address leaves out their list",
    "serviceAccounts": "an instance without accounts leaves out their list",
    "settings.databaseFlags": "an empty list is left out of settings that are there",
    "settings.ipConfiguration.authorizedNetworks": "an empty list is left out of an object that is there",
}
"""The members of data without which an object may pass, each with what their absence means."""


@pytest.mark.slow
def test_trap_7_a_member_that_was_taken_out_makes_no_pass(double: Google, tmp_path: Path) -> None:
    double.page = 1000
    before = {*double.assets}
    rounds = Rounds(double)
    rounds.plant()
    taken: dict[str, tuple[str, str]] = {}
    for key, (asset, owner, *_) in [*double.assets.items()]:
        if key in before or not owner.startswith("projects/"):
            continue
        data = asset["resource"]["data"]
        kept = {name: asset[name] for name in ("iamPolicy", "orgPolicy") if name in asset}
        for number, path in enumerate(dict.fromkeys(members_of(data))):
            double.plant(asset["assetType"], owner, less(data, path), key=f"{key}-{number}", **kept)
            taken[f"{key}-{number}"] = key, ".".join(path)
    collect(double, tmp_path / "s", *rounds.options)
    verdicts = evaluate(tmp_path / "s", *rounds.options)
    canonical = Planter(double, TABLES, open_repository()).canonical
    whole = {canonical(key): (canonical(of), path) for key, (of, path) in taken.items()}
    without = {(policy, *whole[key]): verdict["status"] for (policy, key), verdict in verdicts.items() if key in whole}
    assert len(without) > 1000
    passing = [one for one, status in without.items() if status == PASS and verdicts[one[:2]]["status"] != PASS]
    assert [] == [one for one in passing if one[2] not in LEFT_OUT]
    assert passing


@pytest.mark.parametrize("path", ["metadata", "metadata.items"])
def test_trap_7_a_list_is_empty_only_in_an_object_that_is_there(double: Google, tmp_path: Path, path: str) -> None:
    double.plant(MACHINE, WEB, less(SAMPLES[MACHINE], path.split(".")), "m")
    double.plant(METADATA, WEB, SAMPLES[METADATA])
    row = row_of(gathered(double, INSTANCE), INSTANCE, "m")
    is_there = path != "metadata"
    assert is_there == (row.fields.get("CA10__metadataJson__c") == "[]")
    assert is_there != ("CA10__metadataJson__c" in row.reasons)
    assert {"m": PASS if is_there else UNKNOWN} == statuses(double, tmp_path / "s", "compute/no-serial-port")


def test_trap_7_an_alert_is_on_only_if_it_says_so(double: Google, tmp_path: Path) -> None:
    route = (
        'resource.type="gce_route" AND '
        '(protoPayload.methodName:"compute.routes.delete" OR protoPayload.methodName:"compute.routes.insert")'
    )
    logged = {"conditions": [{"name": "1", "displayName": "any", "conditionMatchedLog": {"filter": route}}]}
    alert = {**SAMPLES[ALERT], **logged}
    wanted: dict[str, tuple[dict[str, Any], str]] = {
        "on": (alert, PASS),
        "off": ({**alert, "enabled": False}, FAIL),
        "left-out": (less(alert, ["enabled"]), UNKNOWN),
    }
    for name, (data, status) in wanted.items():
        key = double.plant(ALERT, WEB, data, "a")
        shown = judged(double, tmp_path / name, "logging/alert-routes")
        assert status == shown[f"{LIBRARY}logging/alert-routes", WEB]["status"], name
        double.remove(key)


@pytest.mark.parametrize(
    ("narrowing", "of"),
    [
        ("", WEB),
        (f' AND project="{WEB}"', WEB),
        (f' AND project = "{DATA}"', DATA),
        (f' AND resource.labels.project_id="{DATA}"', DATA),
        (f' AND (project="{DATA}" OR project="{WEB}")', None),
        (' AND project="700000000001"', "unknown"),
    ],
)
def test_an_alert_is_on_the_metric_of_the_project_that_its_filter_names(double: Google, narrowing: str, of: str | None) -> None:
    chosen = f'metric.type="logging.googleapis.com/user/m"{narrowing}'
    condition = {"name": "1", "displayName": "any", "conditionThreshold": {"filter": chosen}}
    double.plant(ALERT, WEB, {**SAMPLES[ALERT], "conditions": [condition]}, "a")
    kind = "CA10__CaGoogleMonitoringCondition__c"
    [row] = [row for key, row in gathered(double, kind).objects.items() if key[0] == kind]
    known = of in (WEB, DATA)
    metric = f"//logging.googleapis.com/projects/{of}/metrics/m" if known else of
    assert metric == row.fields.get("CA10__logMetric__c", "unknown")


def test_trap_8_the_key_of_a_table_that_the_inventory_lacks_is_asked_for(double: Google) -> None:
    key = "projects/web-prod-1/locations/eu/keyRings/r/cryptoKeys/k"
    encrypted = {"encryptionConfiguration": {"kmsKeyName": key}}
    listed: dict[str, dict[str, Any]] = {"listed": encrypted, "asked": {}, "no-key": {}, "gone": {}}
    for name, members in listed.items():
        place = {"projectId": WEB, "datasetId": "gone" if name == "gone" else "around-1", "tableId": name}
        data = {"id": f"{WEB}:around-1.{name}", "tableReference": place, "type": "TABLE", **members}
        double.plant(TABLE_TYPE, WEB, data, name)
        double.direct[f"/bigquery/v2/projects/{WEB}/datasets/around-1/tables/{name}"] = data
    double.direct[f"/bigquery/v2/projects/{WEB}/datasets/around-1/tables/asked"] |= encrypted

    def keys() -> dict[str, Any]:
        rows = gathered(double, TABLE)
        read = {name: row_of(rows, TABLE, name) for name in listed}
        return {name: row.fields.get("CA10__kmsKey__c", "unknown") for name, row in read.items()}

    assert {"listed": key, "asked": key, "no-key": None, "gone": "unknown"} == keys()
    assert "listed" not in {asked.path.rpartition("/")[2] for asked in double.asked if asked.host == "bigquery.googleapis.com"}
    double.rules = [Rule("bigquery.table", faults.DENIED)]
    assert {"listed": key, "asked": "unknown", "no-key": "unknown", "gone": "unknown"} == keys()


def test_trap_9_a_rule_in_another_spelling_opens_the_same(double: Google, tmp_path: Path) -> None:
    rule = {**less(SAMPLES[FIREWALL], ["allowed"]), "sourceRanges": ["0.0.0.0/0"]}
    ports = {"ports": ["22"]}
    spelled: dict[str, dict[str, Any]] = {
        "api": {"allowed": [{"IPProtocol": "tcp", **ports}]},
        "inventory": {"alloweds": [{"ipProtocol": "tcp", **ports}]},
        "mixed": {"allowed": [{"ipProtocol": "tcp", **ports}]},
    }
    for name, members in spelled.items():
        double.plant(FIREWALL, WEB, {**rule, **members}, name)
    double.plant(FIREWALL, WEB, {**rule, "permitted": [{"IPProtocol": "tcp", **ports}]}, "unheard-of")
    wanted = {**dict.fromkeys(spelled, FAIL), "unheard-of": UNKNOWN}
    assert wanted == statuses(double, tmp_path / "s", "network/no-ssh")
    known = {name: bool(wrong_members(*SCHEMAS[FIREWALL], {**rule, **members})) for name, members in spelled.items()}
    assert {"api": False, "inventory": True, "mixed": True} == known


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ({"sourceTags": ["web"]}, PASS),
        ({"sourceServiceAccounts": ["web@shop.example"]}, PASS),
        ({"sourceTags": ["web"], "sourceRanges": ["0.0.0.0/0"]}, FAIL),
        ({"sourceServiceAccounts": ["web@shop.example"], "sourceRanges": ["0.0.0.0/0"]}, FAIL),
        ({}, UNKNOWN),
    ],
)
def test_a_rule_for_tags_or_accounts_alone_is_not_for_the_internet(
    double: Google, tmp_path: Path, source: dict[str, Any], status: str
) -> None:
    double.plant(FIREWALL, WEB, {**less(SAMPLES[FIREWALL], ["sourceRanges"]), **source}, "rule")
    assert {"rule": status} == statuses(double, tmp_path / "s", "network/no-ssh")


def test_trap_9_a_project_in_the_older_form_is_the_same(double: Google) -> None:
    def older(asset: dict[str, Any]) -> dict[str, Any]:
        data = asset["resource"]["data"]
        shown = {"projectId": data["projectId"], "name": data["displayName"], "lifecycleState": data["state"]}
        kind, _, key = data.get("parent", "/").partition("/")
        number = {"projectNumber": data["name"].partition("/")[2], "parent": {"type": kind[:-1], "id": key}}
        return {**asset, "resource": {**asset["resource"], "version": "v1", "data": {**shown, **number}}}

    newer = gathered(double, BUCKET)
    double.rules = [Rule(PROJECTS, faults.each_asset(older))]
    assert newer.objects == gathered(double, BUCKET).objects
    double.delete(WEB, listed=True)
    assert {DATA} == {row.fields["CA10__googleProject__c"] for row in gathered(double, BUCKET).rows if row.type_name == BUCKET}


def test_trap_21_what_is_left_out_is_what_is_written(double: Google) -> None:
    defaults = {
        (row.type_name, name): source
        for row in TABLES.all_types
        for name, source in row.fields.items()
        if row.listed.removeprefix("cai.") in SAMPLES and source.path.startswith("resource.") and not row.inside
    }
    names: dict[tuple[str, str], list[str]] = {}
    for number, ((type_name, field), source) in enumerate(defaults.items()):
        if source.otherwise is None:
            continue
        asset_type = TABLES.types[type_name].listed.removeprefix("cai.")
        written = {"resource": {"data": copy.deepcopy(SAMPLES[asset_type])}}
        make_around(source, written)
        raw = json.loads(source.otherwise) if str(source.otherwise)[:1] in "[{" else source.otherwise
        without = less(written, source.path.split("."))
        without = less(without, source.also.split(".")) if source.also else without
        written = copy.deepcopy(without)
        put(written, source.path, raw)
        names[type_name, field] = [
            double.plant(asset_type, owner_of(asset_type), part["resource"]["data"], f"{form}-{number}")
            for form, part in (("written", written), ("left-out", without))
        ]
    rows = gathered(double, *dict.fromkeys(type_name for type_name, _ in names))
    shown = {
        key: [row_of(rows, key[0], name.rpartition("/")[2]).fields.get(key[1], "unknown") for name in of]
        for key, of in names.items()
    }
    assert {} == {key: of for key, of in shown.items() if of != [defaults[key].otherwise] * 2}
    assert len(shown) > 25


def test_trap_22_numbers_periods_and_times_are_texts(double: Google, tmp_path: Path) -> None:
    periods: dict[str, Any] = {
        "text": "31536000",
        "number": 31536000,
        "true": True,
        "half": "31536000.5",
        "period": "31536000s",
    }
    planted(double, KIND, {name: {"retentionPolicy": {"retentionPeriod": value}} for name, value in periods.items()})
    keys = {
        "ninety-days": {"rotationPeriod": "7776000s"},
        "a-second-more": {"rotationPeriod": "7776001s"},
        "a-year": {"rotationPeriod": "31536000.000000001s"},
        "past": {"nextRotationTime": "2020-01-01T00:00:00.999999999Z"},
        "no-time": {"nextRotationTime": "soon"},
        "no-period": {"rotationPeriod": "ninety days"},
    }
    planted(double, CRYPTO_KEY, keys)
    double.plant(FIREWALL, WEB, {**SAMPLES[FIREWALL], "priority": "1000"}, "text")
    rows = gathered(double, BUCKET, KEY, RULE)
    read = {name: row_of(rows, BUCKET, name).fields.get("CA10__retentionSeconds__c", "unknown") for name in periods}
    assert {**dict.fromkeys(periods, "unknown"), "text": 31536000, "number": 31536000} == read
    assert 1000 == row_of(rows, RULE, "text").fields["CA10__priority__c"]
    times = {name: row_of(rows, KEY, name).fields.get("CA10__nextRotationTime__c", "unknown") for name in ("past", "no-time")}
    assert {"past": "2020-01-01T00:00:00Z", "no-time": "unknown"} == times
    wanted = {"ninety-days": PASS, "a-second-more": FAIL, "a-year": FAIL, "no-time": UNKNOWN, "no-period": UNKNOWN}
    shown = statuses(double, tmp_path / "s", "kms/rotation")
    assert wanted == {name: shown[name] for name in wanted}


def test_trap_23_a_constraint_of_the_organization_is_said_to_be_set_and_no_more(double: Google, tmp_path: Path) -> None:
    node = double.assets[f"//{RESOURCES}/{ORGANIZATION}"].asset
    node["orgPolicy"] = [
        {"constraint": "constraints/iam.disableServiceAccountKeyCreation", "booleanPolicy": {"enforced": True}}
    ]
    [shown] = judged(double, tmp_path / "s", "organization/policies").values()
    assert (PASS, "The organization sets organization policies.") == (shown["status"], shown["currentStateMessage"])


def test_trap_24_sinks_of_ancestors_count_if_they_include_what_is_below(double: Google, tmp_path: Path) -> None:
    policy = "logging/sink-for-everything"
    everything = {"name": "all", "destination": "storage.googleapis.com/logs", "includeChildren": True}
    double.plant("logging.googleapis.com/LogSink", ORGANIZATION, everything, "all")
    assert {WEB: PASS, DATA: PASS, "tooling-1": PASS} == statuses(double, tmp_path / "s", policy)
    collect(double, tmp_path / "alone", "--policy", LIBRARY + policy, parent=("--project", WEB))
    [alone] = evaluate(tmp_path / "alone", "--policy", LIBRARY + policy).values()
    assert UNKNOWN == alone["status"] and f"the sinks of folders/2001 and {ORGANIZATION} was not read" in str(alone)
    double.plant("logging.googleapis.com/LogSink", ORGANIZATION, {**everything, "includeChildren": False}, "all")
    assert {WEB: FAIL, DATA: FAIL, "tooling-1": FAIL} == statuses(double, tmp_path / "without", policy)


def test_trap_24_a_sink_to_a_bucket_elsewhere_leaves_the_sinks_of_no_bucket_open(double: Google, tmp_path: Path) -> None:
    sinks = {"here": f"{WEB}-0", "elsewhere": "of-a-partner"}
    for name, bucket in sinks.items():
        sink = {"name": name, "destination": f"storage.googleapis.com/{bucket}", "filter": ""}
        double.plant("logging.googleapis.com/LogSink", WEB, sink, name)
    shown = statuses(double, tmp_path / "s", "logging/bucket-lock")
    assert FAIL == shown.pop(f"{WEB}-0")
    assert {"INAPPLICABLE"} == {*shown.values()}


def test_trap_24_an_alert_on_a_metric_elsewhere_leaves_the_alerts_of_no_metric_open(double: Google, tmp_path: Path) -> None:
    count = 'resource.type="gce_route" AND metric.type="logging.googleapis.com/user/routes"'
    route = (
        'resource.type="gce_route" AND '
        '(protoPayload.methodName:"compute.routes.delete" OR protoPayload.methodName:"compute.routes.insert")'
    )
    double.plant("logging.googleapis.com/LogMetric", WEB, {"name": "routes", "filter": route}, "routes")
    for project, status in (("of-a-partner", FAIL), (WEB, PASS)):
        condition = {"conditionThreshold": {"filter": f'{count} AND resource.labels.project_id="{project}"'}}
        named = {"name": f"{project}-c", "displayName": "any", **condition}
        double.plant(ALERT, WEB, {**SAMPLES[ALERT], "conditions": [named]}, project)
        shown = judged(double, tmp_path / project, "logging/alert-routes")
        assert status == shown[f"{LIBRARY}logging/alert-routes", WEB]["status"]


def test_trap_25_a_flag_that_is_not_set_has_its_default_in_known_versions_only(double: Google, tmp_path: Path) -> None:
    kind = "sqladmin.googleapis.com/Instance"
    versions = {"known": "POSTGRES_16", "newer": "POSTGRES_99"}
    settings = {**SAMPLES[kind]["settings"], "databaseFlags": []}
    planted(double, kind, {name: {"databaseVersion": version, "settings": settings} for name, version in versions.items()})
    assert {"known": FAIL, "newer": UNKNOWN} == statuses(double, tmp_path / "s", "sql/postgresql-log-connections")


def test_each_trap_has_a_test_or_is_not_reached() -> None:
    tests = [name for name in globals() if name.startswith("test_trap_")]
    tested = {int(number) for name in tests for number in re.findall(r"(?:trap|and)_([0-9]+)", name)}
    assert {*range(1, 33)} == tested | NOT_REACHED.keys()
    assert tested.isdisjoint(NOT_REACHED)
