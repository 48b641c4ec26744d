"""A test object is planted as the assets from which a row reads the same fields."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("googleapiclient", reason="the client for tests is not installed")

from perpend.collectors.rest.rows import FieldSource, RestTables, TypeRow
from perpend.core.clouds.google import GOOGLE
from perpend.language.syntax.repository import open_repository
from tests.servers.azure.planting import Unplantable
from tests.servers.google.double import ORGANIZATION, RESOURCES, Google
from tests.servers.google.models import faults_of_asset
from tests.servers.google.planting import Planter
from tests.servers.google.samples import PROJECT

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


@pytest.mark.parametrize(
    ("type_name", "fields"), [(BUCKET, {"uniform": [1]}), (BUCKET, {"seconds": "many"}), ("CA10__CaGoogleNone__c", {})]
)
def test_a_value_that_no_answer_gives_cannot_be_planted(planter: Planter, type_name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Unplantable):
        planter.plant(type_name, fields, PROJECT, "x")
