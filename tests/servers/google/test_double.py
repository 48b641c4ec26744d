"""The double answers as Google Cloud does: the inventory and its pages, parents, quota projects, tokens, direct calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

pytest.importorskip("googleapiclient", reason="the client for tests is not installed")

import google.auth
from google.auth.transport.requests import Request

from tests.servers.google import credentials
from tests.servers.google.double import GCLOUD, ORGANIZATION, Google, error
from tests.servers.google.models import faults_of_asset
from tests.servers.rest import Rule, serving

FOLDER, WEB, DATA = "folders/2001", "web-prod-1", "data-prod-1"
INSTANCE, BUCKET, PROJECT = (
    "compute.googleapis.com/Instance",
    "storage.googleapis.com/Bucket",
    "cloudresourcemanager.googleapis.com/Project",
)


class Answer(NamedTuple):
    """The status and the JSON of an answer."""

    status: int
    body: Any

    @property
    def error(self) -> tuple[int, str, str]:
        """The status, the state and the reason of an error."""
        details = self.body["error"].get("details", [{}])
        return self.status, self.body["error"]["status"], details[0].get("reason", "")

    @property
    def about(self) -> dict[str, str]:
        """What an ErrorInfo says of its reason."""
        metadata: dict[str, str] = self.body["error"]["details"][0]["metadata"]
        return metadata

    @property
    def names(self) -> list[str]:
        """The last steps of the names of a page's assets."""
        return [str(asset["name"]).rpartition("/")[2] for asset in self.body.get("assets", ())]


@pytest.fixture
def double() -> Iterator[Google]:
    """Yield an organization with a project of two machines below a folder, and another one with a bucket."""
    with serving(Google()) as google:
        google.organization()
        google.folder(FOLDER)
        google.project(WEB, FOLDER)
        google.project(DATA)
        for name in ("vm-1", "vm-2", "vm-3"):
            google.plant(INSTANCE, WEB, {"name": name}, name)
        google.plant(BUCKET, DATA, {"name": "bucket-1"}, "bucket-1")
        google.policy(f"//{BUCKET.partition('/')[0]}/bucket-1", ("roles/storage.objectViewer", ["allUsers"]))
        google.policy(ORGANIZATION, ("roles/owner", ["user:a@b.example"]), audit=[{"service": "allServices"}])
        yield google


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def get(google: Google, path: str, quota: str = "", token: str | None = None, **query: Any) -> Answer:
    """Return the answer to a request for a path of a host."""
    parts = urlsplit(google.url)
    with closing(HTTPConnection(parts.netloc)) as connection:
        token = google.token() if token is None else token
        headers = {"Authorization": f"Bearer {token}", **({"x-goog-user-project": quota} if quota else {})}
        connection.request("GET", f"/{path}?{urlencode(query, doseq=True)}", headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, json.loads(answer.read()))


def listed(google: Google, parent: str = ORGANIZATION, content: str = "RESOURCE", **query: Any) -> Answer:
    return get(google, f"cloudasset.googleapis.com/v1/{parent}/assets", contentType=content, **query)


def test_the_inventory_has_pages_of_one_type_at_one_time(double: Google) -> None:
    asked = {"assetTypes": INSTANCE, "readTime": "2026-11-30T10:00:00Z", "pageSize": 2}
    double.now = lambda: _time("2026-12-01T00:00:00+00:00")
    first = listed(double, **asked)
    assert (["vm-1", "vm-2"], "2026-11-30T10:00:00Z") == (first.names, first.body["readTime"])
    second = listed(double, **asked, pageToken=first.body["nextPageToken"])
    assert (["vm-3"], False) == (second.names, "nextPageToken" in second.body)
    number = double.owner(WEB)
    assert [number, FOLDER, ORGANIZATION] == second.body["assets"][0]["ancestors"]
    assert second.body["assets"][0]["name"].startswith(f"//compute.googleapis.com/projects/{WEB}/zones/")


@pytest.mark.parametrize(
    "other", [{"readTime": "2026-12-02T10:00:00Z"}, {"assetTypes": BUCKET}, {"contentType": "IAM_POLICY"}, {}]
)
def test_a_page_token_is_bound_to_the_other_parameters_and_ends(double: Google, other: dict[str, str]) -> None:
    double.now = lambda: _time("2026-12-03T00:00:00+00:00")
    asked = {"contentType": "RESOURCE", "assetTypes": INSTANCE, "readTime": "2026-12-01T10:00:00Z", "pageSize": 2}
    path = f"cloudasset.googleapis.com/v1/{ORGANIZATION}/assets"
    token = get(double, path, **asked).body["nextPageToken"]
    if not other:
        double.forget_page_tokens()
    assert (400, "INVALID_ARGUMENT", "") == get(double, path, **{**asked, **other, "pageToken": token}).error


def test_a_list_without_assets_has_no_member_for_them(double: Google) -> None:
    assert {"readTime"} == listed(double, assetTypes="compute.googleapis.com/Firewall").body.keys()


def test_content_types_show_other_members(double: Google) -> None:
    assert {"vm-1", "bucket-1"} < {*listed(double).names}
    assert ["resource"] == _members(listed(double, assetTypes=BUCKET))
    assert [] == _members(listed(double, content="CONTENT_TYPE_UNSPECIFIED", assetTypes=BUCKET))
    policies = listed(double, content="IAM_POLICY")
    assert (["1001", "bucket-1"], ["iamPolicy"]) == (policies.names, _members(policies))
    assert ["bucket-1"] == listed(double, f"projects/{DATA}", "IAM_POLICY").names  # none of the organization above
    assert [] == listed(double, content="ORG_POLICY").names
    assert [] == listed(double, content="OS_INVENTORY").names


def _members(answer: Answer) -> list[str]:
    usual = {"name", "assetType", "ancestors", "updateTime"}
    return sorted({member for asset in answer.body["assets"] for member in asset} - usual)


def test_an_asset_is_there_from_a_time_until_another(double: Google) -> None:
    double.plant(INSTANCE, WEB, {}, "vm-4", since="2026-11-30T12:00:00Z", until="2026-12-01T12:00:00Z")
    double.now = lambda: _time("2026-12-03T00:00:00+00:00")
    shown = {time: "vm-4" in listed(double, readTime=f"2026-{time}T13:00:00Z").names for time in ("11-29", "11-30", "12-01")}
    assert {"11-29": False, "11-30": True, "12-01": False} == shown
    assert 400 == listed(double, readTime="2026-12-04T00:00:00Z").status
    assert 400 == listed(double, readTime="2026-10-04T00:00:00Z").status


def test_a_parent_is_asked_for_by_name_and_refused_aloud(double: Google) -> None:
    double.roles = (f"projects/{WEB}",)
    assert ["vm-1", "vm-2", "vm-3"] == listed(double, f"projects/{WEB}", assetTypes=INSTANCE).names
    assert ["vm-1", "vm-2", "vm-3"] == listed(double, double.owner(WEB), assetTypes=INSTANCE).names
    refused = (403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")
    for parent in (ORGANIZATION, FOLDER, f"projects/{DATA}", "projects/no-such-project", "organizations/9"):
        answer = listed(double, parent)
        assert (refused, parent) == (answer.error, answer.about["resource"])
    double.denied = {"cloudasset.assets.listIamPolicy"}
    assert refused == listed(double, f"projects/{WEB}", "IAM_POLICY").error
    assert 400 == listed(double, "organizations/me").status


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"assetType": INSTANCE}, 'Unknown name "assetType"'),
        ({"contentType": "RESOURCES"}, "(TYPE_ENUM)"),
        ({"pageSize": "many"}, "(TYPE_INT32)"),
        ({"readTime": "yesterday"}, "Timestamp"),
        ({"assetTypes": "compute.googleapis.com/Instnace"}, "matches no supported asset type"),
        ({"pageSize": 1001}, "page size"),
        ({"pageToken": "made-up"}, "page token"),
    ],
)
def test_a_wrong_parameter_is_an_invalid_argument(double: Google, query: dict[str, Any], words: str) -> None:
    answer = get(double, f"cloudasset.googleapis.com/v1/{ORGANIZATION}/assets", **query)
    assert (400, "INVALID_ARGUMENT", "") == answer.error
    assert words in answer.body["error"]["message"]


def test_types_that_the_inventory_does_not_have_are_refused(double: Google) -> None:
    double.unsupported = {INSTANCE}
    assert (400, "INVALID_ARGUMENT", "") == listed(double, assetTypes=INSTANCE).error
    assert ["bucket-1"] == listed(double, assetTypes=BUCKET).names
    assert 200 == listed(double, assetTypes=[BUCKET, "compute.*"]).status


def test_the_quota_project_is_the_named_one_or_that_of_the_credentials(double: Google) -> None:
    denied = "PERMISSION_DENIED"
    path = f"cloudasset.googleapis.com/v1/{ORGANIZATION}/assets"
    person = double.token(is_person=True)
    answer = get(double, path, token=person)
    assert ((403, denied, "SERVICE_DISABLED"), f"projects/{GCLOUD}") == (answer.error, answer.about["consumer"])
    assert 200 == get(double, path, WEB, person).status
    assert (403, denied, "USER_PROJECT_DENIED") == get(double, path, "no-such-project").error
    double.off[WEB] = {"cloudasset.googleapis.com"}
    assert double.owner(WEB) == get(double, path, WEB).about["consumer"]
    assert 200 == listed(double, f"projects/{WEB}").status  # the API is off where nobody counts the request
    double.home = WEB
    assert (403, denied, "SERVICE_DISABLED") == get(double, path).error


def test_tokens_come_of_credentials_and_have_scopes(double: Google, tmp_path: Path) -> None:
    for path, is_person in (
        (credentials.service_account(double, tmp_path), False),
        (credentials.person(double, tmp_path), True),
    ):
        with credentials.signed_in(path):
            made, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
            made.refresh(Request())
        assert is_person == double.tokens[made.token].is_person
        assert 200 == get(double, f"cloudasset.googleapis.com/v1/{ORGANIZATION}/assets", WEB, made.token).status
    narrow = double.token("https://www.googleapis.com/auth/cloud-platform.read-only")
    answer = get(double, f"cloudasset.googleapis.com/v1/{ORGANIZATION}/assets", token=narrow)
    assert (403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT") == answer.error
    assert 200 == get(double, f"serviceusage.googleapis.com/v1/projects/{WEB}/services", token=narrow).status
    for token in ("", "made-up"):
        assert 401 == get(double, f"cloudasset.googleapis.com/v1/{ORGANIZATION}/assets", token=token).status


def test_projects_are_got_by_id_and_by_number_and_stay_for_a_while(double: Google) -> None:
    for name in (WEB, double.numbers_of[WEB]):
        answer = get(double, f"cloudresourcemanager.googleapis.com/v3/projects/{name}")
        assert (WEB, FOLDER, "ACTIVE") == tuple(answer.body[key] for key in ("projectId", "parent", "state"))
    double.delete(WEB)
    assert "DELETE_REQUESTED" == get(double, f"cloudresourcemanager.googleapis.com/v3/projects/{WEB}").body["state"]
    assert [] == listed(double, assetTypes=INSTANCE).names
    double.roles = (ORGANIZATION,)
    double.project(DATA, "")  # moved out of the organization
    assert 403 == get(double, f"cloudresourcemanager.googleapis.com/v3/projects/{DATA}").status
    assert [] == listed(double, assetTypes=BUCKET).names


def test_services_are_on_or_off_and_objects_stay(double: Google) -> None:
    double.off[WEB] = {"compute.googleapis.com"}
    path = f"serviceusage.googleapis.com/v1/projects/{WEB}/services"
    on = get(double, path, filter="state:ENABLED", pageSize=200).body["services"]
    assert "compute.googleapis.com" not in {one["config"]["name"] for one in on}
    assert ["compute.googleapis.com"] == [
        one["config"]["name"] for one in get(double, path, filter="state:DISABLED").body["services"]
    ]
    assert ["vm-1", "vm-2", "vm-3"] == listed(double, assetTypes=INSTANCE).names
    assert 400 == get(double, path, pageSize=201).status


def test_direct_calls_answer_what_is_planted(double: Google) -> None:
    approval = f"accessapproval.googleapis.com/v1/projects/{WEB}/accessApprovalSettings"
    assert (404, "NOT_FOUND", "") == get(double, approval).error
    double.direct[f"/{approval.partition('/')[2]}"] = {"enrolledAncestor": True}
    assert {"enrolledAncestor": True} == get(double, approval).body
    double.off[WEB] = {"accessapproval.googleapis.com"}
    assert double.owner(WEB) == get(double, approval).about["consumer"]
    contact = {"email": "s@b.example", "notificationCategorySubscriptions": ["SECURITY"], "languageTag": "en"}
    double.plant("essentialcontacts.googleapis.com/Contact", ORGANIZATION, contact, "1")
    computed = f"essentialcontacts.googleapis.com/v1/{ORGANIZATION}/contacts:compute"
    assert [contact] == get(double, computed, notificationCategories="SECURITY").body["contacts"]
    assert {} == get(double, computed, notificationCategories="BILLING").body
    table = "bigquery.googleapis.com/bigquery/v2/projects/data-prod-1/datasets/d/tables/t"
    assert 404 == get(double, table).status
    double.plant("bigquery.googleapis.com/Table", DATA, {"id": "data-prod-1:d.t"}, "t", around="d")
    assert {"id": "data-prod-1:d.t"} == get(double, table).body


def test_people_are_shown_if_there_is_a_directory(double: Google) -> None:
    users = "admin.googleapis.com/admin/directory/v1/users"
    assert 403 == get(double, users, customer="my_customer").status
    double.users = [{"primaryEmail": f"{number}@b.example"} for number in range(3)]
    first = get(double, users, customer="my_customer", maxResults=2).body
    assert 2 == len(first["users"])
    second = get(double, users, customer="my_customer", maxResults=2, pageToken=first["nextPageToken"]).body
    assert ({"users"}, "2@b.example") == (second.keys(), second["users"][0]["primaryEmail"])
    assert 400 == get(double, users).status


def test_rules_are_of_a_type_a_content_type_and_a_direct_call(double: Google) -> None:
    double.rules = [Rule(f"cai.{INSTANCE}", error(403, "PERMISSION_DENIED")), Rule("cai.iam", error(500, "INTERNAL"))]
    assert (403, 200) == (listed(double, assetTypes=INSTANCE).status, listed(double, assetTypes=BUCKET).status)
    assert 500 == listed(double, content="IAM_POLICY").status
    double.rules = [Rule("usage.services", error(403, "PERMISSION_DENIED"), under=f"/v1/projects/{WEB}")]
    statuses = [get(double, f"serviceusage.googleapis.com/v1/projects/{one}/services").status for one in (WEB, DATA)]
    assert [403, 200] == statuses
    assert [] == double.strange


def test_what_is_planted_fits_the_schemas_and_a_misspelt_member_does_not(double: Google) -> None:
    assert [] == [fault for asset in listed(double).body["assets"] for fault in faults_of_asset(asset)]
    double.plant(INSTANCE, WEB, {"nmae": "x", "canIpForward": "no", "id": "x", "status": "ASLEEP"}, "wrong")
    wrong = next(asset for asset in listed(double, assetTypes=INSTANCE).body["assets"] if asset["name"].endswith("wrong"))
    assert [
        "resource.data.nmae is in no schema",
        "resource.data.canIpForward is no boolean: 'no'",
        "resource.data.id is no uint64: 'x'",
        "resource.data.status is none of its values: 'ASLEEP'",
    ] == faults_of_asset(wrong)
