"""The filter of objects in use: unused ones are left out and counted, and those of which use is not known stay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from perpend.findings.filters import IN_USE
from perpend.language.syntax.repository import open_repository
from tests.cli.conftest import RunWriter

POLICY = "/ce/ca/aws/ec2/group-security-allows-unrestricted-ipv4-ingress-traffic-to-remote-server-administration-ports"
ACCOUNT, REGION = "123456789012", "eu-west-1"
GROUP, RULE = "CA10__CaAwsSecurityGroup__c", "CA10__CaAwsSecurityGroupRule2__c"
LINK = "CA10__CaAwsNetworkInterfaceSecurityGroupLink__c"
PLACE = {"CA10__account__c": ACCOUNT, "CA10__regionName__c": REGION, "CA10__disappearanceTime__c": None}


def group(name: str) -> dict[str, Any]:
    return {"Id": name, "CA10__arn__c": name, "Name": name, "CA10__tagsJson__c": "{}", **PLACE}


def rule(of: str) -> dict[str, Any]:
    ports = {"CA10__protocol__c": "tcp", "CA10__fromPort__c": 22, "CA10__toPort__c": 22}
    source = {"CA10__source__c": "IP", "CA10__sourceIpVersion__c": "IPv4", "CA10__sourceIpRange__c": "0.0.0.0/0"}
    whose = {"CA10__securityGroup__c": of, "CA10__direction__c": "Inbound"}
    return {"Id": f"rule of {of}", "CA10__arn__c": f"rule of {of}", **whose, **ports, **source, **PLACE}


def link(to: str, **values: Any) -> dict[str, Any]:
    return {"Id": f"link to {to}", "CA10__networkInterface__c": None, "CA10__securityGroup__c": to, **PLACE, **values}


ROWS: Mapping[str, list[dict[str, Any]]] = {
    "CA10__CaAwsAccount__c": [{"Id": ACCOUNT, "CA10__accountId__c": ACCOUNT}],
    GROUP: [group("used"), group("idle"), group("left")],
    RULE: [rule("used"), rule("idle"), rule("left")],
    LINK: [link("used"), link("left", CA10__disappearanceTime__c="2026-01-01T00:00:00Z")],
}


def imported(run: RunWriter, folder: Path, incomplete: str = "", without: str = "") -> Path:
    """Return a store with the groups. Nothing claims that all of one type are there, and another type is not there."""
    words: list[Any] = []
    for name, rows in ROWS.items():
        if name != without:
            (folder / f"{name}.json").write_text(json.dumps(rows))
            words += [folder / f"{name}.json", "--type", name, *(() if name == incomplete else ("--complete", "all"))]
    store = folder / "store"
    assert run("import", *words, "--store", store).code == 0
    return store


def listed(run: RunWriter, store: Path) -> tuple[set[str], str]:
    """Return the objects of the findings in use, and what is said beside."""
    ended = run("findings", "--store", store, "--in-use", "--format", "json")
    return {row["object_name"] for row in json.loads(ended.out)}, ended.err


def test_unused_objects_are_left_out_and_counted(run: RunWriter, tmp_path: Path) -> None:
    store = imported(run, tmp_path)
    checked = run("check", "--store", store, "--policy", POLICY, "--in-use", "--format", "json")
    document = json.loads(checked.out)
    assert ["used"] == [one["object"]["name"] for one in document["verdicts"]]
    assert (1, 2, 1) == (document["filter"]["verdicts"], document["filter"]["unusedObjects"], checked.code)
    assert "without 2 unused objects" in run("check", "--store", store, "--policy", POLICY, "--in-use").out
    found, beside = listed(run, store)
    assert ({"used"}, True) == (found, "2 findings of unused objects left out (--in-use)" in beside)
    assert 3 == len(json.loads(run("findings", "--store", store, "--format", "json").out))


@pytest.mark.parametrize("missing", [{"incomplete": LINK}, {"without": LINK}], ids=["not all", "none"])
def test_objects_of_which_use_is_not_known_stay(run: RunWriter, tmp_path: Path, missing: dict[str, str]) -> None:
    store = imported(run, tmp_path, **missing)
    document = json.loads(run("check", "--store", store, "--policy", POLICY, "--in-use", "--format", "json").out)
    assert (3, 0) == (document["filter"]["verdicts"], document["filter"]["unusedObjects"])
    found, beside = listed(run, store)
    assert ({"used", "idle", "left"}, False) == (found, "left out" in beside)


def test_use_is_a_list_with_a_key_or_a_field_of_the_type() -> None:
    library = open_repository()
    declared = {name: library.declared_type(name) for name in library.type_names}
    used = {name: one for name, one in declared.items() if one is not None and one.in_use}
    assert {"SecurityGroup", "Subnet", "Volume", "AcmCertificate"} == {name[11:-3] for name in used}
    for one in used.values():
        assert one.in_use in one.fields or one.children[one.in_use or ""].key
    assert IN_USE.is_flag
