"""Tables of EFS file systems and EKS clusters."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.organization import ORGANIZATION_DETAILS, ORGANIZATION_FACTS
from perpend.collectors.aws.services.workloads.common_fields import PLACE
from perpend.core.values.tags import TAGS_FIELD

_CALLS: Final = (
    CloudCall("efs.file-systems", "efs", "DescribeFileSystems", "elasticfilesystem:DescribeFileSystems", "FileSystems"),
    CloudCall(
        "efs.policy",
        "efs",
        "DescribeFileSystemPolicy",
        "elasticfilesystem:DescribeFileSystemPolicy",
        parameters={"FileSystemId": "@FileSystemId"},
        facts={"PolicyNotFound": {}},
        gone=("FileSystemNotFound",),
        holds="Policy",
        resource=("FileSystemId", "{FileSystemId}"),
    ),
    CloudCall(
        "efs.backup-policy",
        "efs",
        "DescribeBackupPolicy",
        "elasticfilesystem:DescribeBackupPolicy",
        parameters={"FileSystemId": "@FileSystemId"},
        facts={"PolicyNotFound": {}},
        gone=("FileSystemNotFound",),
        holds="BackupPolicy.Status",
    ),
    CloudCall("eks.clusters", "eks", "ListClusters", "eks:ListClusters", "clusters"),
    CloudCall(
        "eks.cluster",
        "eks",
        "DescribeCluster",
        "eks:DescribeCluster",
        parameters={"name": "@value"},
        gone=("ResourceNotFoundException",),
        holds="cluster.status",
        resource=("cluster.name", "{value}"),
    ),
)

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsEfsFileSystem__c",
        "efs.file-systems",
        "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{FileSystemId}",
        {
            **PLACE,
            "CA10__arn__c": FieldSource("arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{FileSystemId}"),
            "CA10__fileSystemId__c": FieldSource("FileSystemId"),
            "Name": FieldSource("Name", optional=True),
            "CA10__lifeCycleState__c": FieldSource("LifeCycleState"),
            "CA10__encrypted__c": FieldSource("Encrypted"),
            "CA10__kmsKeyId__c": FieldSource("KmsKeyId", optional=True),
            "CA10__availabilityZoneName__c": FieldSource("AvailabilityZoneName", optional=True),
            "CA10__policyDocument__c": FieldSource("Policy", "json_document", "efs.policy", optional=True),
            "CA10__policyDocumentExt__c": FieldSource(
                "Policy", "extended_resource", "efs.policy", optional=True, after=ORGANIZATION_FACTS
            ),
            "CA10__backupPolicyStatus__c": FieldSource("BackupPolicy.Status", call="efs.backup-policy", optional=True),
        },
        details=(
            *ORGANIZATION_DETAILS,
            DetailCall("efs.policy"),
            DetailCall("efs.backup-policy"),
        ),
        owner="OwnerId",
        tags="Tags",
    ),
    TypeRow(
        "CA10A1__CaAwsEksCluster__c",
        "eks.clusters",
        "arn:{partition}:eks:{region}:{account}:cluster/{value}",
        {
            "CA10A1__account__c": FieldSource("{account}"),
            "CA10A1__regionName__c": FieldSource("{region}"),
            "CA10A1__arn__c": FieldSource("arn:{partition}:eks:{region}:{account}:cluster/{value}"),
            "CA10A1__clusterName__c": FieldSource("value"),
            "CA10A1__status__c": FieldSource("cluster.status", call="eks.cluster"),
            "CA10A1__version__c": FieldSource("cluster.version", call="eks.cluster"),
            "CA10A1__platformVersion__c": FieldSource("cluster.platformVersion", call="eks.cluster", optional=True),
            "CA10A1__endpointPublicAccess__c": FieldSource(
                "cluster.resourcesVpcConfig.endpointPublicAccess", call="eks.cluster"
            ),
            "CA10A1__publicAccessCidrs__c": FieldSource(
                "cluster.resourcesVpcConfig.publicAccessCidrs", "sorted_lines", "eks.cluster", optional=True
            ),
            "CA10A1__endpointPrivateAccess__c": FieldSource(
                "cluster.resourcesVpcConfig.endpointPrivateAccess", call="eks.cluster"
            ),
            "CA10A1__encryptionConfigJson__c": FieldSource(
                "cluster.encryptionConfig", "lower_camel_json", "eks.cluster", optional=True
            ),
            "CA10A1__loggingJson__c": FieldSource("cluster.logging", "json_text", "eks.cluster", optional=True),
            "CA10A1__roleArn__c": FieldSource("cluster.roleArn", call="eks.cluster", optional=True),
            "CA10A1__deletionProtection__c": FieldSource("cluster.deletionProtection", call="eks.cluster", optional=True),
            TAGS_FIELD: FieldSource("cluster.tags", "tags", "eks.cluster"),
        },
        details=(DetailCall("eks.cluster"),),
    ),
)

TABLE: Final = ServiceTable(
    _CALLS,
    _TYPES,
    unserved={"CA10A1__CaAwsEksCluster__c.CA10A1__breezeLastUpdate__c": "an agent of a vendor reports it, not AWS"},
)
