"""Faults of networks: VPCs, subnets, routes, access control lists, security groups."""

from __future__ import annotations

from collections.abc import Mapping

from tests.servers.planted.account import EC2, Account, Thing, log_bucket, subnets, vpc
from tests.servers.planted.faults import Fault, RemediationPlan

ANY4, ANY6 = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}


def logged(aws: Account) -> None:
    aws.there(log_bucket)
    given = {"ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::logs"}
    aws.client("ec2").create_flow_logs(ResourceIds=[aws.ids["vpc"]], **given)


def acl(aws: Account) -> str:
    """A list that nothing uses, and that lets everybody in."""
    aws.there(vpc)
    ec2 = aws.client("ec2")
    name = aws.ids["acl"] = ec2.create_network_acl(VpcId=aws.ids["vpc"])["NetworkAcl"]["NetworkAclId"]
    entry = {"RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(NetworkAclId=name, PortRange={"From": 22, "To": 22}, **entry)
    return f"{EC2}network-acl/{name}"


def closed(aws: Account) -> None:
    aws.client("ec2").delete_network_acl_entry(NetworkAclId=aws.ids["acl"], RuleNumber=100, Egress=False)


def in_use(aws: Account) -> None:
    ec2, wanted = aws.client("ec2"), subnets(aws)[1]
    for one in ec2.describe_network_acls()["NetworkAcls"]:
        for link in one["Associations"]:
            if link["SubnetId"] == wanted:
                given = {"AssociationId": link["NetworkAclAssociationId"], "NetworkAclId": aws.ids["acl"]}
                ec2.replace_network_acl_association(**given)
                return


def peered(aws: Account) -> str:
    """A route table with a route for everything to another network."""
    aws.there(vpc)
    ec2 = aws.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    asked = ec2.create_vpc_peering_connection(VpcId=aws.ids["vpc"], PeerVpcId=other)["VpcPeeringConnection"]
    link = aws.ids["link"] = asked["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=link)
    table = aws.ids["peered"] = ec2.create_route_table(VpcId=aws.ids["vpc"])["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", VpcPeeringConnectionId=link)
    return f"{EC2}route-table/{table}"


def one_address(aws: Account) -> None:
    ec2, table = aws.client("ec2"), {"RouteTableId": aws.ids["peered"]}
    ec2.delete_route(**table, DestinationCidrBlock="0.0.0.0/0")
    ec2.create_route(**table, DestinationCidrBlock="10.9.0.7/32", VpcPeeringConnectionId=aws.ids["link"])


def public_subnet(aws: Account) -> str:
    """A subnet that leads to the internet, and gives each instance an address there."""
    aws.there(vpc)
    ec2, network = aws.client("ec2"), aws.ids["vpc"]
    name = ec2.create_subnet(VpcId=network, CidrBlock="10.0.8.0/24", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network)
    table = ec2.create_route_table(VpcId=network)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=name)
    ec2.modify_subnet_attribute(SubnetId=name, MapPublicIpOnLaunch={"Value": True})
    ec2.allocate_address(Domain="vpc")
    ec2.create_vpc_endpoint(VpcId=network, ServiceName="com.amazonaws.us-east-1.s3")
    aws.ids["public"] = name
    return f"{EC2}subnet/{name}"


def no_addresses(aws: Account) -> None:
    aws.client("ec2").modify_subnet_attribute(SubnetId=aws.ids["public"], MapPublicIpOnLaunch={"Value": False})


def group(name: str, *permissions: dict[str, object]) -> Thing:
    """Return a security group that lets in."""

    def thing(aws: Account) -> str:
        aws.there(vpc)
        ec2 = aws.client("ec2")
        made = ec2.create_security_group(GroupName=name, Description="planted", VpcId=aws.ids["vpc"])["GroupId"]
        if permissions:
            ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=list(permissions))
        aws.ids[name] = made
        return f"{EC2}security-group/{made}"

    return thing


def revoked(name: str, *permissions: dict[str, object]) -> RemediationPlan:
    """Return what closes a security group."""

    def mend(aws: Account) -> None:
        aws.client("ec2").revoke_security_group_ingress(GroupId=aws.ids[name], IpPermissions=list(permissions))

    return mend


def opened(policy: str, name: str, *permissions: dict[str, object]) -> Fault:
    return Fault(policy, group(name, *permissions), revoked(name, *permissions))


def port(number: int, whom: Mapping[str, object], protocol: str = "tcp") -> dict[str, object]:
    return {"IpProtocol": protocol, "FromPort": number, "ToPort": number, **whom}


def default_group(aws: Account) -> str:
    """The group that a network is made with."""
    aws.there(vpc)
    found = aws.client("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [aws.ids["vpc"]]}])
    aws.ids["default"] = next(one["GroupId"] for one in found["SecurityGroups"] if one["GroupName"] == "default")
    return f"{EC2}security-group/{aws.ids['default']}"


def emptied(aws: Account) -> None:
    ec2 = aws.client("ec2")
    (found,) = ec2.describe_security_groups(GroupIds=[aws.ids["default"]])["SecurityGroups"]
    if found["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=found["GroupId"], IpPermissions=found["IpPermissions"])
    ec2.revoke_security_group_egress(GroupId=found["GroupId"], IpPermissions=found["IpPermissionsEgress"])


def renamed(aws: Account) -> str:
    return aws.there(group("web"))


_MANY = [{"CidrIp": f"10.1.{number}.0/24"} for number in range(60)]
_ADMINISTERS = "group-security-allows-unrestricted-{}-ingress-traffic-to-remote-server-administration-ports"

FAULTS = (
    Fault("vpc/flow-logs", vpc, logged),
    Fault("vpc/network-acl-allows-unrestricted-ingress-traffic-to-remote-server-administration-ports", acl, closed),
    Fault("vpc/network-acl-unused", acl, in_use),
    Fault("vpc/route-table-for-vpc-peering-does-not-follow-the-least-privilege-principle", peered, one_address),
    Fault("vpc/subnet-auto-assign-public-ip", public_subnet, no_addresses),
    Fault("ec2/default-security-group-does-not-restrict-all-traffic", default_group, emptied),
    opened("ec2/" + _ADMINISTERS.format("ipv4"), "ssh4", port(22, ANY4)),
    opened("ec2/" + _ADMINISTERS.format("ipv6"), "ssh6", port(22, ANY6)),
    opened("ec2/security-group-allows-unrestricted-cifs-traffic", "cifs", port(445, ANY4)),
    opened("ec2/security-group-rule-count", "many", port(443, {"IpRanges": _MANY})),
    opened("ec2/security-group-unrestricted-inbound-common-ports", "db", port(3306, ANY4)),
    opened("ec2/security-group-unrestricted-inbound-unauthorized-ports", "odd", port(8443, ANY4)),
    Fault("ec2/security-group-launch-wizard", group("launch-wizard-1"), renamed),
)
