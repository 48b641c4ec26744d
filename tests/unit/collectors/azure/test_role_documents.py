"""Permissions as custom roles of Azure: whole roles, and what a role lacks."""

from __future__ import annotations

import json

import pytest

from perpend.collectors.azure.role_documents import FORMATS
from perpend.collectors.protocol import PermissionDocument, WantedPermissions
from tests.hcl import read_hcl

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
NAMES = ("Microsoft.Network/networkSecurityGroups/read", "Microsoft.Storage/storageAccounts/read")
BY_NAME = {form.name: form for form in FORMATS}


def written(form: str, *names: str, accounts: tuple[str, ...] = ()) -> PermissionDocument:
    return BY_NAME[form].write(WantedPermissions(names, accounts=accounts))


def test_a_role_of_the_cli_holds_the_actions_and_leaves_its_scope_to_be_named() -> None:
    text, notes = written("azure-role", *NAMES)
    role = json.loads(text)
    assert (list(NAMES), [], [], []) == (role["Actions"], role["NotActions"], role["DataActions"], role["NotDataActions"])
    assert (True, "perpend-collect", ["/subscriptions/{subscriptionId}"]) == (
        role["IsCustom"],
        role["Name"],
        role["AssignableScopes"],
    )
    group = "/providers/Microsoft.Management/managementGroups/{groupId}"
    assert [f"AssignableScopes: name your subscriptions, or one management group as {group}"] == list(notes)


def test_what_is_missing_is_a_role_of_another_name_for_the_subscriptions_that_lack_it() -> None:
    text, notes = written("azure-role", *NAMES, accounts=(SUBSCRIPTION,))
    role = json.loads(text)
    assert ("perpend-collect-missing", [f"/subscriptions/{SUBSCRIPTION}"], ()) == (
        role["Name"],
        role["AssignableScopes"],
        notes,
    )


@pytest.mark.parametrize("form", BY_NAME)
def test_permissions_of_the_directory_are_in_no_role_and_named(form: str) -> None:
    text, notes = written(form, *NAMES, "AuditLog.Read.All", "User.Read.All")
    assert "Read.All" not in text
    assert all(text.count(name) == 1 for name in NAMES)
    assert "no role can hold AuditLog.Read.All, User.Read.All: grant the directory's permissions apart" == notes[-1]


def test_terraform_reads_the_role_and_its_assignment() -> None:
    text, notes = written("terraform", *NAMES)
    blocks = read_hcl(text)
    assert ((), {"principal_id", "scope", "role_name"}) == (
        notes,
        {name.strip('"') for of in blocks["variable"] for name in of},
    )
    resources = {kind.strip('"'): of for block in blocks["resource"] for kind, of in block.items()}
    assert {"azurerm_role_definition", "azurerm_role_assignment"} == set(resources)
    (definition,) = resources["azurerm_role_definition"].values()
    (permissions,) = definition["permissions"]
    assert list(NAMES) == [action.strip('"') for action in permissions["actions"]]


def test_one_format_adds_permissions_to_those_of_a_role() -> None:
    assert ["azure-role"] == [form.name for form in FORMATS if form.adds]
