"""Faults of policies over what answers say that were read before them: a thing by its call, and a call that mends it."""

from __future__ import annotations

import json

from tests.servers.planted.account import ACCOUNT, EC2, FOREIGN, HOME, Account, Thing, certificate, document, key, subnets, vpc
from tests.servers.planted.databases import MY, changed
from tests.servers.planted.faults import Fault, RemediationPlan, another, calls
from tests.servers.planted.fields import answered, classic_encrypted, created_listener, secure_listener, setting
from tests.servers.planted.machines import attribute, classic, group, old_way, started
from tests.servers.planted.networks import ANY4, port
from tests.servers.planted.networks import group as security_group
from tests.servers.planted.services import SEARCH, created_function, domain, function
from tests.servers.planted.storage import bare, bucket
from tests.servers.planted.watching import account, trail

_PUBLIC = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_ENDPOINTS = {
    "ec2": "ec2",
    "ecr-api": "ecr.api",
    "ecr-registry": "ecr.dkr",
    "systems-manager": "ssm",
    "incident-contacts": "ssm-contacts",
    "incident-manager": "ssm-incidents",
}
"""The names of services as policies and as endpoints spell them."""


def interface(aws: Account) -> str:
    """A network interface of nothing, which passes on what is not for it."""
    ec2 = aws.client("ec2")
    made = ec2.create_network_interface(SubnetId=subnets(aws)[0])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=made, SourceDestCheck={"Value": False})
    aws.ids["interface"] = made
    return f"{EC2}network-interface/{made}"


def checked(aws: Account) -> None:
    given = {"NetworkInterfaceId": aws.ids["interface"], "SourceDestCheck": {"Value": True}}
    aws.client("ec2").modify_network_interface_attribute(**given)


def attached(aws: Account) -> None:
    started(aws, "with interfaces")
    given = {"NetworkInterfaceId": aws.ids["interface"], "InstanceId": aws.ids["with interfaces"]}
    aws.client("ec2").attach_network_interface(**given, DeviceIndex=1)


def key_of_regions(*, several: bool) -> Thing:
    """Return a key that other regions may have, or not."""
    return lambda aws: str(aws.client("kms").create_key(MultiRegion=several)["KeyMetadata"]["Arn"])


def told(member: str, error: str) -> tuple[Thing, RemediationPlan]:
    """Return a trail with an error of its last delivery, and what takes the error back."""

    def put(aws: Account, text: str) -> None:
        def correction(content: bytes) -> bytes:
            return json.dumps({**json.loads(content), **({member: text} if text else {})}).encode()

        aws.correct("GetTrailStatus", member, correction)

    def thing(aws: Account) -> str:
        put(aws, error)
        return aws.there(trail)

    return thing, lambda aws: put(aws, "")


def rule(name: str, **of_range: str) -> Thing:
    """Return a rule of a security group."""
    permission = port(443, {"IpRanges": [{**ANY4["IpRanges"][0], **of_range}]})

    def thing(aws: Account) -> str:
        of_group = aws.there(security_group(name, permission)).rpartition("/")[2]
        found = aws.client("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [of_group]}])
        inbound = next(one for one in found["SecurityGroupRules"] if not one["IsEgress"])
        return f"{EC2}security-group-rule/{inbound['SecurityGroupRuleId']}"

    return thing


def endpoint(aws: Account) -> str:
    """An endpoint in one zone, for a service that no policy asks for."""
    ec2, where = aws.client("ec2"), subnets(aws)
    given = {"VpcId": aws.ids["vpc"], "ServiceName": f"com.amazonaws.{HOME}.sqs", "VpcEndpointType": "Interface"}
    made = ec2.create_vpc_endpoint(**given, SubnetIds=where[:1])["VpcEndpoint"]["VpcEndpointId"]
    aws.ids["endpoint"] = made
    return f"{EC2}vpc-endpoint/{made}"


def traced(aws: Account) -> str:
    """A function that is traced."""
    return created_function(aws, "traced", TracingConfig={"Mode": "Active"})


def two_zones(aws: Account) -> None:
    aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=aws.ids["endpoint"], AddSubnetIds=subnets(aws)[1:])


def with_endpoint(service: str) -> RemediationPlan:
    """Return what gives the network an endpoint for a service."""

    def mend(aws: Account) -> None:
        given = {"ServiceName": f"com.amazonaws.{HOME}.{service}", "VpcEndpointType": "Interface"}
        aws.client("ec2").create_vpc_endpoint(VpcId=aws.ids["vpc"], **given, SubnetIds=subnets(aws))

    return mend


def answering_listener(aws: Account) -> str:
    """A listener that answers HTTP itself."""
    return created_listener(aws, "answering", Protocol="HTTP", Port=8081)


def redirecting(aws: Account) -> None:
    actions = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]
    aws.client("elbv2").modify_listener(ListenerArn=aws.ids["answering"], DefaultActions=actions)


def uploaded(aws: Account) -> str:
    """A listener of the classic balancer with a certificate that was uploaded to IAM."""
    body, private = certificate(300)
    given = {"CertificateBody": body.decode(), "PrivateKey": private.decode()}
    made = aws.client("iam").upload_server_certificate(ServerCertificateName="uploaded", **given)
    return secure_listener(aws, 8443, made["ServerCertificateMetadata"]["Arn"])


def shared_bucket(aws: Account) -> str:
    """A bucket that another account may do everything with."""
    aws.client("s3").create_bucket(Bucket="shared")
    shared_with(aws, FOREIGN)
    return "arn:aws:s3:::shared"


def shared_with(aws: Account, owner: str) -> None:
    policy = document("s3:*", ["arn:aws:s3:::shared", "arn:aws:s3:::shared/*"], {"AWS": f"arn:aws:iam::{owner}:root"})
    aws.client("s3").put_bucket_policy(Bucket="shared", Policy=policy)


def kept_bucket(aws: Account) -> None:
    shared_with(aws, ACCOUNT)


def keyed_bucket(aws: Account) -> str:
    """A bucket that asks KMS for each object."""
    aws.client("s3").create_bucket(Bucket="keyed")
    with_bucket_key(aws, on=False)
    return "arn:aws:s3:::keyed"


def with_bucket_key(aws: Account, *, on: bool = True) -> None:
    how = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": aws.there(key)}}
    rules = {"Rules": [{**how, "BucketKeyEnabled": on}]}
    aws.client("s3").put_bucket_encryption(Bucket="keyed", ServerSideEncryptionConfiguration=rules)


_PAUSED = group("paused")


def paused(aws: Account) -> str:
    """A group of instances that starts none."""
    arn = aws.there(_PAUSED)
    aws.client("autoscaling").suspend_processes(AutoScalingGroupName="paused", ScalingProcesses=["Launch"])
    return arn


def closed_account(aws: Account) -> None:
    settings = dict.fromkeys(_PUBLIC, True)
    aws.client("s3control").put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=settings)


_TOKENS = "<httpTokens>{}</httpTokens>"
_DEFAULTS = setting("GetInstanceMetadataDefaults", "accountLevel", _TOKENS.format("optional"), _TOKENS.format("required"))
_FUNCTION, _QUEUE = '"FunctionName": "{name}"', '"DeadLetterConfig": {{"TargetArn": "{value}"}}'
_FAILED = answered("ListFunctions", _FUNCTION, f"{_FUNCTION}, {_QUEUE}", "", f"arn:aws:sqs:{HOME}:{ACCOUNT}:failed", function)
_UPDATED = domain("updated", SoftwareUpdateOptions={"AutoSoftwareUpdateEnabled": True})
_GOVERNED = domain("governed", ClusterConfig={"DedicatedMasterEnabled": True, "DedicatedMasterCount": 3})
_ACCESS_LOG = old_way(AccessLog={"Enabled": True, "S3BucketName": "logs", "EmitInterval": 60})
_BLOCKED = bucket("put_public_access_block", PublicAccessBlockConfiguration=dict.fromkeys(_PUBLIC, True))

FAULTS = (
    Fault("account/imdsv2-by-default", *_DEFAULTS, helped="the setting of the region"),
    Fault("account/s3-block-public-access", account, closed_account),
    Fault(
        "autoscaling/group-suspended-processes",
        paused,
        calls("autoscaling", "resume_processes", AutoScalingGroupName="paused", ScalingProcesses=["Launch"]),
    ),
    Fault("cloudtrail/trail-delivery-fails", *told("LatestDeliveryError", "NoSuchBucket"), helped="the error"),
    Fault(
        "cloudtrail/trail-log-group-delivery-fails",
        *told("LatestCloudWatchLogsDeliveryError", "AccessDenied"),
        helped="the error",
    ),
    Fault("ec2/network-interface-source-destination-check", interface, checked),
    Fault("ec2/network-interface-unattached", interface, attached),
    Fault("ec2/security-group-rule-description", rule("unsaid"), another(rule("said", Description="planted"))),
    Fault("elb/classic-listener-acm-certificate", uploaded, another(classic_encrypted)),
    Fault("elb/classic-load-balancer-access-logs", classic, _ACCESS_LOG),
    Fault("elb/listener-http-redirect", answering_listener, redirecting),
    Fault("elb/load-balancer-access-logs", *attribute("access_logs.s3.enabled", "true", "false")),
    Fault("elb/load-balancer-waf-fail-open", *attribute("waf.fail_open.enabled", "false", "true")),
    Fault("kms/key-multi-region", key_of_regions(several=True), another(key_of_regions(several=False))),
    Fault("lambda/function-dead-letter-queue", *_FAILED, helped="the queue of a function"),
    Fault("lambda/function-tracing", function, another(traced)),
    Fault("opensearch/domain-automatic-software-updates", SEARCH, another(_UPDATED)),
    Fault("opensearch/domain-master-nodes", SEARCH, another(_GOVERNED)),
    Fault("rds/cluster-backup-retention", MY, changed(BackupRetentionPeriod=7)),
    Fault("s3/bucket-key", keyed_bucket, with_bucket_key),
    Fault("s3/bucket-own-block-public-access", bare, _BLOCKED),
    Fault("s3/bucket-policy-grants-foreign-accounts-administration", shared_bucket, kept_bucket),
    Fault("s3/bucket-policy-open-to-foreign-accounts", shared_bucket, kept_bucket),
    Fault("vpc/endpoint-multi-az", endpoint, two_zones),
    *(Fault(f"vpc/endpoint-for-{name}", vpc, with_endpoint(service)) for name, service in _ENDPOINTS.items()),
)
