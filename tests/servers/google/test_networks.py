"""The ports of an instance that the internet reaches, and policies of DNS: facts that several listings give together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("google.auth", reason="the extra google is not installed")
pytest.importorskip("googleapiclient", reason="the client for tests is not installed")

from tests.servers.google import faults, inventories
from tests.servers.google.double import ORGANIZATION, Google
from tests.servers.google.inventories import PROJECT
from tests.servers.google.rounds import estate
from tests.servers.rest import Rule

pytestmark = pytest.mark.medium

WEB, HOST = "web-prod-1", "host-prod-1"
KIND, RULE, POLICY = (f"compute.googleapis.com/{name}" for name in ("Instance", "Firewall", "FirewallPolicy"))
INSTANCE, NETWORK = "CA10__CaGoogleGceInstance__c", "CA10__CaGoogleGceNetwork__c"
PORTS, OPENING, QUERIES = "CA10__reachedPortsJson__c", "CA10__openingFirewallPoliciesJson__c", "CA10__dnsPoliciesJson__c"
COMPUTE = "https://www.googleapis.com/compute/v1/projects"
EVERYBODY = ["0.0.0.0/0"]
ROBOT = f"robot@{WEB}.iam.gserviceaccount.com"
SSH = [{"IPProtocol": "tcp", "ports": ["22"]}]
REACHED = [("tcp", 22, 22)]


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Google]:
    """Yield a project with a machine in its own network and one in the network of another project."""
    with estate(tmp_path / "credentials") as google:
        google.folder("folders/2001")
        google.project(WEB, "folders/2001")
        google.project(HOST)
        instance(google, "own", network(WEB))
        instance(google, "shared", network(HOST))
        yield google


def network(project: str, name: str = "main") -> str:
    return f"{COMPUTE}/{project}/global/networks/{name}"


def instance(google: Google, name: str, place: str, *, public: bool = True, **members: Any) -> None:
    """Plant a machine with the tag ``web`` and a service account."""
    interface = {"network": place, **({"accessConfigs": [{"type": "ONE_TO_ONE_NAT", "natIP": "192.0.2.1"}]} if public else {})}
    own = {"tags": {"items": ["web"]}, "serviceAccounts": [{"email": ROBOT}], "networkInterfaces": [interface]}
    google.plant(KIND, WEB, {"name": name, **own, **members}, name)


def rule(google: Google, name: str = "open", place: str = network(WEB), **members: Any) -> None:
    """Plant a firewall rule that lets everybody in to port 22, unless members say something else."""
    usual = {"direction": "INGRESS", "priority": 1000, "disabled": False, "sourceRanges": EVERYBODY}
    traffic = {} if {"allowed", "alloweds", "denied"} & members.keys() else {"allowed": SSH}
    data = {"name": name, "network": place, **usual, **traffic, **members}
    owner = place.removeprefix(f"{COMPUTE}/").partition("/")[0]
    google.plant(RULE, owner, {key: value for key, value in data.items() if value is not None}, name)


def field(google: Google, name: str, of: str = INSTANCE, end: str = "own", **parent: Any) -> Any:
    """Return a field of an object, as a value or as the text why it is not known."""
    rows = inventories.gathered(google.url, {PROJECT: ("Name",), of: ()}, **(parent or {"organization": "1001"}))
    [row] = [row for (_, key), row in rows.objects.items() if key.endswith(f"/{end}")]
    return row.reasons.get(name) or json.loads(row.fields[name])


def ports(google: Google, end: str = "own", **parent: Any) -> Any:
    """Return the ports that the internet reaches for sure."""
    reached = field(google, PORTS, end=end, **parent)
    return reached if isinstance(reached, str) else [(row["protocol"], row["from"], row["to"]) for row in reached]


def test_a_rule_opens_a_port_of_each_machine_in_its_network(double: Google) -> None:
    rule(double)
    assert [{"protocol": "tcp", "from": 22, "to": 22, "rule": "open"}] == field(double, PORTS)
    assert [] == ports(double, "shared")
    assert [] == field(double, OPENING)


@pytest.mark.parametrize(
    ("members", "reached"),
    [
        ({"targetTags": ["web"]}, REACHED),
        ({"targetTags": ["other"]}, []),
        ({"targetServiceAccounts": [ROBOT]}, REACHED),
        ({"targetServiceAccounts": ["other@shop.example"]}, []),
        ({"disabled": True}, []),
        ({"direction": "EGRESS"}, []),
        ({"sourceRanges": None, "sourceTags": ["web"]}, []),
        ({"sourceTags": ["web"]}, REACHED),
        ({"sourceRanges": ["::/0"]}, []),
        ({"sourceRanges": ["198.51.100.0/24"]}, []),
        ({"sourceRanges": ["198.51.100.0/24", "0.0.0.0/1"]}, REACHED),
        ({"allowed": [{"IPProtocol": "all"}]}, [("tcp", 0, 65535), ("udp", 0, 65535)]),
        ({"allowed": [{"ipProtocol": "17", "ports": ["5000-5002", "53"]}]}, [("udp", 5000, 5002), ("udp", 53, 53)]),
        ({"allowed": [{"IPProtocol": "icmp"}]}, []),
        ({"alloweds": SSH}, REACHED),
    ],
)
def test_a_rule_is_for_targets_sources_and_ports(double: Google, members: dict[str, Any], reached: list[Any]) -> None:
    rule(double, **members)
    assert reached == ports(double)


@pytest.mark.parametrize(
    "members",
    [
        {"priority": "high"},
        {"direction": "SIDEWAYS"},
        {"sourceRanges": None},
        {"sourceRanges": ["everywhere"]},
        {"allowed": [{"IPProtocol": "tcp", "ports": ["ssh"]}]},
        {"allowed": []},
    ],
)
def test_of_a_rule_in_another_form_nothing_is_known(double: Google, members: dict[str, Any]) -> None:
    rule(double, **members)
    assert "or a firewall rule, has another form" in ports(double)


def test_a_rule_or_an_interface_without_a_network_leaves_ports_unknown(double: Google) -> None:
    rule(double)
    instance(double, "odd", "global/networks/main")
    assert REACHED == ports(double)
    assert "or no network" in ports(double, "odd")
    double.plant(RULE, WEB, {"name": "odd", "direction": "INGRESS"}, "odd")
    assert "or no network" in ports(double)


@pytest.mark.parametrize(
    ("members", "reached"),
    [
        ({"priority": 900}, []),
        ({"priority": 1000}, []),
        ({"priority": 1100}, REACHED),
        ({"priority": 900, "sourceRanges": ["0.0.0.0/1"]}, REACHED),
        ({"priority": 900, "targetTags": ["other"]}, REACHED),
        ({"priority": 900, "destinationRanges": ["10.0.0.0/8"]}, REACHED),
        ({"priority": 900, "denied": [{"IPProtocol": "udp"}]}, REACHED),
    ],
)
def test_a_rule_that_denies_first_closes_a_port(double: Google, members: dict[str, Any], reached: list[Any]) -> None:
    rule(double)
    rule(double, "closed", **{"denied": SSH, **members})
    assert reached == ports(double)


def test_a_rule_that_denies_leaves_the_ports_around(double: Google) -> None:
    rule(double, allowed=[{"IPProtocol": "tcp", "ports": ["20-30"]}])
    rule(double, "closed", priority=1, denied=[{"IPProtocol": "6", "ports": ["22", "25-40"]}])
    assert [("tcp", 20, 21), ("tcp", 23, 24)] == ports(double)


def test_rules_let_the_internet_in_together_at_the_ports_that_all_of_them_open(double: Google) -> None:
    rule(double, "first", sourceRanges=["64.0.0.0/5", "72.0.0.0/5"], allowed=[{"IPProtocol": "tcp", "ports": ["20-25"]}])
    assert [] == ports(double)
    rule(double, "second", sourceRanges=["80.0.0.0/5"], allowed=[{"IPProtocol": "tcp", "ports": ["22", "80"]}])
    assert [{"protocol": "tcp", "from": 22, "to": 22, "rule": "first, second"}] == field(double, PORTS)


def test_a_machine_without_a_public_address_is_reached_by_nobody(double: Google) -> None:
    instance(double, "own", network(WEB), public=False)
    rule(double)
    assert [] == ports(double)


def test_rules_of_ipv6_are_for_addresses_of_ipv6(double: Google) -> None:
    interface = {"network": network(WEB), "ipv6AccessConfigs": [{"type": "DIRECT_IPV6"}]}
    instance(double, "own", "", networkInterfaces=[interface])
    rule(double)
    assert [] == ports(double)
    rule(double, sourceRanges=["::/0"])
    assert REACHED == ports(double)


def test_the_rules_of_a_shared_network_have_to_be_read(double: Google) -> None:
    rule(double, place=network(HOST))
    assert REACHED == ports(double, "shared")
    assert f"the firewall rules of {HOST}" in ports(double, "shared", projects=(WEB,))


def test_without_the_rules_nothing_is_known(double: Google) -> None:
    double.rules = [Rule(f"cai.{RULE}", faults.DENIED)]
    assert "cloudasset.assets.listResource" in ports(double)


@pytest.mark.parametrize("place", [ORGANIZATION, "folders/2001", network(WEB)])
def test_a_firewall_policy_above_is_named_if_it_lets_in(double: Google, place: str) -> None:
    letting = {"action": "allow", "direction": "INGRESS", "priority": 1}
    for rules, named in (
        ([letting], ["above"]),
        ([{**letting, "action": "apply_security_profile_group"}], ["above"]),
        ([{**letting, "action": "deny"}, {**letting, "action": "goto_next"}], []),
        ([{**letting, "direction": "EGRESS"}, {**letting, "disabled": True}], []),
        (None, ["above"]),
    ):
        data = {"name": "above", "associations": [{"attachmentTarget": place}], **({"rules": rules} if rules else {})}
        double.plant(POLICY, ORGANIZATION, data, "above")
        assert named == field(double, OPENING)


@pytest.mark.parametrize("place", ["folders/2002", network(HOST), network(WEB, "other")])
def test_a_firewall_policy_beside_is_not_named(double: Google, place: str) -> None:
    double.folder("folders/2002")
    data = {"name": "beside", "associations": [{"attachmentTarget": place}]}
    double.plant(POLICY, ORGANIZATION, data, "beside")
    assert [] == field(double, OPENING)


def test_firewall_policies_are_known_only_with_all_that_is_above(double: Google) -> None:
    rule(double)
    assert "firewall policy of" in field(double, OPENING, projects=(WEB,))
    assert REACHED == ports(double, projects=(WEB,))
    double.rules = [Rule(f"cai.{POLICY}", faults.DENIED)]
    assert "cloudasset.assets.listResource" in field(double, OPENING)
    assert REACHED == ports(double)


def test_a_network_has_the_policies_of_dns_that_name_it(double: Google) -> None:
    for name in ("main", "other"):
        double.plant("compute.googleapis.com/Network", WEB, {"name": name}, name)
    policy = {"name": "logged", "enableLogging": True, "networks": [{"networkUrl": network(WEB)}]}
    double.plant("dns.googleapis.com/Policy", WEB, policy, "logged")
    assert [{"name": "logged", "enableLogging": True}] == field(double, QUERIES, NETWORK, "main")
    assert [] == field(double, QUERIES, NETWORK, "other")
    double.plant("dns.googleapis.com/Policy", WEB, {**policy, "networks": [{}]}, "odd")
    assert "names no network" in field(double, QUERIES, NETWORK, "other")
    double.rules = [Rule("cai.dns.googleapis.com/Policy", faults.DENIED)]
    assert "cloudasset.assets.listResource" in field(double, QUERIES, NETWORK, "other")
