"""Policies that ask whether ranges of addresses are open to the internet give one answer to each way of writing them.

``python -m tests.house.test_library_ranges`` prints the table.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from perpend.authoring.testing.run import tests_of as objects_of
from perpend.core.objects.ids import production_of
from perpend.core.values.values import date_time_from_text
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.syntax.repository import open_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.medium

PASS, FAIL, UNKNOWN = "COMPLIANT", "INCOMPLIANT", "UNDETERMINED"
WRITINGS: dict[str, tuple[list[str], str]] = {
    "every address": (["0.0.0.0/0"], FAIL),
    "every IPv6 address": (["::/0"], FAIL),
    "two halves": (["0.0.0.0/1", "128.0.0.0/1"], FAIL),
    "halves of IPv6": (["::/1", "8000::/1"], FAIL),
    "pieces": (["64.0.0.0/5", "72.0.0.0/5", "80.0.0.0/5"], FAIL),
    "pieces of IPv6": (["2400::/13", "2600::/13"], FAIL),
    "the bound": (["64.0.0.0/5", "72.0.0.0/5"], PASS),
    "bits of a host": (["198.51.100.7/0"], FAIL),
    "IPv4 written as IPv6": (["::FFFF:0:0/96"], FAIL),
    "private networks": (["10.0.0.0/8", "192.168.0.0/16"], PASS),
    "some addresses": (["203.0.113.0/24", "2001:DB8::/32"], PASS),
    "a range with a dash": (["1.0.0.0-223.255.255.255"], FAIL),
    "a star": (["*"], FAIL),
    "Any": (["Any"], FAIL),
    "Internet": (["Internet"], FAIL),
    "no range": (["elsewhere"], UNKNOWN),
}


def lists(relationship: str, field: str, **others: Any) -> Callable[[dict[str, Any], Sequence[str]], None]:
    """Return a function that gives an object one child for each range, alike but for the range."""

    def put(fields: dict[str, Any], ranges: Sequence[str]) -> None:
        if relationship in fields:
            first = fields[relationship][0]
            fields[relationship] = [
                {**first, **others, "Id": f"{first['Id']}-{number}", field: one} for number, one in enumerate(ranges)
            ]
        for value in fields.values():
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict):
                    put(inner, ranges)

    return put


def text(field: str, form: Callable[[Sequence[str]], str]) -> Callable[[dict[str, Any], Sequence[str]], None]:
    """Return a function that puts all ranges into a field."""
    return lambda fields, ranges: fields.__setitem__(field, form(ranges))


AWS_RULES = lists("CA10__AWS_EC2_Security_Group_Rules__r", "CA10__sourceIpRange__c")
AZURE_RULES = lists(
    "CA10__Azure_Network_Security_Group_Rules__r", "CA10__sourceAddressPrefix__c", CA10__sourceAddressPrefixes__c=None
)
SOURCES = text("CA10__sourceRanges__c", json.dumps)
POLICIES: dict[str, tuple[str, Callable[[dict[str, Any], Sequence[str]], None]]] = {
    "aws/ec2/security-group-allows-unrestricted-cifs-traffic": ("open", AWS_RULES),
    "aws/ec2/security-group-unrestricted-inbound-common-ports": ("ssh-22", AWS_RULES),
    "aws/ec2/security-group-unrestricted-inbound-unauthorized-ports": ("8443", AWS_RULES),
    "aws/eks/cluster-public-endpoint-open-to-everybody": ("every-address", text("CA10A1__publicAccessCidrs__c", "\n".join)),
    "azure/network/no-ssh": ("open-tcp", AZURE_RULES),
    "azure/network/no-rdp": ("open-tcp", AZURE_RULES),
    "azure/network/no-udp": ("open-udp", AZURE_RULES),
    "azure/network/no-http": ("open-tcp", AZURE_RULES),
    "azure/cosmos-db/selected-networks": (
        "internet-in-halves",
        text("CA10__ipRulesJson__c", lambda ranges: json.dumps([{"ipAddressOrRange": one} for one in ranges])),
    ),
    "google/network/no-ssh": ("wide", SOURCES),
    "google/network/no-rdp": ("wide", SOURCES),
    "google/network/no-all-ports": ("wide", SOURCES),
    "google/sql/no-open-networks": (
        "internet-in-halves",
        text("CA10__authorizedNetworksJson__c", lambda ranges: json.dumps([{"value": one} for one in ranges])),
    ),
}
REPOSITORY = open_repository()
ANALYZER = Analyzer(REPOSITORY)


def verdicts(policy: str) -> dict[str, str]:
    """Return the status of a policy for each way of writing ranges, put into one of its test objects."""
    base, put = POLICIES[policy]
    logic = production_of(f"/ce/ca/{policy}")
    program = ANALYZER.analyzed(logic).program
    assert program is not None, policy
    interpreter = Interpreter([program])
    [test] = [test for test in objects_of(REPOSITORY, ANALYZER, logic)[0] if test.id == base]
    time = date_time_from_text(test.snapshot_time or "") or 0
    found = {}
    for name, (ranges, _) in WRITINGS.items():
        fields = deepcopy(dict(test.fields))
        put(fields, ranges)
        [(index, _)] = interpreter.evaluate(fields, time)
        found[name] = program.verdicts[index].status.value
    return found


@pytest.mark.parametrize("policy", POLICIES)
def test_ranges_of_addresses_get_one_answer_however_they_are_written(policy: str) -> None:
    assert {name: wanted for name, (_, wanted) in WRITINGS.items()} == verdicts(policy)


if __name__ == "__main__":
    for policy in POLICIES:
        print(policy)  # noqa: T201
        for name, status in verdicts(policy).items():
            print(f"  {name:22} {status}")  # noqa: T201
