"""The object types of Azure, and the sources of their fields. Imports no SDK.

A member that is missing makes a field unknown. There is a value for it only if the API's description states one, or if the
value is the adverse one. Members that a list leaves out, or returns as null for every object, are in no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.collectors.azure.transforms import (
    activity_logs,
    all_properties,
    allowed,
    assessed_machine,
    below,
    either,
    endpoint_connections,
    firewall_of_gateway,
    first_administrator,
    first_port,
    if_applicable,
    last_port,
    letters,
    location,
    location_names,
    locked_account,
    locked_group,
    logs_of_all,
    lower,
    machine_disks,
    machine_interfaces,
    members,
    named_properties,
    number,
    patch_assessment,
    plan_extensions,
    publishing,
    ready_locations,
    role_in_account,
    rule_ranges,
    runtime_versions,
    security_contacts,
    subnet_names,
    subnet_of_workspace,
    text_in,
    used_locations,
    user_access_administrators,
)
from perpend.collectors.rest.rows import FieldSource, TypeRow
from perpend.collectors.rest.transforms import boolean, enabled, json_text, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACCOUNT: Final = FieldSource(template="{account}")
_NAME: Final = {"Name": FieldSource("name")}
_SUBSCRIPTION: Final = {"CA10__subscription__c": _ACCOUNT}
_TAGGED: Final = {
    **_SUBSCRIPTION,
    "CA10__location__c": FieldSource("location", location),
    "CA10__tagsJson__c": FieldSource("tags", json_text, optional=True),
}
_NAMED: Final = {**_NAME, **_TAGGED}
_INSIDE: Final = {**_NAME, **_SUBSCRIPTION, "CA10__location__c": FieldSource("^.location", location)}


def _newer(fields: Mapping[str, FieldSource]) -> dict[str, FieldSource]:
    """Return fields with the prefix of newer types."""
    return {name.replace("CA10__", "CA10Z1__"): source for name, source in fields.items()}


def _flag(path: str, call: str = "", otherwise: str | None = None) -> FieldSource:
    """Return the source of Enabled or Disabled."""
    return FieldSource(path, enabled, call, otherwise=otherwise)


def _json(path: str, call: str = "", otherwise: str | None = None) -> FieldSource:
    return FieldSource(path, json_text, call, otherwise=otherwise)


def _id(path: str, *, optional: bool = False) -> FieldSource:
    """Return the source of the Id of another object."""
    return FieldSource(path, lower, optional=optional)


def _id_in(path: str) -> FieldSource:
    """Return the source of the Id of an object that a member refers to; null if there is no such member."""
    return FieldSource(path, text_in("id", change=str.lower), optional=True)


_PRIVATE_ENDPOINTS: Final = {"CA10__privateEndpointsJson__c": _json("properties.privateEndpointConnections", otherwise="[]")}
_PUBLIC_NETWORK: Final = FieldSource("properties.publicNetworkAccess", otherwise="Enabled")
_DIAGNOSTICS: Final = {"CA10__diagnosticLogs__c": FieldSource("items", all_properties, "monitor.diagnostics")}


def _of_service(path: str, call: str, otherwise: bool | str = False) -> FieldSource:
    """Return the source of a setting: a stated value if it is missing, null for accounts without the service."""
    return FieldSource(path, if_applicable, call, optional=True, otherwise=otherwise)


def _logs(call: str) -> FieldSource:
    """Return the source of the logs of a service; accounts without the service have none."""
    return FieldSource("items", logs_of_all, call, optional=True)


_ACCOUNTS: Final = (
    TypeRow(
        "CA10__CaAzureAccount__c",
        "arm.subscription",
        "{account}",
        {
            "CA10__subscriptionId__c": _ACCOUNT,
            "Name": FieldSource("displayName"),
            "CA10__state__c": FieldSource("state"),
            "CA10__tenantId__c": FieldSource("tenantId"),
            "CA10__availableLocationNames__c": FieldSource("items", location_names, "arm.locations"),
            "CA10__networkLocationNames__c": FieldSource("items", used_locations, "net.networks"),
            "CA10__networkWatcherLocationNames__c": FieldSource("items", ready_locations, "net.watchers"),
            "CA10__resourceProviders__c": FieldSource("items", members("namespace", "registrationState"), "arm.providers"),
            "CA10__securityCenterAutoProvisioning__c": FieldSource(
                "items", members("name", properties=("autoProvision",)), "defender.provisioning"
            ),
            "CA10__securityCenterContacts__c": FieldSource("items", security_contacts, "defender.contacts"),
            "CA10__securityCenterSettings__c": FieldSource(
                "items", members("name", properties=("enabled",)), "defender.settings"
            ),
            "CA10__enabledStandards__c": FieldSource(
                "items",
                members("name", properties=("policyDefinitionId", "scope", "enforcementMode", "parameters")),
                "policy.assignments",
            ),
            "CA10__userAccessAdministratorsCount__c": FieldSource("items", user_access_administrators, "rbac.assignments"),
        },
        (
            "arm.locations",
            "net.networks",
            "net.watchers",
            "arm.providers",
            "defender.provisioning",
            "defender.contacts",
            "defender.settings",
            "policy.assignments",
            "rbac.assignments",
        ),
    ),
    TypeRow(
        "CA10__CaAzureAuthorizationRole__c",
        "rbac.definitions",
        "/subscriptions/{account}/providers/Microsoft.Authorization/roleDefinitions/{name}",
        {
            **_SUBSCRIPTION,
            "Name": FieldSource("properties.roleName"),
            "CA10__roleType__c": FieldSource("properties.type"),
            "CA10__permissionsJson__c": _json("properties.permissions"),
            "CA10__assignableScopesJson__c": _json("properties.assignableScopes"),
        },
    ),
    TypeRow(
        # An assignment above the subscription is listed in each one below: an Id is made for each.
        "CA10__CaAzureRoleAssignment__c",
        "rbac.assignments",
        "/subscriptions/{account}/providers/Microsoft.Authorization/roleAssignments/{name}",
        {
            **_SUBSCRIPTION,
            "CA10__principalId__c": FieldSource("properties.principalId"),
            "CA10__principalType__c": FieldSource("properties.principalType"),
            "CA10__roleDefinitionId__c": FieldSource(
                template="/subscriptions/{account}/providers/Microsoft.Authorization/roleDefinitions/{properties.roleDefinitionId}",
                transform=role_in_account,
            ),
            "CA10__scope__c": _id("properties.scope"),
            "CA10__condition__c": FieldSource("properties.condition", optional=True),
        },
    ),
    TypeRow(
        "CA10__CaAzureLock__c",
        "arm.locks",
        "{id}",
        {
            **_NAME,
            **_SUBSCRIPTION,
            "CA10__level__c": FieldSource("properties.level"),
            "CA10__scope__c": FieldSource("id", below("/providers/Microsoft.Authorization/locks/")),
            "CA10__resourceGroupPath__c": FieldSource("id", locked_group),
            "CA10__storageAccount__c": FieldSource("id", locked_account),
        },
    ),
)

_MONITOR: Final = (
    TypeRow(
        "CA10__CaAzureActivityLogAlert__c",
        "monitor.alerts",
        "{id}",
        {
            **_NAMED,
            "CA10__enabledStatus__c": _flag("properties.enabled", otherwise="Enabled"),
            "CA10__conditionJson__c": _json("properties.condition"),
            "CA10__scopesJson__c": _json("properties.scopes"),
            "CA10__actionGroupsJson__c": _json("properties.actions.actionGroups"),
        },
    ),
    TypeRow(
        "CA10__CaAzureDiagnosticSetting__c",
        "monitor.subscriptionDiagnostics",
        "/subscriptions/{account}/providers/Microsoft.Insights/diagnosticSettings/{name}",
        {
            **_NAME,
            **_SUBSCRIPTION,
            "CA10__logsJson__c": FieldSource("properties.logs", activity_logs),
            "CA10__storageAccount__c": _id("properties.storageAccountId", optional=True),
            "CA10__workspaceId__c": _id("properties.workspaceId", optional=True),
            "CA10__eventHubAuthorizationRuleId__c": _id("properties.eventHubAuthorizationRuleId", optional=True),
            "CA10__resourceId__c": FieldSource(template="/subscriptions/{account}"),
        },
    ),
    TypeRow("CA10__CaAzureApplicationInsightsComponent__c", "monitor.components", "{id}", _NAMED),
)

_DEFENDER: Final = (
    TypeRow(
        "CA10Z1__CaAzureDefenderPlan__c",
        "defender.plans",
        "{id}",
        {
            **_newer(_SUBSCRIPTION),
            "CA10Z1__name__c": FieldSource("name"),
            "CA10Z1__pricingTier__c": FieldSource("properties.pricingTier"),
            "CA10Z1__subPlan__c": FieldSource("properties.subPlan", optional=True),
            "CA10Z1__extensions__c": FieldSource("properties", plan_extensions),
            "CA10Z1__coverage__c": FieldSource("properties.resourcesCoverageStatus"),
            "CA10Z1__deprecated__c": FieldSource("properties.deprecated", boolean, otherwise=False),
        },
    ),
    TypeRow(
        "CA10__CaAzureSecurityAssessment__c",
        "defender.assessments",
        "{id}",
        {
            **_SUBSCRIPTION,
            "CA10__name__c": FieldSource("name"),
            "CA10__displayName__c": FieldSource("properties.displayName"),
            "CA10__status__c": FieldSource("properties.status.code"),
            "CA10__resourceId__c": FieldSource("id", below("/providers/Microsoft.Security/assessments/")),
            "CA10__virtualMachine__c": FieldSource("id", assessed_machine),
        },
    ),
    TypeRow(
        "CA10__CaAzureIotSecuritySolution__c",
        "defender.iot",
        "{id}",
        {
            **_NAMED,
            "CA10__status__c": FieldSource("properties.status"),
            "CA10__iotHubsJson__c": _json("properties.iotHubs"),
        },
    ),
)

_STORAGE: Final = (
    TypeRow(
        "CA10__CaAzureStorageAccount__c",
        "storage.accounts",
        "{id}",
        {
            **_NAMED,
            "CA10__kind__c": FieldSource("kind"),
            "CA10__skuName__c": FieldSource("sku.name"),
            "CA10__secureTransferRequired__c": FieldSource("properties.supportsHttpsTrafficOnly", boolean),
            "CA10__minimumTlsVersion__c": FieldSource("properties.minimumTlsVersion", otherwise="TLS1_0"),
            "CA10__requireInfrastructureEncryptionState__c": _flag(
                "properties.encryption.requireInfrastructureEncryption", otherwise="Disabled"
            ),
            "CA10__encryptionKeySource__c": FieldSource("properties.encryption.keySource"),
            "CA10__encryptionKeyVaultUri__c": FieldSource(
                "properties.encryption.keyvaultproperties", text_in("keyvaulturi"), optional=True
            ),
            "CA10__publicNetworkAccessState__c": _PUBLIC_NETWORK,
            "CA10__networkAclsDefaultAction__c": FieldSource("properties.networkAcls.defaultAction"),
            "CA10__networkAclsBypass__c": FieldSource("properties.networkAcls.bypass"),
            **_PRIVATE_ENDPOINTS,
            # Old accounts without the member allow it, although the API states another value for new ones.
            "CA10__blobPublicAccess__c": FieldSource("properties.allowBlobPublicAccess", allowed, otherwise="Allow"),
            "CA10__crossTenantReplication__c": FieldSource("properties.allowCrossTenantReplication", allowed, optional=True),
            "CA10__sharedKeyAccess__c": _flag("properties.allowSharedKeyAccess", otherwise="Enabled"),
            "CA10__defaultToOAuth__c": _flag("properties.defaultToOAuthAuthentication", otherwise="Disabled"),
            "CA10__keyExpirationPeriodDays__c": FieldSource(
                "properties.keyPolicy", text_in("keyExpirationPeriodInDays", change=number), optional=True
            ),
            "CA10__key1CreationTime__c": FieldSource("properties.keyCreationTime.key1", moment),
            "CA10__key2CreationTime__c": FieldSource("properties.keyCreationTime.key2", moment),
            "CA10__sasExpirationPeriod__c": FieldSource("properties.sasPolicy", text_in("sasExpirationPeriod"), optional=True),
            "CA10__blobSoftDeleteEnabled__c": _of_service("properties.deleteRetentionPolicy.enabled", "storage.blobService"),
            "CA10__blobSoftDeleteDays__c": FieldSource(
                "properties.deleteRetentionPolicy.days", if_applicable, "storage.blobService"
            ),
            "CA10__containerSoftDeleteEnabled__c": _of_service(
                "properties.containerDeleteRetentionPolicy.enabled", "storage.blobService"
            ),
            "CA10__blobVersioningEnabled__c": _of_service("properties.isVersioningEnabled", "storage.blobService"),
            "CA10__fileSoftDeleteEnabled__c": _of_service(
                "properties.shareDeleteRetentionPolicy.enabled", "storage.fileService"
            ),
            # Without a setting, all versions and ciphers are allowed.
            "CA10__smbVersions__c": _of_service(
                "properties.protocolSettings.smb.versions", "storage.fileService", otherwise="SMB2.1;SMB3.0;SMB3.1.1"
            ),
            "CA10__smbChannelEncryption__c": _of_service(
                "properties.protocolSettings.smb.channelEncryption",
                "storage.fileService",
                otherwise="AES-128-CCM;AES-128-GCM;AES-256-GCM",
            ),
            "CA10__blobDiagnosticLogs__c": _logs("monitor.blobDiagnostics"),
            "CA10__queueDiagnosticLogs__c": _logs("monitor.queueDiagnostics"),
            "CA10__tableDiagnosticLogs__c": _logs("monitor.tableDiagnostics"),
        },
        (
            "storage.blobService",
            "storage.fileService",
            "monitor.blobDiagnostics",
            "monitor.queueDiagnostics",
            "monitor.tableDiagnostics",
        ),
    ),
    TypeRow(
        "CA10__CaAzureKeyVault__c",
        "keyvault.vaults",
        "{id}",
        {
            **_NAMED,
            "CA10__rbacAuthorization__c": _flag("properties.enableRbacAuthorization", otherwise="Disabled"),
            "CA10__purgeProtection__c": FieldSource("properties.enablePurgeProtection", enabled, optional=True),
            "CA10__softDelete__c": _flag("properties.enableSoftDelete"),
            "CA10__publicNetworkAccess__c": _PUBLIC_NETWORK,
            "CA10__networkAclsDefaultAction__c": FieldSource(
                "properties.networkAcls", either("defaultAction", "Allow"), otherwise="Allow"
            ),
            **_PRIVATE_ENDPOINTS,
            **_DIAGNOSTICS,
        },
        ("monitor.diagnostics",),
    ),
)

_DATABASES: Final = (
    TypeRow(
        "CA10__CaAzureSqlServer__c",
        "sql.servers",
        "{id}",
        {
            **_NAMED,
            "CA10__publicNetworkAccess__c": _PUBLIC_NETWORK,
            "CA10__minimalTlsVersion__c": FieldSource("properties.minimalTlsVersion"),
            "CA10__auditing__c": FieldSource("properties.state", call="sql.auditing"),
            "CA10__auditingRetentionDays__c": FieldSource("properties.retentionDays", call="sql.auditing"),
            "CA10__auditingStorageEndpoint__c": FieldSource("properties.storageEndpoint", call="sql.auditing"),
            "CA10__auditingToMonitor__c": FieldSource("properties.isAzureMonitorTargetEnabled", boolean, "sql.auditing"),
            "CA10__encryptionProtectorKind__c": FieldSource("kind", call="sql.protector"),
            "CA10__encryptionProtectorServerKeyType__c": FieldSource("properties.serverKeyType", call="sql.protector"),
            "CA10__encryptionProtectorUri__c": FieldSource("properties.uri", call="sql.protector", optional=True),
            "CA10__activeDirectoryAdminType__c": FieldSource("items", first_administrator, "sql.administrators", optional=True),
            "CA10__firewallRulesJson__c": FieldSource(
                "items", named_properties("startIpAddress", "endIpAddress"), "sql.firewall"
            ),
            "CA10__alertPolicyState__c": FieldSource("properties.state", call="sql.alertPolicy"),
            "CA10__assessmentStorage__c": FieldSource("properties.storageContainerPath", call="sql.assessment"),
            "CA10__assessmentRecurring__c": FieldSource(
                "properties.recurringScans.isEnabled", boolean, "sql.assessment", otherwise=False
            ),
            "CA10__assessmentEmails__c": _json("properties.recurringScans.emails", "sql.assessment"),
            "CA10__assessmentAdmins__c": FieldSource(
                "properties.recurringScans.emailSubscriptionAdmins", boolean, "sql.assessment"
            ),
            "CA10__expressAssessmentState__c": FieldSource("properties.state", call="sql.expressAssessment"),
        },
        (
            "sql.auditing",
            "sql.protector",
            "sql.administrators",
            "sql.firewall",
            "sql.alertPolicy",
            "sql.assessment",
            "sql.expressAssessment",
        ),
    ),
    TypeRow(
        "CA10Z1__CaAzurePostgreSqlServer__c",
        "pg.servers",
        "{id}",
        {
            **_newer(_NAMED),
            "CA10Z1__deploymentMode__c": FieldSource(template="Flexible"),
            "CA10Z1__configurations__c": FieldSource("items", members("name", properties=("value",)), "pg.configurations"),
            "CA10Z1__firewallRules__c": FieldSource("items", named_properties("startIpAddress", "endIpAddress"), "pg.firewall"),
            "CA10Z1__sslEnforcement__c": FieldSource("properties.sslEnforcement", optional=True),
            "CA10Z1__infrastructureEncryption__c": FieldSource("properties.infrastructureEncryption", optional=True),
            "CA10Z1__publicNetworkAccess__c": FieldSource("properties.network.publicNetworkAccess"),
        },
        ("pg.configurations", "pg.firewall"),
    ),
    TypeRow(
        "CA10Z1__CaAzureMySqlServer__c",
        "mysql.servers",
        "{id}",
        {
            **_newer(_NAMED),
            "CA10Z1__deploymentMode__c": FieldSource(template="Flexible"),
            "CA10Z1__configurations__c": FieldSource("items", members("name", properties=("value",)), "mysql.configurations"),
            "CA10Z1__sslEnforcement__c": FieldSource("properties.sslEnforcement", optional=True),
            "CA10Z1__minimalTlsVersion__c": FieldSource("properties.minimalTlsVersion", optional=True),
        },
        ("mysql.configurations",),
    ),
    TypeRow(
        "CA10__CaAzureCosmosDbAccount__c",
        "cosmos.accounts",
        "{id}",
        {
            **_NAMED,
            "CA10__virtualNetworkFilterState__c": _flag("properties.isVirtualNetworkFilterEnabled"),
            "CA10__ipRulesJson__c": _json("properties.ipRules"),
            "CA10__publicNetworkAccess__c": _PUBLIC_NETWORK,
            "CA10__localAuthDisabled__c": FieldSource("properties.disableLocalAuth", boolean, otherwise=False),
            **_PRIVATE_ENDPOINTS,
        },
    ),
    TypeRow(
        "CA10__CaAzureDatabricksWorkspace__c",
        "databricks.workspaces",
        "{id}",
        {
            **_NAMED,
            "CA10__customVirtualNetworkId__c": FieldSource(
                "properties.parameters.customVirtualNetworkId", text_in("value", change=str.lower), optional=True
            ),
            "CA10__noPublicIp__c": FieldSource("properties.parameters.enableNoPublicIp.value", boolean),
            "CA10__publicNetworkAccess__c": FieldSource("properties.publicNetworkAccess"),
            "CA10__encryptionJson__c": FieldSource("properties.encryption", json_text, optional=True),
            **_PRIVATE_ENDPOINTS,
            "CA10__subnetNames__c": FieldSource("properties.parameters", subnet_names, optional=True),
            "CA10__privateSubnet__c": FieldSource("properties.parameters", subnet_of_workspace("customPrivateSubnetName")),
            "CA10__publicSubnet__c": FieldSource("properties.parameters", subnet_of_workspace("customPublicSubnetName")),
            **_DIAGNOSTICS,
        },
        ("monitor.diagnostics",),
    ),
)

_NETWORK: Final = (
    TypeRow("CA10__CaAzureNetworkSecurityGroup__c", "net.groups", "{id}", _NAMED),
    TypeRow(
        "CA10__CaAzureNetworkSecurityGroupRule__c",
        "net.groups",
        "{id}#{range}",
        {
            **_INSIDE,
            "CA10__networkSecurityGroup__c": _id("^.id"),
            "CA10__access__c": FieldSource("properties.access"),
            "CA10__direction__c": FieldSource("properties.direction"),
            "CA10__priority__c": FieldSource("properties.priority"),
            "CA10__protocol__c": FieldSource("properties.protocol", letters),
            "CA10__destinationPortRange__c": FieldSource("range"),
            "CA10__destinationPortFrom__c": FieldSource("range", first_port),
            "CA10__destinationPortTo__c": FieldSource("range", last_port),
            "CA10__sourceAddressPrefix__c": FieldSource("source.prefix", optional=True),
            "CA10__sourceAddressPrefixes__c": FieldSource("source.prefixes", optional=True),
            "CA10__sourceApplicationSecurityGroups__c": FieldSource("source.groups", optional=True),
            "CA10__destinationAddressPrefix__c": FieldSource("properties.destinationAddressPrefix", optional=True),
        },
        inside=rule_ranges,
    ),
    TypeRow(
        "CA10__CaAzureNetworkWatcher__c",
        "net.watchers",
        "{id}",
        {**_NAMED, "CA10__provisioningState__c": FieldSource("properties.provisioningState")},
    ),
    TypeRow(
        "CA10__CaAzureVirtualNetwork__c",
        "net.networks",
        "{id}",
        {**_NAMED, "CA10__ddosProtection__c": FieldSource("properties.enableDdosProtection", boolean, otherwise=False)},
    ),
    TypeRow(
        "CA10__CaAzureSubnet__c",
        "net.networks",
        "{id}",
        {
            **_INSIDE,
            "CA10__virtualNetwork__c": _id("^.id"),
            "CA10__networkSecurityGroup__c": _id_in("properties.networkSecurityGroup"),
        },
        inside="properties.subnets",
    ),
    TypeRow("CA10Z1__CaAzureBastionHost__c", "net.bastions", "{id}", _newer(_NAMED)),
    TypeRow(
        "CA10__CaAzurePublicIpAddress__c",
        "net.addresses",
        "{id}",
        {
            **_NAMED,
            "CA10__ipAddress__c": FieldSource("properties.ipAddress", optional=True),
            "CA10__skuName__c": FieldSource("sku.name"),
        },
    ),
    TypeRow("CA10__CaAzureNetworkInterface__c", "net.interfaces", "{id}", _NAMED),
    TypeRow(
        "CA10__CaAzureNetworkInterfaceIpConfig__c",
        "net.interfaces",
        "{id}",
        {
            **_INSIDE,
            "CA10__networkInterface__c": _id("^.id"),
            "CA10__networkSecurityGroup__c": _id_in("^.properties.networkSecurityGroup"),
            "CA10__publicIpAddress__c": _id_in("properties.publicIPAddress"),
            "CA10__subnet__c": _id("properties.subnet.id"),
        },
        inside="properties.ipConfigurations",
    ),
    TypeRow(
        "CA10__CaAzureApplicationGateway__c",
        "net.gateways",
        "{id}",
        {
            **_NAMED,
            "CA10__firewallPolicy__c": _id_in("properties.firewallPolicy"),
            "CA10__wafEnabled__c": FieldSource("properties", firewall_of_gateway, optional=True),
            "CA10__http2__c": FieldSource("properties.enableHttp2", boolean, otherwise=False),
            "CA10__sslPolicyJson__c": _json("properties.sslPolicy"),
        },
    ),
    TypeRow(
        "CA10__CaAzureWafPolicy__c",
        "net.wafPolicies",
        "{id}",
        {
            **_NAMED,
            "CA10__requestBodyCheck__c": FieldSource("properties.policySettings.requestBodyCheck", boolean),
            "CA10__state__c": FieldSource("properties.policySettings.state"),
            "CA10__managedRuleSetsJson__c": _json("properties.managedRules.managedRuleSets"),
        },
    ),
    TypeRow(
        "CA10Z1__CaAzurePrivateEndpointLinkServiceConn__c",
        "net.privateEndpoints",
        "{id}",
        {
            **_newer(_INSIDE),
            "CA10Z1__state__c": FieldSource("properties.privateLinkServiceConnectionState.status"),
            "CA10Z1__privateLinkServiceId__c": _id("properties.privateLinkServiceId"),
            "CA10Z1__privateEndpointId__c": _id("^.id"),
        },
        inside=endpoint_connections,
    ),
)

_COMPUTE: Final = (
    TypeRow(
        "CA10__CaAzureVirtualMachine__c",
        "compute.machines",
        "{id}",
        {
            **_NAMED,
            "CA10__securityProfileSecurityType__c": FieldSource(
                "properties.securityProfile", text_in("securityType"), optional=True
            ),
            "CA10__uefiSettingsSecureBoot__c": FieldSource(
                "properties.securityProfile", text_in("uefiSettings", "secureBootEnabled", change=enabled), optional=True
            ),
            "CA10__uefiSettingsVTpm__c": FieldSource(
                "properties.securityProfile", text_in("uefiSettings", "vTpmEnabled", change=enabled), optional=True
            ),
            "CA10__patchAssessmentMode__c": FieldSource("properties.osProfile", patch_assessment),
        },
    ),
    TypeRow(
        "CA10__CaAzureVirtualMachineDisk__c",
        "compute.machines",
        "{^.id}#{name}",
        {
            **_INSIDE,
            "CA10__virtualMachine__c": _id("^.id"),
            "CA10__isOsDisk__c": FieldSource("isOsDisk", boolean),
            "CA10__managedDiskId__c": _id_in("managedDisk"),
            "CA10__managedDiskLookup__c": _id_in("managedDisk"),
            "CA10__vhdUri__c": FieldSource("vhd", text_in("uri"), optional=True),
        },
        inside=machine_disks,
    ),
    TypeRow(
        "CA10__CaAzureVirtualMachineNetworkInterface__c",
        "compute.machines",
        "{^.id}#{id}",
        {
            **_SUBSCRIPTION,
            "CA10__location__c": FieldSource("^.location", location),
            "CA10__virtualMachine__c": _id("^.id"),
            "CA10__networkInterface__c": _id("id"),
        },
        inside=machine_interfaces,
    ),
    TypeRow(
        "CA10__CaAzureManagedDisk__c",
        "compute.disks",
        "{id}",
        {
            **_NAMED,
            "CA10__diskState__c": FieldSource("properties.diskState"),
            "CA10__provisioningState__c": FieldSource("properties.provisioningState"),
            "CA10__encryptionType__c": FieldSource("properties.encryption.type", letters),
            "CA10__publicNetworkAccess__c": FieldSource("properties.publicNetworkAccess"),
            "CA10__networkAccessPolicy__c": FieldSource("properties.networkAccessPolicy"),
            "CA10__dataAccessAuthMode__c": FieldSource("properties.dataAccessAuthMode", optional=True),
        },
    ),
    TypeRow(
        "CA10Z1__CaAzureAksCluster__c",
        "aks.clusters",
        "{id}",
        {
            **_newer(_NAMED),
            "CA10Z1__rbacEnabled__c": FieldSource("properties.enableRBAC", boolean),
            "CA10Z1__privateCluster__c": FieldSource("properties.apiServerAccessProfile.enablePrivateCluster", boolean),
        },
    ),
    TypeRow(
        "CA10__CaAzureAppService__c",
        "web.sites",
        "{id}",
        {
            **_NAMED,
            "CA10__kind__c": FieldSource("kind"),
            "CA10__httpsOnly__c": _flag("properties.httpsOnly"),
            "CA10__identityPrincipalId__c": FieldSource("identity", text_in("principalId"), optional=True),
            "CA10__identityType__c": FieldSource("identity", text_in("type"), optional=True),
            "CA10__clientCertEnabled__c": FieldSource("properties.clientCertEnabled", boolean),
            "CA10__clientCertMode__c": FieldSource("properties.clientCertMode"),
            "CA10__configMinTlsVersion__c": FieldSource("properties.minTlsVersion", call="web.config"),
            "CA10__configHttp20__c": _flag("properties.http20Enabled", "web.config"),
            "CA10__configFtpsState__c": FieldSource("properties.ftpsState", call="web.config"),
            "CA10__configRemoteDebugging__c": _flag("properties.remoteDebuggingEnabled", "web.config"),
            "CA10__runtimeVersions__c": FieldSource("properties", runtime_versions, "web.config"),
            "CA10__authStatus__c": _flag("properties.platform.enabled", "web.auth"),
            "CA10__basicPublishingCredentialsFtpState__c": FieldSource("items", publishing("ftp"), "web.basicAuth"),
            "CA10__basicPublishingCredentialsScmState__c": FieldSource("items", publishing("scm"), "web.basicAuth"),
            **_DIAGNOSTICS,
        },
        ("web.config", "web.auth", "web.basicAuth", "monitor.diagnostics"),
    ),
)

ALL_TYPES: Final[tuple[TypeRow, ...]] = (
    *_ACCOUNTS,
    *_MONITOR,
    *_DEFENDER,
    *_STORAGE,
    *_DATABASES,
    *_NETWORK,
    *_COMPUTE,
)
"""All types."""
