"""``perpend collect google`` from a double: many accounts of one entry, one moment, ancestors of a project, and objects that are gone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("googleapiclient", reason="the client for tests is not installed")

from perpend.collectors.protocol import NothingCollected
from perpend.collectors.runs.collection import CollectionResult
from tests.servers.google import inventories as double
from tests.servers.google.credentials import person, service_account, signed_in
from tests.servers.google.double import ASSETS, ORGANIZATION, Google
from tests.servers.google.faults import DENIED, perimeter
from tests.servers.google.inventories import BINDING, BUCKET, PROJECT, claims, rows
from tests.servers.rest import Asked, Fault, Rule, serving

pytestmark = pytest.mark.medium

FOLDER, WEB, DATA, TOOLS = "folders/456", "web-prod-1", "data-prod-1", "tooling-1"
TYPES: dict[str, tuple[str, ...]] = {BUCKET: (), BINDING: (), PROJECT: ("Name", "CA10__auditConfigsJson__c")}
AUDIT = [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]
PUBLIC, SIGNED_IN = "CA10__membersAllUsers__c", "CA10__membersAllAuthenticatedUsers__c"
GONE = "CA10__disappearanceTime__c"


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Google]:
    """Yield an organization with two projects, one of them below a folder, and one project for tools."""
    with serving(Google()) as google:
        google.organization()
        google.folder(FOLDER)
        google.project(WEB, FOLDER)
        google.project(DATA)
        google.home = google.project(TOOLS)
        for project in (WEB, DATA):
            for number in range(3):
                google.plant(BUCKET_ASSET, project, {"name": f"{project}-{number}"}, f"{project}-{number}")
        google.policy(bucket(WEB, 1), ("roles/storage.objectViewer", ["allUsers"]))
        google.policy(ORGANIZATION, audit=AUDIT)
        with signed_in(service_account(google, tmp_path)):
            yield google


BUCKET_ASSET = "storage.googleapis.com/Bucket"


def bucket(project: str, number: int) -> str:
    return f"//storage.googleapis.com/{project}-{number}"


def collect(google: Google, store: Path, **options: Any) -> CollectionResult:
    parents = {"organization", "folders", "projects"} & options.keys()
    given = options if parents else {"organization": "1001", **options}
    return double.collected(google.url, store, TYPES, **given)


def inventory(google: Google) -> list[Asked]:
    return [asked for asked in google.asked if asked.host == ASSETS]


def gone(store: Path, type_name: str) -> set[str]:
    return {key for key, row in rows(store, type_name).items() if row.get(GONE)}


def test_an_organization_is_one_entry_with_a_claim_for_each_account(google: Google, tmp_path: Path) -> None:
    google.page = 2
    result = collect(google, tmp_path / "s")
    assert result.is_complete and not google.strange
    shown = claims(result)
    accounts = {ORGANIZATION, FOLDER, WEB, DATA, TOOLS}
    assert dict.fromkeys([(account, BUCKET) for account in accounts]) == {key: shown[key] for key in shown if key[1] == BUCKET}
    stored = rows(tmp_path / "s", BUCKET)
    assert {bucket(project, number) for project in (WEB, DATA) for number in range(3)} == stored.keys()
    assert (WEB, True, False) == tuple(stored[bucket(WEB, 1)][key] for key in ("CA10__googleProject__c", PUBLIC, SIGNED_IN))
    assert not stored[bucket(DATA, 0)][PUBLIC]
    projects = rows(tmp_path / "s", PROJECT)
    assert {WEB, DATA, TOOLS} == projects.keys()
    assert AUDIT == json.loads(projects[WEB]["CA10__auditConfigsJson__c"])


def test_all_pages_are_of_one_moment_five_minutes_before_the_start(google: Google, tmp_path: Path) -> None:
    google.page = 1
    result = collect(google, tmp_path / "s")
    after_check = inventory(google)[3:]
    [moment] = {asked.query["readTime"] for asked in after_check}
    [source] = result.snapshot.sources
    assert source.observed_at is not None
    assert f"{source.observed_at:%Y-%m-%dT%H:%M:%SZ}" == moment
    google.rules = [
        Rule(f"cai.{BUCKET_ASSET}", lambda asked, one: one._replace(body={**one.body, "readTime": "2026-01-01T00:00:00Z"}))
    ]
    result = collect(google, tmp_path / "s")
    assert "AnotherReadTime" in str(claims(result)[WEB, BUCKET])
    assert set() == gone(tmp_path / "s", BUCKET)


def test_a_project_alone_shows_no_absence_and_names_what_is_above(google: Google, tmp_path: Path) -> None:
    collect(google, tmp_path / "s", projects=(WEB,))
    stored = rows(tmp_path / "s", BUCKET)
    assert {True, None} == {row[PUBLIC] for row in stored.values()}
    unread = f"the policy of {FOLDER} and {ORGANIZATION} was not read"
    assert unread in stored[bucket(WEB, 0)][f"{PUBLIC}#unread"]
    assert unread in rows(tmp_path / "s", PROJECT)[WEB]["CA10__auditConfigsJson__c#unread"]
    collect(google, tmp_path / "t", folders=("456",))
    assert f"the policy of {ORGANIZATION} was not read" in rows(tmp_path / "t", BUCKET)[bucket(WEB, 0)][f"{PUBLIC}#unread"]


def test_a_policy_above_makes_all_below_public(google: Google, tmp_path: Path) -> None:
    google.policy(FOLDER, ("roles/storage.objectViewer", ["allAuthenticatedUsers"]))
    collect(google, tmp_path / "s")
    stored = rows(tmp_path / "s", BUCKET)
    assert {bucket(WEB, number) for number in range(3)} == {key for key, row in stored.items() if row[SIGNED_IN]}


def test_objects_and_deleted_projects_disappear_and_a_project_that_moved_does_not(google: Google, tmp_path: Path) -> None:
    collect(google, tmp_path / "s")
    google.remove(bucket(WEB, 2))
    google.delete(DATA)
    google.organization("organizations/2002")
    google.project(TOOLS, "organizations/2002")
    collect(google, tmp_path / "s")
    assert {bucket(WEB, 2), *(bucket(DATA, number) for number in range(3))} == gone(tmp_path / "s", BUCKET)
    assert {WEB, TOOLS} == rows(tmp_path / "s", PROJECT).keys()
    asked = [one.path for one in google.asked if one.path.startswith("/v3/projects/")]
    assert {f"/v3/projects/{DATA}", f"/v3/projects/{TOOLS}"} >= {*asked} >= {f"/v3/projects/{TOOLS}"}


def test_a_project_that_may_not_be_asked_for_stays_as_it_was(google: Google, tmp_path: Path) -> None:
    collect(google, tmp_path / "s")
    google.delete(DATA)
    for key in [key for key in google.assets if key.endswith(google.owner(DATA))]:
        google.remove(key)
    google.denied.add("resourcemanager.projects.get")
    collect(google, tmp_path / "s")
    assert set() == gone(tmp_path / "s", BUCKET) | gone(tmp_path / "s", PROJECT)


@pytest.mark.parametrize(
    ("call", "fault", "reason"),
    [
        (f"cai.{BUCKET_ASSET}", DENIED, "denied cloudasset.assets.listResource (IAM_PERMISSION_DENIED) in organizations/1001"),
        (
            f"cai.{BUCKET_ASSET}",
            perimeter(),
            "denied by perimeter cloudasset.assets.listResource (VPC_SERVICE_CONTROLS Ab12cd34EF)",
        ),
        (f"cai.{BUCKET_ASSET}", Fault(200, {"assets": [{"name": "//x", "ancestors": ["projects/1"]}]}), "AnotherReadTime"),
    ],
)
def test_a_type_that_was_not_read_is_unclaimed_for_all(
    google: Google, tmp_path: Path, call: str, fault: Fault, reason: str
) -> None:
    collect(google, tmp_path / "s")
    google.rules = [Rule(call, fault)]
    result = collect(google, tmp_path / "s")
    assert not result.is_complete
    shown = claims(result)
    assert {True} == {reason in str(shown[account, BUCKET]) for account in (WEB, DATA, TOOLS, ORGANIZATION)}, shown
    assert set() == gone(tmp_path / "s", BUCKET)
    assert "a secret text" not in str(shown)


def test_policies_that_were_not_read_leave_what_is_public_unknown(google: Google, tmp_path: Path) -> None:
    google.denied.add("cloudasset.assets.listIamPolicy")
    result = collect(google, tmp_path / "s")
    assert {None} == {row[PUBLIC] for row in rows(tmp_path / "s", BUCKET).values()}
    assert "denied cloudasset.assets.listIamPolicy" in str(claims(result)[WEB, BINDING])
    assert claims(result)[WEB, BUCKET] is None


def test_projects_that_are_not_listed_leave_all_known_accounts_unclaimed(google: Google, tmp_path: Path) -> None:
    collect(google, tmp_path / "s")
    listed = [0]

    def after_the_check(asked: Asked, number: int) -> Fault | None:
        listed[0] += google.call_of(asked) == "cai.cloudresourcemanager.googleapis.com/Project"
        return DENIED if listed[0] > 1 else None

    google.fault = after_the_check
    shown = claims(collect(google, tmp_path / "s"))
    accounts = (ORGANIZATION, FOLDER, WEB, DATA, TOOLS)
    assert {True} == {"IAM_PERMISSION_DENIED" in str(shown[account, BUCKET]) for account in accounts}, shown
    assert set() == gone(tmp_path / "s", BUCKET)


@pytest.mark.parametrize(
    "policy",
    [
        {"bindings": [{"role": "roles/storage.objectViewer"}]},
        {"bindings": [{"role": "roles/storage.objectViewer", "members": "allUsers"}]},
        {"bindings": {"role": "roles/storage.objectViewer"}},
        {"auditConfigs": {}},
    ],
)
def test_a_policy_of_another_form_leaves_what_is_public_unknown(google: Google, tmp_path: Path, policy: dict[str, Any]) -> None:
    name, ancestors = bucket(DATA, 0), [f"projects/{google.numbers_of[DATA]}", ORGANIZATION]

    def of_another_form(asked: Asked, one: Fault) -> Fault:
        asset = {"name": name, "assetType": BUCKET_ASSET, "ancestors": ancestors, "iamPolicy": policy}
        return one._replace(body={**one.body, "assets": [*one.body.get("assets", []), asset]})

    google.rules = [Rule("cai.iam", of_another_form)]
    collect(google, tmp_path / "s")
    stored = rows(tmp_path / "s", BUCKET)
    assert stored[name][PUBLIC] is None and "is not whole" in stored[name][f"{PUBLIC}#unread"]
    assert not stored[bucket(DATA, 1)][PUBLIC] and stored[bucket(DATA, 1)][PUBLIC] is not None


def test_one_page_lost_and_one_token_refused(google: Google, tmp_path: Path) -> None:
    google.page = 2
    call = f"cai.{BUCKET_ASSET}"
    refused = Fault(400, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "a secret text"}})
    once = [0]

    def first_token(asked: Asked, number: int) -> Fault | None:
        if google.call_of(asked) == call and asked.query.get("pageToken") and not once[0]:
            once[0] = 1
            return refused
        return None

    google.fault = first_token
    assert claims(collect(google, tmp_path / "s"))[WEB, BUCKET] is None
    assert 6 == len(rows(tmp_path / "s", BUCKET))
    google.fault = lambda asked, number: (
        Fault(403, DENIED.body) if google.call_of(asked) == call and asked.query.get("pageToken") else None
    )
    result = collect(google, tmp_path / "s")
    assert "IAM_PERMISSION_DENIED" in str(claims(result)[DATA, BUCKET])


def test_an_asset_without_content_or_with_half_of_it_has_no_empty_fields(google: Google, tmp_path: Path) -> None:
    cut = google.plant(BUCKET_ASSET, WEB, {"name": "cut"}, "cut", assetExceptions=[{"exceptionType": "TRUNCATION"}])
    result = collect(google, tmp_path / "s")
    row = rows(tmp_path / "s", BUCKET)[cut]
    assert row["CA10__versioning__c"] is None and "was not read" in row["CA10__versioning__c#unread"]
    assert claims(result)[WEB, BUCKET] is None
    google.plant(BUCKET_ASSET, WEB, None, "empty")
    result = collect(google, tmp_path / "s")
    assert "NoContent" in str(claims(result)[DATA, BUCKET])
    assert "//storage.googleapis.com/empty" not in rows(tmp_path / "s", BUCKET)


def test_bad_input_is_refused_with_the_command_that_fixes_it(google: Google, tmp_path: Path) -> None:
    def refusal(**options: Any) -> str:
        with pytest.raises(NothingCollected) as refused:
            collect(google, tmp_path / "s", **options)
        assert not (tmp_path / "s").exists() and "a secret text" not in str(refused.value)
        return str(refused.value)

    google.roles = (f"projects/{google.numbers_of[WEB]}",)
    assert "gcloud organizations add-iam-policy-binding 1001" in refusal()
    assert {f"/v1/{ORGANIZATION}/assets"} == {asked.path for asked in inventory(google)}
    assert "gcloud resource-manager folders add-iam-policy-binding 999" in refusal(folders=("999",))
    google.roles = ("/",)
    google.off[TOOLS] = {ASSETS}
    assert "gcloud services enable cloudasset.googleapis.com --project" in refusal()
    assert f"gcloud services enable cloudasset.googleapis.com --project {TOOLS}" in refusal(quota_project=TOOLS)
    google.denied.add("serviceusage.services.use")
    assert f"gcloud projects add-iam-policy-binding {TOOLS}" in refusal(quota_project=TOOLS)
    google.project(DATA, state="DELETE_REQUESTED")
    google.off, google.denied = type(google.off)(set), set()
    assert "gcloud projects undelete data-prod-1" in refusal(projects=(DATA,))
    with signed_in(person(google, tmp_path / "person")):
        assert "gcloud auth application-default set-quota-project" in refusal()
    with signed_in(None):
        assert "gcloud auth application-default login" in refusal()


def test_the_quota_project_is_named_in_every_request(google: Google, tmp_path: Path) -> None:
    with signed_in(person(google, tmp_path / "person", quota_project_id=TOOLS)):
        assert collect(google, tmp_path / "s").is_complete
    assert {TOOLS} == {asked.headers.get("x-goog-user-project") for asked in inventory(google)}


def test_the_commands_say_what_to_name_and_what_they_read(google: Google, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "perpend", "collect", "google", "--store", "s", "--endpoint-url", google.url, *words]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ})
        assert "Traceback" not in ended.stderr
        return ended.returncode, ended.stdout, ended.stderr

    code, _, err = run()
    assert (2, True) == (code, "gcloud organizations list" in err), err
    code, _, err = run("--organization", "1001", "--project", WEB)
    assert (2, True) == (code, "exclude each other" in err), err
    code, out, err = run("--organization", "1001", "--dry-run")
    lists = sum(int(times or 1) for times in re.findall(r"assets\.list, .*?\)(?:, (\d+) times)?$", out, re.MULTILINE))
    assert (0, True) == (code, f"estimate: {lists} calls" in out and lists > 30), (out, err)
    assert "Directory users.list, for the account (only with --directory)" in out and "no call serves" not in out
    google.project("old-prod-1", state="DELETE_REQUESTED")
    code, out, err = run("--organization", "1001", "--types", BUCKET)
    assert (0, True, True) == (code, "Google Storage Bucket: 6 rows" in out, "1 account is not active" in err), (out, err)


def test_people_are_read_only_if_they_are_asked_for_with_the_roles_that_name_them(google: Google, tmp_path: Path) -> None:
    person, fields = "CA10__CaGoogleDirectoryUser__c", {"CA10__CaGoogleDirectoryUser__c": ()}
    google.users = [
        {"id": "7", "primaryEmail": "Ann@example.com", "isAdmin": True},
        {"id": "8", "primaryEmail": "bob@example.com"},
    ]
    google.policy(WEB, ("roles/owner", ["user:ann@example.com"]))
    result = double.collected(google.url, tmp_path / "s", fields, organization="1001")
    assert result.is_complete and rows(tmp_path / "s", person) == {}
    assert "not asked for" in str(claims(result)[ORGANIZATION, person])
    double.collected(google.url, tmp_path / "t", fields, organization="1001", directory=True)
    held = {key: json.loads(row["CA10__cloudRolesJson__c"]) for key, row in rows(tmp_path / "t", person).items()}
    of_ann = [{"resource": google.owner(WEB), "role": "roles/owner"}]
    assert {"//admin.googleapis.com/users/7": of_ann, "//admin.googleapis.com/users/8": []} == held


def test_contacts_that_fill_more_than_one_page_are_not_known(google: Google, tmp_path: Path) -> None:
    organizations = "CA10__CaGoogleResourceManagerOrganization__c"
    contact = {"email": "ann@example.com", "notificationCategorySubscriptions": ["SECURITY"]}
    google.plant("essentialcontacts.googleapis.com/Contact", ORGANIZATION, contact, "1")
    fields = {organizations: ("CA10__contactsJson__c",)}
    double.collected(google.url, tmp_path / "s", fields, organization="1001")
    assert [contact] == json.loads(rows(tmp_path / "s", organizations)[ORGANIZATION]["CA10__contactsJson__c"])
    google.rules = [
        Rule("contacts.compute", lambda asked, one: one._replace(body={**one.body, "nextPageToken": "more"})),
    ]
    double.collected(google.url, tmp_path / "t", fields, organization="1001")
    row = rows(tmp_path / "t", organizations)[ORGANIZATION]
    assert row["CA10__contactsJson__c"] is None and "MoreThanOnePage" in row["CA10__contactsJson__c#unread"]


def test_a_project_without_settings_of_access_approval_has_none(google: Google, tmp_path: Path) -> None:
    settings = "CA10__accessApproval__c"
    enrolled = {"cloudProduct": "all", "enrollmentLevel": "BLOCK_ALL"}
    google.direct[f"/v1/projects/{DATA}/accessApprovalSettings"] = {
        "enrolledAncestor": True,
        "ancestorsEnrolledServices": [enrolled],
    }
    google.direct[f"/v1/projects/{TOOLS}/accessApprovalSettings"] = {"enrolledAncestor": True}
    google.off[WEB] = {"accessapproval.googleapis.com"}
    result = double.collected(google.url, tmp_path / "s", {PROJECT: (settings,)}, organization="1001")
    assert result.is_complete
    stored = {key: json.loads(row[settings]) for key, row in rows(tmp_path / "s", PROJECT).items()}
    assert {WEB: [], DATA: [enrolled], TOOLS: [{**enrolled, "cloudProduct": "a service that an ancestor enrolls"}]} == stored


def test_another_service_account_is_impersonated_by_the_credentials(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor = f"auditor@{WEB}.iam.gserviceaccount.com"
    tokens = "iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{}:generateAccessToken"
    monkeypatch.setattr("google.auth.iam._IAM_ENDPOINT", f"{google.url}/{tokens}")
    assert collect(google, tmp_path / "s", impersonate=auditor).is_complete
    [asked] = [one for one in google.asked if one.path.endswith(":generateAccessToken")]
    assert auditor in asked.path
    google.rules = [Rule("credentials.impersonate", DENIED)]
    with pytest.raises(NothingCollected) as refused:
        collect(google, tmp_path / "t", impersonate=auditor)
    assert "roles/iam.serviceAccountTokenCreator" in str(refused.value)


def test_a_refused_call_of_an_organization_costs_the_verdicts_of_all_its_accounts(google: Google, tmp_path: Path) -> None:
    google.denied.add("cloudasset.assets.listIamPolicy")
    google.remove(bucket(WEB, 1))
    policy = ["--policy", "/ce/ca/google/storage/not-public", "--endpoint-url", google.url]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "perpend", *words, "--organization", "1001", *policy]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ})

    collected = run("collect", "google", "--store", "s")
    assert "in organizations/1001, of 5 objects; 1 policy reads it, 5 verdicts at most" in collected.stderr, collected.stderr
    scanned = run("scan", "google", "--store", "t").stdout
    assert "Scanned 5 accounts" in scanned and "5 unknown verdicts need it" in scanned, scanned
