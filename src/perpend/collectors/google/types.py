"""The object types of Google Cloud, and the sources of their fields. Imports no SDK.

A member that is missing makes a field unknown. There is a value for it only if the API's description states one, or if the
value is the adverse one, and only if the object around it is there: the inventory leaves out what Google calls sensitive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.google.transforms import (
    account_emails,
    approved_services,
    before,
    bindings,
    bucket_of,
    conditions,
    contacts,
    customer_key,
    disk_keys,
    dns_policies,
    handlers,
    has_member,
    id_of_role,
    id_of_url,
    ids_of_networks,
    interfaces_by_id,
    json_list,
    json_object,
    lines,
    log_metric,
    metadata,
    node_accounts,
    number,
    of_interfaces,
    own_name,
    perimeters,
    project_name,
    secret_variables,
    service_accounts,
    service_names,
    sinks,
    traffic,
)
from perpend.collectors.rest.rows import FieldSource, TypeRow
from perpend.collectors.rest.transforms import boolean, enabled, moment, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DATA: Final = "resource.data"
_NONE: Final = "[]"
"""A list without items."""

_OWNED: Final = {"CA10__googleProject__c": FieldSource("project", optional=True)}
_INSIDE: Final = {"CA10__googleProject__c": FieldSource("^.project", optional=True)}
_PUBLIC: Final = {
    "CA10__membersAllUsers__c": FieldSource("allUsers", boolean, "policy"),
    "CA10__membersAllAuthenticatedUsers__c": FieldSource("allAuthenticatedUsers", boolean, "policy"),
}
# A view has no key, and the inventory may lack that of a table: the table itself says it.
_TABLE_KEY: Final = FieldSource("encryptionConfiguration.kmsKeyName", text, "bigquery.table", optional=True, within="id")
_AUDIT: Final = {"CA10__auditConfigsJson__c": FieldSource("auditConfigs", json_list, "policy")}


def _data(
    path: str,
    transform: Callable[[Any], Any] = text,
    *,
    optional: bool = False,
    otherwise: Any = None,
    within: str | None = None,
    also: str = "",
    also_within: str = "",
) -> FieldSource:
    """Return the source of a member of an asset's data. ``within``, ``also`` and ``also_within`` are paths in the data, too."""
    around = "" if within is None else f"{_DATA}.{within}".rstrip(".")
    other, other_around = (f"{_DATA}.{one}" if one else "" for one in (also, also_within))
    return FieldSource(
        f"{_DATA}.{path}",
        transform,
        optional=optional,
        otherwise=otherwise,
        within=around,
        also=other,
        also_within=other_around,
    )


def _null(path: str, transform: Callable[[Any], Any] = text, within: str = "") -> FieldSource:
    """Return the source of a member of an asset's data that is null if it is missing."""
    return _data(path, transform, optional=True, within=within)


def _false(path: str, within: str | None = None) -> FieldSource:
    """Return the source of a Boolean that is false if it is missing."""
    return _data(path, boolean, otherwise=False, within=within)


def _row(
    name: str, asset_type: str, fields: Mapping[str, FieldSource], *details: str, named: str = "name", owned: bool = True
) -> TypeRow:
    """Return a type whose objects are assets."""
    own = {"Name": _data(named, own_name), **fields, **(_OWNED if owned else {})}
    return TypeRow(f"CA10__CaGoogle{name}__c", f"cai.{asset_type}", "{id}", own, details)


_ORGANIZATION: Final = (
    TypeRow(
        "CA10__CaGoogleProject__c",
        "cai.cloudresourcemanager.googleapis.com/Project",
        "{account}",
        {
            "CA10__projectId__c": _data("projectId"),
            "Name": _data("displayName", project_name, also="name"),
            "CA10__lifecycleState__c": _data("state", also="lifecycleState"),
            "CA10__enabledServices__c": FieldSource("items", service_names, "usage.services"),
            **_AUDIT,
            "CA10__commonMetadata__c": FieldSource("commonInstanceMetadata.items", metadata, "metadata", otherwise=_NONE),
            "CA10__accessApproval__c": FieldSource("", approved_services, "approval.settings"),
            "CA10__ancestors__c": FieldSource("ancestors", json_list),
            "CA10__rolesByMemberJson__c": FieldSource("rolesByMember", json_list, "policy"),
            "CA10__inheritedSinksJson__c": FieldSource("inherited", sinks, "sinks"),
            "CA10__servicePerimetersJson__c": FieldSource("perimeters", perimeters, "perimeters"),
        },
        ("usage.services", "policy", "metadata", "approval.settings", "sinks", "perimeters"),
    ),
    TypeRow(
        "CA10__CaGoogleResourceManagerOrganization__c",
        "cai.cloudresourcemanager.googleapis.com/Organization",
        "{account}",
        {
            "Name": _data("displayName"),
            "CA10__contactsJson__c": FieldSource("contacts", contacts, "contacts.compute", otherwise=_NONE),
            **_AUDIT,
            "CA10__orgPoliciesJson__c": FieldSource("policies", json_list, "organizationPolicies"),
        },
        ("contacts.compute", "policy", "organizationPolicies"),
    ),
    _row(
        "ServicePerimeter",
        "identity.accesscontextmanager.googleapis.com/ServicePerimeter",
        {
            "CA10__resourcesJson__c": _data("status.resources", json_list),
            "CA10__restrictedServices__c": _data("status.restrictedServices", json_list),
        },
        named="title",
        owned=False,
    ),
    TypeRow(
        "CA10__CaGoogleEssentialContact__c",
        "cai.essentialcontacts.googleapis.com/Contact",
        "{id}",
        {
            "CA10__email__c": _data("email"),
            "CA10__categories__c": _data("notificationCategorySubscriptions", json_list),
            "CA10__validationState__c": _data("validationState"),
            **_OWNED,
        },
    ),
    TypeRow(
        "CA10__CaGoogleDirectoryUser__c",
        "directory.users",
        "//admin.googleapis.com/users/{id}",
        {
            "CA10__primaryEmail__c": FieldSource("primaryEmail"),
            "CA10__isAdmin__c": FieldSource("isAdmin", boolean),
            "CA10__enrolledIn2Sv__c": FieldSource("isEnrolledIn2Sv", boolean),
            "CA10__enforcedIn2Sv__c": FieldSource("isEnforcedIn2Sv", boolean),
            "CA10__cloudRolesJson__c": FieldSource("roles", json_list, "cloudRoles"),
        },
        ("cloudRoles",),
    ),
)

_IAM: Final = (
    TypeRow(
        "CA10__CaGoogleIamPolicyBinding__c",
        "cai.iam",
        "{resource}/bindings/{key}",
        {
            "Name": FieldSource(template="{resource} {role}"),
            "CA10__iamRole__c": FieldSource("role", id_of_role),
            "CA10__roleName__c": FieldSource("role"),
            "CA10__membersAllUsers__c": FieldSource("members", has_member("allUsers")),
            "CA10__membersAllAuthenticatedUsers__c": FieldSource("members", has_member("allAuthenticatedUsers")),
            "CA10__membersJson__c": FieldSource("members", json_list),
            "CA10__conditionJson__c": FieldSource("condition", json_object, optional=True),
            "CA10__resource__c": FieldSource("resource"),
            "CA10__resourceType__c": FieldSource("^.assetType"),
            **_INSIDE,
        },
        inside=bindings,
    ),
    TypeRow(
        "CA10__CaGoogleIamRole__c",
        "cai.iam.googleapis.com/Role",
        "{id}",
        {
            "CA10__roleName__c": _data("name"),
            "CA10__permissions__c": _data("includedPermissions", json_list),
            "CA10__stage__c": _data("stage"),
            **_OWNED,
        },
    ),
    _row(
        "IamServiceAccount",
        "iam.googleapis.com/ServiceAccount",
        {"CA10__serviceAccountEmail__c": _data("email"), "CA10__disabled__c": _false("disabled")},
    ),
    _row(
        "IamServiceAccountKey",
        "iam.googleapis.com/ServiceAccountKey",
        {
            "CA10__validAfter__c": _data("validAfterTime", moment),
            "CA10__validBefore__c": _data("validBeforeTime", moment),
            "CA10__keyType__c": _data("keyType"),
            "CA10__keyOrigin__c": _data("keyOrigin"),
            "CA10__disabled__c": _false("disabled"),
            "CA10__iamServiceAccount__c": FieldSource("id", before("/keys/")),
        },
    ),
    _row(
        "IamWorkloadIdentityPoolProvider",
        "iam.googleapis.com/WorkloadIdentityPoolProvider",
        {
            "CA10__attributeCondition__c": _null("attributeCondition"),
            "CA10__state__c": _data("state"),
            "CA10__disabled__c": _false("disabled"),
        },
    ),
    TypeRow(
        "CA10G1__CaGoogleApiKey__c",
        "cai.apikeys.googleapis.com/Key",
        "{id}",
        {
            "Name": _data("displayName"),
            "CA10G1__createTime__c": _data("createTime", moment),
            "CA10G1__restrictionsApiTargets__c": _null("restrictions.apiTargets", json_list),
            "CA10G1__restrictionsAllowedReferrers__c": _null("restrictions.browserKeyRestrictions.allowedReferrers", json_list),
            "CA10G1__restrictionsAllowedIps__c": _null("restrictions.serverKeyRestrictions.allowedIps", json_list),
            "CA10G1__restrictionsAllowedApplications__c": _null(
                "restrictions.androidKeyRestrictions.allowedApplications", json_list
            ),
            "CA10G1__restrictionsAllowedBundleIds__c": _null("restrictions.iosKeyRestrictions.allowedBundleIds", json_list),
            "CA10G1__googleProject__c": _OWNED["CA10__googleProject__c"],
        },
    ),
    _row(
        "CloudKmsCryptoKey",
        "cloudkms.googleapis.com/CryptoKey",
        {
            "CA10__rotationPeriod__c": _null("rotationPeriod"),
            "CA10__nextRotationTime__c": _null("nextRotationTime", moment),
            "CA10__purpose__c": _data("purpose"),
            "CA10__primaryState__c": _data("primary.state"),
            **_PUBLIC,
        },
        "policy",
    ),
    _row(
        "Secret",
        "secretmanager.googleapis.com/Secret",
        {
            "CA10__rotationJson__c": _null("rotation", json_object),
            "CA10__expireTime__c": _null("expireTime", moment),
            **_PUBLIC,
        },
        "policy",
    ),
)

_LOGGING: Final = (
    _row(
        "LoggingLogMetric",
        "logging.googleapis.com/LogMetric",
        {
            "CA10__filter__c": _data("filter"),
            "CA10__descriptorType__c": _data("metricDescriptor.type"),
            "CA10__disabled__c": _false("disabled"),
        },
    ),
    _row(
        "LoggingSink",
        "logging.googleapis.com/LogSink",
        {
            "CA10__filter__c": _null("filter"),
            "CA10__destination__c": _data("destination"),
            "CA10__storageBucket__c": _data("destination", bucket_of),
            "CA10__disabled__c": _false("disabled"),
            "CA10__includeChildren__c": _false("includeChildren"),
            "CA10__exclusionsJson__c": _null("exclusions", json_list),
        },
    ),
    _row(
        "MonitoringAlertPolicy",
        "monitoring.googleapis.com/AlertPolicy",
        {
            # The API asks its clients to assume nothing if it is missing.
            "CA10__enabledState__c": _data("enabled", enabled),
            "CA10__notificationChannelsJson__c": _data("notificationChannels", json_list),
        },
        named="displayName",
    ),
    TypeRow(
        "CA10__CaGoogleMonitoringCondition__c",
        "cai.monitoring.googleapis.com/AlertPolicy",
        "{^.id}/conditions/{key}",
        {
            "Name": FieldSource("displayName"),
            "CA10__thresholdFilter__c": FieldSource("conditionThreshold.filter", text, optional=True, within="^"),
            "CA10__matchedLogFilter__c": FieldSource("conditionMatchedLog.filter", text, optional=True, within="^"),
            "CA10__logMetric__c": FieldSource("", log_metric),
            "CA10__alertPolicy__c": FieldSource("^.id"),
            **_INSIDE,
        },
        inside=conditions,
    ),
)

_NETWORK: Final = (
    _row(
        "DnsManagedZone",
        "dns.googleapis.com/ManagedZone",
        {
            "CA10__visibility__c": _data("visibility"),
            "CA10__dnssecConfigurationState__c": _data("dnssecConfig.state", otherwise="off", within=""),
            "CA10__keySigningAlgorithm__c": _data("dnssecConfig.defaultKeySpecs", json_list),
        },
    ),
    _row(
        "DnsPolicy",
        "dns.googleapis.com/Policy",
        {"CA10__enableLogging__c": _false("enableLogging"), "CA10__networksJson__c": _data("networks", ids_of_networks)},
    ),
    _row(
        "GceNetwork",
        "compute.googleapis.com/Network",
        {
            "CA10__autoCreateSubnetworks__c": _null("autoCreateSubnetworks", boolean),
            "CA10__legacyRange__c": _null("IPv4Range"),
            "CA10__dnsPoliciesJson__c": FieldSource("policies", dns_policies, "dnsPolicies"),
        },
        "dnsPolicies",
    ),
    _row(
        "GceSubnetwork",
        "compute.googleapis.com/Subnetwork",
        {
            "CA10__purpose__c": _data("purpose"),
            "CA10__enableFlowLogs__c": _data("enableFlowLogs", boolean, also="logConfig.enable"),
            "CA10__logConfigJson__c": _null("logConfig", json_object),
            "CA10__gceNetwork__c": _data("network", id_of_url),
        },
    ),
    _row(
        "GceFirewall",
        "compute.googleapis.com/Firewall",
        {
            "CA10__direction__c": _data("direction"),
            "CA10__disabled__c": _false("disabled"),
            # A rule for tags or service accounts needs no ranges.
            "CA10__sourceRanges__c": _data(
                "sourceRanges", json_list, otherwise=_NONE, within="sourceTags", also_within="sourceServiceAccounts"
            ),
            "CA10__sourceTags__c": _data("sourceTags", json_list, otherwise=_NONE),
            "CA10__sourceServiceAccounts__c": _data("sourceServiceAccounts", json_list, otherwise=_NONE),
            # A rule without targets is for all instances.
            "CA10__targetTags__c": _null("targetTags", json_list),
            "CA10__targetServiceAccounts__c": _null("targetServiceAccounts", json_list),
            "CA10__allowedJson__c": _data(
                "allowed", traffic, optional=True, within="denied", also="alloweds", also_within="denieds"
            ),
            "CA10__deniedJson__c": _data(
                "denied", traffic, optional=True, within="allowed", also="denieds", also_within="alloweds"
            ),
            "CA10__priority__c": _data("priority", number),
            "CA10__gceNetwork__c": _data("network", id_of_url),
        },
    ),
    _row(
        "GceFirewallPolicy",
        "compute.googleapis.com/FirewallPolicy",
        {"CA10__rulesJson__c": _data("rules", json_list), "CA10__associationsJson__c": _data("associations", json_list)},
    ),
    _row(
        "GceSslPolicy",
        "compute.googleapis.com/SslPolicy",
        {
            "CA10__profile__c": _data("profile"),
            "CA10__minTlsVersion__c": _data("minTlsVersion"),
            "CA10__customFeatures__c": _data("customFeatures", json_list),
        },
    ),
    _row(
        "GceTargetProxy",
        "compute.googleapis.com/TargetHttpsProxy",
        {"CA10__sslPolicy__c": _null("sslPolicy", id_of_url), "CA10__urlMap__c": _null("urlMap")},
    ),
    _row(
        "GceBackendService",
        "compute.googleapis.com/BackendService",
        {
            "CA10__protocol__c": _data("protocol"),
            "CA10__loadBalancingScheme__c": _data("loadBalancingScheme"),
            "CA10__logEnabled__c": _false("logConfig.enable", within=""),
            "CA10__iapEnabled__c": _false("iap.enabled", within=""),
        },
    ),
)

_COMPUTE: Final = (
    _row(
        "GceInstance",
        "compute.googleapis.com/Instance",
        {
            # An instance without labels is judged as one that nobody made for a cluster.
            "CA10__labels__c": _data("labels", json_object, otherwise="{}"),
            "CA10__status__c": _data("status"),
            "CA10__canIpForward__c": _false("canIpForward"),
            "CA10__metadataJson__c": _data("metadata.items", metadata, otherwise=_NONE),
            "CA10__shieldedJson__c": _null("shieldedInstanceConfig", json_object),
            "CA10__confidential__c": _false("confidentialInstanceConfig.enableConfidentialCompute", within=""),
            "CA10__confidentialType__c": _null("confidentialInstanceConfig.confidentialInstanceType"),
            "CA10__accessConfigsJson__c": _data("networkInterfaces", of_interfaces("accessConfigs")),
            "CA10__ipv6AccessConfigsJson__c": _data("networkInterfaces", of_interfaces("ipv6AccessConfigs")),
            "CA10__networkInterfacesJson__c": _data("networkInterfaces", interfaces_by_id),
            "CA10__tags__c": _data("tags.items", json_list, otherwise=_NONE),
            "CA10__serviceAccountEmails__c": _data("serviceAccounts", account_emails, otherwise=_NONE),
            "CA10__disksEncryptionJson__c": _data("disks", disk_keys),
            "CA10__reachedPortsJson__c": FieldSource("ports", json_list, "firewalls"),
            "CA10__openingFirewallPoliciesJson__c": FieldSource("policies", json_list, "firewalls"),
        },
        "firewalls",
    ),
    TypeRow(
        "CA10__CaGoogleGceInstanceServiceAccountLink__c",
        "cai.compute.googleapis.com/Instance",
        "{^.id}/serviceAccounts/{email}",
        {
            "CA10__iamServiceAccountEmail__c": FieldSource("email"),
            "CA10__scopes__c": FieldSource("scopes", lines),
            "CA10__gceInstance__c": FieldSource("^.id"),
            **_INSIDE,
        },
        inside=service_accounts,
    ),
    TypeRow(
        "CA10__CaGoogleOsInventory__c",
        "cai.osInventory",
        "{id}/osInventory",
        {
            "CA10__items__c": FieldSource("osInventory.items", json_object),
            "CA10__updateTime__c": FieldSource("osInventory.updateTime", moment),
            **_OWNED,
        },
    ),
    _row(
        "GceDisk",
        "compute.googleapis.com/Disk",
        {"CA10__encryptionKeyJson__c": _null("diskEncryptionKey", customer_key), "CA10__users__c": _data("users", json_list)},
    ),
    _row("GceImage", "compute.googleapis.com/Image", _PUBLIC, "policy"),
    _row("GceSnapshot", "compute.googleapis.com/Snapshot", _PUBLIC, "policy"),
    _row(
        "GkeCluster",
        "container.googleapis.com/Cluster",
        {
            "CA10__privateNodes__c": _data(
                "privateClusterConfig.enablePrivateNodes",
                boolean,
                otherwise=False,
                also="networkConfig.defaultEnablePrivateNodes",
            ),
            "CA10__legacyAbac__c": _false("legacyAbac.enabled"),
            "CA10__workloadPool__c": _null("workloadIdentityConfig.workloadPool"),
            "CA10__nodeServiceAccounts__c": _data("nodePools", node_accounts),
            "CA10__autopilot__c": _false("autopilot.enabled", within=""),
        },
    ),
    _row(
        "ArtifactRepository",
        "artifactregistry.googleapis.com/Repository",
        {
            "CA10__format__c": _data("format"),
            "CA10__vulnerabilityScanning__c": _data("vulnerabilityScanningConfig.enablementState"),
            **_PUBLIC,
        },
        "policy",
    ),
    _row(
        "Function",
        "cloudfunctions.googleapis.com/Function",
        {
            "CA10__secretEnvironment__c": _data("serviceConfig.secretEnvironmentVariables", secret_variables, otherwise=_NONE),
            "CA10__environment__c": _data("environment"),
            "CA10__ingressSettings__c": _data("serviceConfig.ingressSettings"),
            "CA10__vpcConnector__c": _data("serviceConfig.vpcConnector", optional=True),
            **_PUBLIC,
        },
        "policy",
    ),
    TypeRow(
        "CA10__CaGoogleAppEngineApplication__c",
        "cai.appengine.googleapis.com/Version",
        "{id}",
        {"Name": _data("name"), "CA10__handlersJson__c": _data("handlers", handlers), **_OWNED},
    ),
)

_STORAGE: Final = (
    _row(
        "StorageBucket",
        "storage.googleapis.com/Bucket",
        {
            "CA10__uniformAccess__c": _false("iamConfiguration.uniformBucketLevelAccess.enabled", within="iamConfiguration"),
            "CA10__publicAccessPrevention__c": _data("iamConfiguration.publicAccessPrevention"),
            "CA10__retentionSeconds__c": _null("retentionPolicy.retentionPeriod", number),
            "CA10__retentionLocked__c": _false("retentionPolicy.isLocked", within=""),
            "CA10__aclJson__c": _data("acl", json_list),
            "CA10__versioning__c": _false("versioning.enabled", within=""),
            "CA10__defaultKmsKey__c": _null("encryption.defaultKmsKeyName"),
            **_PUBLIC,
        },
        "policy",
    ),
    _row(
        "SqlInstance",
        "sqladmin.googleapis.com/Instance",
        {
            "CA10__databaseVersion__c": _data("databaseVersion"),
            "CA10__instanceType__c": _data("instanceType"),
            "CA10__databaseFlagsJson__c": _data("settings.databaseFlags", json_list, otherwise=_NONE),
            "CA10__sslMode__c": _null("settings.ipConfiguration.sslMode", within="settings.ipConfiguration.requireSsl"),
            "CA10__requireSsl__c": _null("settings.ipConfiguration.requireSsl", boolean, "settings.ipConfiguration.sslMode"),
            "CA10__authorizedNetworksJson__c": _data("settings.ipConfiguration.authorizedNetworks", json_list, otherwise=_NONE),
            "CA10__ipv4Enabled__c": _data("settings.ipConfiguration.ipv4Enabled", boolean),
            "CA10__ipAddressesJson__c": _data("ipAddresses", json_list),
            "CA10__backupEnabled__c": _false("settings.backupConfiguration.enabled", within="settings"),
            "CA10__deletionProtection__c": _false("settings.deletionProtectionEnabled"),
            "CA10__kmsKey__c": _null("diskEncryptionConfiguration.kmsKeyName"),
        },
    ),
    _row(
        "BigQueryDataset",
        "bigquery.googleapis.com/Dataset",
        {
            "CA10__accessJson__c": _data("access", json_list),
            "CA10__defaultKmsKey__c": _null("defaultEncryptionConfiguration.kmsKeyName"),
            **_PUBLIC,
        },
        "policy",
        named="id",
    ),
    _row(
        "BigQueryTable",
        "bigquery.googleapis.com/Table",
        {
            "CA10__type__c": _data("type"),
            "CA10__kmsKey__c": FieldSource(
                "encryptionConfiguration.kmsKeyName", text, "bigquery.table", optional=True, within="id"
            ),
        },
        "bigquery.table",
        named="id",
    ),
    TypeRow(
        "CA10__CaGoogleDataprocCluster__c",
        "cai.dataproc.googleapis.com/Cluster",
        "{id}",
        {
            "Name": _data("clusterName"),
            "CA10__kmsKey__c": _data("config.encryptionConfig.gcePdKmsKeyName", optional=True, within="config"),
            **_OWNED,
        },
    ),
)

ALL_TYPES: Final = (*_ORGANIZATION, *_IAM, *_LOGGING, *_NETWORK, *_COMPUTE, *_STORAGE)
"""All types. Those of accounts are first."""
