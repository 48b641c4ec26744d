"""Commands of AWS that the library's texts show are some: the operation, its options, and what a query asks of the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import botocore.session
import jmespath
import pytest
from botocore import xform_name
from botocore.model import OperationModel, Shape

from perpend.language.syntax.repository import LIBRARY, Repository

pytestmark = pytest.mark.medium

POLICIES = Repository(LIBRARY).policy_ids
SESSION = botocore.session.Session()
TEXTS: Final = ("description.md", "remediation.md", "prod.logic.yaml")

CALLED: Final = {"s3api": "s3", "configservice": "config"}
"""What the command line calls otherwise."""

GLOBAL: Final = {"query", "output", "region", "profile", "max-items", "no-cli-pager"}

OWN_OPERATIONS: Final = {("s3", "ls"), ("cloudtrail", "validate-logs")}
"""Operations that only the command line has."""

OWN: Final = {
    ("configservice", "put-configuration-recorder"): {"recording-group"},
    ("ec2", "modify-subnet-attribute"): {"no-assign-ipv6-address-on-creation", "no-map-public-ip-on-launch"},
    ("ec2", "replace-network-acl-entry"): {"ingress"},
    ("ec2", "revoke-security-group-egress"): {"cidr", "port", "protocol"},
    ("ec2", "revoke-security-group-ingress"): {"cidr", "port", "protocol", "source-group"},
    ("ec2", "authorize-security-group-ingress"): {"cidr", "port", "protocol", "source-group"},
    ("iam", "create-virtual-mfa-device"): {"bootstrap-method", "outfile"},
    ("sns", "subscribe"): {"notification-endpoint"},
}
"""Options that the command line has beside those of the operation."""


def commands(text: str) -> Iterator[str]:
    """Yield the commands of a text; the first goes up to where a shell, or a mark of the text, ends it."""
    joined = re.sub(r"\\\n\s*|\n {4,}", " ", text)
    quoted = r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\$\([^)]*\)|<[^<>\n]*>"
    yield from (found[0] for found in re.finditer(rf"\baws [a-z](?:{quoted}|[^`|;#&\n)>'\"])*", joined))


@cache
def operations(service: str) -> dict[str, str]:
    if CALLED.get(service, service) not in SESSION.get_available_services():
        return {}
    return {xform_name(name, "-"): name for name in SESSION.get_service_model(CALLED.get(service, service)).operation_names}


def problems(command: str) -> Iterator[str]:
    service, _, rest = command.removeprefix("aws ").partition(" ")
    name, _, rest = rest.strip().partition(" ")
    if name == "wait" or (service, name) in OWN_OPERATIONS:
        return
    if name not in operations(service):
        yield "no such operation"
        return
    operation = SESSION.get_service_model(CALLED.get(service, service)).operation_model(operations(service)[name])
    members = operation.input_shape.members if operation.input_shape else {}
    known = {xform_name(member, "-") for member in members}
    switches = {f"no-{xform_name(member, '-')}" for member, shape in members.items() if shape.type_name == "boolean"}
    given = set(re.findall(r"(?<!\S)--([a-z][a-z0-9-]*)", rest))
    yield from (f"no option --{one}" for one in given - known - switches - GLOBAL - OWN.get((service, name), set()))
    yield from asked(rest, operation)


def asked(rest: str, operation: OperationModel) -> Iterator[str]:
    found = re.search(r"--query ((?:'[^']*'|\"(?:\\.|[^\"])*\"|[^\s'\"])+)", rest)
    if found:
        if re.search(r"[][{}?*]", re.sub(r"'[^']*'|\"(?:\\.|[^\"])*\"", "", found[1])):
            yield f"a shell may take {found[1]} for names of files"
        query = re.sub(r"'([^']*)'|\"((?:\\.|[^\"])*)\"", lambda quoted: quoted[1] or quoted[2].replace("\\", ""), found[1])
        unknown: list[str] = []
        walk(jmespath.compile(re.sub(r"\$\{?\w+\}?|<[^<>]*>", "x", query)).parsed, operation.output_shape, unknown)
        yield from (f"the answer has no {one}" for one in unknown)


def walk(node: Any, shape: Shape | None, unknown: list[str]) -> Shape | None:
    """Return the shape of what a part of a query yields, None where it is not followed; note fields that are not there."""
    kind, children = node["type"], node.get("children", [])
    match kind:
        case "field":
            if shape is None or shape.type_name == "map":
                return None if shape is None else shape.value
            if shape.type_name != "structure" or node["value"] not in shape.members:
                unknown.append(node["value"])
                return None
            return shape.members[node["value"]]
        case "subexpression" | "index_expression" | "pipe":
            for child in children:
                shape = walk(child, shape, unknown)
            return shape
        case "index":
            return None if shape is None else shape.member
        case "projection" | "filter_projection":
            each = walk(children[0], shape, unknown)
            member = getattr(each, "member", None)
            for child in children[2:]:
                walk(child, member, unknown)
            walk(children[1], member, unknown)
            return None
        case "flatten":
            return walk(children[0], shape, unknown)
        case "identity" | "current":
            return shape
        case "literal" | "slice":
            return None
    for child in children:
        walk(child, shape, unknown)
    return None


def test_commands_are_those_of_aws() -> None:
    files = [LIBRARY / policy[1:] / name for policy in POLICIES for name in TEXTS]
    shown = [(file, one) for file in files if file.exists() for one in commands(file.read_text("utf-8"))]
    assert len(shown) > len(POLICIES)
    assert [] == [f"{file}: {command}: {problem}" for file, command in shown for problem in problems(command)]
