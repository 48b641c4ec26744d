"""Permissions as custom roles of Google Cloud: whole roles, and the permissions that a role lacks."""

from __future__ import annotations

import pytest
import yaml

from perpend.collectors.google.calls import ALL_CALLS
from perpend.collectors.google.role_documents import FORMATS
from perpend.collectors.protocol import PermissionDocument, WantedPermissions
from tests.hcl import read_hcl

NAMES = ("cloudasset.assets.listResource", "serviceusage.services.list")
BY_NAME = {form.name: form for form in FORMATS}


def written(form: str, *names: str, accounts: tuple[str, ...] = ()) -> PermissionDocument:
    return BY_NAME[form].write(WantedPermissions(names, accounts=accounts))


def test_a_role_of_gcloud_holds_the_permissions_and_the_notes_say_how_it_is_made() -> None:
    text, notes = written("gcloud-role", *NAMES)
    role = yaml.safe_load(text)
    assert (list(NAMES), "perpend-collect", "GA") == (role["includedPermissions"], role["title"], role["stage"])
    assert "gcloud iam roles create perpendCollect --organization ORGANIZATION_ID --file FILE" in notes[0]
    assert "roles/cloudasset.viewer, roles/serviceusage.serviceUsageViewer" in notes[1]
    assert "grant roles/serviceusage.serviceUsageConsumer on the quota project" in notes[2]


def test_what_is_missing_is_a_role_of_another_name() -> None:
    text, notes = written("gcloud-role", *NAMES[:1], accounts=("organizations/123",))
    assert ("perpend-collect-missing", True) == (yaml.safe_load(text)["title"], "perpendCollectMissing" in notes[0])


def test_a_role_without_permissions_has_an_empty_list() -> None:
    assert [] == yaml.safe_load(written("gcloud-role", "Directory:users.list").text)["includedPermissions"]


@pytest.mark.parametrize("form", BY_NAME)
def test_a_call_of_the_directory_is_in_no_role_and_named(form: str) -> None:
    text, notes = written(form, *NAMES, "Directory:users.list")
    assert "users.list" not in text
    assert all(text.count(name) == 1 for name in NAMES)
    assert "no role can hold Directory:users.list: an administrator of the directory allows it" == notes[-1]


def test_a_role_of_google_is_named_for_each_permission_of_a_call() -> None:
    permissions = sorted({call.permission for call in ALL_CALLS if call.permission})
    text, _ = written("gcloud-role", *permissions)
    assert permissions == yaml.safe_load(text)["includedPermissions"]
    for permission in permissions:
        assert "the roles of Google that hold these: roles/" in written("gcloud-role", permission)[1][1], permission


def test_terraform_reads_the_role_and_its_members() -> None:
    text, _ = written("terraform", *NAMES)
    blocks = read_hcl(text)
    assert {"organization_id", "quota_project", "member"} == {name.strip('"') for of in blocks["variable"] for name in of}
    resources = {kind.strip('"'): of for block in blocks["resource"] for kind, of in block.items()}
    kinds = {"google_organization_iam_custom_role", "google_organization_iam_member", "google_project_iam_member"}
    assert kinds == set(resources)
    (role,) = resources["google_organization_iam_custom_role"].values()
    assert list(NAMES) == [name.strip('"') for name in role["permissions"]]


def test_one_format_adds_permissions_to_those_of_a_role() -> None:
    assert ["gcloud-role"] == [form.name for form in FORMATS if form.adds]
