"""Tables of EC2: instances and their metrics, volumes, snapshots, machine images."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import WHOLE, CloudCall, DetailCall, FieldSource, Metric, ServiceTable, TypeRow
from perpend.collectors.aws.services.workloads.common_fields import EC2, PLACE


def _measured(name: str, metric: str, statistic: str) -> DetailCall:
    return DetailCall(name, metric=Metric("AWS/EC2", metric, statistic, "InstanceId", "InstanceId"))


_CPU: Final = _measured("cloudwatch.instance-cpu", "CPUUtilization", "Average")
_RECEIVED: Final = _measured("cloudwatch.instance-network-in", "NetworkIn", "Sum")
_SENT: Final = _measured("cloudwatch.instance-network-out", "NetworkOut", "Sum")

_CALLS: Final = (
    CloudCall(
        "ec2.instances", "ec2", "DescribeInstances", "ec2:DescribeInstances", "Reservations", parameters={"MaxResults": 1000}
    ),
    CloudCall("ec2.volumes", "ec2", "DescribeVolumes", "ec2:DescribeVolumes", "Volumes", parameters={"MaxResults": 500}),
    CloudCall(
        "ec2.snapshots",
        "ec2",
        "DescribeSnapshots",
        "ec2:DescribeSnapshots",
        "Snapshots",
        parameters={"OwnerIds": ["self"], "MaxResults": 1000},
    ),
    CloudCall(
        "ec2.public-snapshots",
        "ec2",
        "DescribeSnapshots",
        "ec2:DescribeSnapshots",
        "Snapshots",
        parameters={"OwnerIds": ["self"], "RestorableByUserIds": ["all"], "MaxResults": 1000},
    ),
    CloudCall(
        "ec2.images",
        "ec2",
        "DescribeImages",
        "ec2:DescribeImages",
        "Images",
        parameters={"Owners": ["self"], "IncludeDeprecated": True, "IncludeDisabled": True},
    ),
    *(
        CloudCall(metric.call, "cloudwatch", "GetMetricData", "cloudwatch:GetMetricData", "MetricDataResults")
        for metric in (_CPU, _RECEIVED, _SENT)
    ),
)

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsInstance__c",
        "ec2.instances",
        EC2 + "instance/{InstanceId}",
        {
            **PLACE,
            "CA10__arn__c": FieldSource(EC2 + "instance/{InstanceId}"),
            "Name": FieldSource("Tags", "name_tag", optional=True),
            "CA10__instanceId__c": FieldSource("InstanceId"),
            "CA10__instanceType__c": FieldSource("InstanceType"),
            "CA10__imageId__c": FieldSource("ImageId"),
            "CA10__stateName__c": FieldSource("State.Name"),
            "CA10__stateTransitionReason__c": FieldSource("StateTransitionReason", optional=True),
            "CA10__stateTransitionTime__c": FieldSource("StateTransitionReason", "transition_time", optional=True),
            "CA10__launchTime__c": FieldSource("LaunchTime", "time"),
            "CA10__monitoringState__c": FieldSource("Monitoring.State"),
            "CA10__metadataState__c": FieldSource("MetadataOptions.State"),
            "CA10__metadataHttpTokens__c": FieldSource("MetadataOptions.HttpTokens"),
            "CA10__metadataHttpEndpoint__c": FieldSource("MetadataOptions.HttpEndpoint", optional=True),
            "CA10__metadataHttpPutResponseHopLimit__c": FieldSource("MetadataOptions.HttpPutResponseHopLimit", optional=True),
            "CA10__iamInstanceProfileArn__c": FieldSource("IamInstanceProfile.Arn", optional=True),
            "CA10__publicIpAddress__c": FieldSource("PublicIpAddress", optional=True),
            "CA10__ipv6Address__c": FieldSource("Ipv6Address", optional=True),
            "CA10__privateIpAddress__c": FieldSource("PrivateIpAddress", optional=True),
            "CA10__subnetId__c": FieldSource("SubnetId", optional=True),
            "CA10__vpcSubnet__c": FieldSource(EC2 + "subnet/{SubnetId}", optional=True),
            "CA10__vpc__c": FieldSource(EC2 + "vpc/{VpcId}", optional=True),
            "CA10__virtualizationType__c": FieldSource("VirtualizationType", optional=True),
            "CA10__ebsOptimized__c": FieldSource("EbsOptimized", optional=True),
            "CA10__sourceDestCheck__c": FieldSource("SourceDestCheck", optional=True),
            "CA10__keyName__c": FieldSource("KeyName", optional=True),
            "CA10__networkInterfacesCount__c": FieldSource("NetworkInterfaces", "count", optional=True),
            "CA10__averageCpuOneWeek__c": FieldSource(WHOLE, "week_average", _CPU.call),
            "CA10__sumOneWeekNetworkInMb__c": FieldSource(WHOLE, "week_megabytes", _RECEIVED.call),
            "CA10__sumOneWeekNetworkOutMb__c": FieldSource(WHOLE, "week_megabytes", _SENT.call),
        },
        details=(_CPU, _RECEIVED, _SENT),
        inside="Instances",
        tags="Tags",
    ),
    TypeRow(
        "CA10__CaAwsInstanceSecurityGroupLink__c",
        "ec2.instances",
        EC2 + "instance/{^.^.InstanceId}|{GroupId}",
        {
            **PLACE,
            "CA10__instance__c": FieldSource(EC2 + "instance/{^.^.InstanceId}"),
            "CA10__securityGroup__c": FieldSource(EC2 + "security-group/{GroupId}"),
        },
        inside="Instances.NetworkInterfaces.Groups",
    ),
    TypeRow(
        "CA10__CaAwsVolume__c",
        "ec2.volumes",
        EC2 + "volume/{VolumeId}",
        {
            **PLACE,
            "CA10__arn__c": FieldSource(EC2 + "volume/{VolumeId}"),
            "CA10__volumeId__c": FieldSource("VolumeId"),
            "CA10__state__c": FieldSource("State"),
            "CA10__encrypted__c": FieldSource("Encrypted"),
            "CA10__kmsKeyId__c": FieldSource("KmsKeyId", optional=True),
            "CA10__volumeType__c": FieldSource("VolumeType"),
            "CA10__size__c": FieldSource("Size"),
            "CA10__snapshotId__c": FieldSource("SnapshotId", optional=True),
            "CA10__availabilityZone__c": FieldSource("AvailabilityZone"),
            "CA10__createTime__c": FieldSource("CreateTime", "time"),
        },
        tags="Tags",
    ),
    TypeRow(
        "CA10__CaAwsVolumeAttachment__c",
        "ec2.volumes",
        EC2 + "volume/{^.VolumeId}|{InstanceId}",
        {
            **PLACE,
            "CA10__volume__c": FieldSource(EC2 + "volume/{^.VolumeId}"),
            "CA10__instance__c": FieldSource(EC2 + "instance/{InstanceId}"),
            "CA10__state__c": FieldSource("State"),
            "CA10__deleteOnTermination__c": FieldSource("DeleteOnTermination", optional=True),
        },
        inside="Attachments",
    ),
    TypeRow(
        "CA10__CaAwsEbsSnapshot__c",
        "ec2.snapshots",
        "arn:{partition}:ec2:{region}::snapshot/{SnapshotId}",
        {
            **PLACE,
            "CA10__arn__c": FieldSource("arn:{partition}:ec2:{region}::snapshot/{SnapshotId}"),
            "CA10__snapshotId__c": FieldSource("SnapshotId"),
            "CA10__state__c": FieldSource("State"),
            "CA10__encrypted__c": FieldSource("Encrypted"),
            "CA10__kmsKeyId__c": FieldSource("KmsKeyId", optional=True),
            "CA10__volumeId__c": FieldSource("VolumeId", optional=True),
            "CA10__volumeSize__c": FieldSource("VolumeSize"),
            "CA10__startTime__c": FieldSource("StartTime", "time"),
            "CA10__publiclyRestorable__c": FieldSource("SnapshotId", "is_there", "ec2.public-snapshots"),
        },
        details=(DetailCall("ec2.public-snapshots", matched=("SnapshotId", "SnapshotId"), unmatched={}),),
        owner="OwnerId",
        tags="Tags",
    ),
    TypeRow(
        "CA10__CaAwsImage__c",
        "ec2.images",
        "arn:{partition}:ec2:{region}::image/{ImageId}",
        {
            **PLACE,
            "CA10__arn__c": FieldSource("arn:{partition}:ec2:{region}::image/{ImageId}"),
            "CA10__imageId__c": FieldSource("ImageId"),
            "CA10__imageName__c": FieldSource("Name", optional=True),
            "CA10__state__c": FieldSource("State"),
            "CA10__public__c": FieldSource("Public"),
            "CA10__creationDate__c": FieldSource("CreationDate", "time", optional=True),
            "CA10__deprecationTime__c": FieldSource("DeprecationTime", "time", optional=True),
            "CA10__platformDetails__c": FieldSource("PlatformDetails", optional=True),
            "CA10__imdsSupport__c": FieldSource("ImdsSupport", optional=True),
        },
        owner="OwnerId",
        tags="Tags",
    ),
)

TABLE: Final = ServiceTable(
    _CALLS,
    _TYPES,
    unserved={
        "CA10__CaAwsInstance__c.CA10__breezeLastUpdate__c": "an agent of a vendor reports it, not AWS",
        "CA10__CaAwsInstance__c.RecordTypeId": "record types belong to the database of a vendor, not to AWS",
    },
)
