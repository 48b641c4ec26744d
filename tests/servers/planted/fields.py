"""Faults of policies over one field: settings of regions, alarms, listeners, routes and others."""

from __future__ import annotations

import re

from tests.servers.answers import QueryResult
from tests.servers.planted.account import ACCOUNT, EC2, HOME, ZONES, Account, Thing, certificate, image, role, subnets, vpc
from tests.servers.planted.databases import DW, cluster, orders
from tests.servers.planted.faults import Fault, RemediationPlan, another, calls
from tests.servers.planted.machines import NARROW, PLAIN, classic, started
from tests.servers.planted.networks import public_subnet
from tests.servers.planted.services import APPS, KEPT

_REGION = f"{ACCOUNT}/{HOME}"
_FAR = "10.77.0.0/16"


def setting(operation: str, member: str, fault: str, fixed: str) -> tuple[Thing, RemediationPlan]:
    """Return a region with a setting that the server does not know, and what gives it another value."""

    def answer(aws: Account, value: str) -> None:
        space = "http://ec2.amazonaws.com/doc/2016-11-15/"
        text = f'<{operation}Response xmlns="{space}"><{member}>{value}</{member}></{operation}Response>'
        aws.recorded[operation] = QueryResult(200, "text/xml", text.encode())

    def thing(aws: Account) -> str:
        answer(aws, fault)
        return _REGION

    return thing, lambda aws: answer(aws, fixed)


def answered(operation: str, before: str, after: str, fault: str, fixed: str, of: Thing) -> tuple[Thing, RemediationPlan]:
    """Return a thing of which the server's answer lacks a fact, and what gives the fact another value.

    ``before`` is a part of the answer, ``after`` what replaces it; ``{name}`` is the name of the thing, ``{value}`` the value.
    """

    def answer(aws: Account, value: str) -> None:
        name = re.split("[:/]", aws.there(of))[-1]
        aws.mended[operation] = (before.format(name=name).encode(), after.format(name=name, value=value).encode())

    def thing(aws: Account) -> str:
        answer(aws, fault)
        return aws.there(of)

    return thing, lambda aws: answer(aws, fixed)


def alarm(aws: Account) -> str:
    """An alarm on a metric of AWS that tells nobody, and whose actions are off. No filter counts into the metric."""
    aws.client("cloudwatch").put_metric_alarm(AlarmName="silent", ActionsEnabled=False, **_METRIC)
    return f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:silent"


_METRIC = {
    "MetricName": "CPUUtilization",
    "Namespace": "AWS/EC2",
    "Statistic": "Sum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}


def loud(aws: Account) -> None:
    topic = f"arn:aws:sns:{HOME}:{ACCOUNT}:alarms"
    aws.client("cloudwatch").put_metric_alarm(AlarmName="silent", ActionsEnabled=True, AlarmActions=[topic], **_METRIC)


GRAPH = cluster("graph", "neptune", MasterUsername="owner", BackupRetentionPeriod=1)
_GRAPH = {"DBClusterIdentifier": "graph", "BackupRetentionPeriod": 7, "ApplyImmediately": True}


def documents(aws: Account) -> str:
    """A cluster of DocumentDB, which the server knows as one of Neptune only; so is each whose name begins alike."""
    arn = cluster("papers", "neptune", MasterUsername="owner", BackupRetentionPeriod=1)(aws)
    part = rb"(<DBCluster>(?:(?!</DBCluster>).)*)</DBCluster>"

    def engine(match: re.Match[bytes]) -> bytes:
        if b":cluster:papers" not in match[0]:
            return match[0]
        return match[0].replace(b"<Engine>neptune</Engine>", b"<Engine>docdb</Engine>")

    aws.mended["DescribeDBClusters"] = lambda content: re.sub(part, engine, content, flags=re.DOTALL)
    return arn


_PAPERS = {**_GRAPH, "DBClusterIdentifier": "papers"}


_LOGGED = {"MasterUsername": "owner", "EnableCloudwatchLogsExports": ["audit"]}
GRAPH_LOGGED, PAPERS_LOGGED = cluster("graph-logged", "neptune", **_LOGGED), cluster("papers-logged", "neptune", **_LOGGED)


def public_cluster(name: str, cidr: str) -> Thing:
    """Return a cluster whose endpoint is open to a range of addresses."""

    def thing(aws: Account) -> str:
        network = {"subnetIds": subnets(aws), "endpointPublicAccess": True, "publicAccessCidrs": [cidr]}
        aws.client("eks").create_cluster(name=name, roleArn=aws.there(role), resourcesVpcConfig=network)
        return f"arn:aws:eks:{HOME}:{ACCOUNT}:cluster/{name}"

    return thing


OPEN, OFFICES = public_cluster("open", "0.0.0.0/0"), public_cluster("offices", "198.51.100.0/24")


def current_volume(aws: Account) -> str:
    """A volume of a current type."""
    made = aws.client("ec2").create_volume(AvailabilityZone=ZONES[0], Size=8, VolumeType="gp3")["VolumeId"]
    return f"{EC2}volume/{made}"


def address(aws: Account) -> str:
    """An address that nothing has."""
    aws.ids["address"] = aws.client("ec2").allocate_address(Domain="vpc")["AllocationId"]
    return f"{EC2}elastic-ip/{aws.ids['address']}"


def associated(aws: Account) -> None:
    started(aws, "addressed")
    aws.client("ec2").associate_address(AllocationId=aws.ids["address"], InstanceId=aws.ids["addressed"])


def far_reaching(aws: Account) -> str:
    """An instance whose metadata go far."""
    options = {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 5}
    return started(aws, "far", MetadataOptions=options)


def near(aws: Account) -> None:
    aws.client("ec2").modify_instance_metadata_options(
        InstanceId=aws.ids["far"], HttpEndpoint="enabled", HttpPutResponseHopLimit=1
    )


def created_listener(aws: Account, name: str, **given: object) -> str:
    """Return the ARN of a new listener of an application load balancer."""
    reply = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    made = aws.client("elbv2").create_listener(LoadBalancerArn=aws.there(NARROW), DefaultActions=reply, **given)
    aws.ids[name] = made["Listeners"][0]["ListenerArn"]
    return aws.ids[name]


def listener(aws: Account) -> str:
    """A listener in clear text."""
    return created_listener(aws, "listener", Protocol="HTTP", Port=8080)


def old_listener(aws: Account) -> str:
    """A listener that takes old versions of TLS."""
    certificates = [{"CertificateArn": aws.there(server_certificate)}]
    old = "ELBSecurityPolicy-2016-08"
    return created_listener(aws, "old listener", Protocol="HTTPS", Port=8443, Certificates=certificates, SslPolicy=old)


def new_policy(aws: Account) -> None:
    new = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    aws.client("elbv2").modify_listener(ListenerArn=aws.ids["old listener"], SslPolicy=new)


def server_certificate(aws: Account) -> str:
    """A certificate for listeners."""
    body, private = certificate(300)
    arn: str = aws.client("acm").import_certificate(Certificate=body, PrivateKey=private)["CertificateArn"]
    return arn


def encrypted(aws: Account) -> None:
    given = {"Protocol": "HTTPS", "Port": 443, "Certificates": [{"CertificateArn": aws.there(server_certificate)}]}
    aws.client("elbv2").modify_listener(ListenerArn=aws.ids["listener"], **given)


def classic_listener(aws: Account) -> str:
    """A listener of a classic balancer, beside one of another balancer: both are of one type."""
    aws.there(listener)
    return f"{aws.there(classic)}|80"


def classic_encrypted(aws: Account) -> str:
    """A second listener of the classic balancer, with TLS."""
    return secure_listener(aws, 443, aws.there(server_certificate))


def secure_listener(aws: Account, number: int, certificate_arn: str) -> str:
    """Return a listener of the classic balancer with TLS on a port."""
    aws.there(classic)
    how = {"Protocol": "HTTPS", "InstanceProtocol": "HTTP", "InstancePort": 80, "SSLCertificateId": certificate_arn}
    listeners = [{**how, "LoadBalancerPort": number}]
    aws.client("elb").create_load_balancer_listeners(LoadBalancerName="classic", Listeners=listeners)
    return f"{aws.there(classic)}|{number}"


def failing_log(aws: Account) -> str:
    """A flow log of a subnet, to a log group that is not there."""
    return _flow_log(aws, LogGroupName="nowhere", DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/app")


def working_log(aws: Account) -> str:
    """A flow log of a subnet, to a bucket."""
    aws.client("s3").create_bucket(Bucket="flows")
    return _flow_log(aws, LogDestinationType="s3", LogDestination="arn:aws:s3:::flows")


def _flow_log(aws: Account, **given: str) -> str:
    made = aws.client("ec2").create_flow_logs(ResourceIds=[subnets(aws)[0]], ResourceType="Subnet", TrafficType="ALL", **given)
    return f"{EC2}vpc-flow-log/{made['FlowLogIds'][0]}"


def blackhole(aws: Account) -> str:
    """A route whose target is gone."""
    aws.there(vpc)
    ec2 = aws.client("ec2")
    other = ec2.create_vpc(CidrBlock=_FAR)["Vpc"]["VpcId"]
    peering = ec2.create_vpc_peering_connection(VpcId=aws.ids["vpc"], PeerVpcId=other)["VpcPeeringConnection"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    table = ec2.create_route_table(VpcId=aws.ids["vpc"])["RouteTable"]["RouteTableId"]
    route = {"DestinationCidrBlock": _FAR, "VpcPeeringConnectionId": peering["VpcPeeringConnectionId"]}
    ec2.create_route(RouteTableId=table, **route)
    state = rb"(<destinationCidrBlock>10\.77\.0\.0/16</destinationCidrBlock>(?:(?!</item>).)*<state>)active"
    aws.mended["DescribeRouteTables"] = lambda content: re.sub(state, rb"\1blackhole", content, flags=re.DOTALL)
    return f"{EC2}route-table/{table}|{_FAR}"


def replaced(aws: Account) -> None:
    del aws.mended["DescribeRouteTables"]


def ipv6_subnet(aws: Account) -> str:
    """A subnet that gives addresses of IPv6."""
    aws.there(public_subnet)
    ec2 = aws.client("ec2")
    made = ec2.create_subnet(VpcId=aws.ids["vpc"], CidrBlock="10.0.9.0/24", AvailabilityZone=ZONES[0])["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=made, AssignIpv6AddressOnCreation={"Value": True})
    aws.ids["ipv6"] = made
    return f"{EC2}subnet/{made}"


def no_ipv6(aws: Account) -> None:
    aws.client("ec2").modify_subnet_attribute(SubnetId=aws.ids["ipv6"], AssignIpv6AddressOnCreation={"Value": False})


_SHARED = setting("GetSnapshotBlockPublicAccessState", "state", "unblocked", "block-all-sharing")
_IMAGES = setting("GetImageBlockPublicAccessState", "imageBlockPublicAccessState", "unblocked", "block-new-sharing")
_CONSOLE = setting("GetSerialConsoleAccessStatus", "serialConsoleAccessEnabled", "true", "false")
_CA = "<CACertificateIdentifier>{value}</CACertificateIdentifier>"
_DEFAULT = _CA.format(value="rds-ca-default")
_AUTHORITY = answered("DescribeDBInstances", _DEFAULT, _CA, "rds-ca-2019", "rds-ca-rsa2048-g1", orders)
_CLUSTER, _ZONES = "<ClusterIdentifier>{name}</ClusterIdentifier>", "<MultiAZ>{value}</MultiAZ>"
_NODES = answered("DescribeClusters", _CLUSTER, _CLUSTER + _ZONES, "Disabled", "Enabled", DW)
_IMAGE, _SUPPORT = "<imageId>{name}</imageId>", "<imdsSupport>{value}</imdsSupport>"
_IMDS = answered("DescribeImages", _IMAGE, _IMAGE + _SUPPORT, "", "v2.0", image)

FAULTS = (
    Fault("account/ebs-snapshot-block-public-access", *_SHARED, helped="the setting of the region"),
    Fault("account/image-block-public-access", *_IMAGES, helped="the setting of the region"),
    Fault("account/serial-console-access", *_CONSOLE, helped="the setting of the region"),
    Fault("cloudwatch/alarm-actions-enabled", alarm, loud),
    Fault("cloudwatch/alarm-without-action", alarm, loud),
    Fault("documentdb/cluster-backup-retention", documents, calls("rds", "modify_db_cluster", **_PAPERS), helped="the engine"),
    Fault("neptune/cluster-backup-retention", GRAPH, calls("rds", "modify_db_cluster", **_GRAPH)),
    Fault("documentdb/cluster-audit-log-exports", documents, another(PAPERS_LOGGED), helped="the engine"),
    Fault("neptune/cluster-audit-log-exports", GRAPH, another(GRAPH_LOGGED)),
    Fault("ebs/volume-previous-generation-type", PLAIN, another(current_volume)),
    Fault("ec2/elastic-ip-unused", address, associated),
    Fault("ec2/image-without-imdsv2", *_IMDS, helped="the setting of the image"),
    Fault("ec2/instance-metadata-hop-limit", far_reaching, near),
    Fault("eks/cluster-private-endpoint", APPS, another(KEPT)),
    Fault("eks/cluster-public-endpoint-open-to-everybody", OPEN, another(OFFICES)),
    Fault("elb/listener-tls-policy", old_listener, new_policy),
    Fault("elb/listener-encryption", listener, encrypted),
    Fault("elb/classic-listener-encryption", classic_listener, another(classic_encrypted)),
    Fault("rds/instance-ca-certificate", *_AUTHORITY, helped="the authority of the certificate"),
    Fault("redshift/cluster-multi-az", *_NODES, helped="whether the cluster has several zones"),
    Fault("vpc/flow-log-delivery-fails", failing_log, another(working_log)),
    Fault("vpc/route-blackhole", blackhole, replaced, helped="the state of the route"),
    Fault("vpc/subnet-auto-assign-ipv6", ipv6_subnet, no_ipv6),
)
