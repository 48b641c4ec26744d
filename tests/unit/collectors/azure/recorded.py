"""An answer of each list of Azure, in the form that the models of the official SDK have, and the objects that are read from it."""

from __future__ import annotations

from typing import Any, NamedTuple

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
HOME = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{HOME}/resourceGroups/RG-One"


class Recorded(NamedTuple):
    """A listed item, the answers of its detail calls, and the objects that it shows."""

    item: dict[str, Any]
    objects: list[dict[str, Any]]
    details: dict[str, Any] = {}  # noqa: RUF012


def resource(provider: str, name: str, properties: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Return a resource with a location and a tag, whose Id has capitals."""
    return {
        "id": f"{GROUP}/providers/{provider}/{name}",
        "name": name.rpartition("/")[2],
        "type": provider,
        "location": "westeurope",
        "tags": {"team": "blue"},
        "properties": properties,
        **others,
    }


def row(provider: str, name: str, prefix: str = "CA10__", **fields: Any) -> dict[str, Any]:
    """Return the object of a resource: its common fields, and its own without prefix and suffix."""
    common = {"subscription": SUBSCRIPTION, "location": "westeurope", "tagsJson": '{"team":"blue"}'}
    named = {f"{prefix}{key}__c": value for key, value in {**common, **fields}.items() if key != "Name"}
    return {
        "Id": f"{GROUP}/providers/{provider}/{name}".lower(),
        "Name": fields.get("Name", name.rpartition("/")[2]),
        **named,
    }


def inner(provider: str, name: str, key: str, prefix: str = "CA10__", **fields: Any) -> dict[str, Any]:
    """Return an object that a resource holds: it has the location of the resource and no tags."""
    whole = row(provider, name, prefix, **fields)
    del whole[f"{prefix}tagsJson__c"]
    return {**whole, "Id": whole["Id"] + key}


def id_of(provider: str, name: str) -> str:
    """Return the Id of a resource as the store has it."""
    return f"{GROUP}/providers/{provider}/{name}".lower()


def pending(name: str = "pe1", status: str = "Approved") -> dict[str, Any]:
    """Return a connection of a private endpoint, as a resource that is reached shows it."""
    return {
        "id": f"{GROUP}/c/{name}",
        "properties": {"privateLinkServiceConnectionState": {"status": status}},
    }


def listed(*items: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of a detail call with a list, when all of its pages are read."""
    return {"items": [*items]}


CONNECTION_TEXT = f'[{{"id":"{GROUP}/c/pe1","properties":{{"privateLinkServiceConnectionState":{{"status":"Approved"}}}}}}]'

ALL_OF_AZURE = "0.0.0.0"  # noqa: S104
"""The address that stands for all of Azure in a rule of a firewall."""

ROLE = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
ASSIGNMENT = "00000000-0000-0000-0000-00000000000a"
ADMINISTRATOR = f"{HOME}/providers/Microsoft.Authorization/roleDefinitions/18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"

RECORDED = {
    "CA10__CaAzureAccount__c": Recorded(
        {
            "id": HOME,
            "subscriptionId": SUBSCRIPTION,
            "tenantId": "8d3a4bb8-73d8-4e0f-ae9c-f6ab3eb1c7d4",
            "displayName": "Production",
            "state": "Enabled",
        },
        [
            {
                "Id": SUBSCRIPTION,
                "Name": "Production",
                "CA10__subscriptionId__c": SUBSCRIPTION,
                "CA10__state__c": "Enabled",
                "CA10__tenantId__c": "8d3a4bb8-73d8-4e0f-ae9c-f6ab3eb1c7d4",
                "CA10__availableLocationNames__c": "northeurope\nwesteurope\nglobal",
                "CA10__networkLocationNames__c": "northeurope\nwesteurope",
                "CA10__networkWatcherLocationNames__c": "westeurope",
                "CA10__resourceProviders__c": '[{"namespace":"Microsoft.Security","registrationState":"Registered"}]',
                "CA10__securityCenterAutoProvisioning__c": '[{"name":"default","autoProvision":"On"}]',
                "CA10__securityCenterContacts__c": '[{"name":"default","email":"a@example.com","notificationsByRoleState":"On",'
                '"notificationsByRoleRoles":["Owner"],"alertNotifications":"On","alertNotificationsMinimalSeverity":"High",'
                '"attackPathMinimalRiskLevel":"Critical"}]',
                "CA10__securityCenterSettings__c": '[{"name":"MCAS","enabled":true},{"name":"WDATP","enabled":false}]',
                "CA10__enabledStandards__c": '[{"name":"initiative","policyDefinitionId":"/providers/Microsoft.Authorization/'
                f'policySetDefinitions/1f3a","scope":"{HOME}","enforcementMode":"Default","parameters":{{"effect":'
                '{"value":"Disabled"}}}]',
                "CA10__userAccessAdministratorsCount__c": 1,
            }
        ],
        {
            "arm.locations": listed({"name": "westeurope"}, {"name": "northeurope"}),
            "net.networks": listed({"location": "West Europe"}, {"location": "northeurope"}, {"location": "westeurope"}),
            "net.watchers": listed(
                {"location": "westeurope", "properties": {"provisioningState": "Succeeded"}},
                {"location": "northeurope", "properties": {"provisioningState": "Failed"}},
            ),
            "arm.providers": listed(
                {"namespace": "Microsoft.Security", "registrationState": "Registered", "resourceTypes": [{"resourceType": "x"}]}
            ),
            "defender.provisioning": listed({"name": "default", "properties": {"autoProvision": "On"}}),
            "defender.contacts": listed(
                {
                    "name": "default",
                    "properties": {
                        "emails": "a@example.com",
                        "isEnabled": True,
                        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
                        "notificationsSources": [
                            {"sourceType": "Alert", "minimalSeverity": "High"},
                            {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
                        ],
                    },
                }
            ),
            "defender.settings": listed(
                {"name": "WDATP", "kind": "DataExportSettings", "properties": {"enabled": False}},
                {"name": "MCAS", "kind": "DataExportSettings", "properties": {"enabled": True}},
            ),
            "policy.assignments": listed(
                {
                    "name": "initiative",
                    "properties": {
                        "policyDefinitionId": "/providers/Microsoft.Authorization/policySetDefinitions/1f3a",
                        "scope": HOME,
                        "enforcementMode": "Default",
                        "parameters": {"effect": {"value": "Disabled"}},
                    },
                }
            ),
            "rbac.assignments": listed(
                {"properties": {"scope": "/", "principalId": "p1", "roleDefinitionId": ADMINISTRATOR}},
                {"properties": {"scope": HOME, "principalId": "p1", "roleDefinitionId": ADMINISTRATOR.upper()}},
                {"properties": {"scope": HOME, "principalId": "p2", "roleDefinitionId": f"{HOME}/other"}},
                {"properties": {"scope": GROUP, "principalId": "p3", "roleDefinitionId": ADMINISTRATOR}},
            ),
        },
    ),
    "CA10__CaAzureAuthorizationRole__c": Recorded(
        {
            "id": f"{HOME}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}",
            "name": ROLE,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": "Operator",
                "type": "CustomRole",
                "permissions": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}],
                "assignableScopes": [HOME],
            },
        },
        [
            {
                "Id": f"{HOME}/providers/microsoft.authorization/roledefinitions/{ROLE}",
                "Name": "Operator",
                "CA10__subscription__c": SUBSCRIPTION,
                "CA10__roleType__c": "CustomRole",
                "CA10__permissionsJson__c": '[{"actions":["*"],"notActions":[],"dataActions":[],"notDataActions":[]}]',
                "CA10__assignableScopesJson__c": f'["{HOME}"]',
            }
        ],
    ),
    "CA10__CaAzureRoleAssignment__c": Recorded(
        {
            "id": f"/providers/Microsoft.Management/managementGroups/all/providers/Microsoft.Authorization/x/{ASSIGNMENT}",
            "name": ASSIGNMENT,
            "properties": {
                "roleDefinitionId": f"{HOME}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}",
                "principalId": "p1",
                "principalType": "User",
                "scope": "/providers/Microsoft.Management/managementGroups/Root",
                "condition": None,
            },
        },
        [
            {
                "Id": f"{HOME}/providers/microsoft.authorization/roleassignments/{ASSIGNMENT}",
                "CA10__subscription__c": SUBSCRIPTION,
                "CA10__principalId__c": "p1",
                "CA10__principalType__c": "User",
                "CA10__roleDefinitionId__c": f"{HOME}/providers/microsoft.authorization/roledefinitions/{ROLE}",
                "CA10__scope__c": "/providers/microsoft.management/managementgroups/root",
                "CA10__condition__c": None,
            }
        ],
    ),
    "CA10__CaAzureLock__c": Recorded(
        {
            "id": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/Logs/providers/Microsoft.Authorization/locks/keep",
            "name": "keep",
            "properties": {"level": "CanNotDelete"},
        },
        [
            {
                "Id": f"{id_of('Microsoft.Storage/storageAccounts', 'logs')}/providers/microsoft.authorization/locks/keep",
                "Name": "keep",
                "CA10__subscription__c": SUBSCRIPTION,
                "CA10__level__c": "CanNotDelete",
                "CA10__scope__c": id_of("Microsoft.Storage/storageAccounts", "logs"),
                "CA10__resourceGroupPath__c": None,
                "CA10__storageAccount__c": id_of("Microsoft.Storage/storageAccounts", "logs"),
            }
        ],
    ),
    "CA10__CaAzureActivityLogAlert__c": Recorded(
        resource(
            "Microsoft.Insights/activityLogAlerts",
            "writes",
            {
                "scopes": [HOME],
                "enabled": True,
                "condition": {"allOf": [{"field": "category", "equals": "Administrative"}]},
                "actions": {"actionGroups": [{"actionGroupId": f"{GROUP}/ag"}]},
            },
            location="Global",
        ),
        [
            row(
                "Microsoft.Insights/activityLogAlerts",
                "writes",
                location="global",
                enabledStatus="Enabled",
                conditionJson='{"allOf":[{"field":"category","equals":"Administrative"}]}',
                scopesJson=f'["{HOME}"]',
                actionGroupsJson=f'[{{"actionGroupId":"{GROUP}/ag"}}]',
            )
        ],
    ),
    "CA10__CaAzureDiagnosticSetting__c": Recorded(
        {
            "id": f"{HOME[1:]}/providers/microsoft.insights/diagnosticSettings/Export",
            "name": "Export",
            "properties": {
                "storageAccountId": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/Logs",
                "logs": [{"category": "Security", "enabled": True}, {"category": "Policy", "enabled": False}],
            },
        },
        [
            {
                "Id": f"{HOME}/providers/microsoft.insights/diagnosticsettings/export",
                "Name": "Export",
                "CA10__subscription__c": SUBSCRIPTION,
                "CA10__logsJson__c": '[{"category":"Security","enabled":true},{"category":"Policy","enabled":false}]',
                "CA10__storageAccount__c": id_of("Microsoft.Storage/storageAccounts", "logs"),
                "CA10__workspaceId__c": None,
                "CA10__eventHubAuthorizationRuleId__c": None,
                "CA10__resourceId__c": HOME,
            }
        ],
    ),
    "CA10__CaAzureApplicationInsightsComponent__c": Recorded(
        resource("Microsoft.Insights/components", "App", {"Application_Type": "web"}),
        [row("Microsoft.Insights/components", "App")],
    ),
    "CA10Z1__CaAzureDefenderPlan__c": Recorded(
        {
            "id": f"{HOME}/providers/Microsoft.Security/pricings/VirtualMachines",
            "name": "VirtualMachines",
            "properties": {
                "pricingTier": "Standard",
                "subPlan": "P2",
                "resourcesCoverageStatus": "PartiallyCovered",
                "extensions": [{"name": "AgentlessVmScanning", "isEnabled": "True"}],
            },
        },
        [
            {
                "Id": f"{HOME}/providers/microsoft.security/pricings/virtualmachines",
                "CA10Z1__subscription__c": SUBSCRIPTION,
                "CA10Z1__name__c": "VirtualMachines",
                "CA10Z1__pricingTier__c": "Standard",
                "CA10Z1__subPlan__c": "P2",
                "CA10Z1__extensions__c": '[{"name":"AgentlessVmScanning","isEnabled":"True"}]',
                "CA10Z1__coverage__c": "PartiallyCovered",
                "CA10Z1__deprecated__c": False,
            }
        ],
    ),
    "CA10__CaAzureSecurityAssessment__c": Recorded(
        {
            "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/VM1/providers/Microsoft.Security/assessments/a1",
            "name": "a1",
            "properties": {"displayName": "Updates are installed", "status": {"code": "Unhealthy"}},
        },
        [
            {
                "Id": f"{id_of('Microsoft.Compute/virtualMachines', 'vm1')}/providers/microsoft.security/assessments/a1",
                "CA10__subscription__c": SUBSCRIPTION,
                "CA10__name__c": "a1",
                "CA10__displayName__c": "Updates are installed",
                "CA10__status__c": "Unhealthy",
                "CA10__resourceId__c": id_of("Microsoft.Compute/virtualMachines", "vm1"),
                "CA10__virtualMachine__c": id_of("Microsoft.Compute/virtualMachines", "vm1"),
            }
        ],
    ),
    "CA10__CaAzureIotSecuritySolution__c": Recorded(
        resource("Microsoft.Security/iotSecuritySolutions", "hubs", {"status": "Enabled", "iotHubs": [f"{GROUP}/hub"]}),
        [row("Microsoft.Security/iotSecuritySolutions", "hubs", status="Enabled", iotHubsJson=f'["{GROUP}/hub"]')],
    ),
    "CA10__CaAzureStorageAccount__c": Recorded(
        resource(
            "Microsoft.Storage/storageAccounts",
            "logs",
            {
                "supportsHttpsTrafficOnly": True,
                "minimumTlsVersion": "TLS1_2",
                "allowBlobPublicAccess": False,
                "allowCrossTenantReplication": False,
                "allowSharedKeyAccess": False,
                "defaultToOAuthAuthentication": True,
                "publicNetworkAccess": "Disabled",
                "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
                "encryption": {
                    "keySource": "Microsoft.Keyvault",
                    "requireInfrastructureEncryption": True,
                    "keyvaultproperties": {"keyname": "k", "keyvaulturi": "https://v.vault.azure.net"},
                },
                "keyPolicy": {"keyExpirationPeriodInDays": 90},
                "keyCreationTime": {"key1": "2026-01-02T03:04:05.1234567Z", "key2": "2026-01-02T04:04:05+01:00"},
                "sasPolicy": {"sasExpirationPeriod": "1.00:00:00", "expirationAction": "Log"},
                "privateEndpointConnections": [pending()],
            },
            kind="StorageV2",
            sku={"name": "Standard_GRS", "tier": "Standard"},
        ),
        [
            row(
                "Microsoft.Storage/storageAccounts",
                "logs",
                kind="StorageV2",
                skuName="Standard_GRS",
                secureTransferRequired=True,
                minimumTlsVersion="TLS1_2",
                requireInfrastructureEncryptionState="Enabled",
                encryptionKeySource="Microsoft.Keyvault",
                encryptionKeyVaultUri="https://v.vault.azure.net",
                publicNetworkAccessState="Disabled",
                networkAclsDefaultAction="Deny",
                networkAclsBypass="AzureServices",
                privateEndpointsJson=CONNECTION_TEXT,
                blobPublicAccess="Deny",
                crossTenantReplication="Deny",
                sharedKeyAccess="Disabled",
                defaultToOAuth="Enabled",
                keyExpirationPeriodDays=90,
                key1CreationTime="2026-01-02T03:04:05Z",
                key2CreationTime="2026-01-02T03:04:05Z",
                sasExpirationPeriod="1.00:00:00",
                blobSoftDeleteEnabled=True,
                blobSoftDeleteDays=7,
                containerSoftDeleteEnabled=False,
                blobVersioningEnabled=False,
                fileSoftDeleteEnabled=True,
                smbVersions="SMB3.1.1",
                smbChannelEncryption="AES-256-GCM",
                blobDiagnosticLogs='[{"category":"StorageRead","enabled":true}]',
                queueDiagnosticLogs="[]",
                tableDiagnosticLogs=None,
            )
        ],
        {
            "storage.blobService": {
                "properties": {
                    "deleteRetentionPolicy": {"enabled": True, "days": 7},
                    "containerDeleteRetentionPolicy": {},
                }
            },
            "storage.fileService": {
                "properties": {
                    "shareDeleteRetentionPolicy": {"enabled": True, "days": 7},
                    "protocolSettings": {"smb": {"versions": "SMB3.1.1", "channelEncryption": "AES-256-GCM"}},
                }
            },
            "monitor.blobDiagnostics": listed(
                {"name": "x", "properties": {"logs": [{"category": "StorageRead", "enabled": True}]}}
            ),
            "monitor.queueDiagnostics": listed(),
            "monitor.tableDiagnostics": {"items": "NotApplicable"},
        },
    ),
    "CA10__CaAzureKeyVault__c": Recorded(
        resource(
            "Microsoft.KeyVault/vaults",
            "keys",
            {
                "enableRbacAuthorization": True,
                "enablePurgeProtection": True,
                "enableSoftDelete": True,
                "publicNetworkAccess": "Disabled",
                "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
                "privateEndpointConnections": [pending()],
            },
        ),
        [
            row(
                "Microsoft.KeyVault/vaults",
                "keys",
                rbacAuthorization="Enabled",
                purgeProtection="Enabled",
                softDelete="Enabled",
                publicNetworkAccess="Disabled",
                networkAclsDefaultAction="Deny",
                privateEndpointsJson=CONNECTION_TEXT,
                diagnosticLogs='[{"logs":[{"categoryGroup":"audit","enabled":true}]}]',
            )
        ],
        {"monitor.diagnostics": listed({"name": "x", "properties": {"logs": [{"categoryGroup": "audit", "enabled": True}]}})},
    ),
    "CA10__CaAzureSqlServer__c": Recorded(
        resource(
            "Microsoft.Sql/servers",
            "sql",
            {"publicNetworkAccess": "Disabled", "minimalTlsVersion": "1.2", "version": "12.0"},
        ),
        [
            row(
                "Microsoft.Sql/servers",
                "sql",
                publicNetworkAccess="Disabled",
                minimalTlsVersion="1.2",
                auditing="Enabled",
                auditingRetentionDays=0,
                auditingStorageEndpoint="https://logs.blob.core.windows.net",
                auditingToMonitor=False,
                encryptionProtectorKind="azurekeyvault",
                encryptionProtectorServerKeyType="AzureKeyVault",
                encryptionProtectorUri="https://v.vault.azure.net/keys/k/1",
                activeDirectoryAdminType="ActiveDirectory",
                firewallRulesJson='[{"name":"all","properties":{"startIpAddress":"0.0.0.0","endIpAddress":"0.0.0.0"}}]',
                alertPolicyState="Enabled",
                assessmentStorage="https://logs.blob.core.windows.net/va",
                assessmentRecurring=True,
                assessmentEmails='["a@example.com"]',
                assessmentAdmins=True,
                expressAssessmentState="Disabled",
            )
        ],
        {
            "sql.auditing": {
                "properties": {
                    "state": "Enabled",
                    "retentionDays": 0,
                    "storageEndpoint": "https://logs.blob.core.windows.net",
                    "isAzureMonitorTargetEnabled": False,
                }
            },
            "sql.protector": {
                "kind": "azurekeyvault",
                "properties": {"serverKeyType": "AzureKeyVault", "uri": "https://v.vault.azure.net/keys/k/1"},
            },
            "sql.administrators": listed(
                {"name": "ActiveDirectory", "properties": {"administratorType": "ActiveDirectory", "login": "dba"}}
            ),
            "sql.firewall": listed(
                {"name": "all", "properties": {"startIpAddress": ALL_OF_AZURE, "endIpAddress": ALL_OF_AZURE}}
            ),
            "sql.alertPolicy": {"properties": {"state": "Enabled"}},
            "sql.assessment": {
                "properties": {
                    "storageContainerPath": "https://logs.blob.core.windows.net/va",
                    "recurringScans": {"isEnabled": True, "emails": ["a@example.com"], "emailSubscriptionAdmins": True},
                }
            },
            "sql.expressAssessment": {"properties": {"state": "Disabled"}},
        },
    ),
    "CA10Z1__CaAzurePostgreSqlServer__c": Recorded(
        resource(
            "Microsoft.DBforPostgreSQL/flexibleServers",
            "pg",
            {"network": {"publicNetworkAccess": "Enabled"}, "version": "16"},
        ),
        [
            row(
                "Microsoft.DBforPostgreSQL/flexibleServers",
                "pg",
                "CA10Z1__",
                deploymentMode="Flexible",
                configurations='[{"name":"log_checkpoints","value":"on"},{"name":"require_secure_transport","value":"on"}]',
                firewallRules='[{"name":"all","properties":{"startIpAddress":"0.0.0.0","endIpAddress":"0.0.0.0"}}]',
                sslEnforcement=None,
                infrastructureEncryption=None,
                publicNetworkAccess="Enabled",
            )
        ],
        {
            "pg.configurations": listed(
                {"name": "require_secure_transport", "properties": {"value": "on", "defaultValue": "on"}},
                {"name": "log_checkpoints", "properties": {"value": "on", "defaultValue": "on"}},
            ),
            "pg.firewall": listed(
                {"name": "all", "properties": {"startIpAddress": ALL_OF_AZURE, "endIpAddress": ALL_OF_AZURE}}
            ),
        },
    ),
    "CA10Z1__CaAzureMySqlServer__c": Recorded(
        resource("Microsoft.DBforMySQL/flexibleServers", "my", {"version": "8.0.21"}),
        [
            row(
                "Microsoft.DBforMySQL/flexibleServers",
                "my",
                "CA10Z1__",
                deploymentMode="Flexible",
                configurations='[{"name":"tls_version","value":"TLSv1.2"}]',
                sslEnforcement=None,
                minimalTlsVersion=None,
            )
        ],
        {"mysql.configurations": listed({"name": "tls_version", "properties": {"value": "TLSv1.2"}})},
    ),
    "CA10__CaAzureCosmosDbAccount__c": Recorded(
        resource(
            "Microsoft.DocumentDB/databaseAccounts",
            "docs",
            {
                "isVirtualNetworkFilterEnabled": True,
                "ipRules": [{"ipAddressOrRange": ALL_OF_AZURE}],
                "publicNetworkAccess": "Enabled",
                "disableLocalAuth": True,
                "privateEndpointConnections": [pending()],
            },
        ),
        [
            row(
                "Microsoft.DocumentDB/databaseAccounts",
                "docs",
                virtualNetworkFilterState="Enabled",
                ipRulesJson='[{"ipAddressOrRange":"0.0.0.0"}]',
                publicNetworkAccess="Enabled",
                localAuthDisabled=True,
                privateEndpointsJson=CONNECTION_TEXT,
            )
        ],
    ),
    "CA10__CaAzureDatabricksWorkspace__c": Recorded(
        resource(
            "Microsoft.Databricks/workspaces",
            "bricks",
            {
                "publicNetworkAccess": "Disabled",
                "encryption": {"entities": {"managedDisk": {"keySource": "Microsoft.Keyvault"}}},
                "privateEndpointConnections": [pending()],
                "parameters": {
                    "customVirtualNetworkId": {"type": "String", "value": f"{GROUP}/VNet"},
                    "customPublicSubnetName": {"type": "String", "value": "public"},
                    "customPrivateSubnetName": {"type": "String", "value": "private"},
                    "enableNoPublicIp": {"type": "Bool", "value": True},
                },
            },
        ),
        [
            row(
                "Microsoft.Databricks/workspaces",
                "bricks",
                customVirtualNetworkId=f"{GROUP}/vnet".lower(),
                noPublicIp=True,
                publicNetworkAccess="Disabled",
                encryptionJson='{"entities":{"managedDisk":{"keySource":"Microsoft.Keyvault"}}}',
                privateEndpointsJson=CONNECTION_TEXT,
                subnetNames='{"customPrivateSubnetName":"private","customPublicSubnetName":"public"}',
                privateSubnet=f"{GROUP}/vnet/subnets/private".lower(),
                publicSubnet=f"{GROUP}/vnet/subnets/public".lower(),
                diagnosticLogs="[]",
            )
        ],
        {"monitor.diagnostics": listed()},
    ),
    "CA10__CaAzureNetworkSecurityGroup__c": Recorded(
        resource("Microsoft.Network/networkSecurityGroups", "nsg", {"securityRules": []}),
        [row("Microsoft.Network/networkSecurityGroups", "nsg")],
    ),
    "CA10__CaAzureNetworkSecurityGroupRule__c": Recorded(
        resource(
            "Microsoft.Network/networkSecurityGroups",
            "nsg",
            {
                "securityRules": [
                    {
                        "id": f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg/securityRules/in",
                        "name": "in",
                        "properties": {
                            "access": "Allow",
                            "direction": "Inbound",
                            "priority": 100,
                            "protocol": "Tcp",
                            "destinationPortRanges": ["22", "3000-3389"],
                            "sourceAddressPrefix": "*",
                            "sourceAddressPrefixes": [],
                            "destinationAddressPrefix": "*",
                        },
                    }
                ]
            },
            location="West Europe",
        ),
        [
            inner(
                "Microsoft.Network/networkSecurityGroups/nsg/securityRules",
                "in",
                f"#{ports}",
                networkSecurityGroup=id_of("Microsoft.Network/networkSecurityGroups", "nsg"),
                access="Allow",
                direction="Inbound",
                priority=100,
                protocol="TCP",
                destinationPortRange=ports,
                destinationPortFrom=first,
                destinationPortTo=last,
                sourceAddressPrefix="*",
                sourceAddressPrefixes=None,
                sourceApplicationSecurityGroups=None,
                destinationAddressPrefix="*",
            )
            for ports, first, last in (("22", 22, 22), ("3000-3389", 3000, 3389))
        ],
    ),
    "CA10__CaAzureNetworkWatcher__c": Recorded(
        resource("Microsoft.Network/networkWatchers", "watcher", {"provisioningState": "Succeeded"}, location="West Europe"),
        [row("Microsoft.Network/networkWatchers", "watcher", provisioningState="Succeeded")],
    ),
    "CA10__CaAzureVirtualNetwork__c": Recorded(
        resource("Microsoft.Network/virtualNetworks", "net", {"enableDdosProtection": True, "subnets": []}),
        [row("Microsoft.Network/virtualNetworks", "net", ddosProtection=True)],
    ),
    "CA10__CaAzureSubnet__c": Recorded(
        resource(
            "Microsoft.Network/virtualNetworks",
            "net",
            {
                "subnets": [
                    {
                        "id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net/subnets/A",
                        "name": "A",
                        "properties": {"networkSecurityGroup": {"id": f"{GROUP}/NSG"}},
                    },
                    {
                        "id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net/subnets/B",
                        "name": "B",
                        "properties": {"addressPrefix": "10.0.0.0/24"},
                    },
                ]
            },
        ),
        [
            inner(
                "Microsoft.Network/virtualNetworks/net/subnets",
                name,
                "",
                virtualNetwork=id_of("Microsoft.Network/virtualNetworks", "net"),
                networkSecurityGroup=group,
            )
            for name, group in (("A", f"{GROUP}/nsg".lower()), ("B", None))
        ],
    ),
    "CA10Z1__CaAzureBastionHost__c": Recorded(
        resource("Microsoft.Network/bastionHosts", "bastion", {"provisioningState": "Succeeded"}),
        [row("Microsoft.Network/bastionHosts", "bastion", "CA10Z1__")],
    ),
    "CA10__CaAzurePublicIpAddress__c": Recorded(
        resource("Microsoft.Network/publicIPAddresses", "ip", {"publicIPAllocationMethod": "Dynamic"}, sku={"name": "Basic"}),
        [row("Microsoft.Network/publicIPAddresses", "ip", ipAddress=None, skuName="Basic")],
    ),
    "CA10__CaAzureNetworkInterface__c": Recorded(
        resource("Microsoft.Network/networkInterfaces", "nic", {"ipConfigurations": []}),
        [row("Microsoft.Network/networkInterfaces", "nic")],
    ),
    "CA10__CaAzureNetworkInterfaceIpConfig__c": Recorded(
        resource(
            "Microsoft.Network/networkInterfaces",
            "nic",
            {
                "networkSecurityGroup": {"id": f"{GROUP}/NSG"},
                "ipConfigurations": [
                    {
                        "id": f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic/ipConfigurations/{name}",
                        "name": name,
                        "properties": {"subnet": {"id": f"{GROUP}/Net/Subnets/A"}, **public},
                    }
                    for name, public in (("First", {"publicIPAddress": {"id": f"{GROUP}/IP"}}), ("Second", {}))
                ],
            },
        ),
        [
            inner(
                "Microsoft.Network/networkInterfaces/nic/ipConfigurations",
                name,
                "",
                networkInterface=id_of("Microsoft.Network/networkInterfaces", "nic"),
                networkSecurityGroup=f"{GROUP}/nsg".lower(),
                publicIpAddress=public,
                subnet=f"{GROUP}/net/subnets/a".lower(),
            )
            for name, public in (("First", f"{GROUP}/ip".lower()), ("Second", None))
        ],
    ),
    "CA10__CaAzureApplicationGateway__c": Recorded(
        resource(
            "Microsoft.Network/applicationGateways",
            "gw",
            {
                "sku": {"name": "WAF_v2", "tier": "WAF_v2"},
                "firewallPolicy": {"id": f"{GROUP}/WAF"},
                "sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101"},
            },
        ),
        [
            row(
                "Microsoft.Network/applicationGateways",
                "gw",
                firewallPolicy=f"{GROUP}/waf".lower(),
                wafEnabled=None,
                http2=False,
                sslPolicyJson='{"policyType":"Predefined","policyName":"AppGwSslPolicy20220101"}',
            )
        ],
    ),
    "CA10__CaAzureWafPolicy__c": Recorded(
        resource(
            "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
            "waf",
            {
                "policySettings": {"state": "Enabled", "requestBodyCheck": True},
                "managedRules": {"managedRuleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}]},
            },
        ),
        [
            row(
                "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
                "waf",
                requestBodyCheck=True,
                state="Enabled",
                managedRuleSetsJson='[{"ruleSetType":"OWASP","ruleSetVersion":"3.2"}]',
            )
        ],
    ),
    "CA10Z1__CaAzurePrivateEndpointLinkServiceConn__c": Recorded(
        resource(
            "Microsoft.Network/privateEndpoints",
            "pe",
            {
                "privateLinkServiceConnections": [
                    {
                        "id": f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe/privateLinkServiceConnections/c1",
                        "name": "c1",
                        "properties": {
                            "privateLinkServiceId": f"{GROUP}/Vault",
                            "privateLinkServiceConnectionState": {"status": "Approved"},
                        },
                    }
                ],
                "manualPrivateLinkServiceConnections": [
                    {
                        "id": f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe/privateLinkServiceConnections/c2",
                        "name": "c2",
                        "properties": {
                            "privateLinkServiceId": f"{GROUP}/Vault",
                            "privateLinkServiceConnectionState": {"status": "Pending"},
                        },
                    }
                ],
            },
        ),
        [
            inner(
                "Microsoft.Network/privateEndpoints/pe/privateLinkServiceConnections",
                name,
                "",
                "CA10Z1__",
                state=state,
                privateLinkServiceId=f"{GROUP}/vault".lower(),
                privateEndpointId=id_of("Microsoft.Network/privateEndpoints", "pe"),
            )
            for name, state in (("c1", "Approved"), ("c2", "Pending"))
        ],
    ),
    "CA10__CaAzureVirtualMachine__c": Recorded(
        resource(
            "Microsoft.Compute/virtualMachines",
            "vm",
            {
                "osProfile": {"linuxConfiguration": {"patchSettings": {"assessmentMode": "AutomaticByPlatform"}}},
                "securityProfile": {
                    "securityType": "TrustedLaunch",
                    "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": False},
                },
                "storageProfile": {"osDisk": {"name": "os"}, "dataDisks": []},
            },
        ),
        [
            row(
                "Microsoft.Compute/virtualMachines",
                "vm",
                securityProfileSecurityType="TrustedLaunch",
                uefiSettingsSecureBoot="Enabled",
                uefiSettingsVTpm="Disabled",
                patchAssessmentMode="AutomaticByPlatform",
            )
        ],
    ),
    "CA10__CaAzureVirtualMachineDisk__c": Recorded(
        resource(
            "Microsoft.Compute/virtualMachines",
            "vm",
            {
                "storageProfile": {
                    "osDisk": {"name": "os", "managedDisk": {"id": f"{GROUP}/OS"}},
                    "dataDisks": [{"name": "data", "vhd": {"uri": "https://logs.blob.core.windows.net/vhds/a.vhd"}}],
                }
            },
        ),
        [
            inner(
                "Microsoft.Compute/virtualMachines",
                "vm",
                f"#{name}",
                Name=name,
                virtualMachine=id_of("Microsoft.Compute/virtualMachines", "vm"),
                isOsDisk=name == "os",
                managedDiskId=disk,
                managedDiskLookup=disk,
                vhdUri=uri,
            )
            for name, disk, uri in (
                ("os", f"{GROUP}/os".lower(), None),
                ("data", None, "https://logs.blob.core.windows.net/vhds/a.vhd"),
            )
        ],
    ),
    "CA10__CaAzureVirtualMachineNetworkInterface__c": Recorded(
        resource(
            "Microsoft.Compute/virtualMachines",
            "vm",
            {
                "networkProfile": {"networkInterfaces": [{"id": f"{GROUP}/NIC", "properties": {"primary": True}}]},
                "storageProfile": {"osDisk": {"name": "os"}, "dataDisks": []},
            },
        ),
        [
            {
                "Id": id_of("Microsoft.Compute/virtualMachines", "vm") + f"#{GROUP}/nic".lower(),
                "CA10__subscription__c": SUBSCRIPTION,
                "CA10__location__c": "westeurope",
                "CA10__virtualMachine__c": id_of("Microsoft.Compute/virtualMachines", "vm"),
                "CA10__networkInterface__c": f"{GROUP}/nic".lower(),
            }
        ],
    ),
    "CA10__CaAzureManagedDisk__c": Recorded(
        resource(
            "Microsoft.Compute/disks",
            "disk",
            {
                "diskState": "Unattached",
                "provisioningState": "Succeeded",
                "encryption": {"type": "EncryptionAtRestWithCustomerKey"},
                "publicNetworkAccess": "Disabled",
                "networkAccessPolicy": "DenyAll",
            },
        ),
        [
            row(
                "Microsoft.Compute/disks",
                "disk",
                diskState="Unattached",
                provisioningState="Succeeded",
                encryptionType="ENCRYPTIONATRESTWITHCUSTOMERKEY",
                publicNetworkAccess="Disabled",
                networkAccessPolicy="DenyAll",
                dataAccessAuthMode=None,
            )
        ],
    ),
    "CA10Z1__CaAzureAksCluster__c": Recorded(
        resource(
            "Microsoft.ContainerService/managedClusters",
            "aks",
            {"enableRBAC": True, "apiServerAccessProfile": {"enablePrivateCluster": True}},
        ),
        [row("Microsoft.ContainerService/managedClusters", "aks", "CA10Z1__", rbacEnabled=True, privateCluster=True)],
    ),
    "CA10__CaAzureAppService__c": Recorded(
        resource(
            "Microsoft.Web/sites",
            "app",
            {"httpsOnly": True, "clientCertEnabled": True, "clientCertMode": "Optional", "siteConfig": {"ftpsState": None}},
            kind="app,linux",
            identity={"type": "SystemAssigned", "principalId": "p1"},
        ),
        [
            row(
                "Microsoft.Web/sites",
                "app",
                kind="app,linux",
                httpsOnly="Enabled",
                identityPrincipalId="p1",
                identityType="SystemAssigned",
                clientCertEnabled=True,
                clientCertMode="Optional",
                configMinTlsVersion="1.2",
                configHttp20="Enabled",
                configFtpsState="FtpsOnly",
                configRemoteDebugging="Disabled",
                runtimeVersions='{"linuxFxVersion":"PYTHON|3.12","windowsFxVersion":null,"phpVersion":"","pythonVersion":"",'
                '"javaVersion":null,"javaContainer":null}',
                authStatus="Disabled",
                basicPublishingCredentialsFtpState="Disabled",
                basicPublishingCredentialsScmState="Enabled",
                diagnosticLogs="[]",
            )
        ],
        {
            "web.config": {
                "properties": {
                    "minTlsVersion": "1.2",
                    "http20Enabled": True,
                    "ftpsState": "FtpsOnly",
                    "remoteDebuggingEnabled": False,
                    "linuxFxVersion": "PYTHON|3.12",
                    "phpVersion": "",
                    "pythonVersion": "",
                }
            },
            "web.auth": {"properties": {"platform": {"enabled": False}}},
            "web.basicAuth": listed(
                {"name": "ftp", "properties": {"allow": False}}, {"name": "scm", "properties": {"allow": True}}
            ),
            "monitor.diagnostics": listed(),
        },
    ),
}
"""A recorded answer by type."""
