"""Which cloud denied a call, and the document that grants it."""

from __future__ import annotations

import pytest

from perpend.collectors.permissions import all_formats, calls_by_cloud, formats_of, missing_permissions
from perpend.core.clouds.registry import collected_clouds
from perpend.core.objects.claims import FailedCall
from perpend.inventory.snapshots.manifest import StoredSource
from tests.toy_cloud import collected_toy

__all__ = ["collected_toy"]

pytestmark = pytest.mark.usefixtures("collected_toy")


def denied(account: str, label: str, kind: str = "denied") -> FailedCall:
    return FailedCall(account, "", "s", "o", label, kind)


def test_the_sources_of_a_cloud_say_whose_an_account_is_before_its_form_does() -> None:
    calls = [denied(account, f"call {account}") for account in ("111122223333", "444455556666", "some where")]
    of_toy = [StoredSource("t", "toy", accounts=("444455556666",)), StoredSource("i", "steampipe", accounts=("111122223333",))]
    assert {"aws": [calls[0]], "toy": calls[1:]} == calls_by_cloud(calls, of_toy)
    assert {"aws": calls[:2], "toy": calls[2:]} == calls_by_cloud(calls, [])


def test_a_cloud_without_calls_that_a_permission_changes_gets_no_document() -> None:
    calls = {"aws": [denied("111122223333", "kms:ListKeys", "denied by SCP")], "toy": [denied("a", "b"), denied("a", "a")]}
    [missing] = missing_permissions(calls)
    assert ("toy", "Toy", "toy-list", "# a\na\nb\n", ("give the list to the toy",)) == missing
    assert [] == missing_permissions(calls, form="iam-policy")


def test_each_cloud_that_can_be_collected_has_a_format_that_adds_permissions() -> None:
    for cloud in collected_clouds():
        assert any(form.adds for form in formats_of(cloud).values()), cloud.name
    assert {"iam-policy", "toy-list"} <= {*all_formats()}
