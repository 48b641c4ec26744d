"""The calls to Google Cloud: listings of Cloud Asset Inventory, and calls for facts that it lacks. Imports no SDK.

All are GET requests. A listing shows the assets of one type below an organization, a folder or a project, at one moment.
"""

from __future__ import annotations

from typing import Final

from perpend.collectors.rest.rows import Fact, RestCall

_INVENTORY: Final = "https://cloudasset.googleapis.com/v1/{account}/assets"
_PERMISSIONS: Final = {
    "RESOURCE": "listResource",
    "IAM_POLICY": "listIamPolicy",
    "ORG_POLICY": "listOrgPolicy",
    "OS_INVENTORY": "listOSInventories",
}

ASSET_TYPES: Final = (
    "cloudresourcemanager.googleapis.com/Project",
    "cloudresourcemanager.googleapis.com/Folder",
    "cloudresourcemanager.googleapis.com/Organization",
    "apikeys.googleapis.com/Key",
    "appengine.googleapis.com/Version",
    "artifactregistry.googleapis.com/Repository",
    "bigquery.googleapis.com/Dataset",
    "bigquery.googleapis.com/Table",
    "cloudfunctions.googleapis.com/Function",
    "cloudkms.googleapis.com/CryptoKey",
    "compute.googleapis.com/BackendService",
    "compute.googleapis.com/Disk",
    "compute.googleapis.com/Firewall",
    "compute.googleapis.com/FirewallPolicy",
    "compute.googleapis.com/Image",
    "compute.googleapis.com/Instance",
    "compute.googleapis.com/Network",
    "compute.googleapis.com/Project",
    "compute.googleapis.com/Snapshot",
    "compute.googleapis.com/SslPolicy",
    "compute.googleapis.com/Subnetwork",
    "compute.googleapis.com/TargetHttpsProxy",
    "container.googleapis.com/Cluster",
    "dataproc.googleapis.com/Cluster",
    "dns.googleapis.com/ManagedZone",
    "dns.googleapis.com/Policy",
    "essentialcontacts.googleapis.com/Contact",
    "iam.googleapis.com/Role",
    "iam.googleapis.com/ServiceAccount",
    "iam.googleapis.com/ServiceAccountKey",
    "iam.googleapis.com/WorkloadIdentityPoolProvider",
    "identity.accesscontextmanager.googleapis.com/ServicePerimeter",
    "logging.googleapis.com/LogMetric",
    "logging.googleapis.com/LogSink",
    "monitoring.googleapis.com/AlertPolicy",
    "secretmanager.googleapis.com/Secret",
    "sqladmin.googleapis.com/Instance",
    "storage.googleapis.com/Bucket",
)
"""The asset types that are listed, by exact names: the inventory refuses a name that it does not have."""

ALSO: Final = {
    "compute.googleapis.com/BackendService": "compute.googleapis.com/RegionBackendService",
    "compute.googleapis.com/TargetHttpsProxy": "compute.googleapis.com/TargetSslProxy",
}
"""Asset types with a second one that is listed with them, because its objects are of the same type here."""


def _assets(name: str, content: str, asset_type: str = "") -> RestCall:
    """Return a listing of the inventory. A page without assets leaves out their list, but has its time."""
    also = f"?assetTypes={ALSO[asset_type]}" if asset_type in ALSO else ""
    return RestCall(
        f"cai.{name}",
        "Cloud Asset",
        "assets.list",
        _INVENTORY + also,
        f"cloudasset.assets.{_PERMISSIONS[content]}",
        {"contentType": content, "pageSize": "1000", **({"assetTypes": asset_type} if asset_type else {})},
        items="assets",
        next_token=("nextPageToken", "pageToken"),
        empty_with="readTime",
    )


ALL_CALLS: Final = (
    *(_assets(asset_type, "RESOURCE", asset_type) for asset_type in ASSET_TYPES),
    _assets("iam", "IAM_POLICY"),
    _assets("orgPolicy", "ORG_POLICY"),
    _assets("osInventory", "OS_INVENTORY"),
    RestCall(
        "usage.services",
        "Service Usage",
        "services.list",
        "https://serviceusage.googleapis.com/v1/projects/{project}/services",
        "serviceusage.services.list",
        {"filter": "state:ENABLED", "pageSize": "200"},
        items="services",
        next_token=("nextPageToken", "pageToken"),
    ),
    RestCall(
        "approval.settings",
        "Access Approval",
        "projects.getAccessApprovalSettings",
        "https://accessapproval.googleapis.com/v1/projects/{project}/accessApprovalSettings",
        "accessapproval.settings.get",
        # The API is off in the project, or the project has no settings. It is in the inventory, so it is there. An answer names
        # the services of ancestors. The code is another one if the API is off in the project that requests are counted for.
        facts=dict.fromkeys(("SERVICE_DISABLED", "NOT_FOUND"), Fact({"enrolledServices": []})),
    ),
    RestCall(
        "contacts.compute",
        "Essential Contacts",
        "organizations.contacts.compute",
        "https://essentialcontacts.googleapis.com/v1/{id}/contacts:compute",
        "essentialcontacts.contacts.list",
        {"notificationCategories": "ALL", "pageSize": "100"},
        next_token=("nextPageToken", "pageToken"),
    ),
    RestCall(
        "bigquery.table",
        "BigQuery",
        "tables.get",
        "https://bigquery.googleapis.com/bigquery/v2/projects/{resource.data.tableReference.projectId}"
        "/datasets/{resource.data.tableReference.datasetId}/tables/{resource.data.tableReference.tableId}",
        "bigquery.tables.get",
        unless="resource.data.encryptionConfiguration",
        gone=("notFound", "NOT_FOUND"),
    ),
    RestCall(
        "directory.users",
        "Directory",
        "users.list",
        "https://admin.googleapis.com/admin/directory/v1/users",
        # A role of the directory shows people, no permission of Google Cloud.
        None,
        {"customer": "my_customer", "maxResults": "500"},
        items="users",
        next_token=("nextPageToken", "pageToken"),
        empty_with="kind",
        only_with="--directory",
    ),
)
"""All calls: listings of the inventory first, then the calls to other services."""
