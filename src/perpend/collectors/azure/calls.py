"""The calls to Azure Resource Manager, each with the version of its API. Imports no SDK.

All are GET requests: lists of a subscription first, then details of the objects that these show. Versions are pinned, because
the defaults of missing members differ between versions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.rest.rows import Fact, Proof, RestCall

if TYPE_CHECKING:
    from collections.abc import Mapping

MANAGEMENT: Final = "https://management.azure.com"
"""The host of Resource Manager."""

_SUBSCRIPTION: Final = f"{MANAGEMENT}/subscriptions/{{account}}"

_NONE: Final[Mapping[str, Any]] = {"value": [], "items": []}
"""The answer of a list without items, for a listing and for a detail call."""

_GONE: Final = ("ResourceNotFound", "ResourceGroupNotFound", "ParentResourceNotFound", "NotFound")
"""The codes for a detail of an object that no longer exists. Other codes with status 404 mean an error of the caller."""

_NOT_REGISTERED: Final = ("MissingSubscriptionRegistration",)
_NO_DEFENDER: Final = (*_NOT_REGISTERED, "Subscription Not Registered", "SubscriptionNotRegistered")

NOT_APPLICABLE: Final = "NotApplicable"
"""The value of members of a feature that an account does not have."""

_NO_SERVICE: Final = {"items": NOT_APPLICABLE}
_DOES_NOT_APPLY: Final = {"enabled": NOT_APPLICABLE, "days": NOT_APPLICABLE}
_NO_BLOBS: Final = {
    "properties": {
        "deleteRetentionPolicy": _DOES_NOT_APPLY,
        "containerDeleteRetentionPolicy": _DOES_NOT_APPLY,
        "isVersioningEnabled": NOT_APPLICABLE,
    }
}
_NO_SHARES: Final = {
    "properties": {
        "shareDeleteRetentionPolicy": _DOES_NOT_APPLY,
        "protocolSettings": {"smb": {"versions": NOT_APPLICABLE, "channelEncryption": NOT_APPLICABLE}},
    }
}


def _about_subscription(name: str, path: str, version: str) -> RestCall:
    """Return a call about the subscription itself, or a list that Resource Manager has for each subscription."""
    address = f"subscriptions/{path}" if path else "subscriptions"
    return RestCall(
        name,
        "Microsoft.Resources",
        address,
        f"{_SUBSCRIPTION}/{path}" if path else _SUBSCRIPTION,
        f"Microsoft.Resources/{address}/read",
        {"api-version": version},
        items="value" if path else "",
        next_link="nextLink" if path else "",
    )


def _listing(name: str, resource_type: str, version: str, unregistered: tuple[str, ...] = _NOT_REGISTERED) -> RestCall:
    """Return the call that lists a type of resources of a subscription.

    A provider that is not registered has no resources. This is a fact only if the subscription's list of providers says so.
    """
    provider, _, resource = resource_type.partition("/")
    proof = Proof("arm.providers", ("namespace", provider), ("registrationState", "NotRegistered"))
    return RestCall(
        name,
        provider,
        resource,
        f"{_SUBSCRIPTION}/providers/{resource_type}",
        f"{resource_type}/read",
        {"api-version": version},
        items="value",
        next_link="nextLink",
        facts=dict.fromkeys(unregistered, Fact(_NONE, proof)),
    )


def _detail(name: str, resource_type: str, path: str, version: str, facts: Mapping[str, Any] | None = None) -> RestCall:
    """Return the call for a detail of a listed object: the resource at a path below it."""
    provider, _, resource = resource_type.partition("/")
    return RestCall(
        name,
        provider,
        resource,
        f"{MANAGEMENT}{{id}}/{path}",
        f"{resource_type}/read",
        {"api-version": version},
        facts={code: Fact(answer) for code, answer in (facts or {}).items()},
        gone=_GONE,
    )


def _details(name: str, resource_type: str, path: str, version: str, facts: Mapping[str, Any] | None = None) -> RestCall:
    """Return the call for a list of details of a listed object."""
    call = _detail(name, resource_type, path, version, facts)
    return replace(call, items="value", next_link="nextLink")


def _diagnostics(name: str, service: str = "") -> RestCall:
    """Return the call that lists the diagnostic settings of a resource, or of a service of it."""
    path = f"{service}providers/Microsoft.Insights/diagnosticSettings"
    codes = ("ResourceTypeNotSupported", "FeatureNotSupportedForAccount") if service else ()
    return _details(
        name, "Microsoft.Insights/diagnosticSettings", path, "2021-05-01-preview", dict.fromkeys(codes, _NO_SERVICE)
    )


_LISTS: Final = (
    _about_subscription("arm.subscription", "", "2022-12-01"),
    _about_subscription("arm.locations", "locations", "2022-12-01"),
    _about_subscription("arm.providers", "providers", "2021-04-01"),
    _about_subscription("arm.groups", "resourceGroups", "2021-04-01"),
    _about_subscription("arm.resources", "resources", "2021-04-01"),
    _listing("arm.locks", "Microsoft.Authorization/locks", "2020-05-01"),
    _listing("rbac.definitions", "Microsoft.Authorization/roleDefinitions", "2022-04-01"),
    _listing("rbac.assignments", "Microsoft.Authorization/roleAssignments", "2022-04-01"),
    _listing("rbac.eligible", "Microsoft.Authorization/roleEligibilityScheduleInstances", "2020-10-01"),
    _listing("rbac.deny", "Microsoft.Authorization/denyAssignments", "2022-04-01"),
    _listing("policy.assignments", "Microsoft.Authorization/policyAssignments", "2023-04-01"),
    _listing("storage.accounts", "Microsoft.Storage/storageAccounts", "2024-01-01"),
    _listing("monitor.subscriptionDiagnostics", "Microsoft.Insights/diagnosticSettings", "2021-05-01-preview"),
    _listing("monitor.alerts", "Microsoft.Insights/activityLogAlerts", "2020-10-01"),
    _listing("monitor.components", "Microsoft.Insights/components", "2020-02-02"),
    _listing("keyvault.vaults", "Microsoft.KeyVault/vaults", "2023-07-01"),
    _listing("sql.servers", "Microsoft.Sql/servers", "2021-11-01"),
    _listing("pg.servers", "Microsoft.DBforPostgreSQL/flexibleServers", "2024-08-01"),
    _listing("pg.single", "Microsoft.DBforPostgreSQL/servers", "2017-12-01"),
    _listing("mysql.servers", "Microsoft.DBforMySQL/flexibleServers", "2023-12-30"),
    _listing("mysql.single", "Microsoft.DBforMySQL/servers", "2017-12-01"),
    _listing("cosmos.accounts", "Microsoft.DocumentDB/databaseAccounts", "2024-11-15"),
    _listing("web.sites", "Microsoft.Web/sites", "2023-12-01"),
    _listing("defender.plans", "Microsoft.Security/pricings", "2024-01-01", _NO_DEFENDER),
    _listing("defender.contacts", "Microsoft.Security/securityContacts", "2023-12-01-preview", _NO_DEFENDER),
    _listing("defender.settings", "Microsoft.Security/settings", "2022-05-01", _NO_DEFENDER),
    _listing("defender.provisioning", "Microsoft.Security/autoProvisioningSettings", "2017-08-01-preview", _NO_DEFENDER),
    _listing("defender.assessments", "Microsoft.Security/assessments", "2021-06-01", _NO_DEFENDER),
    _listing("defender.iot", "Microsoft.Security/iotSecuritySolutions", "2019-08-01", _NO_DEFENDER),
    _listing("net.groups", "Microsoft.Network/networkSecurityGroups", "2024-05-01"),
    _listing("net.watchers", "Microsoft.Network/networkWatchers", "2024-05-01"),
    _listing("net.networks", "Microsoft.Network/virtualNetworks", "2024-05-01"),
    _listing("net.interfaces", "Microsoft.Network/networkInterfaces", "2024-05-01"),
    _listing("net.addresses", "Microsoft.Network/publicIPAddresses", "2024-05-01"),
    _listing("net.bastions", "Microsoft.Network/bastionHosts", "2024-05-01"),
    _listing("net.privateEndpoints", "Microsoft.Network/privateEndpoints", "2024-05-01"),
    _listing("net.gateways", "Microsoft.Network/applicationGateways", "2024-05-01"),
    _listing("net.wafPolicies", "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", "2024-05-01"),
    _listing("compute.machines", "Microsoft.Compute/virtualMachines", "2024-07-01"),
    _listing("compute.disks", "Microsoft.Compute/disks", "2024-03-02"),
    _listing("compute.scaleSets", "Microsoft.Compute/virtualMachineScaleSets", "2024-07-01"),
    _listing("aks.clusters", "Microsoft.ContainerService/managedClusters", "2024-09-01"),
    _listing("databricks.workspaces", "Microsoft.Databricks/workspaces", "2024-05-01"),
)

_DETAILS: Final = (
    _detail(
        "storage.blobService",
        "Microsoft.Storage/storageAccounts/blobServices",
        "blobServices/default",
        "2024-01-01",
        {"FeatureNotSupportedForAccount": _NO_BLOBS},
    ),
    _detail(
        "storage.fileService",
        "Microsoft.Storage/storageAccounts/fileServices",
        "fileServices/default",
        "2024-01-01",
        {"FeatureNotSupportedForAccount": _NO_SHARES},
    ),
    _diagnostics("monitor.diagnostics"),
    _diagnostics("monitor.blobDiagnostics", "blobServices/default/"),
    _diagnostics("monitor.queueDiagnostics", "queueServices/default/"),
    _diagnostics("monitor.tableDiagnostics", "tableServices/default/"),
    _detail("sql.auditing", "Microsoft.Sql/servers/auditingSettings", "auditingSettings/default", "2021-11-01"),
    _detail("sql.protector", "Microsoft.Sql/servers/encryptionProtector", "encryptionProtector/current", "2021-11-01"),
    _details("sql.administrators", "Microsoft.Sql/servers/administrators", "administrators", "2021-11-01"),
    _details("sql.firewall", "Microsoft.Sql/servers/firewallRules", "firewallRules", "2021-11-01"),
    _detail("sql.alertPolicy", "Microsoft.Sql/servers/securityAlertPolicies", "securityAlertPolicies/Default", "2021-11-01"),
    _detail(
        "sql.assessment", "Microsoft.Sql/servers/vulnerabilityAssessments", "vulnerabilityAssessments/default", "2021-11-01"
    ),
    _detail(
        "sql.expressAssessment",
        "Microsoft.Sql/servers/sqlVulnerabilityAssessments",
        "sqlVulnerabilityAssessments/default",
        "2024-05-01-preview",
    ),
    _details("pg.configurations", "Microsoft.DBforPostgreSQL/flexibleServers/configurations", "configurations", "2024-08-01"),
    _details("pg.firewall", "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules", "firewallRules", "2024-08-01"),
    _details("mysql.configurations", "Microsoft.DBforMySQL/flexibleServers/configurations", "configurations", "2023-12-30"),
    _detail("web.config", "Microsoft.Web/sites/config", "config/web", "2023-12-01"),
    _detail("web.auth", "Microsoft.Web/sites/config", "config/authsettingsV2", "2023-12-01"),
    _details(
        "web.basicAuth",
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
        "basicPublishingCredentialsPolicies",
        "2023-12-01",
    ),
)

ALL_CALLS: Final = (*_LISTS, *_DETAILS)
"""All calls."""
