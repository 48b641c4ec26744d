"""The official client agrees with the double: its documents have all members of objects, and it reads the same lists and errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("googleapiclient", reason="the client for tests is not installed")

from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from httplib2 import Http

from tests.servers.google.double import NAMES, ORGANIZATION, REGION, Google
from tests.servers.google.faults import DENIED, FAULTS, perimeter
from tests.servers.google.models import SCHEMAS, document, faults, faults_of_asset
from tests.servers.google.samples import PROJECT, SAMPLES, plant_samples
from tests.servers.rest import Fault, Rule, serving

NODES = {f"cloudresourcemanager.googleapis.com/{kind}" for kind in ("Organization", "Folder", "Project")}


class OnLoopback(Http):  # type: ignore[misc,no-any-unimported]
    """Sends the client's requests to the double, with a token."""

    def __init__(self, google: Google) -> None:
        super().__init__()
        self.google, self.token = google, google.token()

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **options: Any) -> Any:
        """Send a request."""
        signed = {**(headers or {}), "Authorization": f"Bearer {self.token}"}
        address = uri.replace("https:/", self.google.url, 1)
        return super().request(address, method, body=body, headers=signed, **options)


@pytest.fixture(scope="module")
def double() -> Iterator[Google]:
    """Yield an organization with an object of each type in each of five projects, on pages of two."""
    with serving(Google()) as google:
        google.organization()
        google.folder("folders/2001")
        for project in (PROJECT, *(f"other-{number}" for number in range(4))):
            google.project(project, "folders/2001")
            plant_samples(google, project, "thing-1" if project == PROJECT else f"thing-of-{project}")
        google.policy(ORGANIZATION, ("roles/viewer", ["group:a@b.example"]))
        google.page = 2
        yield google


def client(google: Google, name: str) -> Any:
    return build_from_document(document(name), http=OnLoopback(google))


def names_of(google: Google, parent: str = ORGANIZATION, **asked: Any) -> list[str]:
    """Return the names of assets that the official client lists, over all pages."""
    assets = client(google, "cloudasset.v1").assets()
    request, names = assets.list(parent=parent, **asked), []
    while request is not None:
        answer = request.execute()
        names += [asset["name"] for asset in answer.get("assets", ())]
        request = assets.list_next(request, answer)
    return names


def test_every_type_has_a_name_a_sample_and_a_schema() -> None:
    assert SCHEMAS.keys() - NODES == SAMPLES.keys() == NAMES.keys()
    assert [] == [key for key, (name, schema) in SCHEMAS.items() if schema not in document(name)["schemas"]]


def test_objects_have_only_members_of_their_schemas(double: Google) -> None:
    wrong = {key: found for key, planted in double.assets.items() if (found := faults_of_asset(planted.asset))}
    assert {} == wrong


@pytest.mark.parametrize(
    ("asset_type", "data", "expected"),
    [
        ("storage.googleapis.com/Bucket", {"versoning": {}}, "versoning is in no schema"),
        ("storage.googleapis.com/Bucket", {"versioning": {"on": True}}, "versioning.on is in no schema"),
        ("compute.googleapis.com/Firewall", {"direction": "IN"}, "direction is none of its values: 'IN'"),
        ("compute.googleapis.com/Firewall", {"allowed": [{"ipProtocol": "tcp"}]}, "allowed[0].ipProtocol is in no schema"),
        (
            "storage.googleapis.com/Bucket",
            {"retentionPolicy": {"retentionPeriod": 5}},
            "retentionPolicy.retentionPeriod is no string: 5",
        ),
        ("sqladmin.googleapis.com/Instance", {"settings": []}, "settings is no object: []"),
        ("iam.googleapis.com/Role", {"stage": "GA", "deleted": None}, "deleted is no boolean: None"),
    ],
)
def test_a_mistake_in_an_object_is_seen(asset_type: str, data: dict[str, Any], expected: str) -> None:
    assert [expected] == faults(*SCHEMAS[asset_type], data)


def test_the_client_lists_what_is_planted_over_all_pages(double: Google) -> None:
    for asset_type in SCHEMAS:
        planted = sorted(key for key, planted in double.assets.items() if planted.asset["assetType"] == asset_type)
        assert planted
        assert planted == names_of(double, contentType="RESOURCE", assetTypes=[asset_type]), asset_type
    assert [f"//cloudresourcemanager.googleapis.com/{ORGANIZATION}"] == names_of(double, contentType="IAM_POLICY")
    assert sorted(double.assets) == sorted(names_of(double))
    assert [] == double.strange


def test_the_client_reads_direct_calls(double: Google) -> None:
    project = client(double, "cloudresourcemanager.v3").projects().get(name=f"projects/{PROJECT}").execute()
    assert (PROJECT, "folders/2001") == (project["projectId"], project["parent"])
    services = client(double, "serviceusage.v1").services().list(parent=f"projects/{PROJECT}", filter="state:ENABLED").execute()
    assert [] == faults("serviceusage.v1", "ListServicesResponse", services)
    contacts = client(double, "essentialcontacts.v1").organizations().contacts()
    shown = contacts.compute(parent=ORGANIZATION, notificationCategories=["SECURITY"]).execute()
    assert [] == faults("essentialcontacts.v1", "GoogleCloudEssentialcontactsV1ComputeContactsResponse", shown)
    table = client(double, "bigquery.v2").tables().get(projectId=PROJECT, datasetId="around-1", tableId="thing-1").execute()
    assert f"projects/{PROJECT}/locations/{REGION}" in table["encryptionConfiguration"]["kmsKeyName"]
    path = f"/v1/projects/{PROJECT}/accessApprovalSettings"
    double.direct[path] = {"name": path.removeprefix("/v1/"), "enrolledAncestor": True}
    approval = (
        client(double, "accessapproval.v1").projects().getAccessApprovalSettings(name=path.removeprefix("/v1/")).execute()
    )
    assert [] == faults("accessapproval.v1", "AccessApprovalSettings", approval)
    double.users = [{"primaryEmail": "a@b.example", "isEnrolledIn2Sv": True}]
    people = client(double, "admin.directory_v1").users().list(customer="my_customer").execute()
    assert [] == faults("admin.directory_v1", "Users", people)
    held = client(double, "cloudresourcemanager.v3").organizations()
    asked = {"permissions": ["cloudasset.assets.listResource", "bigquery.tables.get"]}
    double.denied = {"bigquery.tables.get"}
    answer = held.testIamPermissions(resource=ORGANIZATION, body=asked).execute()
    double.denied = set()
    assert {"permissions": ["cloudasset.assets.listResource"]} == answer
    assert [] == double.strange


def test_the_client_reads_the_errors_of_the_double(double: Google) -> None:
    for fault in (DENIED, perimeter()):
        double.rules = [Rule("cai.storage.googleapis.com/Bucket", fault)]
        with pytest.raises(HttpError) as refused:
            names_of(double, contentType="RESOURCE", assetTypes=["storage.googleapis.com/Bucket"])
        assert fault.body["error"]["details"] == refused.value.error_details
    double.rules = []
    with pytest.raises(HttpError) as unknown:
        names_of(double, "organizations/9")
    assert "IAM_PERMISSION_DENIED" == unknown.value.error_details[0]["reason"]


def test_faults_are_answers_of_many_forms(double: Google) -> None:
    call = "cai.storage.googleapis.com/Bucket"
    for name, fault in FAULTS.items():
        double.rules = [Rule(call, fault)]
        if isinstance(fault, Fault) and fault.status >= 400:
            with pytest.raises(HttpError) as refused:
                names_of(double, contentType="RESOURCE", assetTypes=["storage.googleapis.com/Bucket"])
            assert fault.status == int(refused.value.resp.status), name
    assets = client(double, "cloudasset.v1").assets()
    shown = {}
    for name in ("TRUNCATION", "no resource", "another time", "no time", "same token"):
        double.rules = [Rule(call, FAULTS[name])]
        shown[name] = assets.list(parent=ORGANIZATION, contentType="RESOURCE", assetTypes=[call.removeprefix("cai.")]).execute()
    double.rules = []
    cut = shown["TRUNCATION"]["assets"][0]
    assert ("TRUNCATION", 1) == (cut["assetExceptions"][0]["exceptionType"], len(cut["resource"]["data"]))
    assert [] == faults_of_asset(cut)
    assert ["resource" in asset for asset in shown["no resource"]["assets"]] == [False, False]
    assert ("2020-01-01T00:00:00Z", False) == (shown["another time"]["readTime"], "readTime" in shown["no time"])
    assert "c2FtZQ" == shown["same token"]["nextPageToken"]
