"""An object has one account: its owner's, else its owner's owner's, else that in an Id, else that of its source, else none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from perpend.collectors.aws.catalog import TYPES as COLLECTED
from perpend.collectors.aws.model import FieldSource, TypeRow
from perpend.collectors.aws.parse import CloudPlace, id_of, value_at
from perpend.collectors.items import ABOVE
from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import cloud_of_type
from perpend.core.objects.identity import owner_lookups, region_field
from perpend.core.objects.inventory import Inventory
from perpend.core.objects.object_types import ObjectType
from perpend.inventory.snapshots.queries.identity import object_identity
from perpend.inventory.snapshots.snapshot import Snapshot
from perpend.language.compiler.names import DeclaredTypes
from perpend.language.syntax.repository import LIBRARY, Repository
from tests.unit.inventory.snapshots.stored import inventory, plain_duckdb, write_store

A, B = "111122223333", "444455556666"
ACCOUNT, KEY = "CA10__CaAwsAccount__c", "CA10__CaAwsKmsKey__c"
USER, USER_POLICY = "CA10__CaAwsUser__c", "CA10__CaAwsUserPolicy__c"
SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
LIBRARY_TYPES = DeclaredTypes(Repository(LIBRARY))

pytestmark = pytest.mark.usefixtures("shared_database")


def identities(snapshot: Snapshot, type_name: str, types: Any = LIBRARY_TYPES) -> dict[str, tuple[str | None, str | None]]:
    """Return account and region of each object of a type, by Id."""
    identity = object_identity(snapshot, types.get(type_name) or ObjectType(type_name), types.get)
    columns = ", ".join(identity.columns[one] for one in ("id", "account", "region"))
    query = f"SELECT {columns} FROM {snapshot.relation(type_name)} AS o{identity.joins}"
    return {name: (account, region) for name, account, region in plain_duckdb().cursor().execute(query).fetchall()}


def accounts(directory: Path, objects: dict[str, Any], type_name: str, types: Any = LIBRARY_TYPES) -> list[str | None]:
    snapshot = write_store(directory, inventory(objects), declared=types.get)
    return [account for account, _ in identities(snapshot, type_name, types).values()]


def test_the_declared_owner_comes_before_the_id(tmp_path: Path) -> None:
    arn = f"arn:aws:kms:eu-west-1:{B}:key/1"
    snapshot = write_store(tmp_path, inventory({KEY: [{"Id": arn, "CA10__account__c": A}]}), declared=LIBRARY_TYPES.get)
    assert {arn: (A, "eu-west-1")} == identities(snapshot, KEY)


def test_an_inline_policy_has_the_account_of_its_user(tmp_path: Path) -> None:
    user, policy = f"arn:aws:iam::{B}:user/u", f"arn:aws:iam::{B}:user/u|god"
    policies = {USER_POLICY: [{"Id": policy, "CA10__user__c": user}]}
    assert [A] == accounts(tmp_path / "whole", {USER: [{"Id": user, "CA10__account__c": A}], **policies}, USER_POLICY)
    assert [B] == accounts(tmp_path / "alone", policies, USER_POLICY), "the user was not collected"


def test_an_owner_that_an_object_brings_along_counts(tmp_path: Path) -> None:
    users = [{"Id": f"user-{one}", "CA10__account__r": {"Id": one, "Name": "Production"}} for one in (A, B)]
    assert [A, B] == accounts(tmp_path, {USER: users}, USER)


@pytest.mark.parametrize(
    ("type_name", "fields", "account"),
    [
        ("CA10__CaAzureVault__c", {"Id": f"/subscriptions/{SUBSCRIPTION}/resourcegroups/r"}, SUBSCRIPTION),
        ("CA10__CaAzureVault__c", {"Id": f"arn:aws:iam::{A}:user/u"}, None),
        ("CA10__CaGoogleBucket__c", {"Id": "//storage.googleapis.com/projects/web-prod-1/buckets/b"}, "web-prod-1"),
        ("CA10__CaAwsBucket__c", {"Id": "arn:aws:s3:::b", "CA10__account__c": "b"}, None),
        ("CA10__CaAwsBucket__c", {"Id": "arn:aws:s3:::b", "CA10__account__c": SUBSCRIPTION}, None),
        (ACCOUNT, {"Id": A}, A),
        (ACCOUNT, {"Id": "prod"}, None),
        ("Thing", {"Id": A}, None),
    ],
)
def test_an_account_has_the_form_of_its_cloud(
    tmp_path: Path, type_name: str, fields: dict[str, Any], account: str | None
) -> None:
    assert [account] == accounts(tmp_path, {type_name: [fields]}, type_name)


def test_sources_with_one_account_in_all_give_it_to_objects_that_name_none(tmp_path: Path) -> None:
    one = inventory({"CA10__CaAwsBucket__c": [{"Id": "arn:aws:s3:::a"}], ACCOUNT: [{"Id": A}]}, "one.json")
    two = inventory({"CA10__CaAwsBucket__c": [{"Id": "arn:aws:s3:::b"}], ACCOUNT: [{"Id": A}, {"Id": B}]}, "two.json")
    for number, (inventories, account) in enumerate((((one,), A), ((one, two), None))):
        snapshot = write_store(tmp_path / str(number), *inventories, declared=LIBRARY_TYPES.get)
        assert {(account, None)} == set(identities(snapshot, "CA10__CaAwsBucket__c").values())


class _Made:
    """Objects as the collector makes them of listings: of each type, one in each of two accounts."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self.account_of: dict[str, dict[str, str]] = {}
        for row in (one for of_type in COLLECTED.values() for one in of_type.rows):
            for account in (A, B):
                self._add(row, account)

    def _add(self, row: TypeRow, account: str) -> None:
        declared = LIBRARY_TYPES[row.type_name]
        keys = [lookup.key for lookup in owner_lookups(declared)]
        wanted = [*keys, declared.name_field, declared.external_id_field, region_field(declared)]
        sources = {name: row.fields[name] for name in wanted if name in row.fields}
        item, where = (
            _item([row.id, *(source.path for source in sources.values())], account),
            CloudPlace(account, "aws", "eu-west-1"),
        )
        made = {"Id": id_of(row, item, where)}
        for name, source in sources.items():
            made[name] = value_at(FieldSource(source.path, optional=True), item, where)
        self.objects.setdefault(row.type_name, []).append(made)
        self.account_of.setdefault(row.type_name, {})[made["Id"]] = account


def _item(paths: list[str], account: str) -> dict[str, Any]:
    """Return a listed item with all members of some paths. A member called ARN holds one, any other a name."""
    item: dict[str, Any] = {}
    for path in (one for text in paths for one in re.findall(r"\{([^{}]+)\}", text) or [text]):
        for alternative in path.removesuffix("/").split("|"):
            *steps, last = alternative.rpartition("#")[2].split(".")
            inner = item
            for step in steps:
                inner = inner.setdefault(step, {})
            is_arn = last.casefold().endswith("arn")
            inner[last] = f"arn:aws:made:eu-west-1:{account}:thing/{last}" if is_arn else f"{last}-{account[:2]}"
    item.setdefault(ABOVE, {})
    if "Account" in item:
        item["Account"] = account
    return item


@pytest.fixture(scope="module")
def made() -> _Made:
    return _Made()


@pytest.fixture(scope="module")
def snapshot(made: _Made, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    everything: Inventory = inventory(made.objects)
    return write_store(tmp_path_factory.mktemp("store"), everything, declared=LIBRARY_TYPES.get)


def test_the_collector_makes_every_type_of_the_library() -> None:
    assert {name for name in LIBRARY_TYPES if cloud_of_type(name) is AWS} == {*COLLECTED}


@pytest.mark.parametrize("type_name", sorted(COLLECTED))
def test_an_object_of_each_type_has_its_account(made: _Made, snapshot: Snapshot, type_name: str) -> None:
    found = identities(snapshot, type_name)
    assert made.account_of[type_name] == {name: account for name, (account, _) in found.items()}
