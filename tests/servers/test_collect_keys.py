"""Access keys, listeners and kept addresses as moto shows them: each with what it belongs to."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")


from perpend.collectors.aws.catalog import TYPES
from perpend.collectors.aws.client import CloudClient
from tests.servers.gathered import gathered
from tests.servers.sessions import session_of

REGION = "eu-central-1"
"""One that no other module makes anything in."""

NEW = ("CA10__CaAwsAccessKey__c", "CA10__CaAwsLoadBalancerListener__c", "CA10__CaAwsElasticIp__c")


def test_keys_listeners_and_addresses_are_read(moto_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": "none", "EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    made = make(moto_address)
    client = CloudClient(endpoint_url=moto_address, region=REGION)
    rows, collection = gathered(client, {name: TYPES[name].fields for name in NEW}, [REGION])
    client.close()
    assert ((), set(NEW)) == (collection.unread, {row.type_name for row in rows} - {"CA10__CaAwsAccount__c"})
    found = {row.fields["Id"]: row.fields for row in rows if not row.reasons}
    key = found[made["key"]]
    assert ("Active", None, "N/A") == (
        key["CA10__status__c"],
        key["CA10__lastUsedDate__c"],
        key["CA10__lastUsedServiceName__c"],
    )
    assert 0 <= key["CA10__secondsAfterUser__c"] < 60
    assert key["CA10__user__c"].endswith(":user/keys/holder")
    assert (443, "HTTPS") == tuple(found[made["listener"]][f"CA10__{name}__c"] for name in ("port", "protocol"))
    assert "forward" in found[made["listener"]]["CA10__defaultActionsJson__c"]
    classic = next(one for id, one in found.items() if id.endswith("loadbalancer/old|80"))
    assert ("HTTP", None) == (classic["CA10__protocol__c"], classic["CA10__certificateArns__c"])
    address = next(one for id, one in found.items() if id.endswith(f"elastic-ip/{made['address']}"))
    assert (None, None) == (address["CA10__associationId__c"], address["CA10__instance__c"])


def make(url: str) -> dict[str, str]:
    session = session_of()

    def client(service: str) -> Any:
        return session.create_client(service, region_name=REGION, endpoint_url=url)

    iam, ec2, balancers, old = client("iam"), client("ec2"), client("elbv2"), client("elb")
    iam.create_user(UserName="holder", Path="/keys/")
    key = iam.create_access_key(UserName="holder")["AccessKey"]["AccessKeyId"]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    balancer = balancers.create_load_balancer(Name="new", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = balancers.create_target_group(Name="t", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    certificate = client("acm").request_certificate(DomainName="example.org")["CertificateArn"]
    listener = balancers.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]["ListenerArn"]
    old.create_load_balancer(
        LoadBalancerName="old",
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
        AvailabilityZones=[f"{REGION}a"],
    )
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    return {"key": key, "listener": listener, "address": address}
