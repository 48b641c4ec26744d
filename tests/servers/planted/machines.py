"""Faults of instances, volumes, images, groups of instances and load balancers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.planted import networks
from tests.servers.planted.account import ACCOUNT, EC2, HOME, ZONES, Account, Thing, image, role, subnets
from tests.servers.planted.faults import Fault, RemediationPlan, another, calls
from tests.servers.planted.networks import public_subnet

_CLASSIC = f"arn:aws:elasticloadbalancing:{HOME}:{ACCOUNT}:loadbalancer/"


def started(aws: Account, name: str, **given: Any) -> str:
    """Start an instance, and return its Id."""
    aws.there(image)
    if "NetworkInterfaces" not in given:
        given = {"SubnetId": subnets(aws)[0], **given}
    usual = {"ImageId": aws.ids["image"], "MinCount": 1, "MaxCount": 1}
    made = aws.client("ec2").run_instances(**{**usual, **given})["Instances"][0]["InstanceId"]
    aws.ids[name] = made
    return f"{EC2}instance/{made}"


def bare(aws: Account) -> str:
    """An instance that nobody has thought about."""
    return started(aws, "bare", MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled"})


def with_role(aws: Account) -> None:
    aws.there(role)
    iam = aws.client("iam")
    arn = iam.create_instance_profile(InstanceProfileName="app")["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
    profile = {"Arn": arn, "Name": "app"}
    aws.client("ec2").associate_iam_instance_profile(InstanceId=aws.ids["bare"], IamInstanceProfile=profile)


def tokens(aws: Account) -> None:
    aws.client("ec2").modify_instance_metadata_options(InstanceId=aws.ids["bare"], HttpTokens="required")


def watched(aws: Account) -> str:
    """An instance that is watched by the minute."""
    return started(aws, "watched", Monitoring={"Enabled": True})


def two_interfaces(aws: Account) -> str:
    """An instance with two interfaces."""
    each = [{"DeviceIndex": number, "SubnetId": one} for number, one in enumerate(subnets(aws))]
    return started(aws, "two", NetworkInterfaces=each)


def with_address(aws: Account) -> str:
    """An instance with an address on the internet."""
    aws.there(public_subnet)
    return started(aws, "seen", SubnetId=aws.ids["public"])


_SSH = networks.port(22, networks.ANY4)
_EXPOSED_GROUP = networks.group("exposed", _SSH)


def exposed(aws: Account) -> str:
    """An instance that everybody may try to sign in to."""
    aws.there(public_subnet)
    group = aws.there(_EXPOSED_GROUP).rpartition("/")[2]
    aws.correct("DescribeNetworkInterfaces", "addresses", with_public_addresses)
    found = started(aws, "exposed instance", SubnetId=aws.ids["public"], SecurityGroupIds=[group])
    ec2 = aws.client("ec2")
    listed = ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [group]}])["NetworkInterfaces"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, NetworkInterfaceId=listed[0]["NetworkInterfaceId"])
    return found


def with_public_addresses(content: bytes) -> bytes:
    """Put the public address of each interface to its private one, too, and give interfaces an IPv6 address."""
    six = b"<ipv6AddressesSet><item><ipv6Address>2600:1f18::5</ipv6Address></item></ipv6AddressesSet>"
    content = content.replace(b"<ipv6AddressesSet/>", six)
    return re.sub(
        rb"(<association>.*?</association>)(.*?<privateIpAddressesSet>\s*<item>)", rb"\1\2\1", content, flags=re.DOTALL
    )


def without_address(aws: Account) -> str:
    """An instance without such an address in a subnet that leads to the internet."""
    aws.there(public_subnet)
    interface = {"DeviceIndex": 0, "SubnetId": aws.ids["public"], "AssociatePublicIpAddress": False}
    return started(aws, "unseen", NetworkInterfaces=[interface])


def measured(client: Any, instance: str, cpu: float, traffic: float, days: int = 9) -> None:
    """Tell CloudWatch of an instance, for today and days before, its share of processors and its bytes a day each way."""
    now, who = datetime.now(UTC), [{"Name": "InstanceId", "Value": instance}]
    each_day = {"CPUUtilization": cpu, "NetworkIn": traffic, "NetworkOut": traffic}
    told = [
        {"MetricName": name, "Dimensions": who, "Timestamp": now - timedelta(days=number), "Value": value}
        for number in range(days)
        for name, value in each_day.items()
    ]
    client.put_metric_data(Namespace="AWS/EC2", MetricData=told)


def busy(name: str, cpu: float, traffic: float) -> Thing:
    """Return an instance that was as busy as this each day."""

    def thing(aws: Account) -> str:
        found = started(aws, name)
        measured(aws.client("cloudwatch"), aws.ids[name], cpu, traffic)
        return found

    return thing


AT_REST, AT_WORK, STRAINED = busy("at rest", 0.5, 1e5), busy("at work", 40.0, 1e9), busy("strained", 97.0, 1e9)


def stopped(aws: Account) -> str:
    """An instance that is stopped."""
    found = started(aws, "stopped")
    aws.client("ec2").stop_instances(InstanceIds=[aws.ids["stopped"]])
    return found


def stopped_again(aws: Account) -> None:
    ec2, names = aws.client("ec2"), {"InstanceIds": [aws.ids["stopped"]]}
    ec2.start_instances(**names)
    ec2.stop_instances(**names)


def volume(name: str, *, encrypted: bool) -> Thing:
    """Return a volume that no instance has."""

    def thing(aws: Account) -> str:
        made = aws.client("ec2").create_volume(AvailabilityZone=ZONES[0], Size=3, Encrypted=encrypted)["VolumeId"]
        aws.ids[name] = made
        return f"{EC2}volume/{made}"

    return thing


PLAIN, SEALED = volume("plain volume", encrypted=False), volume("sealed volume", encrypted=True)


def fixed(aws: Account) -> None:
    aws.there(bare)
    given = {"VolumeId": aws.ids["plain volume"], "InstanceId": aws.ids["bare"], "Device": "/dev/sdh"}
    aws.client("ec2").attach_volume(**given)


def snapshot(of: Thing, name: str) -> Thing:
    """Return a snapshot of a volume."""

    def thing(aws: Account) -> str:
        made = aws.client("ec2").create_snapshot(VolumeId=aws.there(of).rpartition("/")[2])["SnapshotId"]
        aws.ids[name] = made
        return f"arn:aws:ec2:{HOME}::snapshot/{made}"

    return thing


def public_image(aws: Account) -> str:
    """An image that everybody may start."""
    made = aws.client("ec2").register_image(Name="public", RootDeviceName="/dev/sda1")["ImageId"]
    aws.ids["public image"] = made
    shared = {"LaunchPermission": {"Add": [{"Group": "all"}]}}
    aws.client("ec2").modify_image_attribute(ImageId=made, **shared)
    return f"arn:aws:ec2:{HOME}::image/{made}"


def kept(aws: Account) -> None:
    shared = {"LaunchPermission": {"Remove": [{"Group": "all"}]}}
    aws.client("ec2").modify_image_attribute(ImageId=aws.ids["public image"], **shared)


def classic(aws: Account) -> str:
    """A balancer of the old kind in one zone."""
    listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 80}
    elb = aws.client("elb")
    elb.create_load_balancer(LoadBalancerName="classic", Listeners=[listener], AvailabilityZones=[ZONES[0]])
    mode = [{"Key": "elb.http.desyncmitigationmode", "Value": "monitor"}]
    elb.modify_load_balancer_attributes(LoadBalancerName="classic", LoadBalancerAttributes={"AdditionalAttributes": mode})
    return f"{_CLASSIC}classic"


def old_way(**attributes: object) -> RemediationPlan:
    return calls("elb", "modify_load_balancer_attributes", LoadBalancerName="classic", LoadBalancerAttributes=attributes)


def balancer(name: str, zones: int) -> Thing:
    """Return an application load balancer."""

    def thing(aws: Account) -> str:
        made = aws.client("elbv2").create_load_balancer(Name=name, Subnets=subnets(aws)[:zones])["LoadBalancers"][0]
        aws.ids[name] = made["LoadBalancerArn"]
        return str(made["LoadBalancerArn"])

    return thing


WEB, NARROW, WIDE = balancer("web", 2), balancer("narrow", 1), balancer("wide", 2)


def attribute(name: str, value: str, former: str = "") -> tuple[Thing, RemediationPlan]:
    """Return the balancer, with an attribute as it was before, and what gives it another value."""

    def put(aws: Account, text: str) -> None:
        given = [{"Key": name, "Value": text}]
        aws.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=aws.there(WEB), Attributes=given)

    def thing(aws: Account) -> str:
        if former:
            put(aws, former)
        return aws.there(WEB)

    return thing, lambda aws: put(aws, value)


def group(name: str, *, zones: int = 1, template: bool = False, **given: Any) -> Thing:
    """Return a group of instances."""

    def thing(aws: Account) -> str:
        aws.there(image)
        scaling = aws.client("autoscaling")
        if template:
            what = {"ImageId": aws.ids["image"], "InstanceType": "t3.micro"}
            made = aws.client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=what)["LaunchTemplate"]
            how: dict[str, Any] = {"LaunchTemplate": {"LaunchTemplateId": made["LaunchTemplateId"], "Version": "$Latest"}}
        else:
            how = {"LaunchConfigurationName": name}
            scaling.create_launch_configuration(**how, ImageId=aws.ids["image"], InstanceType="t3.micro")
        where = ",".join(subnets(aws)[:zones])
        usual = {"AutoScalingGroupName": name, "MinSize": 0, "MaxSize": 1, "VPCZoneIdentifier": where}
        scaling.create_auto_scaling_group(**usual, **how, **given)
        listed = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return str(listed[0]["AutoScalingGroupARN"])

    return thing


def balanced(aws: Account) -> str:
    """A group of instances in two zones behind a balancer of one, and one of two."""
    aws.there(classic)
    elb, web = aws.client("elbv2"), aws.there(WEB)
    target = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=aws.ids["vpc"])["TargetGroups"][0][
        "TargetGroupArn"
    ]
    forward = [{"Type": "forward", "TargetGroupArn": target}]
    elb.create_listener(LoadBalancerArn=web, Protocol="HTTP", Port=80, DefaultActions=forward)
    return group("uneven", zones=2, LoadBalancerNames=["classic"], TargetGroupARNs=[target])(aws)


OLD, NEW = group("old"), group("new", zones=2, template=True)
_EVEN = calls("autoscaling", "update_auto_scaling_group", AutoScalingGroupName="uneven", HealthCheckType="ELB")


def same_zones(aws: Account) -> None:
    elb = aws.client("elb")
    elb.enable_availability_zones_for_load_balancer(LoadBalancerName="classic", AvailabilityZones=[ZONES[1]])


FAULTS = (
    Fault("ec2/instance-detailed-monitoring", bare, watched),
    Fault("ec2/instance-iam-role", bare, with_role),
    Fault(
        "ec2/instance-exposed-ports",
        exposed,
        networks.revoked("exposed", _SSH),
        helped="the public address of a private one, and IPv6 addresses",
    ),
    Fault("ec2/instance-idle", AT_REST, another(AT_WORK)),
    Fault("ec2/instance-imdsv2", bare, tokens),
    Fault("ec2/instance-multiple-network-interfaces", two_interfaces, another(bare)),
    Fault("ec2/instance-overutilized", STRAINED, another(AT_WORK)),
    Fault("ec2/instance-public-ip", with_address, another(bare)),
    Fault("ec2/instance-stopped-for-more-than-30-days", stopped, stopped_again, aged=True),
    Fault("ec2/instance-without-public-ip-in-public-subnet", without_address, another(bare)),
    Fault("ec2/image-public", public_image, kept),
    Fault("ebs/volume-encryption", PLAIN, another(SEALED)),
    Fault("ebs/volume-unattached", PLAIN, fixed),
    Fault("ebs/snapshot-encryption", snapshot(PLAIN, "plain copy"), another(snapshot(SEALED, "sealed copy"))),
    Fault(
        "elb/classic-load-balancer-connection-draining", classic, old_way(ConnectionDraining={"Enabled": True, "Timeout": 60})
    ),
    Fault("elb/classic-load-balancer-cross-zone-balancing", classic, old_way(CrossZoneLoadBalancing={"Enabled": True})),
    Fault(
        "elb/classic-load-balancer-desync-mitigation",
        classic,
        old_way(AdditionalAttributes=[{"Key": "elb.http.desyncmitigationmode", "Value": "strictest"}]),
    ),
    Fault("elb/classic-load-balancer-multiple-availability-zones", classic, same_zones),
    Fault("elb/load-balancer-deletion-protection", *attribute("deletion_protection.enabled", "true")),
    Fault("elb/load-balancer-desync-mitigation", *attribute("routing.http.desync_mitigation_mode", "strictest", "monitor")),
    Fault(
        "elb/load-balancer-drop-invalid-headers",
        *attribute("routing.http.drop_invalid_header_fields.enabled", "true", "false"),
    ),
    Fault("elb/load-balancer-multiple-availability-zones", NARROW, another(WIDE)),
    Fault("autoscaling/group-and-load-balancer-inconsistent-azs", balanced, same_zones),
    Fault("autoscaling/group-load-balancer-health-check", balanced, _EVEN),
    Fault("autoscaling/group-launch-template", OLD, another(NEW)),
    Fault("autoscaling/group-multiple-availability-zones", OLD, another(NEW)),
)
