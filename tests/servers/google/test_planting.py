"""A test object is planted as the assets from which a row reads the same fields."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

import pytest

pytest.importorskip("googleapiclient", reason="the client for tests is not installed")

from perpend.collectors.google.cloud import TABLES
from perpend.collectors.rest.rows import FieldSource, RestTables, TypeRow
from perpend.core.clouds.google import GOOGLE
from perpend.language.syntax.repository import open_repository
from tests.servers.azure.planting import Unplantable, fixtures
from tests.servers.google.double import ORGANIZATION, RESOURCES, Google
from tests.servers.google.models import faults_of_asset
from tests.servers.google.planting import Planter
from tests.servers.google.rounds import LIBRARY
from tests.servers.google.samples import PROJECT
from tests.servers.planted_rest import programs_of

DATA = "resource.data"
BUCKET, INSTANCE, BINDING, ACCOUNT = (
    "CA10__CaGoogleStorageBucket__c",
    "CA10__CaGoogleGceInstance__c",
    "CA10__CaGoogleIamPolicyBinding__c",
    "CA10__CaGoogleProject__c",
)
ROWS = (
    TypeRow(
        BUCKET,
        "cai.storage.googleapis.com/Bucket",
        "{id}",
        {
            "uniform": FieldSource(f"{DATA}.iamConfiguration.uniformBucketLevelAccess.enabled"),
            "versioned": FieldSource(f"{DATA}.versioning.enabled", otherwise=False),
            "seconds": FieldSource(f"{DATA}.retentionPolicy.retentionPeriod", int),
            "public": FieldSource("allUsers", bool, "policy"),
        },
        ("policy",),
    ),
    TypeRow(
        INSTANCE,
        "cai.compute.googleapis.com/Instance",
        "{id}",
        {
            "forwards": FieldSource(f"{DATA}.canIpForward"),
            "common": FieldSource("commonInstanceMetadata.items", json.dumps, "metadata"),
        },
        ("metadata",),
    ),
    TypeRow(
        BINDING,
        "cai.iam",
        "{^.id}/{role}",
        {"role": FieldSource("role"), "members": FieldSource("members", json.dumps), "type": FieldSource("^.assetType")},
        inside="iamPolicy.bindings",
    ),
    TypeRow(
        ACCOUNT,
        f"cai.{RESOURCES}/Project",
        "{id}",
        {"audit": FieldSource("auditConfigs", json.dumps, "policy"), "state": FieldSource(f"{DATA}.state")},
        ("policy",),
    ),
)


@pytest.fixture
def planter() -> Planter:
    google = Google()
    google.organization()
    google.project(PROJECT)
    return Planter(google, RestTables(GOOGLE, (), ROWS), open_repository())


def data_of(planter: Planter, key: str) -> dict[str, Any]:
    data: dict[str, Any] = planter.google.assets[key].asset["resource"]["data"]
    return data


def test_members_are_written_in_the_form_of_the_api(planter: Planter) -> None:
    bucket = planter.plant(BUCKET, {"uniform": True, "versioned": False, "seconds": 86400, "public": True}, PROJECT, "logs")
    assert "//storage.googleapis.com/logs" == bucket
    assert {
        "name": "logs",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        "versioning": {},
        "retentionPolicy": {"retentionPeriod": "86400"},
    } == data_of(planter, bucket)
    assert ["allUsers"] == planter.google.assets[bucket].asset["iamPolicy"]["bindings"][0]["members"]
    assert [] == [fault for one in planter.google.assets.values() for fault in faults_of_asset(one.asset)]


def test_metadata_of_the_project_are_those_of_its_compute_asset(planter: Planter) -> None:
    items = [{"key": "enable-oslogin", "value": "TRUE"}]
    machine = planter.plant(INSTANCE, {"forwards": False, "common": json.dumps(items)}, PROJECT, "vm")
    common = data_of(planter, f"//compute.googleapis.com/projects/{PROJECT}")
    assert (False, items) == (data_of(planter, machine)["canIpForward"], common["commonInstanceMetadata"]["items"])


def test_a_binding_is_in_the_policy_of_an_asset_of_the_type_that_it_names(planter: Planter) -> None:
    fields = {"role": "roles/viewer", "members": '["allUsers"]', "CA10__resourceType__c": "secretmanager.googleapis.com/Secret"}
    identity = planter.plant(BINDING, fields, PROJECT, "s")
    secret = f"//secretmanager.googleapis.com/{planter.google.owner(PROJECT)}/secrets/s"
    assert f"//secretmanager.googleapis.com/projects/{PROJECT}/secrets/s/roles/viewer" == identity
    assert [{"role": "roles/viewer", "members": ["allUsers"]}] == planter.google.assets[secret].asset["iamPolicy"]["bindings"]


def test_a_project_is_there_already(planter: Planter) -> None:
    audit = [{"service": "allServices"}]
    assert PROJECT == planter.plant(ACCOUNT, {"audit": json.dumps(audit), "state": "ACTIVE"}, PROJECT, "x")
    node = planter.google.assets[f"//{RESOURCES}/{planter.google.owner(PROJECT)}"]
    assert audit == node.asset["iamPolicy"]["auditConfigs"]
    assert "iamPolicy" not in planter.google.assets[f"//{RESOURCES}/{ORGANIZATION}"].asset


@pytest.fixture
def real(planter: Planter) -> Planter:
    """A planter of the tables of the cloud."""
    return Planter(planter.google, TABLES, open_repository())


def test_a_condition_is_in_the_item_of_its_alert_and_names_the_metric_above_it(real: Planter) -> None:
    alert = {"CA10__enabledState__c": "Enabled", "CA10__notificationChannelsJson__c": '["c"]'}
    condition = {"CA10__matchedLogFilter__c": None, "CA10__alertPolicy__c": "a", "CA10__alertPolicy__r": alert}
    fields = {"CA10__filter__c": "severity>=ERROR", "CA10__Google_Monitoring_Conditions__r": [condition]}
    metric = real.plant("CA10__CaGoogleLoggingLogMetric__c", fields, PROJECT, "m")
    assert f"//logging.googleapis.com/projects/{PROJECT}/metrics/m" == metric
    data = data_of(real, f"//monitoring.googleapis.com/projects/{PROJECT}/alertPolicies/m-0")
    assert (True, ["c"]) == (data["enabled"], data["notificationChannels"])
    words = 'metric.type="logging.googleapis.com/user/m" AND resource.type="global"'
    assert [{"name": "1", "displayName": "1", "conditionThreshold": {"filter": words}}] == data["conditions"]


def test_a_machine_has_interfaces_accounts_and_metadata_and_so_has_its_project(real: Planter) -> None:
    items = [{"key": "a", "value": "b"}, {"key": "serial-port-enable", "value": "TRUE"}]
    link = {"CA10__iamServiceAccountEmail__c": "a@b.example", "CA10__scopes__c": "one\ntwo"}
    fields = {
        "CA10__accessConfigsJson__c": '[{"natIP": "192.0.2.1"}]',
        "CA10__ipv6AccessConfigsJson__c": "[]",
        "CA10__metadataJson__c": json.dumps(items),
        "CA10__Google_GCE_Instance_Service_Account_Links__r": [
            link,
            {**link, "CA10__iamServiceAccountEmail__c": "c@b.example"},
        ],
        "CA10__googleProject__r": {"CA10__commonMetadata__c": json.dumps(items)},
    }
    data = data_of(real, real.plant(INSTANCE, fields, PROJECT, "vm"))
    [interface] = data["networkInterfaces"]
    assert ([{"natIP": "192.0.2.1"}], False) == (interface["accessConfigs"], "ipv6AccessConfigs" in interface)
    assert interface["network"].endswith(f"/projects/{PROJECT}/global/networks/vm")
    assert items == data["metadata"]["items"]
    assert [("a@b.example", ["one", "two"]), ("c@b.example", ["one", "two"])] == [
        (one["email"], one["scopes"]) for one in data["serviceAccounts"]
    ]
    assert items == data_of(real, f"//compute.googleapis.com/projects/{PROJECT}")["commonInstanceMetadata"]["items"]


def test_direct_calls_answer_what_fields_say(real: Planter) -> None:
    google, key = real.google, "projects/p/locations/eu/keyRings/r/cryptoKeys/k"
    approved = [{"cloudProduct": "all", "enrollmentLevel": "BLOCK_ALL"}]
    fields = {
        "CA10__enabledServices__c": "b.googleapis.com\ncompute.googleapis.com",
        "CA10__accessApproval__c": json.dumps(approved),
    }
    assert PROJECT == real.plant(ACCOUNT, fields, PROJECT, "x")
    assert {"b.googleapis.com", "compute.googleapis.com"} == google.services[PROJECT]
    assert {"cloudasset.googleapis.com"} < google.off[PROJECT]
    assert {"enrolledServices": approved} == google.direct[f"/v1/projects/{PROJECT}/accessApprovalSettings"]
    table = real.plant("CA10__CaGoogleBigQueryTable__c", {"CA10__kmsKey__c": key}, PROJECT, "t")
    assert "encryptionConfiguration" not in data_of(real, table)
    answer = google.direct[f"/bigquery/v2/projects/{PROJECT}/datasets/around-1/tables/t"]
    assert {**data_of(real, table), "encryptionConfiguration": {"kmsKeyName": key}} == answer


def test_the_organization_has_contacts_policies_and_people(real: Planter) -> None:
    contact = {"email": "a@b.example", "notificationCategorySubscriptions": ["ALL"], "validationState": "VALID"}
    policies = [{"constraint": "constraints/a"}]
    fields = {"CA10__contactsJson__c": json.dumps([contact]), "CA10__orgPoliciesJson__c": json.dumps(policies)}
    assert ORGANIZATION == real.plant("CA10__CaGoogleResourceManagerOrganization__c", fields, PROJECT, "x")
    assert contact.items() <= data_of(real, f"//essentialcontacts.googleapis.com/{ORGANIZATION}/contacts/0").items()
    roles = [{"resource": "organizations/1", "role": "roles/owner"}]
    person = {"CA10__isAdmin__c": True, "CA10__cloudRolesJson__c": json.dumps(roles)}
    assert "//admin.googleapis.com/users/p" == real.plant("CA10__CaGoogleDirectoryUser__c", person, PROJECT, "p")
    assert [{"id": "p", "primaryEmail": "p@shop.example", "isAdmin": True}] == real.google.users
    above = real.google.assets[f"//{RESOURCES}/{ORGANIZATION}"].asset
    assert policies == above["orgPolicy"]
    assert [{"role": "roles/owner", "members": ["user:p@shop.example"]}] == above["iamPolicy"]["bindings"]


@pytest.mark.parametrize("policy", [one for one in open_repository().policy_ids if one.startswith(LIBRARY)])
def test_what_is_planted_is_taken_away(policy: str, real: Planter) -> None:
    google = real.google
    before = copy.deepcopy((google.assets, google.direct, google.services, google.off))
    [program] = programs_of(LIBRARY, (policy,))
    for _, status, fields in fixtures(open_repository(), policy):
        if status in ("COMPLIANT", "INCOMPLIANT"):
            with suppress(Unplantable):
                real.plant(program.input_type, fields, PROJECT, "x")
    assert real.made
    wrong = {key: mistakes for key, one in google.assets.items() if (mistakes := faults_of_asset(one.asset))}
    assert {} == wrong
    for key in real.made:
        google.remove(key)
    assert before == (google.assets, google.direct, google.services, google.off)
    assert not google.users


@pytest.mark.parametrize(
    ("type_name", "fields"),
    [(BUCKET, {"uniform": [1]}), (BUCKET, {"seconds": "many"}), ("CA10__CaGoogleNone__c", {})],
)
def test_a_value_that_no_answer_gives_cannot_be_planted(planter: Planter, type_name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Unplantable):
        planter.plant(type_name, fields, PROJECT, "x")
