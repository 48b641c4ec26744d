"""Google Cloud: an account is a project, whose key is its id and never its number, or a folder or organization."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from perpend.core.clouds.cloud import Cloud

_PROJECT: Final = "[a-z][a-z0-9-]{4,28}[a-z0-9]"
_REGION: Final = "[a-z]+(?:-[a-z]+)*[0-9]*"
_ABOVE: Final = "(?:organizations|folders)/[0-9]+"
_PREFIX: Final = "^//[a-z0-9.-]+/"

_RESOURCE_TYPES: Final = {
    "CA10G1__CaGoogleApiKey__c": "apikeys.googleapis.com/Key",
    "CA10__CaGoogleAppEngineApplication__c": "appengine.googleapis.com/Version",
    "CA10__CaGoogleArtifactRepository__c": "artifactregistry.googleapis.com/Repository",
    "CA10__CaGoogleBigQueryDataset__c": "bigquery.googleapis.com/Dataset",
    "CA10__CaGoogleBigQueryTable__c": "bigquery.googleapis.com/Table",
    "CA10__CaGoogleCloudKmsCryptoKey__c": "cloudkms.googleapis.com/CryptoKey",
    "CA10__CaGoogleDataprocCluster__c": "dataproc.googleapis.com/Cluster",
    "CA10__CaGoogleDnsManagedZone__c": "dns.googleapis.com/ManagedZone",
    "CA10__CaGoogleDnsPolicy__c": "dns.googleapis.com/Policy",
    "CA10__CaGoogleEssentialContact__c": "essentialcontacts.googleapis.com/Contact",
    "CA10__CaGoogleFunction__c": "cloudfunctions.googleapis.com/Function",
    "CA10__CaGoogleGceBackendService__c": "compute.googleapis.com/BackendService",
    "CA10__CaGoogleGceDisk__c": "compute.googleapis.com/Disk",
    "CA10__CaGoogleGceFirewallPolicy__c": "compute.googleapis.com/FirewallPolicy",
    "CA10__CaGoogleGceFirewall__c": "compute.googleapis.com/Firewall",
    "CA10__CaGoogleGceImage__c": "compute.googleapis.com/Image",
    "CA10__CaGoogleGceInstance__c": "compute.googleapis.com/Instance",
    "CA10__CaGoogleGceNetwork__c": "compute.googleapis.com/Network",
    "CA10__CaGoogleGceSnapshot__c": "compute.googleapis.com/Snapshot",
    "CA10__CaGoogleGceSslPolicy__c": "compute.googleapis.com/SslPolicy",
    "CA10__CaGoogleGceSubnetwork__c": "compute.googleapis.com/Subnetwork",
    "CA10__CaGoogleGceTargetProxy__c": "compute.googleapis.com/TargetHttpsProxy",
    "CA10__CaGoogleGkeCluster__c": "container.googleapis.com/Cluster",
    "CA10__CaGoogleIamRole__c": "iam.googleapis.com/Role",
    "CA10__CaGoogleIamServiceAccountKey__c": "iam.googleapis.com/ServiceAccountKey",
    "CA10__CaGoogleIamServiceAccount__c": "iam.googleapis.com/ServiceAccount",
    "CA10__CaGoogleIamWorkloadIdentityPoolProvider__c": "iam.googleapis.com/WorkloadIdentityPoolProvider",
    "CA10__CaGoogleLoggingLogMetric__c": "logging.googleapis.com/LogMetric",
    "CA10__CaGoogleLoggingSink__c": "logging.googleapis.com/LogSink",
    "CA10__CaGoogleMonitoringAlertPolicy__c": "monitoring.googleapis.com/AlertPolicy",
    "CA10__CaGoogleProject__c": "cloudresourcemanager.googleapis.com/Project",
    "CA10__CaGoogleResourceManagerOrganization__c": "cloudresourcemanager.googleapis.com/Organization",
    "CA10__CaGoogleSecret__c": "secretmanager.googleapis.com/Secret",
    "CA10__CaGoogleServicePerimeter__c": "identity.accesscontextmanager.googleapis.com/ServicePerimeter",
    "CA10__CaGoogleSqlInstance__c": "sqladmin.googleapis.com/Instance",
    "CA10__CaGoogleStorageBucket__c": "storage.googleapis.com/Bucket",
}

GOOGLE: Final = Cloud(
    name="google",
    title="Google",
    provider="GCP",
    types="CA10(?:[A-Z][0-9])?__CaGoogle[A-Za-z0-9]+__c",
    account_types=("CA10__CaGoogleProject__c", "CA10__CaGoogleResourceManagerOrganization__c"),
    account=f"{_PROJECT}|{_ABOVE}",
    account_words="a project id such as web-prod-1",
    account_example="web-prod-1",
    account_groups="(?:organizations|folders)/[0-9]+",
    region=_REGION,
    region_fields=("location", "region", "region name"),
    accounts_of_id=(f"{_PREFIX}projects/({_PROJECT})(?:/|$)", f"{_PREFIX}({_ABOVE})(?:/|$)"),
    regions_of_id=(
        f"{_PREFIX}projects/[^/]+/(?:locations|regions)/({_REGION})(?:/|$)",
        f"{_PREFIX}projects/[^/]+/zones/({_REGION})-[a-z](?:/|$)",
    ),
    kinds_of_id=MappingProxyType(
        {"resource": f"{_PREFIX}(?:projects|organizations|folders)/", "account": f"^(?:{_PROJECT}|{_ABOVE})$"}
    ),
    resource_types=MappingProxyType(_RESOURCE_TYPES),
    credentials=("gcloud", "config", "get", "project"),
    collector="perpend.collectors.google",
)
"""Google Cloud. Ids are full resource names, with the ids of projects; that of a project or an organization is its key."""
