"""Azure: an account is a subscription or the tenant, and its key is a UUID in lower case."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from perpend.core.clouds.cloud import Cloud

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_RESOURCE_TYPES: Final = {
    "CA10Z1__CaAzureAksCluster__c": "Microsoft.ContainerService/managedClusters",
    "CA10Z1__CaAzureBastionHost__c": "Microsoft.Network/bastionHosts",
    "CA10Z1__CaAzureDefenderPlan__c": "Microsoft.Security/pricings",
    "CA10Z1__CaAzureMySqlServer__c": "Microsoft.DBforMySQL/flexibleServers",
    "CA10Z1__CaAzurePostgreSqlServer__c": "Microsoft.DBforPostgreSQL/flexibleServers",
    "CA10Z1__CaAzurePrivateEndpointLinkServiceConn__c": "Microsoft.Network/privateEndpoints/privateLinkServiceConnections",
    "CA10__CaAzureAccount__c": "Microsoft.Resources/subscriptions",
    "CA10__CaAzureActivityLogAlert__c": "Microsoft.Insights/activityLogAlerts",
    "CA10__CaAzureAppService__c": "Microsoft.Web/sites",
    "CA10__CaAzureApplicationGateway__c": "Microsoft.Network/applicationGateways",
    "CA10__CaAzureApplicationInsightsComponent__c": "Microsoft.Insights/components",
    "CA10__CaAzureAuthorizationRole__c": "Microsoft.Authorization/roleDefinitions",
    "CA10__CaAzureCosmosDbAccount__c": "Microsoft.DocumentDB/databaseAccounts",
    "CA10__CaAzureDatabricksWorkspace__c": "Microsoft.Databricks/workspaces",
    "CA10__CaAzureDiagnosticSetting__c": "Microsoft.Insights/diagnosticSettings",
    "CA10__CaAzureIotSecuritySolution__c": "Microsoft.Security/iotSecuritySolutions",
    "CA10__CaAzureKeyVault__c": "Microsoft.KeyVault/vaults",
    "CA10__CaAzureLock__c": "Microsoft.Authorization/locks",
    "CA10__CaAzureManagedDisk__c": "Microsoft.Compute/disks",
    "CA10__CaAzureNetworkInterface__c": "Microsoft.Network/networkInterfaces",
    "CA10__CaAzureNetworkInterfaceIpConfig__c": "Microsoft.Network/networkInterfaces/ipConfigurations",
    "CA10__CaAzureNetworkSecurityGroupRule__c": "Microsoft.Network/networkSecurityGroups/securityRules",
    "CA10__CaAzureNetworkSecurityGroup__c": "Microsoft.Network/networkSecurityGroups",
    "CA10__CaAzureNetworkWatcher__c": "Microsoft.Network/networkWatchers",
    "CA10__CaAzurePublicIpAddress__c": "Microsoft.Network/publicIPAddresses",
    "CA10__CaAzureRoleAssignment__c": "Microsoft.Authorization/roleAssignments",
    "CA10__CaAzureSecurityAssessment__c": "Microsoft.Security/assessments",
    "CA10__CaAzureSqlServer__c": "Microsoft.Sql/servers",
    "CA10__CaAzureStorageAccount__c": "Microsoft.Storage/storageAccounts",
    "CA10__CaAzureSubnet__c": "Microsoft.Network/virtualNetworks/subnets",
    "CA10__CaAzureVirtualMachine__c": "Microsoft.Compute/virtualMachines",
    "CA10__CaAzureVirtualNetwork__c": "Microsoft.Network/virtualNetworks",
    "CA10__CaAzureWafPolicy__c": "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
}

AZURE: Final = Cloud(
    name="azure",
    title="Azure",
    provider="Azure",
    types="CA10(?:[A-Z][0-9])?__CaAzure[A-Za-z0-9]+__c",
    account_types=("CA10__CaAzureAccount__c", "CA10Z1__CaAzureActiveDirectoryTenant__c"),
    account=_UUID,
    account_words="a UUID in lower case",
    account_example="0b1f6471-1bf0-4dda-aec3-cb9272f09590",
    region="[a-z][a-z0-9]{2,31}",
    region_fields=("location", "region", "region name"),
    accounts_of_id=(f"^/subscriptions/({_UUID})(?:/|$)",),
    kinds_of_id=MappingProxyType({"resource": f"^/subscriptions/{_UUID}/", "account": f"^{_UUID}$"}),
    resource_types=MappingProxyType(_RESOURCE_TYPES),
    credentials=("az", "account", "show", "--query", "id", "--output", "tsv"),
    collector="perpend.collectors.azure",
)
"""Microsoft Azure and Entra ID. Ids are resource ids in lower case."""
