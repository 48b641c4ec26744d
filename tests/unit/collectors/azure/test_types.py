"""The rows of Azure: each type from a recorded answer, the library's fields, and the traps that lists of Azure hold.

Numbers of traps are those of the design.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from perpend.collectors.azure.calls import ALL_CALLS
from perpend.collectors.azure.types import ALL_TYPES
from perpend.collectors.rest.errors import MalformedAnswer
from perpend.collectors.rest.fields import fields_from, id_of, objects_in
from perpend.collectors.rest.rows import RestTables, TypeRow
from perpend.core.clouds.azure import AZURE
from perpend.core.clouds.cloud import OTHER
from perpend.language.syntax.repository import library
from tests.unit.collectors.azure.recorded import GROUP, HOME, RECORDED, SUBSCRIPTION

TABLES = RestTables(AZURE, ALL_CALLS, ALL_TYPES, normalized=str.lower)
ROWS = {row.type_name: row for row in ALL_TYPES}
NOT_COLLECTED = "Not collected."
NEVER_IN_A_LIST = ("siteConfig", "administrators", "systemData", "secrets", "connectionStrings", "accessPolicies")

STATED = {
    "ActivityLogAlert.enabledStatus": "Enabled",
    "ApplicationGateway.http2": False,
    "CosmosDbAccount.localAuthDisabled": False,
    "CosmosDbAccount.privateEndpointsJson": "[]",
    "CosmosDbAccount.publicNetworkAccess": "Enabled",
    "DatabricksWorkspace.privateEndpointsJson": "[]",
    "DefenderPlan.deprecated": False,
    "KeyVault.networkAclsDefaultAction": "Allow",
    "KeyVault.privateEndpointsJson": "[]",
    "KeyVault.publicNetworkAccess": "Enabled",
    "KeyVault.rbacAuthorization": "Disabled",
    "SqlServer.assessmentRecurring": False,
    "SqlServer.publicNetworkAccess": "Enabled",
    "StorageAccount.blobPublicAccess": "Allow",
    "StorageAccount.blobSoftDeleteEnabled": False,
    "StorageAccount.blobVersioningEnabled": False,
    "StorageAccount.containerSoftDeleteEnabled": False,
    "StorageAccount.defaultToOAuth": "Disabled",
    "StorageAccount.fileSoftDeleteEnabled": False,
    "StorageAccount.minimumTlsVersion": "TLS1_0",
    "StorageAccount.privateEndpointsJson": "[]",
    "StorageAccount.publicNetworkAccessState": "Enabled",
    "StorageAccount.requireInfrastructureEncryptionState": "Disabled",
    "StorageAccount.sharedKeyAccess": "Enabled",
    "StorageAccount.smbChannelEncryption": "AES-128-CCM;AES-128-GCM;AES-256-GCM",
    "StorageAccount.smbVersions": "SMB2.1;SMB3.0;SMB3.1.1",
    "VirtualNetwork.ddosProtection": False,
}
"""The values of missing members. Each is in the API's description, or is the adverse one."""

MAY_BE_NULL = {
    "AppService.identityPrincipalId",
    "AppService.identityType",
    "ApplicationGateway.firewallPolicy",
    "ApplicationGateway.wafEnabled",
    "DatabricksWorkspace.customVirtualNetworkId",
    "DatabricksWorkspace.encryptionJson",
    "DatabricksWorkspace.subnetNames",
    "DefenderPlan.subPlan",
    "DiagnosticSetting.eventHubAuthorizationRuleId",
    "DiagnosticSetting.storageAccount",
    "DiagnosticSetting.workspaceId",
    "KeyVault.purgeProtection",
    "ManagedDisk.dataAccessAuthMode",
    "MySqlServer.minimalTlsVersion",
    "MySqlServer.sslEnforcement",
    "NetworkInterfaceIpConfig.networkSecurityGroup",
    "NetworkInterfaceIpConfig.publicIpAddress",
    "NetworkSecurityGroupRule.destinationAddressPrefix",
    "NetworkSecurityGroupRule.sourceAddressPrefix",
    "NetworkSecurityGroupRule.sourceAddressPrefixes",
    "NetworkSecurityGroupRule.sourceApplicationSecurityGroups",
    "PostgreSqlServer.infrastructureEncryption",
    "PostgreSqlServer.sslEnforcement",
    "PublicIpAddress.ipAddress",
    "RoleAssignment.condition",
    "SqlServer.activeDirectoryAdminType",
    "SqlServer.encryptionProtectorUri",
    "StorageAccount.blobDiagnosticLogs",
    "StorageAccount.blobSoftDeleteEnabled",
    "StorageAccount.blobVersioningEnabled",
    "StorageAccount.containerSoftDeleteEnabled",
    "StorageAccount.crossTenantReplication",
    "StorageAccount.encryptionKeyVaultUri",
    "StorageAccount.fileSoftDeleteEnabled",
    "StorageAccount.keyExpirationPeriodDays",
    "StorageAccount.queueDiagnosticLogs",
    "StorageAccount.sasExpirationPeriod",
    "StorageAccount.smbChannelEncryption",
    "StorageAccount.smbVersions",
    "StorageAccount.tableDiagnosticLogs",
    "Subnet.networkSecurityGroup",
    "VirtualMachine.securityProfileSecurityType",
    "VirtualMachine.uefiSettingsSecureBoot",
    "VirtualMachine.uefiSettingsVTpm",
    "VirtualMachineDisk.managedDiskId",
    "VirtualMachineDisk.managedDiskLookup",
    "VirtualMachineDisk.vhdUri",
}
"""Fields whose member is left out to say that there is none. Tags are another, of every type that has them."""


def short(type_name: str, field: str) -> str:
    """Return the name of a field without the prefixes of its type and its own."""
    return f"{type_name.partition('CaAzure')[2].removesuffix('__c')}.{field.partition('__')[2].removesuffix('__c') or field}"


def read(
    row: TypeRow, item: dict[str, Any], details: dict[str, Any] | None = None
) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Return the objects of a listed item, each with the reasons why fields are unknown."""
    objects = []
    for nested in objects_in(row, item):
        known: dict[str, Any] = {"Id": id_of(TABLES, row, nested, SUBSCRIPTION)}
        reasons: dict[str, str] = {}
        fields_from(row, "", nested, SUBSCRIPTION, known, reasons)
        for call, answer in (details or {}).items():
            fields_from(row, call, answer, SUBSCRIPTION, known, reasons)
        objects.append((known, reasons))
    return objects


def changed(type_name: str, **properties: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the object of a recorded item with other properties; a property that is None is left out."""
    item = copy.deepcopy(RECORDED[type_name].item)
    item["properties"] = {name: value for name, value in {**item["properties"], **properties}.items() if value is not None}
    [whole] = read(ROWS[type_name], item)
    return whole


def rules(**properties: Any) -> list[dict[str, Any]]:
    """Return the objects of a rule of a security group."""
    rule = {"access": "Allow", "direction": "Inbound", "priority": 100, "protocol": "Udp", **properties}
    item = {"id": f"{GROUP}/g", "location": "westeurope", "properties": {"securityRules": [{"id": "r", "properties": rule}]}}
    return [known for known, _ in read(ROWS["CA10__CaAzureNetworkSecurityGroupRule__c"], item)]


@pytest.mark.parametrize("type_name", sorted(ROWS))
def test_a_type_is_read_from_a_recorded_answer(type_name: str) -> None:
    recorded = RECORDED[type_name]
    assert {*ROWS[type_name].details} == {*recorded.details}
    assert [(fields, {}) for fields in recorded.objects] == read(ROWS[type_name], recorded.item, recorded.details)
    assert {*ROWS[type_name].fields, "Id"} == {*recorded.objects[0]}


def test_the_library_declares_the_fields_that_rows_serve_and_no_others() -> None:
    served = {type_name: {*row.fields} for type_name, row in ROWS.items()}
    declared: dict[str, set[str]] = {}
    for name in library().type_names:
        object_type = library().declared_type(name)
        if object_type and AZURE.has_type(name) and NOT_COLLECTED not in object_type.description:
            declared[name] = {
                field.name
                for field in object_type.fields.values()
                if NOT_COLLECTED not in field.description and field.name not in ("Id", object_type.deletion_field)
            }
    assert served == declared


def test_each_detail_call_serves_a_field_and_the_names_are_those_of_calls() -> None:
    names = {call.name for call in ALL_CALLS}
    for row in ALL_TYPES:
        assert {*row.details} == {source.call for source in row.fields.values() if source.call}
        assert {row.listed, *row.details} <= names


def test_a_resource_type_is_that_of_its_list_or_is_inside_it() -> None:
    permissions = {call.name: call.permission or "" for call in ALL_CALLS}
    for row in ALL_TYPES:
        own, listed = AZURE.resource_type(row.type_name), permissions[row.listed].removesuffix("/read")
        assert own == listed or (row.inside and (own.startswith(f"{listed}/") or own == OTHER)), row.type_name


def test_members_that_a_list_does_not_show_are_in_no_row() -> None:  # trap 8
    paths = {(row.type_name, source.path) for row in ALL_TYPES for source in row.fields.values() if not source.call}
    assert not [one for one in paths if {*one[1].split(".")} & {*NEVER_IN_A_LIST}]
    assert "arm.resources" not in {row.listed for row in ALL_TYPES}


def test_a_missing_member_has_a_value_or_is_null_only_if_it_is_listed_here() -> None:  # trap 13
    sources = {short(row.type_name, name): source for row in ALL_TYPES for name, source in row.fields.items()}
    assert {name: source.otherwise for name, source in sources.items() if source.otherwise is not None} == STATED
    tags = {name for name in sources if name.endswith(".tagsJson")}
    assert {name for name, source in sources.items() if source.optional} - tags == MAY_BE_NULL


@pytest.mark.parametrize("type_name", sorted(ROWS))
def test_a_missing_member_is_unknown_or_a_stated_value(type_name: str) -> None:
    row, recorded = ROWS[type_name], RECORDED[type_name]
    for name, source in row.fields.items():
        if source.call or not source.path.startswith("properties.") or callable(row.inside):
            continue
        item = copy.deepcopy(recorded.item)
        container = item
        steps = source.path.split(".")
        if row.inside:
            container = item["properties"][row.inside.rpartition(".")[2]][0]
        for step in steps[:-1]:
            container = container[step]
        container.pop(steps[-1], None)
        known, reasons = read(row, item)[0]
        expected = source.otherwise if source.otherwise is not None else None
        if expected is None and not source.optional:
            assert name not in known
            assert source.path in reasons[name]
        else:
            assert expected == known[name]


def test_ids_that_refer_to_objects_are_in_lower_case() -> None:  # trap 21
    for recorded in RECORDED.values():
        for fields in recorded.objects:
            ids = [value for name, value in fields.items() if isinstance(value, str) and value.startswith("/")]
            assert ids == [one.lower() for one in ids]


@pytest.mark.parametrize(("tier", "extensions"), [("Free", "[]"), ("Standard", None)])
def test_missing_extensions_are_none_only_of_a_plan_that_is_off(tier: str, extensions: str | None) -> None:  # trap 11
    known, reasons = changed("CA10Z1__CaAzureDefenderPlan__c", pricingTier=tier, extensions=None)
    assert extensions == known.get("CA10Z1__extensions__c")
    assert (extensions is None) == ("CA10Z1__extensions__c" in reasons)


def test_an_account_without_blobs_has_no_values_of_blobs() -> None:  # trap 12
    row = ROWS["CA10__CaAzureStorageAccount__c"]
    calls = {call.name: call for call in ALL_CALLS}
    for name in ("storage.blobService", "storage.fileService", "monitor.blobDiagnostics"):
        known: dict[str, Any] = {}
        reasons: dict[str, str] = {}
        fields_from(row, name, calls[name].facts["FeatureNotSupportedForAccount"].answer, SUBSCRIPTION, known, reasons)
        assert ({}, dict.fromkeys(one for one, source in row.fields.items() if source.call == name)) == (reasons, known)


@pytest.mark.parametrize(
    ("member", "field", "value"),
    [
        ("minimumTlsVersion", "minimumTlsVersion", "TLS1_0"),
        ("allowBlobPublicAccess", "blobPublicAccess", "Allow"),
        ("allowSharedKeyAccess", "sharedKeyAccess", "Enabled"),
        ("publicNetworkAccess", "publicNetworkAccessState", "Enabled"),
        ("allowCrossTenantReplication", "crossTenantReplication", None),
    ],
)
def test_missing_members_of_storage_have_the_adverse_value(member: str, field: str, value: str | None) -> None:  # trap 13
    known, _ = changed("CA10__CaAzureStorageAccount__c", **{member: None})
    assert value == known[f"CA10__{field}__c"]


def test_keys_without_a_creation_time_have_no_known_age() -> None:
    for times in ({"key1": None, "key2": None}, None):
        known, reasons = changed("CA10__CaAzureStorageAccount__c", keyCreationTime=times)
        assert "CA10__key1CreationTime__c" not in known
        assert "CA10__key1CreationTime__c" in reasons


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"destinationPortRange": "*", "sourceAddressPrefix": "Internet"}, [("r#*", 0, 65535, "Internet", None)]),
        (
            {"destinationPortRanges": ["22", "80-90"], "sourceAddressPrefix": "10.0.0.0/8"},
            [("r#22", 22, 22, "10.0.0.0/8", None), ("r#80-90", 80, 90, "10.0.0.0/8", None)],
        ),
        (
            {"destinationPortRange": "22", "sourceAddressPrefixes": ["10.0.0.0/8", "0.0.0.0/0"]},
            [("r#22", 22, 22, "0.0.0.0/0", "10.0.0.0/8\n0.0.0.0/0")],
        ),
        (
            {"destinationPortRange": "22", "sourceAddressPrefixes": ["10.0.0.0/8", "10.1.0.0/16"]},
            [("r#22", 22, 22, None, "10.0.0.0/8\n10.1.0.0/16")],
        ),
        (
            {"destinationPortRange": "22", "sourceApplicationSecurityGroups": [{"id": "asg"}]},
            [("r#22", 22, 22, None, None)],
        ),
    ],
)
def test_each_range_of_a_rule_is_an_object(properties: dict[str, Any], expected: list[Any]) -> None:  # trap 19
    fields = ("destinationPortFrom", "destinationPortTo", "sourceAddressPrefix", "sourceAddressPrefixes")
    assert expected == [
        (known["Id"], *(known.get(f"CA10__{name}__c", "unknown") for name in fields)) for known in rules(**properties)
    ]


def test_groups_of_machines_are_a_source_if_no_addresses_are() -> None:  # trap 19
    groups = [{"id": "/A"}, {"id": "/b"}]
    [rule] = rules(destinationPortRange="22", sourceApplicationSecurityGroups=groups)
    assert "/a\n/b" == rule["CA10__sourceApplicationSecurityGroups__c"]
    [rule] = rules(destinationPortRange="22", sourceApplicationSecurityGroups=[], sourceAddressPrefixes=["10.0.0.0/8"])
    assert rule["CA10__sourceApplicationSecurityGroups__c"] is None


def test_a_rule_without_a_source_has_an_unknown_one_and_a_rule_without_ports_makes_the_list_malformed() -> None:  # trap 19
    [known] = rules(destinationPortRange="22")
    assert "CA10__sourceAddressPrefix__c" not in known
    with pytest.raises(MalformedAnswer, match="NoItems"):
        rules(sourceAddressPrefix="*")


def test_administrators_are_counted_only_if_assignments_at_the_root_are_visible() -> None:  # trap 24
    recorded = RECORDED["CA10__CaAzureAccount__c"]
    below = [item for item in recorded.details["rbac.assignments"]["items"] if item["properties"]["scope"] != "/"]
    [(known, reasons)] = read(ROWS["CA10__CaAzureAccount__c"], recorded.item, {"rbac.assignments": {"items": below}})
    assert "CA10__userAccessAdministratorsCount__c" not in known
    assert "root" in reasons["CA10__userAccessAdministratorsCount__c"]


def test_a_subscription_without_networks_and_watchers_has_no_locations_of_them() -> None:
    recorded = RECORDED["CA10__CaAzureAccount__c"]
    details: dict[str, Any] = {"net.networks": {"items": []}, "net.watchers": {"items": []}}
    [(known, reasons)] = read(ROWS["CA10__CaAzureAccount__c"], recorded.item, details)
    assert (None, None) == (known["CA10__networkLocationNames__c"], known["CA10__networkWatcherLocationNames__c"])
    assert {} == {name: reason for name, reason in reasons.items() if "Location" in name}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, None),
        ({"customVirtualNetworkId": {"value": "/N"}, "customPrivateSubnetName": {"value": "A"}}, "/n/subnets/a"),
        ({"customVirtualNetworkId": {"value": "/N"}}, "unknown"),
        (None, "unknown"),
    ],
)
def test_a_subnet_of_a_workspace_is_named_by_its_network(parameters: Any, expected: str | None) -> None:
    known, _ = changed("CA10__CaAzureDatabricksWorkspace__c", parameters=parameters)
    assert expected == known.get("CA10__privateSubnet__c", "unknown")


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ([{"categoryGroup": "allLogs", "enabled": True}], 8),
        ([{"categoryGroup": "allLogs", "enabled": False}, {"category": "Policy", "enabled": True}], 1),
        ([{"category": "Policy", "enabled": True}, {"categoryGroup": "allLogs", "enabled": False}], 1),
        ([{"categoryGroup": "audit", "enabled": True}], None),
        ([{"category": "Policy"}], None),
    ],
)
def test_groups_of_categories_are_expanded_or_unknown(logs: list[Any], expected: int | None) -> None:  # trap 26
    known, reasons = changed("CA10__CaAzureDiagnosticSetting__c", logs=logs)
    text = known.get("CA10__logsJson__c")
    assert expected == (None if text is None else sum(log["enabled"] for log in json.loads(text)))
    assert (expected is None) == ("CA10__logsJson__c" in reasons)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (
            {"emails": "a@x", "alertNotifications": {"state": "On", "minimalSeverity": "Low"}},
            {"email": "a@x", "alertNotifications": "On", "alertNotificationsMinimalSeverity": "Low"},
        ),
        (
            {
                "isEnabled": False,
                "notificationsByRole": {"state": "On", "roles": ["Owner"]},
                "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
            },
            {"alertNotifications": "Off", "notificationsByRoleState": "Off", "attackPathMinimalRiskLevel": None},
        ),
        ({"isEnabled": True, "notificationsSources": []}, {"alertNotifications": "Off"}),
        ({"emails": "a@x"}, None),
        ({"notificationsSources": []}, None),
        ({"isEnabled": "true", "notificationsSources": []}, None),
    ],
)
def test_both_forms_of_contacts_are_one(properties: dict[str, Any], expected: dict[str, Any] | None) -> None:
    contacts = {"items": [{"name": "default", "properties": properties}]}
    [(known, reasons)] = read(
        ROWS["CA10__CaAzureAccount__c"], RECORDED["CA10__CaAzureAccount__c"].item, {"defender.contacts": contacts}
    )
    name = "CA10__securityCenterContacts__c"
    if expected is None:
        assert name not in known
        assert reasons[name]
    else:
        [contact] = json.loads(known[name])
        assert expected.items() <= contact.items()


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"firewallPolicy": None, "webApplicationFirewallConfiguration": {"enabled": True}}, True),
        ({"firewallPolicy": None, "webApplicationFirewallConfiguration": {"enabled": False}}, False),
        ({"firewallPolicy": None, "sku": {"tier": "Standard_v2"}}, False),
        ({"firewallPolicy": None}, "unknown"),
        ({"firewallPolicy": None, "webApplicationFirewallConfiguration": {}}, "unknown"),
    ],
)
def test_a_gateway_without_configuration_and_policy_is_unknown_unless_its_tier_has_no_firewall(
    properties: dict[str, Any], expected: Any
) -> None:
    known, _ = changed("CA10__CaAzureApplicationGateway__c", **properties)
    assert expected == known.get("CA10__wafEnabled__c", "unknown")


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({}, "ImageDefault"),
        ({"windowsConfiguration": {"patchSettings": {"assessmentMode": "AutomaticByPlatform"}}}, "AutomaticByPlatform"),
        ({"linuxConfiguration": {"patchSettings": None}}, "ImageDefault"),
        (None, "unknown"),
    ],
)
def test_a_machine_without_a_profile_has_no_known_assessment(profile: Any, expected: str) -> None:
    known, _ = changed("CA10__CaAzureVirtualMachine__c", osProfile=profile)
    assert expected == known.get("CA10__patchAssessmentMode__c", "unknown")


def test_odd_values_are_unknown() -> None:
    known, reasons = changed(
        "CA10__CaAzureStorageAccount__c",
        supportsHttpsTrafficOnly="yes",
        allowSharedKeyAccess="no",
        keyPolicy={"keyExpirationPeriodInDays": "90"},
        keyCreationTime={"key1": "soon", "key2": 5},
    )
    odd = ("secureTransferRequired", "sharedKeyAccess", "keyExpirationPeriodDays", "key1CreationTime", "key2CreationTime")
    assert not {f"CA10__{name}__c" for name in odd} & {*known}
    assert {f"CA10__{name}__c" for name in odd} <= {*reasons}


@pytest.mark.parametrize(
    "scope",
    [
        HOME,
        f"{HOME}/resourceGroups/g",
        f"{HOME}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v",
        f"{HOME}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a/blobServices/default",
    ],
)
def test_a_lock_on_no_storage_account_has_its_scope_and_no_account(scope: str) -> None:
    item = {"id": f"{scope}/providers/Microsoft.Authorization/locks/all", "name": "all", "properties": {"level": "ReadOnly"}}
    [(known, _)] = read(ROWS["CA10__CaAzureLock__c"], item)
    assert (scope.lower(), None) == (known["CA10__scope__c"], known["CA10__storageAccount__c"])
    is_group = scope.lower().endswith("/resourcegroups/g")
    assert known["CA10__resourceGroupPath__c"] == (f"{scope.lower()}/" if is_group else None)


@pytest.mark.parametrize(
    "resource",
    [
        HOME,
        f"{HOME}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
        f"{HOME}/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0",
        f"{HOME}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m/extensions/e",
    ],
)
def test_an_assessment_of_no_machine_has_its_resource_and_no_machine(resource: str) -> None:
    item = {"id": f"{resource}/providers/Microsoft.Security/assessments/a", "name": "a", "properties": {}}
    [(known, _)] = read(ROWS["CA10__CaAzureSecurityAssessment__c"], item)
    assert (resource.lower(), None) == (known["CA10__resourceId__c"], known["CA10__virtualMachine__c"])


@pytest.mark.parametrize("scope", ["", "/providers/Microsoft.Management/managementGroups/root", HOME, HOME.upper()])
def test_an_assignment_has_the_role_as_its_subscription_lists_it(scope: str) -> None:
    item = {"name": "a", "properties": {"roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/R"}}
    [(known, _)] = read(ROWS["CA10__CaAzureRoleAssignment__c"], item)
    assert f"{HOME}/providers/microsoft.authorization/roledefinitions/r" == known["CA10__roleDefinitionId__c"]


@pytest.mark.parametrize("value", ["r", "/providers/Microsoft.Authorization/roleAssignments/r", 5])
def test_an_assignment_of_an_odd_role_has_none(value: object) -> None:
    [(known, reasons)] = read(ROWS["CA10__CaAzureRoleAssignment__c"], {"name": "a", "properties": {"roleDefinitionId": value}})
    assert "CA10__roleDefinitionId__c" not in known
    assert "CA10__roleDefinitionId__c" in reasons


def test_transforms_catch_no_error() -> None:
    folder = Path(__file__).parents[4] / "src/perpend/collectors/azure"
    assert "except" not in (folder / "transforms.py").read_text("utf-8")
    assert "except" not in (folder / "types.py").read_text("utf-8")


@pytest.mark.parametrize("properties", [{}, {"networkProfile": None}, {"networkProfile": {"networkInterfaces": None}}])
def test_a_machine_that_names_no_interface_leaves_the_list_readable(properties: dict[str, Any]) -> None:
    """The policy over machines does not pass one without interfaces, so nothing is claimed by it."""
    row = ROWS["CA10__CaAzureVirtualMachineNetworkInterface__c"]
    assert [] == read(row, {"id": "/m", "location": "westeurope", "properties": properties})
