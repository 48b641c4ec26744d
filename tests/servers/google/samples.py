"""One object of each asset type of the double's inventory, in the form of its API, as a secure project might have it."""

from __future__ import annotations

from typing import Any, Final

from tests.servers.google.double import ORGANIZATION, REGION, Google

PROJECT: Final = "web-prod-1"
OF_ORGANIZATION: Final = frozenset(
    (
        "compute.googleapis.com/FirewallPolicy",
        "essentialcontacts.googleapis.com/Contact",
        "identity.accesscontextmanager.googleapis.com/ServicePerimeter",
    )
)
"""The asset types whose objects belong to the organization."""

_COMPUTE: Final = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"
_NETWORK: Final = f"{_COMPUTE}/global/networks/thing-1"
_KEY: Final = f"projects/{PROJECT}/locations/{REGION}/keyRings/around-1/cryptoKeys/thing-1"
_ACCOUNT: Final = f"robot@{PROJECT}.iam.gserviceaccount.com"
_FILTER: Final = 'protoPayload.methodName="SetIamPolicy"'
_METRIC: Final = f'metric.type="logging.googleapis.com/user/thing-1" AND resource.type="global" AND project="{PROJECT}"'

SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "apikeys.googleapis.com/Key": {
        "name": "projects/700000000001/locations/global/keys/thing-1",
        "displayName": "Maps",
        "createTime": "2026-10-01T10:00:00Z",
        "restrictions": {
            "apiTargets": [{"service": "maps-backend.googleapis.com"}],
            "browserKeyRestrictions": {"allowedReferrers": ["www.shop.example/*"]},
        },
    },
    "appengine.googleapis.com/Version": {
        "name": f"apps/{PROJECT}/services/default/versions/thing-1",
        "handlers": [{"urlRegex": "/.*", "securityLevel": "SECURE_ALWAYS"}],
    },
    "artifactregistry.googleapis.com/Repository": {
        "name": f"projects/{PROJECT}/locations/{REGION}/repositories/thing-1",
        "format": "DOCKER",
        "vulnerabilityScanningConfig": {"enablementState": "SCANNING_ACTIVE"},
    },
    "bigquery.googleapis.com/Dataset": {
        "id": f"{PROJECT}:thing-1",
        "access": [{"role": "OWNER", "specialGroup": "projectOwners"}],
        "defaultEncryptionConfiguration": {"kmsKeyName": _KEY},
    },
    "bigquery.googleapis.com/Table": {
        "id": f"{PROJECT}:around-1.thing-1",
        "tableReference": {"projectId": PROJECT, "datasetId": "around-1", "tableId": "thing-1"},
        "type": "TABLE",
        "encryptionConfiguration": {"kmsKeyName": _KEY},
    },
    "cloudfunctions.googleapis.com/Function": {
        "name": f"projects/{PROJECT}/locations/{REGION}/functions/thing-1",
        "serviceConfig": {"ingressSettings": "ALLOW_INTERNAL_ONLY", "vpcConnector": "connector-1"},
    },
    "cloudkms.googleapis.com/CryptoKey": {
        "name": _KEY,
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": "7776000s",
        "nextRotationTime": "2027-01-01T00:00:00.123456789Z",
        "primary": {"state": "ENABLED", "createTime": "2026-10-01T10:00:00Z"},
    },
    "compute.googleapis.com/BackendService": {"name": "thing-1", "protocol": "HTTPS", "logConfig": {"enable": True}},
    "compute.googleapis.com/Disk": {"name": "thing-1", "diskEncryptionKey": {"kmsKeyName": _KEY}, "users": []},
    "compute.googleapis.com/Firewall": {
        "name": "thing-1",
        "network": _NETWORK,
        "direction": "INGRESS",
        "priority": 1000,
        "sourceRanges": ["10.0.0.0/8"],
        "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}],
        "targetTags": ["ssh"],
        "disabled": False,
    },
    "compute.googleapis.com/FirewallPolicy": {
        "name": "thing-1",
        "rules": [{"priority": 1000, "action": "deny", "direction": "INGRESS", "match": {"srcIpRanges": ["0.0.0.0/0"]}}],
        "associations": [{"attachmentTarget": ORGANIZATION, "name": "all"}],
    },
    "compute.googleapis.com/Image": {"name": "thing-1", "sourceType": "RAW"},
    "compute.googleapis.com/Instance": {
        "name": "thing-1",
        "status": "RUNNING",
        "canIpForward": False,
        "tags": {"items": ["web"]},
        "metadata": {"items": [{"key": "block-project-ssh-keys", "value": "true"}]},
        "networkInterfaces": [{"network": _NETWORK, "subnetwork": f"{_COMPUTE}/regions/{REGION}/subnetworks/thing-1"}],
        "serviceAccounts": [{"email": _ACCOUNT, "scopes": ["https://www.googleapis.com/auth/logging.write"]}],
        "shieldedInstanceConfig": {"enableVtpm": True, "enableIntegrityMonitoring": True, "enableSecureBoot": True},
        "confidentialInstanceConfig": {"enableConfidentialCompute": True},
        "disks": [
            {"boot": True, "source": f"{_COMPUTE}/zones/{REGION}-b/disks/thing-1", "diskEncryptionKey": {"kmsKeyName": _KEY}}
        ],
        "labels": {"team": "web"},
    },
    "compute.googleapis.com/Network": {
        "name": "thing-1",
        "autoCreateSubnetworks": False,
        "subnetworks": [f"{_COMPUTE}/regions/{REGION}/subnetworks/thing-1"],
    },
    "compute.googleapis.com/Project": {
        "name": PROJECT,
        "commonInstanceMetadata": {"items": [{"key": "enable-oslogin", "value": "TRUE"}]},
    },
    "compute.googleapis.com/RegionBackendService": {"name": "thing-1", "protocol": "HTTP", "logConfig": {"enable": True}},
    "compute.googleapis.com/Snapshot": {"name": "thing-1", "diskSizeGb": "10"},
    "compute.googleapis.com/SslPolicy": {"name": "thing-1", "profile": "RESTRICTED", "minTlsVersion": "TLS_1_2"},
    "compute.googleapis.com/Subnetwork": {
        "name": "thing-1",
        "network": _NETWORK,
        "privateIpGoogleAccess": True,
        "purpose": "PRIVATE",
        "logConfig": {
            "enable": True,
            "aggregationInterval": "INTERVAL_5_SEC",
            "flowSampling": 1.0,
            "metadata": "INCLUDE_ALL_METADATA",
        },
    },
    "compute.googleapis.com/TargetHttpsProxy": {"name": "thing-1", "sslPolicy": f"{_COMPUTE}/global/sslPolicies/thing-1"},
    "compute.googleapis.com/TargetSslProxy": {"name": "thing-1", "sslPolicy": f"{_COMPUTE}/global/sslPolicies/thing-1"},
    "container.googleapis.com/Cluster": {
        "name": "thing-1",
        "privateClusterConfig": {"enablePrivateNodes": True},
        "legacyAbac": {"enabled": False},
        "workloadIdentityConfig": {"workloadPool": f"{PROJECT}.svc.id.goog"},
        "nodePools": [{"name": "pool-1", "config": {"serviceAccount": _ACCOUNT}}],
    },
    "dataproc.googleapis.com/Cluster": {
        "clusterName": "thing-1",
        "config": {"encryptionConfig": {"gcePdKmsKeyName": _KEY}},
    },
    "dns.googleapis.com/ManagedZone": {
        "name": "thing-1",
        "visibility": "public",
        "dnssecConfig": {"state": "on", "defaultKeySpecs": [{"keyType": "keySigning", "algorithm": "ecdsap256sha256"}]},
    },
    "dns.googleapis.com/Policy": {"name": "thing-1", "enableLogging": True, "networks": [{"networkUrl": _NETWORK}]},
    "essentialcontacts.googleapis.com/Contact": {
        "name": f"{ORGANIZATION}/contacts/thing-1",
        "email": "security@shop.example",
        "notificationCategorySubscriptions": ["SECURITY"],
        "languageTag": "en",
        "validationState": "VALID",
    },
    "iam.googleapis.com/Role": {
        "name": f"projects/{PROJECT}/roles/thing-1",
        "includedPermissions": ["storage.objects.get"],
        "stage": "GA",
    },
    "iam.googleapis.com/ServiceAccount": {
        "name": f"projects/{PROJECT}/serviceAccounts/{_ACCOUNT}",
        "email": _ACCOUNT,
        "projectId": PROJECT,
        "uniqueId": "thing-1",
    },
    "iam.googleapis.com/ServiceAccountKey": {
        "name": f"projects/{PROJECT}/serviceAccounts/{_ACCOUNT}/keys/thing-1",
        "keyType": "SYSTEM_MANAGED",
        "keyOrigin": "GOOGLE_PROVIDED",
        "validAfterTime": "2026-11-20T10:00:00Z",
        "validBeforeTime": "2026-12-20T10:00:00Z",
    },
    "iam.googleapis.com/WorkloadIdentityPoolProvider": {
        "name": "projects/700000000001/locations/global/workloadIdentityPools/around-1/providers/thing-1",
        "attributeCondition": "assertion.repository_owner=='shop'",
        "state": "ACTIVE",
        "disabled": False,
    },
    "identity.accesscontextmanager.googleapis.com/ServicePerimeter": {
        "name": "accessPolicies/around-1/servicePerimeters/thing-1",
        "title": "Data",
        "status": {"resources": ["projects/700000000001"], "restrictedServices": ["storage.googleapis.com"]},
    },
    "logging.googleapis.com/LogBucket": {
        "name": "projects/700000000001/locations/global/buckets/thing-1",
        "retentionDays": 400,
        "locked": True,
    },
    "logging.googleapis.com/LogMetric": {"name": "thing-1", "filter": _FILTER, "disabled": False},
    "logging.googleapis.com/LogSink": {"name": "thing-1", "destination": "storage.googleapis.com/logs-1", "filter": ""},
    "monitoring.googleapis.com/AlertPolicy": {
        "name": f"projects/{PROJECT}/alertPolicies/thing-1",
        "displayName": "Policies change",
        "enabled": True,
        "conditions": [{"name": "1", "displayName": "any", "conditionThreshold": {"filter": _METRIC}}],
        "notificationChannels": [f"projects/{PROJECT}/notificationChannels/1"],
    },
    "secretmanager.googleapis.com/Secret": {
        "name": "projects/700000000001/secrets/thing-1",
        "rotation": {"nextRotationTime": "2027-01-01T00:00:00Z", "rotationPeriod": "7776000s"},
    },
    "sqladmin.googleapis.com/Instance": {
        "name": "thing-1",
        "databaseVersion": "POSTGRES_16",
        "instanceType": "CLOUD_SQL_INSTANCE",
        "settings": {
            "databaseFlags": [{"name": "log_connections", "value": "on"}],
            "ipConfiguration": {"sslMode": "ENCRYPTED_ONLY", "ipv4Enabled": False, "authorizedNetworks": []},
            "backupConfiguration": {"enabled": True},
        },
        "ipAddresses": [{"type": "PRIVATE", "ipAddress": "10.0.0.3"}],
    },
    "storage.googleapis.com/Bucket": {
        "name": "thing-1",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"},
        "retentionPolicy": {"retentionPeriod": "31536000", "isLocked": True},
        "versioning": {"enabled": True},
        "encryption": {"defaultKmsKeyName": _KEY},
    },
}
"""The data of one object by asset type, without those of organizations, folders and projects, which the double makes."""


def plant_samples(google: Google, project: str = PROJECT, name: str = "thing-1") -> dict[str, str]:
    """Plant one object of each asset type, and return their names by type. The project and the organization have to be there."""
    return {
        asset_type: google.plant(asset_type, ORGANIZATION if asset_type in OF_ORGANIZATION else project, data, name)
        for asset_type, data in SAMPLES.items()
    }
