"""The tables agree with Google's discovery documents: each call is a method, and each path leads to a member of a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

pytest.importorskip("googleapiclient", reason="the client for tests is not installed")

from perpend.collectors.google.calls import ALL_CALLS, ALSO
from perpend.collectors.google.types import ALL_TYPES
from perpend.collectors.rest.rows import RestCall, filled
from tests.servers.google.models import SCHEMAS, document, method_of, wrong_parameters

CALLS = {call.name: call for call in ALL_CALLS}
PLACES = {"account": "organizations/1", "id": "organizations/1", "project": "web-prod-1"}
MADE = {"id", "project", "resource", "key", "^.id", "^.project", "^.assetType"}
"""Members that the walk or a function adds."""

OLDER = {"state": "lifecycleState", "allowed": "alloweds", "denied": "denieds"}
"""Members that another form of an asset spells in another way, which the documents do not have."""

JOINED = {
    "policy": {"allUsers", "allAuthenticatedUsers", "auditConfigs", "rolesByMember"},
    "cloudRoles": {"roles"},
    "sinks": {"inherited"},
    "perimeters": {"perimeters"},
    "organizationPolicies": {"policies"},
    "firewalls": {"ports", "policies"},
    "dnsPolicies": {"policies"},
}
INSIDE = {
    "CA10__CaGoogleIamPolicyBinding__c": ("cloudresourcemanager.v3", "Binding"),
    "CA10__CaGoogleMonitoringCondition__c": ("monitoring.v3", "Condition"),
    "CA10__CaGoogleGceInstanceServiceAccountLink__c": ("compute.v1", "ServiceAccount"),
}
ANSWERS = {
    "usage.services": ("serviceusage.v1", "ListServicesResponse"),
    "approval.settings": ("accessapproval.v1", "AccessApprovalSettings"),
    "contacts.compute": ("essentialcontacts.v1", "GoogleCloudEssentialcontactsV1ComputeContactsResponse"),
    "bigquery.table": ("bigquery.v2", "Table"),
    "directory.users": ("admin.directory_v1", "User"),
    "metadata": ("compute.v1", "Project"),
}


def has_member(schema: tuple[str, str], path: str) -> bool:
    """Whether a path of names leads through the objects of a schema."""
    schemas: Mapping[str, Any] = document(schema[0])["schemas"]
    here: Mapping[str, Any] = schemas[schema[1]]
    for step in path.split("."):
        here = here.get("properties", {}).get(step)
        if here is None:
            return False
        here = schemas[here["$ref"]] if "$ref" in here else here
    return True


@pytest.mark.parametrize("call", ALL_CALLS, ids=lambda call: call.name)
def test_each_call_is_a_method_with_its_parameters(call: RestCall) -> None:
    address = urlsplit(filled(call.url, lambda place: PLACES.get(place, "thing_1")))
    method = method_of("GET", address.netloc, address.path)
    assert method
    assert method.key.endswith(f".{call.operation}")
    pairs = [*call.parameters.items(), *parse_qsl(address.query)]
    assert [] == [*wrong_parameters(method, pairs)]
    pages = document(method.document)["schemas"][method.response]["properties"]
    assert {call.items, *(call.next_token or ("",))[:1], call.empty_with} - {""} <= pages.keys()
    assert call.next_token is None or call.next_token[1] in method.parameters


def test_each_permission_reads() -> None:
    verbs = {call.permission.rpartition(".")[2] for call in ALL_CALLS if call.permission}
    assert verbs == {"listResource", "listIamPolicy", "listOrgPolicy", "listOSInventories", "list", "get"}
    assert [call.name for call in ALL_CALLS if call.permission is None] == ["directory.users"]


def test_each_path_leads_to_a_member() -> None:
    lost, read = [], 0
    for row in ALL_TYPES:
        listed = row.listed.removeprefix("cai.")
        schemas = [SCHEMAS[name] for name in (listed, ALSO.get(listed)) if name in SCHEMAS] if not row.inside else []
        for name, source in row.fields.items():
            for path in (source.path, source.also, source.within, source.also_within):
                if not path or path in MADE or path == "^":
                    continue
                read += 1
                if source.call in JOINED:
                    is_there = path in JOINED[source.call]
                elif source.call == "usage.services":
                    is_there = path == "items"
                elif source.call or listed in ANSWERS:
                    is_there = has_member(ANSWERS[source.call or listed], path)
                elif row.inside:
                    is_there = has_member(INSIDE[row.type_name], path)
                elif path.startswith("resource.data."):
                    short = path.removeprefix("resource.data.")
                    is_there = any(has_member(schema, short) for schema in schemas) or short in OLDER.values()
                else:
                    is_there = path == "resource.data" or has_member(("cloudasset.v1", "Asset"), path)
                if not is_there:
                    lost.append((row.type_name, name, path))
    assert [] == lost
    assert read > 150
