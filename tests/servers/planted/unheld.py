"""Faults that moto cannot hold: what is tried, and why nothing comes of it. A run sees to it that nothing does."""

from __future__ import annotations

from typing import NamedTuple

from tests.servers.planted import machines, services, storage, watching
from tests.servers.planted.account import ACCOUNT, HOME, Account, subnets
from tests.servers.planted.faults import Fault, another, calls

_MFA = {"VersioningConfiguration": {"Status": "Enabled", "MFADelete": "Enabled"}, "MFA": "1 123456"}


class Unheld(NamedTuple):
    """A fault that is planted, or mended, in vain, and why."""

    fault: Fault
    why: str


def paravirtual(aws: Account) -> str:
    """An instance of an image of the old kind."""
    old = {"Name": "old", "RootDeviceName": "/dev/sda1", "VirtualizationType": "paravirtual"}
    made = aws.client("ec2").register_image(**old)["ImageId"]
    return machines.started(aws, "old", ImageId=made)


def shared(aws: Account) -> str:
    """A snapshot that everybody may make a volume of."""
    found = machines.snapshot(machines.PLAIN, "shared copy")(aws)
    given = {"Attribute": "createVolumePermission", "OperationType": "add", "GroupNames": ["all"]}
    aws.client("ec2").modify_snapshot_attribute(SnapshotId=aws.ids["shared copy"], **given)
    return found


def kept(aws: Account) -> None:
    given = {"Attribute": "createVolumePermission", "OperationType": "remove", "GroupNames": ["all"]}
    aws.client("ec2").modify_snapshot_attribute(SnapshotId=aws.ids["shared copy"], **given)


def domain_inside(aws: Account) -> str:
    """A domain in a network."""
    given = {"VPCOptions": {"SubnetIds": subnets(aws)[:1], "SecurityGroupIds": ["sg-1"]}}
    return services.domain("inside", **given)(aws)


def recorder(_: Account) -> str:
    """A recorder, which is not there before it is mended: none fails."""
    return f"{ACCOUNT}/{HOME}/default"


UNHELD = (
    Unheld(
        Fault("s3/bucket-mfa-delete", storage.bare, calls("s3", "put_bucket_versioning", Bucket="bare", **_MFA)),
        "GetBucketVersioning keeps no MFADelete",
    ),
    Unheld(
        Fault(
            "cloudtrail/trail-bucket-mfa-delete", watching.trail, calls("s3", "put_bucket_versioning", Bucket="trail", **_MFA)
        ),
        "GetBucketVersioning keeps no MFADelete",
    ),
    Unheld(
        Fault("ebs/snapshot-publicly-restorable", shared, kept),
        "DescribeSnapshots does not mind RestorableByUserIds, so all snapshots look public",
    ),
    Unheld(
        Fault("ec2/instance-paravirtual", paravirtual, another(machines.bare)),
        "DescribeInstances leaves VirtualizationType out",
    ),
    Unheld(
        Fault(
            "eks/cluster-deletion-protection",
            services.cluster("loose", public=False, deletionProtection=False),
            another(services.cluster("fast", public=False, deletionProtection=True)),
        ),
        "DescribeCluster leaves deletionProtection out",
    ),
    Unheld(
        Fault("opensearch/domain-outside-vpc", services.SEARCH, another(domain_inside)),
        "DescribeDomain says subnets, and no VPCId",
    ),
    Unheld(
        Fault("opensearch/domain-service-software-outdated", services.SEARCH, another(services.SOUND)),
        "DescribeDomain says of all domains that no update is available",
    ),
    Unheld(
        Fault(
            "apigateway/stage-client-certificate",
            services.stage,
            services.patched("/clientCertificateId", "abc123"),
        ),
        "UpdateStage keeps no clientCertificateId",
    ),
    Unheld(
        Fault(
            "sns/subscription-not-confirmed",
            services.subscribed("email", "nobody@shop.example"),
            another(services.OVER_TLS),
        ),
        "Subscribe confirms all subscriptions",
    ),
    Unheld(
        Fault("config/recorder-delivery-fails", recorder, watching.recorded),
        "the last status of all recorders is PENDING, which the proxy makes SUCCESS",
    ),
)
