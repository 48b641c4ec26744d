"""Traps of Azure's API, by number in the design's list: what looks like a fact about a list and is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("azure.identity", reason="the extra azure is not installed")

from perpend.collectors.azure.cloud import TABLES
from perpend.collectors.protocol import NothingCollected
from perpend.collectors.runs.collection import CollectionResult
from tests.servers.azure.collected import ACCOUNT, GROUPS, STORAGE, claims, collected
from tests.servers.azure.double import GROUP, MANAGEMENT, Azure, error, subscription_id
from tests.servers.azure.faults import DENIED, throttled, without
from tests.servers.azure.rounds import collect, estate
from tests.servers.planted_rest import evaluate
from tests.servers.rest import Asked, Fault, Rule
from tests.unit.inventory.snapshots.stored import rows_of

pytestmark = pytest.mark.medium

ONE, TWO = subscription_id(1), subscription_id(2)
ACCOUNTS = "Microsoft.Storage/storageAccounts"
PLAN, RULE, ALERT, SETTING = (
    "CA10Z1__CaAzureDefenderPlan__c",
    "CA10__CaAzureNetworkSecurityGroupRule__c",
    "CA10__CaAzureActivityLogAlert__c",
    "CA10__CaAzureDiagnosticSetting__c",
)


@pytest.fixture
def azure() -> Iterator[Azure]:
    """Yield two subscriptions, each with five storage accounts and a security group."""
    with estate() as double:
        for account in (ONE, TWO):
            double.subscribe(account)
            for number in range(1, 6):
                double.plant(storage(account, f"account{number}"))
            plant(double, account, "Microsoft.Network/networkSecurityGroups", "web", properties={"securityRules": []})
        double.page = 2
        yield double


def storage(account: str, name: str, group: str = GROUP, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{account}/resourceGroups/{group}/providers/{ACCOUNTS}/{name}",
        "name": name,
        "location": "westeurope",
        "properties": {"supportsHttpsTrafficOnly": True, "allowBlobPublicAccess": False, **properties},
    }


def plant(azure: Azure, account: str, resource_type: str, name: str, **members: Any) -> None:
    scope = f"/subscriptions/{account}" + ("" if "Microsoft.Security" in resource_type else f"/resourceGroups/{GROUP}")
    azure.plant({"id": f"{scope}/providers/{resource_type}/{name}", "name": name, "location": "global", **members})


def lacking(result: CollectionResult, account: str = ONE, type_name: str = STORAGE) -> str | None:
    return claims(result)[account, type_name]


def values(result: CollectionResult, type_name: str, field: str) -> list[Any]:
    return sorted((row.get(field) for row in rows_of(result.snapshot, type_name)), key=str)


def test_trap_2_a_subscription_without_a_role_is_an_account_that_could_not_be_entered(azure: Azure, tmp_path: Path) -> None:
    azure.groups = {"top": [ONE, TWO]}
    azure.roles = (f"/subscriptions/{ONE}",)
    narrow = collected(azure, tmp_path / "a", [STORAGE])
    assert {(ONE, ACCOUNT): None, (ONE, STORAGE): None} == claims(narrow)  # nothing is claimed of the other one
    azure.rules = [Rule("mg.descendants", lambda asked, answer: shown_all(azure, asked))]
    wide = collected(azure, tmp_path / "b", [STORAGE], management_group="top")
    assert not wide.is_complete
    assert "Microsoft.Resources/subscriptions/read" in str(next(why for key, why in claims(wide).items() if key[0] == TWO))


def shown_all(azure: Azure, asked: Asked) -> Fault:
    """Answer as for one who is Reader of the management group's children, not of what they hold."""
    roles, azure.roles = azure.roles, ("/",)
    answer = azure.usual(asked)
    azure.roles = roles
    return answer


def test_trap_3_rows_that_a_role_on_one_group_shows_elsewhere_are_not_taken_instead(azure: Azure, tmp_path: Path) -> None:
    azure.roles = (f"/subscriptions/{ONE}/resourceGroups/{GROUP}",)
    result = collected(azure, tmp_path / "s", [STORAGE, GROUPS])
    denied = "denied Microsoft.Storage/storageAccounts/read (AuthorizationFailed)"
    assert f"{denied} in {ONE}" == lacking(result)
    assert [] == rows_of(result.snapshot, STORAGE)
    assert not [asked for asked in azure.asked if asked.path.endswith("/resources") or asked.path.endswith("/resourceGroups")]


def test_trap_4_a_shortened_list_of_subscriptions_is_no_list(azure: Azure, tmp_path: Path) -> None:
    def shortened(asked: Asked, answer: Fault) -> Fault:
        return answer._replace(headers={**answer.headers, "x-ms-tenant-subscription-limit-hit": "true"})

    azure.rules = [Rule("arm.subscriptions", shortened)]
    with pytest.raises(NothingCollected, match="list is not whole"):
        collected(azure, tmp_path / "s", [STORAGE])


def test_trap_8_no_row_reads_what_lists_leave_out() -> None:
    forbidden = ("properties.siteConfig", "properties.administrators", "properties.extended")
    read = [
        f"{row.type_name}.{name}"
        for row in TABLES.all_types
        for name, source in row.fields.items()
        if not source.call and source.path.startswith(forbidden)
    ]
    assert [] == read
    assert "arm.resources" not in {row.listed for row in TABLES.all_types}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceNotFound", "failed:"),
        ("ResourceGroupNotFound", "failed:"),
        ("ParentResourceNotFound", "failed:"),
        ("SubscriptionNotFound", "account closed for"),
        ("InvalidResourceType", "unsupported here:"),
        ("NoRegisteredProviderFound", "unsupported here:"),
    ],
)
def test_trap_9_a_404_of_a_list_is_never_a_fact(azure: Azure, tmp_path: Path, code: str, kind: str) -> None:
    collected(azure, tmp_path / "s", [STORAGE])
    azure.rules = [Rule("storage.accounts", error(404, code), under=f"/subscriptions/{ONE}")]
    result = collected(azure, tmp_path / "s", [STORAGE])
    assert f"{kind} Microsoft.Storage/storageAccounts/read ({code}) in {ONE}" == lacking(result)
    assert ({}, None) == (result.carried_over.gone, lacking(result, TWO))


@pytest.mark.parametrize(
    ("namespace", "call", "type_name"),
    [("microsoft.storage", "storage.accounts", STORAGE), ("microsoft.security", "defender.plans", PLAN)],
)
def test_trap_10_not_registered_is_a_fact_only_if_the_registrations_say_so(
    azure: Azure, tmp_path: Path, namespace: str, call: str, type_name: str
) -> None:
    azure.unregistered[ONE] = {namespace}
    result = collected(azure, tmp_path / "a", [type_name])
    assert lacking(result, type_name=type_name) is None
    refusal = DENIED
    azure.rules = [Rule("arm.providers", refusal)]
    result = collected(azure, tmp_path / "b", [type_name])
    assert f" {TABLES.calls[call].label} (" in str(lacking(result, type_name=type_name))
    azure.rules = [Rule(call, error(409, "MissingSubscriptionRegistration"))]
    azure.unregistered.clear()
    result = collected(azure, tmp_path / "c", [type_name])
    assert f" {TABLES.calls[call].label} (" in str(lacking(result, type_name=type_name))


def test_trap_11_a_plan_shows_its_coverage_and_the_texts_of_its_extensions(azure: Azure, tmp_path: Path) -> None:
    standard = {"pricingTier": "Standard", "resourcesCoverageStatus": "PartiallyCovered"}
    extensions = [{"name": "OnUploadMalwareScanning", "isEnabled": "False"}]
    plant(azure, ONE, "Microsoft.Security/pricings", "StorageAccounts", properties={**standard, "extensions": extensions})
    plant(azure, ONE, "Microsoft.Security/pricings", "Dns", properties={"pricingTier": "Standard", "deprecated": True})
    result = collected(azure, tmp_path / "s", [PLAN])
    rows = {row["CA10Z1__name__c"]: row for row in rows_of(result.snapshot, PLAN)}
    assert rows.keys() == {"StorageAccounts", "Dns"}  # a plan that is not in the answer is no object
    assert "PartiallyCovered" == rows["StorageAccounts"]["CA10Z1__coverage__c"]
    assert '"False"' in rows["StorageAccounts"]["CA10Z1__extensions__c"]
    assert (None, None) == (rows["Dns"]["CA10Z1__coverage__c"], rows["Dns"]["CA10Z1__extensions__c"])
    assert result.completeness is not None


def test_trap_13_versions_are_pinned_and_a_missing_member_is_read_as_the_adverse_default(azure: Azure, tmp_path: Path) -> None:
    azure.rules = [Rule("storage.accounts", without("properties.allowBlobPublicAccess", "properties.minimumTlsVersion"))]
    result = collected(azure, tmp_path / "s", [STORAGE])
    assert ["Allow"] * 10 == values(result, STORAGE, "CA10__blobPublicAccess__c")
    assert ["TLS1_0"] * 10 == values(result, STORAGE, "CA10__minimumTlsVersion__c")
    azure.rules = [Rule("storage.accounts", without("properties"))]
    result = collected(azure, tmp_path / "t", [STORAGE])
    assert [None] * 10 == values(result, STORAGE, "CA10__blobPublicAccess__c")  # without what is around it, nothing is stated
    assert [] == azure.strange
    asked = {(azure.call_of(one), one.query["api-version"]) for one in azure.asked if one.host == MANAGEMENT}
    assert ("storage.accounts", TABLES.calls["storage.accounts"].parameters["api-version"]) in asked


def test_trap_19_each_range_and_the_widest_source_of_a_rule_are_read(azure: Azure, tmp_path: Path) -> None:
    shared = {"access": "Allow", "direction": "Inbound", "priority": 100, "protocol": "Tcp"}
    rules = {
        "several": {"destinationPortRanges": ["22", "3389-3390"], "sourceAddressPrefixes": ["10.0.0.0/8", "Internet"]},
        "of a group": {"destinationPortRange": "*", "sourceApplicationSecurityGroups": [{"id": "/a"}]},
    }
    group = f"/subscriptions/{ONE}/resourceGroups/{GROUP}/providers/Microsoft.Network/networkSecurityGroups/db"
    listed = [
        {"id": f"{group}/securityRules/{name}", "name": name, "properties": {**shared, **rule}} for name, rule in rules.items()
    ]
    azure.plant({"id": group, "name": "db", "location": "westeurope", "properties": {"securityRules": listed}})
    result = collected(azure, tmp_path / "s", [RULE])
    shown = {
        (
            row["Name"],
            int(row["CA10__destinationPortFrom__c"]),
            int(row["CA10__destinationPortTo__c"]),
            row["CA10__sourceAddressPrefix__c"],
        )
        for row in rows_of(result.snapshot, RULE)
    }
    assert {("several", 22, 22, "Internet"), ("several", 3389, 3390, "Internet"), ("of a group", 0, 65535, None)} == shown


@pytest.mark.parametrize(
    "rules", [None, "all", [{"name": "no id", "properties": {"destinationPortRange": "22"}}], [{"id": "/r"}]]
)
def test_trap_19_a_group_without_its_rules_leaves_those_of_no_other_group_open(
    azure: Azure, tmp_path: Path, rules: Any
) -> None:
    shared = {"access": "Allow", "direction": "Inbound", "priority": 100, "protocol": "Tcp", "destinationPortRange": "22"}
    ssh: dict[str, Any] = {"name": "r1", "properties": {**shared, "sourceAddressPrefix": "*"}}
    steps: tuple[tuple[Any, Any, dict[str, str]], ...] = (
        ("ssh", "ssh", {"db": "INCOMPLIANT", "odd": "INCOMPLIANT"}),
        ("ssh", rules, {"db": "INCOMPLIANT", "odd": "UNDETERMINED"}),
        ([], rules, {"db": "COMPLIANT", "odd": "UNDETERMINED"}),
        ([], [], {"db": "COMPLIANT", "odd": "COMPLIANT"}),
    )
    policy = ("--policy", "/ce/ca/azure/network/no-ssh")
    for *groups, wanted in steps:
        for name, listed in zip(("db", "odd"), groups, strict=True):
            own = [{**ssh, "id": f"/{name}"}] if listed == "ssh" else listed
            properties = {} if own is None else {"securityRules": own}
            plant(azure, ONE, "Microsoft.Network/networkSecurityGroups", name, properties=properties)
        collect(azure, tmp_path / "s", *policy)
        shown = {one.rpartition("/")[2]: verdict["status"] for (_, one), verdict in evaluate(tmp_path / "s", *policy).items()}
        assert {"web": "COMPLIANT", **wanted} == shown


def test_trap_21_an_id_in_any_case_is_the_same_object(azure: Azure, tmp_path: Path) -> None:
    first = collected(azure, tmp_path / "s", [STORAGE])

    def upper(asked: Asked, answer: Fault) -> Fault:
        things = [{**one, "id": one["id"].upper()} for one in answer.body["value"]]
        return answer._replace(body={**answer.body, "value": things})

    azure.rules = [Rule("storage.accounts", upper)]
    second = collected(azure, tmp_path / "s", [STORAGE])
    assert values(first, STORAGE, "Id") == values(second, STORAGE, "Id")
    assert all(key == key.lower() for key in values(second, STORAGE, "Id"))
    assert {} == second.carried_over.gone


def test_trap_25_an_alert_shows_its_scopes_and_action_groups(azure: Azure, tmp_path: Path) -> None:
    condition = {"allOf": [{"field": "operationName", "equals": "Microsoft.Sql/servers/firewallRules/write"}]}
    narrow = f"/subscriptions/{ONE}/resourceGroups/{GROUP}"
    plant(
        azure,
        ONE,
        "Microsoft.Insights/activityLogAlerts",
        "narrow",
        properties={"enabled": True, "condition": condition, "scopes": [narrow], "actions": {"actionGroups": []}},
    )
    result = collected(azure, tmp_path / "s", [ALERT])
    assert [f'["{narrow}"]'] == values(result, ALERT, "CA10__scopesJson__c")
    assert ["[]"] == values(result, ALERT, "CA10__actionGroupsJson__c")


@pytest.mark.parametrize(("group", "categories"), [("allLogs", 8), ("audit", None)])
def test_trap_26_a_group_of_categories_is_expanded_or_not_known(
    azure: Azure, tmp_path: Path, group: str, categories: int | None
) -> None:
    logs = [{"categoryGroup": group, "enabled": True}]
    azure.plant(
        {
            "id": f"/subscriptions/{ONE}/providers/Microsoft.Insights/diagnosticSettings/all",
            "name": "all",
            "properties": {"logs": logs},
        }
    )
    result = collected(azure, tmp_path / "s", [SETTING])
    [shown] = values(result, SETTING, "CA10__logsJson__c")
    assert categories == (shown.count('"enabled":true') if shown else None)


def test_trap_33_a_delegated_subscription_shows_the_tenant_that_owns_it(azure: Azure, tmp_path: Path) -> None:
    other = "99999999-0000-4000-8000-000000000001"
    azure.subscribe(TWO, tenantId=other, managedByTenants=[{"tenantId": azure.tenant}])
    result = collected(azure, tmp_path / "s", [STORAGE], {ACCOUNT: ["CA10__tenantId__c"]})
    assert {ONE: azure.tenant, TWO: other} == {row["Id"]: row["CA10__tenantId__c"] for row in rows_of(result.snapshot, ACCOUNT)}


@pytest.mark.parametrize(
    ("state", "is_read"), [("Warned", True), ("PastDue", True), ("Disabled", False), ("Deleted", False), ("New", False)]
)
def test_trap_34_only_an_active_subscription_claims_anything(
    azure: Azure, tmp_path: Path, state: str, *, is_read: bool
) -> None:
    azure.subscribe(TWO, state=state)
    result = collected(azure, tmp_path / "s", [STORAGE])
    assert is_read == ((TWO, STORAGE) in claims(result))
    assert lacking(result) is None


@pytest.mark.parametrize("refusal", [DENIED, error(401, "ExpiredAuthenticationToken")])
def test_trap_35_a_role_that_ends_in_the_middle_leaves_its_list_open_and_others_whole(
    azure: Azure, tmp_path: Path, refusal: Fault
) -> None:
    collected(azure, tmp_path / "s", [STORAGE, GROUPS])
    azure.numbers.clear()
    azure.rules = [Rule("storage.accounts", refusal, under=f"/subscriptions/{ONE}", first=3)]
    result = collected(azure, tmp_path / "s", [STORAGE, GROUPS])
    assert refusal.body["error"]["code"] in str(lacking(result))
    assert (None, None) == (lacking(result, type_name=GROUPS), lacking(result, TWO))
    assert ({}, {STORAGE: 1}) == (result.carried_over.gone, result.carried_over.as_before)


def test_trap_36_an_object_that_moves_disappears_only_from_a_whole_list(azure: Azure, tmp_path: Path) -> None:
    collected(azure, tmp_path / "s", [STORAGE])
    azure.remove(storage(ONE, "account5")["id"])
    azure.plant(storage(TWO, "account5", group="rg-9"))
    azure.rules = [Rule("storage.accounts", DENIED, under=f"/subscriptions/{ONE}")]
    open_list = collected(azure, tmp_path / "s", [STORAGE])
    assert {} == open_list.carried_over.gone
    azure.rules = []
    both = collected(azure, tmp_path / "s", [STORAGE])
    assert {STORAGE: 1} == both.carried_over.gone
    assert 10 == len([row for row in rows_of(both.snapshot, STORAGE) if not row.get("CA10__disappearanceTime__c")])


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("https://evil.example/subscriptions/{one}/providers/Microsoft.Storage/storageAccounts?$skiptoken=2", "AnotherPlace"),
        ("https://management.azure.com/subscriptions/{two}/providers/Microsoft.Storage/storageAccounts?a=2", "AnotherPlace"),
        (
            "https://management.azure.com/subscriptions/{one}/providers/Microsoft.Storage/storageAccounts?api-version=2024-01-01&p=2",
            "RepeatedPage",
        ),
    ],
)
def test_trap_37_a_link_that_leads_elsewhere_or_repeats_is_no_end(azure: Azure, tmp_path: Path, link: str, code: str) -> None:
    def linked(asked: Asked, answer: Fault) -> Fault:
        return answer._replace(body={**answer.body, "nextLink": link.format(one=ONE, two=TWO)})

    azure.rules = [Rule("storage.accounts", linked, under=f"/subscriptions/{ONE}")]
    result = collected(azure, tmp_path / "s", [STORAGE])
    assert f"failed: Microsoft.Storage/storageAccounts/read ({code}) in {ONE}" == lacking(result)
    assert all(asked.host in (MANAGEMENT, "identity") for asked in azure.asked)


@pytest.mark.parametrize("empty", ["", None])
def test_trap_37_an_empty_link_is_the_end(azure: Azure, tmp_path: Path, empty: str | None) -> None:
    azure.page = 100
    azure.rules = [Rule("storage.accounts", lambda asked, answer: answer._replace(body={**answer.body, "nextLink": empty}))]
    assert lacking(collected(azure, tmp_path / "s", [STORAGE])) is None


def test_trap_38_a_page_of_html_with_status_200_is_not_empty(azure: Azure, tmp_path: Path) -> None:
    collected(azure, tmp_path / "s", [STORAGE])
    azure.rules = [Rule("storage.accounts", Fault(200, b"<html>proxy</html>"))]
    result = collected(azure, tmp_path / "s", [STORAGE])
    assert f"failed: Microsoft.Storage/storageAccounts/read (NotJson) in {ONE}" == lacking(result)
    assert {} == result.carried_over.gone


def test_trap_39_a_type_that_is_retired_is_not_supported_and_claims_nothing(azure: Azure, tmp_path: Path) -> None:
    types = "CA10Z1__CaAzurePostgreSqlServer__c"
    azure.rules = [Rule("pg.servers", error(404, "InvalidResourceType"))]
    result = collected(azure, tmp_path / "s", [types])
    assert str(lacking(result, type_name=types)).startswith("unsupported here: Microsoft.DBforPostgreSQL/flexibleServers/read")


def test_trap_41_a_locked_resource_is_waited_for(azure: Azure, tmp_path: Path) -> None:
    locked = throttled(20, "RetryableErrorDueToAnotherOperation")
    azure.rules = [Rule("storage.accounts", locked, last=2)]
    assert lacking(collected(azure, tmp_path / "a", [STORAGE])) is None
    azure.numbers.clear()
    azure.rules = [Rule("storage.accounts", locked)]
    assert "RetryableErrorDueToAnotherOperation" in str(lacking(collected(azure, tmp_path / "b", [STORAGE])))
