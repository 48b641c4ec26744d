"""Python and SQL find the same facts in an Id, and a key is an account only if some cloud allows its form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perpend.core.clouds import registry
from perpend.core.clouds.aws import AWS, is_root_user, is_root_user_sql, shown_name, shown_name_sql
from perpend.core.clouds.azure import AZURE
from perpend.core.clouds.cloud import Cloud
from perpend.core.clouds.entry_points import EntryPoint, entry_points
from perpend.core.clouds.google import GOOGLE
from tests.unit.core.clouds.moon import MOON

A = "111122223333"
UUID = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
GROUP = f"/subscriptions/{UUID}/resourcegroups/web/providers/microsoft.network/networksecuritygroups/nsg"
INSTANCE = "//compute.googleapis.com/projects/web-prod-1/zones/europe-west1-b/instances/vm"
REGION = "//run.googleapis.com/projects/web-prod-1/locations/europe-west1"

FACTS = [
    # Id, account, region, partition, kind
    (f"arn:aws:iam::{A}:user/user-02|god", A, None, "aws", "arn"),
    (f"arn:aws-cn:kms:cn-north-1:{A}:key/k", A, "cn-north-1", "aws-cn", "arn"),
    (f"arn:aws-us-gov:sqs:us-gov-west-1:{A}:q", A, "us-gov-west-1", "aws-us-gov", "arn"),
    (f"{A}|arn:aws:cloudtrail:eu-west-1:444455556666:trail/org", A, "eu-west-1", "aws", "arn"),
    (f"{A}|arn:aws:iam::aws:policy/ReadOnlyAccess", A, None, "aws", "arn"),
    (f"{A}/eu-west-1/default", A, "eu-west-1", None, None),
    (f"{A}/group/admins|god", A, None, None, None),
    ("arn:aws:s3:::bucket", None, None, "aws", "arn"),
    ("arn:aws:ec2:eu-west-1::snapshot/snap-1", None, "eu-west-1", "aws", "arn"),
    (A, None, None, None, "account"),
    (f"{A}\n", None, None, None, None),
    ("arn:aws:iam::11112222333:user/u", None, None, "aws", "arn"),
    ("arn:aws:iam:", None, None, "aws", None),
    (GROUP, UUID, None, None, "resource"),
    (f"/subscriptions/{UUID}", UUID, None, None, None),
    (UUID, None, None, None, "account"),
    (GROUP.upper(), None, None, None, None),
    (INSTANCE, "web-prod-1", "europe-west1", None, "resource"),
    (REGION, "web-prod-1", "europe-west1", None, "resource"),
    (
        "//compute.googleapis.com/projects/415104041262/zones/europe-west1-b/instances/vm",
        None,
        "europe-west1",
        None,
        "resource",
    ),
    ("web-prod-1", None, None, None, "account"),
    ("//logging.googleapis.com/organizations/123/sinks/all", "organizations/123", None, None, "resource"),
    ("//compute.googleapis.com/folders/456", "folders/456", None, None, "resource"),
    ("//storage.googleapis.com/organizations/x", None, None, None, "resource"),
    ("organizations/123", None, None, None, "account"),
    ("organizations/", None, None, None, None),
    ("", None, None, None, None),
]

PARTS = [
    "arn:",
    "aws",
    "aws-cn",
    ":",
    "::",
    A,
    "|",
    "/",
    "eu-west-1",
    "user/",
    "god",
    ":root",
    "\n",
    "//",
    "projects/",
    "organizations/",
    "web-prod-1",
]
PARTS += ["zones/", "locations/", "/subscriptions/", UUID, "é", "a" * 31, "0"]
IDS = st.lists(st.sampled_from(PARTS), max_size=9).map("".join) | st.text(max_size=20)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as found:
        yield found


def in_python(identity: str, cloud: Cloud | None) -> tuple[Any, ...]:
    return (
        registry.account_of_id(identity, cloud),
        registry.region_of_id(identity, cloud),
        registry.partition_of_id(identity, cloud),
        registry.kind_of_id(identity, cloud),
        registry.is_account(identity, cloud),
        registry.is_region(identity, cloud),
        registry.is_of_provider(identity),
        is_root_user(identity),
        shown_name("god", identity),
        shown_name("root", identity),
    )


def in_sql(connection: duckdb.DuckDBPyConnection, identity: str, cloud: Cloud | None) -> tuple[Any, ...]:
    facts = (
        registry.account_of_id_sql("id", cloud),
        registry.region_of_id_sql("id", cloud),
        registry.partition_of_id_sql("id", cloud),
        registry.kind_of_id_sql("id", cloud),
        registry.is_account_sql("id", cloud),
        registry.is_region_sql("id", cloud),
        registry.is_of_provider_sql("id"),
        is_root_user_sql("id"),
        shown_name_sql("'god'", "id"),
        shown_name_sql("'root'", "id"),
    )
    [row] = connection.execute(f"SELECT {', '.join(facts)} FROM (SELECT ? AS id)", [identity]).fetchall()
    return tuple(row)


@pytest.mark.parametrize(("identity", "account", "region", "partition", "kind"), FACTS)
def test_an_id_names_its_account_region_partition_and_kind(
    connection: duckdb.DuckDBPyConnection,
    identity: str,
    account: str | None,
    region: str | None,
    partition: str | None,
    kind: str | None,
) -> None:
    assert (account, region, partition, kind) == in_python(identity, None)[:4]
    assert in_python(identity, None) == in_sql(connection, identity, None)


@settings(max_examples=300, deadline=None)
@given(identity=IDS, cloud=st.sampled_from([None, AWS, AZURE, GOOGLE]))
@example(f"arn:aws:iam::{A}:root", AWS)
@example(f"{A}/group/admins|god", AWS)
def test_python_and_sql_find_the_same(connection: duckdb.DuckDBPyConnection, identity: str, cloud: Cloud | None) -> None:
    if "\0" not in identity:
        assert in_python(identity, cloud) == in_sql(connection, identity, cloud)


@settings(max_examples=200, deadline=None)
@given(identity=IDS)
def test_an_account_in_an_id_has_the_form_of_an_account(identity: str) -> None:
    for cloud in (AWS, AZURE, GOOGLE):
        account = registry.account_of_id(identity, cloud)
        assert account is None or registry.is_account(account, cloud)


def test_a_type_belongs_to_the_cloud_in_its_name() -> None:
    names = {"CA10__CaAwsUser__c": AWS, "CA10A1__CaAwsEksCluster__c": AWS, "CA10Z1__CaAzureAksCluster__c": AZURE}
    names["CA10__CaGoogleGceInstance__c"] = GOOGLE
    assert names == {name: registry.cloud_of_type(name) for name in names}
    assert registry.cloud_of_type("ACME__CaAwsThing__c") is None
    assert ["AWS", "AWS", "Azure", "GCP", "Unknown"] == [registry.provider_of_type(name) for name in (*names, "Thing")]
    assert ("AwsIamUser", "Other") == (registry.resource_type("CA10__CaAwsUser__c"), registry.resource_type("Thing"))


def test_an_outside_cloud_brings_its_own_facts() -> None:
    registry.register(MOON)
    try:
        assert registry.cloud_of_type("MOON__Rover__c") is MOON
        assert registry.is_account_type("MOON__Base__c")
        assert registry.account_of_id("moon:base-7/rover", MOON) == "base-7"
        assert registry.account_forms() == (
            "AWS has twelve digits, Azure has a UUID in lower case, Google has a project id such as web-prod-1, "
            "Moon has `base-` and a number"
        )
    finally:
        registry.unregister("moon")
    assert registry.cloud_of_type("MOON__Rover__c") is None


def points(*named: tuple[str, str, str]) -> list[EntryPoint]:
    """Return Perpend's own entry points, and others by package, name and value."""
    return [*(EntryPoint(*point) for point in named), *entry_points(registry.GROUP)]


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that replaces the entry points of clouds for this test."""
    monkeypatch.setattr(registry, "_CLOUDS", {})
    registry.cloud_of_type.cache_clear()
    yield lambda given: monkeypatch.setattr(registry, "entry_points", lambda group: given)
    registry.cloud_of_type.cache_clear()


def test_own_clouds_come_first_whatever_other_packages_register(registered: Any) -> None:
    registered(points(("a-first", "moon", "tests.unit.core.clouds.moon:MOON")))
    assert ["aws", "azure", "google", "moon"] == [cloud.name for cloud in registry.clouds()]
    assert registry.is_account_type("MOON__Base__c")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nowhere.at.all:MOON", "cannot be loaded: No module named 'nowhere'"),
        ("tests.unit.core.clouds.moon:SUN", "cannot be loaded: "),
        ("", "cannot be loaded: Empty module name"),
        ("perpend.core.clouds.cloud:OTHER", ": `perpend.core.clouds.cloud:OTHER` is no Cloud with this name"),
        ("perpend.core.clouds.aws:AWS", ": `perpend.core.clouds.aws:AWS` is no Cloud with this name"),
    ],
)
def test_a_cloud_that_cannot_be_loaded_is_an_error_that_names_its_package(registered: Any, value: str, message: str) -> None:
    registered(points(("acme", "moon", value)))
    with pytest.raises(registry.UnusableCloud, match=f"^the cloud `moon` of the package `acme`.*{message}"):
        registry.clouds()


def test_another_package_does_not_replace_a_cloud(registered: Any) -> None:
    registered(points(("acme", "aws", "perpend.core.clouds.aws:AWS")))
    with pytest.raises(registry.UnusableCloud, match=r"^the cloud `aws` of the package `acme` has the name of another one$"):
        registry.clouds()


def test_an_installation_without_own_clouds_is_an_error(registered: Any) -> None:
    registered([])
    with pytest.raises(registry.UnusableCloud, match=r"^the installation of perpend names no cloud: install perpend again$"):
        registry.clouds()
