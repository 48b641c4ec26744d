"""Networks, instances, load balancers, databases and clusters on a server: what was made is what is read, and what is denied is not known."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.collectors.aws.client import CloudClient
from perpend.collectors.aws.services.workloads import containers, databases, instances, load_balancing, network
from perpend.collectors.protocol import CollectedRow, Completeness
from tests.cli.conftest import RunWriter, run
from tests.servers.answers import recorded
from tests.servers.aws import Proxy, judged
from tests.servers.gathered import gathered
from tests.servers.inventory import HOME, Inventory

pytestmark = pytest.mark.slow

__all__ = ["run"]

ACCOUNT = "123456789012"
EC2 = f"arn:aws:ec2:{HOME}:{ACCOUNT}:"
RDS = f"arn:aws:rds:{HOME}:{ACCOUNT}:"
REGION = "CA10__CaAwsAccountRegion__c"
TABLES = (network.TABLE, instances.TABLE, load_balancing.TABLE, databases.TABLE, containers.TABLE)
MINE = sorted({row.type_name for table in TABLES for row in table.types} | {REGION})
LISTINGS = {row.listed for name in MINE for row in TYPES[name].rows} - {"ec2.regions"}
DETAILS = {name for type_name in MINE for row in TYPES[type_name].rows for one in row.details for name in one.calls}
NOT_MADE = {"CA10__CaAwsNetworkInterfaceIpv6Address__c"}
"""moto gives no interface an IPv6 address."""
SNAPSHOTS = recorded("ec2.snapshots/one-of-two-is-encrypted")
RECORDED = {
    # moto has hundreds of its own, all of them public
    "DescribeSnapshots": SNAPSHOTS._replace(content=SNAPSHOTS.content.replace(b"111122223333", ACCOUNT.encode())),
    "DescribeSnapshots public": "ec2.public-snapshots/one",
    "GetInstanceMetadataDefaults": "ec2.metadata-defaults/tokens-are-required",  # moto knows none of these
    "GetSnapshotBlockPublicAccessState": "ec2.snapshot-block/new-sharing",
    "GetImageBlockPublicAccessState": "ec2.image-block/unblocked",
    "GetSerialConsoleAccessStatus": "ec2.serial-console/off",
}
MENDED = {
    "DescribeDBInstances": (b"<MultiAZ>", b"<PubliclyAccessible>true</PubliclyAccessible><MultiAZ>"),
    "DescribeVpcEndpoints": (b"<vpcId>", b"<vpcEndpointType>Gateway</vpcEndpointType><vpcId>"),
}
"""What moto leaves out."""


@pytest.fixture(scope="module")
def inventory(moto_address: str) -> Inventory:
    return Inventory(moto_address, "secret")


@pytest.fixture(scope="module")
def proxy(moto_address: str, inventory: Inventory) -> Iterator[Proxy]:
    found = Proxy(moto_address)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, proxy: Proxy, tmp_path: Path) -> None:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    proxy.answers, proxy.recorded, proxy.mended, proxy.asked = {}, RECORDED, MENDED, []


def collected(proxy: Proxy, types: Sequence[str] = MINE) -> tuple[list[CollectedRow], Completeness]:
    client = CloudClient(endpoint_url=proxy.url)
    return gathered(client, {name: [*TYPES[name].fields] for name in types})


def expected_networks(ids: dict[str, str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return by type, without what all names share, and Id what was made, in the words of fields."""
    vpc, table, instance = f"{EC2}vpc/{ids['vpc']}", f"{EC2}route-table/{ids['table']}", f"{EC2}instance/{ids['instance']}"
    subnet, group, acl = (
        f"{EC2}subnet/{ids['subnet0']}",
        f"{EC2}security-group/{ids['group']}",
        f"{EC2}network-acl/{ids['acl']}",
    )
    return {
        ("Vpc", vpc): {"cidrBlock": "10.0.0.0/16", "isDefault": False, "regionName": HOME},
        ("Subnet", subnet): {"vpc": vpc, "availabilityZone": "us-east-1a", "mapPublicIpOnLaunch": False},
        ("RouteTable", table): {"vpc": vpc},
        ("Route", f"{table}|0.0.0.0/0"): {"routeTable": table, "gatewayId": ids["igw"], "destinationCidrBlock": "0.0.0.0/0"},
        ("NetworkAcl", acl): {"vpc": vpc, "isDefault": False, "associationsCount": 0},
        ("NetworkAclEntry", f"{acl}|egress false|100"): {
            "networkAcl": acl,
            "ruleAction": "allow",
            "protocol": "tcp",
            "portRangeFrom": 22,
            "cidrBlock": "0.0.0.0/0",
        },
        ("SecurityGroup", group): {"Name": "web", "vpc": vpc},
        ("VpcEndpoint", f"{EC2}vpc-endpoint/{ids['endpoint']}"): {"vpc": vpc, "serviceName": "com.amazonaws.us-east-1.s3"},
        ("Instance", instance): {
            "Name": "web-1",
            "stateName": "running",
            "metadataHttpTokens": "required",
            "averageCpuOneWeek": 2.5,
            "sumOneWeekNetworkInMb": 21.0,
            "sumOneWeekNetworkOutMb": 21.0,
            "iamInstanceProfileArn": None,
            "vpcSubnet": subnet,
            "vpc": vpc,
        },
        ("InstanceSecurityGroupLink", f"{instance}|{ids['group']}"): {"instance": instance, "securityGroup": group},
        ("Volume", f"{EC2}volume/{ids['volume']}"): {"encrypted": True, "size": 3},
        ("EbsSnapshot", f"arn:aws:ec2:{HOME}::snapshot/snap-1"): {"encrypted": True, "publiclyRestorable": False},
        ("EbsSnapshot", f"arn:aws:ec2:{HOME}::snapshot/snap-2"): {"encrypted": False, "publiclyRestorable": True},
        ("Image", f"arn:aws:ec2:{HOME}::image/{ids['image']}"): {"imageName": "golden", "public": False},
    }


def expected_others(ids: dict[str, str]) -> dict[tuple[str, str], dict[str, Any]]:
    vpc, subnet = f"{EC2}vpc/{ids['vpc']}", f"{EC2}subnet/{ids['subnet0']}"
    files = f"arn:aws:elasticfilesystem:{HOME}:{ACCOUNT}:file-system/"
    zones = "us-east-1a\nus-east-1b"
    return {
        ("LoadBalancer", ids["balancer"]): {"type": "application", "availabilityZones": zones, "classicAttributesJson": None},
        ("LoadBalancer", f"arn:aws:elasticloadbalancing:{HOME}:{ACCOUNT}:loadbalancer/old"): {
            "type": "classic",
            "availabilityZones": "us-east-1a",
            "attributesJson": None,
        },
        ("DbInstance", f"{RDS}db:orders"): {
            "engine": "postgres",
            "endpointPort": "5432",
            "publiclyAccessible": True,
            "multiAz": True,
            "cluster": None,
            "subnetGroup": f"{RDS}subgrp:private",
            "vpc": vpc,
        },
        ("DbInstance", f"{RDS}db:shop-1"): {"cluster": f"{RDS}cluster:shop"},
        ("DbCluster", f"{RDS}cluster:shop"): {"engine": "aurora-postgresql", "storageEncrypted": True},
        ("DbSnapshot", f"{RDS}snapshot:copy"): {"snapshotType": "manual", "attributesJson": '{"restore":["all"]}'},
        ("DbClusterSnapshot", f"{RDS}cluster-snapshot:copies"): {"attributesJson": '{"restore":[]}'},
        ("DbSubnetGroup", f"{RDS}subgrp:private"): {"vpc": vpc},
        ("DbSubnetGroupSubnetLink", f"{RDS}subgrp:private|{ids['subnet0']}"): {"subnet": subnet},
        ("RedshiftCluster", f"arn:aws:redshift:{HOME}:{ACCOUNT}:cluster:dw"): {"encrypted": False, "loggingEnabled": False},
        ("DynamoDbTable", f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/orders"): {
            "billingMode": "PAY_PER_REQUEST",
            "pointInTimeRecoveryStatus": "ENABLED",
        },
        ("EfsFileSystem", files + ids["files"]): {"Name": "files", "encrypted": True},
        ("EfsFileSystem", files + ids["bare"]): {"encrypted": False, "policyDocument": None, "backupPolicyStatus": None},
        ("EksCluster", f"arn:aws:eks:{HOME}:{ACCOUNT}:cluster/apps"): {"endpointPublicAccess": True, "status": "ACTIVE"},
        ("AccountRegion", f"{ACCOUNT}/{HOME}"): {
            "metadataDefaultHttpTokens": "required",
            "snapshotBlockPublicAccessState": "block-new-sharing",
            "serialConsoleAccessEnabled": False,
        },
    }


def shortened(name: str) -> str:
    return name.partition("__")[2].removesuffix("__c").removeprefix("CaAws") or name


def test_what_was_made_is_what_is_read(proxy: Proxy, inventory: Inventory) -> None:
    rows, collection = collected(proxy)
    assert set(MINE) - NOT_MADE == {row.type_name for row in rows} - {"CA10__CaAwsAccount__c"}
    assert ((), []) == (collection.unread, [row for row in rows if row.reasons])
    found = {(shortened(row.type_name), row.fields["Id"]): {shortened(k): v for k, v in row.fields.items()} for row in rows}
    assert len(rows) == len(found)
    wanted = expected_networks(inventory.ids) | expected_others(inventory.ids)
    assert wanted == {key: {name: found[key].get(name, "missing") for name in wanted[key]} for key in wanted if key in found}
    links = {(one["loadBalancer"].split("/")[-1 - (":loadbalancer/app/" in one["loadBalancer"])], one["targetGroupArn"])
             for (name, _), one in found.items() if name == "AutoScalingGroupLbLink"}  # fmt: skip
    assert {("old", None), ("web", inventory.ids["used"])} == links, "a target group without a load balancer is no link"
    rules = {
        (one["direction"], one["protocol"], one["fromPort"], one["source"], one["sourceIpRange"])
        for (name, _), one in found.items()
        if name == "SecurityGroupRule2" and one["securityGroup"].endswith(inventory.ids["group"])
    }
    out = ("Outbound", "All", None, "IP", "0.0.0.0/0")
    assert {("Inbound", "tcp", 22, "IP", "0.0.0.0/0"), ("Inbound", "udp", 53, "Group", None), out} == rules
    again, _ = collected(proxy)
    assert sorted(map(str, rows)) == sorted(map(str, again))


def test_listings_that_are_denied_leave_every_type_open(proxy: Proxy) -> None:
    proxy.answers = dict.fromkeys({CALLS[name].operation for name in LISTINGS}, "AccessDenied")
    proxy.recorded = {}
    types = [name for name in MINE if name != REGION]
    rows, collection = collected(proxy, types)
    assert [{"Id": ACCOUNT, "CA10__accountId__c": ACCOUNT}] == [row.fields for row in rows]
    claims = [claim for source in collection.sources for claim in source.coverage]
    assert set(types) == {claim.type_name for claim in claims}
    for claim in claims:
        labels = {CALLS[row.listed].label for row in TYPES[claim.type_name].rows}
        assert (
            claim.lacking and claim.scope.region and any(f"denied {label} (AccessDenied)" in claim.lacking for label in labels)
        )
    assert {one.label for one in collection.unread} == {CALLS[name].label for name in LISTINGS}


@pytest.mark.parametrize("version", ["2012-06-01", "2015-12-01"], ids=["classic", "v2"])
def test_a_type_of_two_listings_is_open_where_one_is(proxy: Proxy, version: str) -> None:
    proxy.answers = {f"DescribeLoadBalancers {version}": "AccessDenied"}
    rows, collection = collected(proxy, ["CA10__CaAwsLoadBalancer__c"])
    lacking = {claim.scope.region for source in collection.sources for claim in source.coverage if claim.lacking}
    assert ({"eu-west-1", HOME}, 2) == (lacking, len(rows))


def test_details_that_are_denied_are_not_known(proxy: Proxy) -> None:
    denied = {CALLS[name].operation for name in DETAILS} - {"DescribeSnapshots"} | {"DescribeSnapshots public"}
    proxy.answers = dict.fromkeys(denied, "AccessDenied")
    rows, collection = collected(proxy)
    assert {CALLS[name].label for name in DETAILS} == {one.label for one in collection.unread}
    for row in rows:
        details = {name for name, source in TYPES[row.type_name].fields.items() if source.call}
        assert {} == {name: row.fields[name] for name in details & row.fields.keys() if row.fields[name] is not None}
        assert {} == {name: why for name, why in row.reasons.items() if "denied " not in why or "(AccessDenied)" not in why}
    there = {row.type_name for row in rows}
    assert {name for name in there & set(MINE) if TYPES[name].details} <= {row.type_name for row in rows if row.reasons}


LOGIC = {
    "logged": """
inputType: CA10__CaAwsVpc__c
conditions:
  - status: COMPLIANT
    currentStateMessage: It has a flow log.
    check:
      RELATED_LIST_HAS: {relationshipName: CA10__AWS_VPC_Flow_Logs__r, status: COMPLIANT}
otherwise: {status: INCOMPLIANT, currentStateMessage: It has none.}
relatedLists:
  - relationshipName: CA10__AWS_VPC_Flow_Logs__r
    conditions: []
    otherwise: {status: COMPLIANT, currentStateMessage: It is there.}
""",
    "routed": """
inputType: CA10__CaAwsInstance__c
conditions:
  - status: INCOMPLIANT
    currentStateMessage: Its subnet has a route to the internet.
    check:
      RELATED_LIST_HAS:
        relationshipName: CA10__vpcSubnet__r.CA10__routeTableAssociations__r
        status: INCOMPLIANT
otherwise: {status: COMPLIANT, currentStateMessage: It has none.}
relatedLists:
  - relationshipName: CA10__vpcSubnet__r.CA10__routeTableAssociations__r
    conditions:
      - status: INCOMPLIANT
        currentStateMessage: The table has such a route.
        check:
          RELATED_LIST_HAS: {relationshipName: CA10__routeTable__r.CA10__routes__r, status: INCOMPLIANT}
    otherwise: {status: COMPLIANT, currentStateMessage: The table has none.}
    relatedLists:
      - relationshipName: CA10__routeTable__r.CA10__routes__r
        conditions:
          - status: INCOMPLIANT
            currentStateMessage: It leads there.
            check:
              STARTS_WITH: {arg: {FIELD: {path: CA10__gatewayId__c}}, search: {TEXT: igw-}}
        otherwise: {status: COMPLIANT, currentStateMessage: It leads elsewhere.}
""",
}


def test_lists_are_known_region_by_region(run: RunWriter, proxy: Proxy, inventory: Inventory, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/root.yaml").write_text("")
    for name, logic in LOGIC.items():
        folder = tmp_path / f"p/ce/{name}"
        folder.mkdir(parents=True)
        (folder / "policy.yaml").write_text(
            f"names: {{full: {name}, contextual: {name}}}\ndescription: d\ntype: BEST_PRACTICE\n"
        )
        (folder / "prod.logic.yaml").write_text(logic)

    def statuses(*denied: str) -> dict[tuple[str, str], str]:
        proxy.answers = dict.fromkeys(denied, "UnauthorizedOperation")
        store = tmp_path / f"s{len(denied)}"
        ended = run("collect", "aws", "--store", store, "--endpoint-url", proxy.url, "--repo", tmp_path / "p")
        assert (3 if denied else 0) == ended.code, ended.err
        verdicts = judged(run, store, "--repo", tmp_path / "p")
        unknown = [str(one) for one in verdicts.values() if one["status"] == "UNDETERMINED"]
        assert all("denied ec2:Describe" in one for one in unknown)
        return {(policy, one.split("/")[-1]): verdict["status"] for (policy, one), verdict in verdicts.items()}

    ids = inventory.ids
    found = statuses()
    assert "COMPLIANT" == found.pop(("/ce/logged", ids["vpc"]))
    assert "INCOMPLIANT" == found.pop(("/ce/routed", ids["instance"]))
    assert ["INCOMPLIANT"] * 2 == list(found.values()), "the default networks of two regions have no log"
    closed = statuses("DescribeFlowLogs eu-west-1", "DescribeRouteTables eu-west-1")
    assert "COMPLIANT" == closed.pop(("/ce/logged", ids["vpc"]))
    assert "INCOMPLIANT" == closed.pop(("/ce/routed", ids["instance"]))
    assert ["INCOMPLIANT", "UNDETERMINED"] == sorted(closed.values())
    unknown = statuses("DescribeFlowLogs", "DescribeRouteTables", "DescribeVpcs eu-west-1")
    assert ("UNDETERMINED", "UNDETERMINED") == (unknown["/ce/logged", ids["vpc"]], unknown["/ce/routed", ids["instance"]])
