"""The rows of Google Cloud: the library's fields, and the traps that assets hold. Numbers of traps are those of the design."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perpend.collectors.google.calls import ALL_CALLS, ASSET_TYPES
from perpend.collectors.google.types import ALL_TYPES
from perpend.collectors.rest.fields import fields_from, id_of, objects_in
from perpend.collectors.rest.rows import RestTables
from perpend.core.clouds.google import GOOGLE
from perpend.core.objects.object_types import MASTER_KEY
from perpend.language.syntax.repository import library

TABLES = RestTables(GOOGLE, ALL_CALLS, ALL_TYPES)
OWNER = "__googleProject__c"
NOT_COLLECTED = "Not collected."
PROJECT = "web-prod-1"
COMPUTE = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"


def read(name: str, data: Any, call: str = "", **members: Any) -> list[tuple[str, dict[str, Any], dict[str, str]]]:
    """Return Id, values and reasons of the objects of a type in an asset, with names of fields without prefix and suffix."""
    row = next(row for row in ALL_TYPES if row.type_name.endswith(f"__CaGoogle{name}__c"))
    item = {"id": f"//x.googleapis.com/projects/{PROJECT}/things/t", "account": PROJECT, "project": PROJECT, **members}
    item = {**item, "resource": {"data": data}} if data is not None else item
    read_rows = []
    for nested in objects_in(row, item):
        known: dict[str, Any] = {}
        reasons: dict[str, str] = {}
        fields_from(row, call, nested, PROJECT, known, reasons)
        read_rows.append(
            (id_of(TABLES, row, nested, PROJECT), *({short(key): part[key] for key in part} for part in (known, reasons)))
        )
    return read_rows


def short(name: str) -> str:
    return name.removesuffix("__c").rpartition("__")[2]


def value(name: str, field: str, data: Any, call: str = "", **members: Any) -> Any:
    """Return the value of a field, ``unknown`` without one."""
    [(_, known, reasons)] = read(name, data, call, **members)
    assert (field in known) != (field in reasons)
    return known.get(field, "unknown")


def test_the_rows_have_the_types_and_fields_of_the_library() -> None:
    declared = {name: library().declared_type(name) for name in TABLES.types}
    assert not [name for name, one in declared.items() if one is None]
    for name, row in TABLES.types.items():
        fields = declared[name].fields  # type: ignore[union-attr]
        collected = {key for key, one in fields.items() if NOT_COLLECTED not in (one.description or "")}
        missing = {key for key in collected - row.fields.keys() - {"Id"} if not key.endswith("disappearanceTime__c")}
        assert not missing
        assert row.fields.keys() <= fields.keys()


def test_only_objects_of_projects_alone_are_parts_of_one() -> None:
    """A blank master key leaves all lists of all projects unknown, so no object of an organization may have one."""
    declared = {name: library().declared_type(name) for name in TABLES.types}
    keys = {name: one.fields[key] for name, one in declared.items() if one for key in one.fields if key.endswith(OWNER)}
    of_others = {name for name, key in keys.items() if key.description.startswith("Empty if a folder or an organization")}
    assert of_others == {name for name, key in keys.items() if key.kind != MASTER_KEY}
    assert {"LoggingSink", "IamRole", "IamPolicyBinding"} <= {name.partition("CaGoogle")[2][:-3] for name in of_others}


def test_each_type_is_listed_and_each_detail_has_a_field() -> None:
    calls = {call.name for call in ALL_CALLS}
    assert {row.listed for row in ALL_TYPES} <= calls
    assert all({source.call for source in row.fields.values()} - {""} == {*row.details} for row in ALL_TYPES)
    assert {f"cai.{name}" for name in ASSET_TYPES} <= calls
    assert {GOOGLE.resource_types[row.type_name] for row in ALL_TYPES if row.type_name in GOOGLE.resource_types} - {
        *ASSET_TYPES,
        "none",
    } == set()


@pytest.mark.parametrize("type_name", sorted(TABLES.types))
def test_an_asset_without_content_has_no_value_of_its_data(type_name: str) -> None:  # traps 4 and 6
    row = TABLES.types[type_name]
    for name, source in row.fields.items():
        if source.path.startswith("resource.") or source.path == "resource.data":
            known: dict[str, Any] = {}
            fields_from(row, "", {"id": "i", "name": "n"}, PROJECT, known, {})
            assert name not in known


@pytest.mark.parametrize(
    ("name", "field", "data", "expected"),
    [
        ("SqlInstance", "backupEnabled", {"settings": {}}, False),
        ("SqlInstance", "backupEnabled", {}, "unknown"),
        ("SqlInstance", "databaseFlagsJson", {"settings": {}}, "[]"),
        ("SqlInstance", "databaseFlagsJson", {}, "unknown"),
        ("SqlInstance", "authorizedNetworksJson", {"settings": {"ipConfiguration": {}}}, "[]"),
        ("SqlInstance", "authorizedNetworksJson", {"settings": {}}, "unknown"),
        ("DataprocCluster", "kmsKey", {"config": {}}, None),
        ("DataprocCluster", "kmsKey", {}, "unknown"),
        ("GceInstance", "metadataJson", {"metadata": {}}, "[]"),
        ("GceInstance", "metadataJson", {}, "unknown"),
        ("GceInstance", "tags", {}, "unknown"),
        ("GkeCluster", "legacyAbac", {}, "unknown"),
        ("GkeCluster", "privateNodes", {}, "unknown"),
        ("StorageBucket", "uniformAccess", {}, "unknown"),
        ("StorageBucket", "uniformAccess", {"iamConfiguration": {}}, False),
        ("StorageBucket", "aclJson", {}, "unknown"),
        ("AppEngineApplication", "handlersJson", {}, "unknown"),
        ("DnsManagedZone", "dnssecConfigurationState", {}, "off"),
        ("LoggingSink", "exclusionsJson", {"destination": "storage.googleapis.com/logs"}, None),
        ("LoggingSink", "exclusionsJson", {"exclusions": [{"name": "a"}]}, '[{"name":"a"}]'),
    ],
)
def test_a_missing_member_has_a_value_only_within_its_object(name: str, field: str, data: Any, expected: Any) -> None:  # trap 7
    assert expected == value(name, field, data)


@pytest.mark.parametrize(
    ("name", "field", "data", "expected"),
    [
        ("Project", "Name", {"displayName": "Web", "name": "projects/1"}, "Web"),
        ("Project", "Name", {"name": "Web"}, "Web"),
        ("Project", "Name", {"name": "projects/1"}, "unknown"),
        ("Project", "lifecycleState", {"state": "ACTIVE"}, "ACTIVE"),
        ("Project", "lifecycleState", {"lifecycleState": "ACTIVE"}, "ACTIVE"),
        (
            "GceFirewall",
            "allowedJson",
            {"allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]},
            '[{"IPProtocol":"tcp","ports":["22"]}]',
        ),
        ("GceFirewall", "allowedJson", {"alloweds": [{"ipProtocol": "all"}]}, '[{"IPProtocol":"all"}]'),
        ("GceFirewall", "allowedJson", {"denied": [{"IPProtocol": "all"}]}, None),
        ("GceFirewall", "allowedJson", {"denieds": [{"ipProtocol": "all"}]}, None),
        ("GceFirewall", "deniedJson", {"alloweds": [{"ipProtocol": "all"}]}, None),
        ("GceFirewall", "allowedJson", {}, "unknown"),
    ],
)
def test_both_spellings_are_read(name: str, field: str, data: Any, expected: Any) -> None:  # trap 9
    assert expected == value(name, field, data)


@pytest.mark.parametrize(
    ("name", "field", "data", "expected"),
    [
        ("StorageBucket", "retentionSeconds", {"retentionPolicy": {"retentionPeriod": "86400"}}, 86400),
        ("StorageBucket", "retentionSeconds", {"retentionPolicy": {"retentionPeriod": "long"}}, "unknown"),
        (
            "CloudKmsCryptoKey",
            "nextRotationTime",
            {"nextRotationTime": "2027-01-01T00:00:00.123456789Z"},
            "2027-01-01T00:00:00Z",
        ),
        ("CloudKmsCryptoKey", "rotationPeriod", {"rotationPeriod": "7776000s"}, "7776000s"),
        ("IamServiceAccountKey", "validAfter", {"validAfterTime": "yesterday"}, "unknown"),
    ],
)
def test_numbers_and_times_are_read_of_texts(name: str, field: str, data: Any, expected: Any) -> None:  # trap 22
    assert expected == value(name, field, data)


@pytest.mark.parametrize(
    ("name", "field", "data", "expected"),
    [
        ("GceSubnetwork", "enableFlowLogs", {"logConfig": {"enable": True}}, True),
        ("GceSubnetwork", "enableFlowLogs", {}, "unknown"),
        ("SqlInstance", "sslMode", {"settings": {"ipConfiguration": {"requireSsl": True}}}, None),
        ("SqlInstance", "sslMode", {"settings": {"ipConfiguration": {}}}, "unknown"),
        ("SqlInstance", "requireSsl", {"settings": {"ipConfiguration": {"sslMode": "ENCRYPTED_ONLY"}}}, None),
        ("SqlInstance", "requireSsl", {"settings": {"ipConfiguration": {}}}, "unknown"),
        ("GceInstance", "confidentialType", {"confidentialInstanceConfig": {"confidentialInstanceType": "TDX"}}, "TDX"),
    ],
)
def test_settings_with_two_members_are_read_of_both(name: str, field: str, data: Any, expected: Any) -> None:  # trap 31
    assert expected == value(name, field, data)


def test_the_address_of_another_object_becomes_its_id() -> None:  # trap 19
    assert f"//compute.googleapis.com/projects/{PROJECT}/global/networks/n" == value(
        "GceFirewall", "gceNetwork", {"network": f"{COMPUTE}/global/networks/n"}
    )
    by_number = COMPUTE.replace(PROJECT, "700000000001")
    assert "unknown" == value("GceFirewall", "gceNetwork", {"network": f"{by_number}/global/networks/n"})


def test_no_secret_is_read() -> None:
    items = [{"key": "startup-script", "value": "PASSWORD"}, {"key": "enable-oslogin", "value": "TRUE"}]
    kept = [{"key": "startup-script"}, {"key": "enable-oslogin", "value": "TRUE"}]
    assert kept == json.loads(value("GceInstance", "metadataJson", {"metadata": {"items": items}}))
    key = {"rawKey": "PASSWORD", "rsaEncryptedKey": "PASSWORD", "sha256": "h"}
    assert {"sha256": "h"} == json.loads(value("GceDisk", "encryptionKeyJson", {"diskEncryptionKey": key}))
    assert "PASSWORD" not in value(
        "GceInstance", "disksEncryptionJson", {"disks": [{"deviceName": "d", "diskEncryptionKey": key}]}
    )
    variables = {
        "environmentVariables": {"A": "PASSWORD"},
        "secretEnvironmentVariables": [{"key": "K", "secret": "s", "v": "PASSWORD"}],
    }
    assert "PASSWORD" not in str(read("Function", {"serviceConfig": variables}))


def test_a_policy_is_a_row_for_each_binding() -> None:
    given = [
        {"role": "roles/viewer", "members": ["allUsers", "user:a@b.example"]},
        {"role": "roles/viewer", "members": ["user:a@b.example"], "condition": {"expression": "true"}},
    ]
    bucket = {
        "id": "//storage.googleapis.com/b",
        "assetType": "storage.googleapis.com/Bucket",
        "iamPolicy": {"bindings": given},
    }
    (first, known, _), (second, others, _) = read("IamPolicyBinding", None, **bucket)
    assert "//storage.googleapis.com/b/bindings/roles/viewer" == first != second
    assert (True, False, None) == (known["membersAllUsers"], known["membersAllAuthenticatedUsers"], known["conditionJson"])
    assert (False, '{"expression":"true"}', PROJECT) == (
        others["membersAllUsers"],
        others["conditionJson"],
        others["googleProject"],
    )
    [(of_folder, *_)] = read("IamPolicyBinding", None, **{**bucket, "id": "folders/4", "iamPolicy": {"bindings": given[:1]}})
    assert "//cloudresourcemanager.googleapis.com/folders/4/bindings/roles/viewer" == of_folder
    assert [] == read("IamPolicyBinding", None, **{**bucket, "iamPolicy": {"auditConfigs": []}})


def test_alerts_and_instances_hold_rows() -> None:
    threshold = {"name": "projects/1/alertPolicies/2/conditions/3", "displayName": "c", "conditionThreshold": {"filter": "f"}}
    [(identity, known, _)] = read("MonitoringCondition", {"conditions": [threshold]})
    assert identity.endswith("/things/t/conditions/3")
    assert ("f", None) == (known["thresholdFilter"], known["matchedLogFilter"])
    assert known["logMetric"] is None
    named = {**threshold, "conditionThreshold": {"filter": 'metric.type="logging.googleapis.com/user/acts" AND x="y"'}}
    assert f"//logging.googleapis.com/projects/{PROJECT}/metrics/acts" == value(
        "MonitoringCondition", "logMetric", {"conditions": [named]}
    )
    assert "//storage.googleapis.com/b" == value("LoggingSink", "storageBucket", {"destination": "storage.googleapis.com/b"})
    assert value("LoggingSink", "storageBucket", {"destination": "pubsub.googleapis.com/projects/p/topics/t"}) is None
    assert [] == read("GceInstanceServiceAccountLink", {"name": "vm"})
    [(_, link, _)] = read("GceInstanceServiceAccountLink", {"serviceAccounts": [{"email": "a@b", "scopes": ["x", "y"]}]})
    assert "x\ny" == link["scopes"]


def test_a_table_has_its_own_key_or_none() -> None:
    row, known, reasons = TABLES.types["CA10__CaGoogleBigQueryTable__c"], {}, {}  # type: ignore[var-annotated]
    fields_from(row, "bigquery.table", {"id": "p:d.t"}, PROJECT, known, reasons)
    assert {"CA10__kmsKey__c": None} == known
    assert "unknown" not in read("BigQueryTable", {"id": "p:d.t", "type": "VIEW"})[0][1].values()


def test_a_name_is_the_last_part_of_a_path_and_keeps_its_own_slashes() -> None:
    path = "projects/700000000001/secrets/db"
    assert "db" == value("Secret", "Name", {"name": path})
    assert "team/errors" == value("LoggingLogMetric", "Name", {"name": "team/errors"})
    assert "unknown" == value("Secret", "Name", {"name": ["projects/1/secrets/db"]})
