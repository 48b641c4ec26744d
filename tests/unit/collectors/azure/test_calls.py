"""The calls of Azure: addresses, versions, permissions, and the errors that state facts."""

from __future__ import annotations

import re

import pytest

from perpend.collectors.azure.calls import ALL_CALLS, MANAGEMENT
from perpend.collectors.rest.rows import RestCall, places_in

CALLS = {call.name: call for call in ALL_CALLS}
LISTS = [call for call in ALL_CALLS if not call.of_an_item]
VERSION = re.compile(r"20\d\d-\d\d-\d\d(-preview)?")
GONE = {"ResourceNotFound", "ResourceGroupNotFound", "ParentResourceNotFound", "NotFound"}


def test_all_lists_over_a_subscription_are_there() -> None:
    assert len(CALLS) == len(ALL_CALLS)
    assert len(LISTS) == 42 + 1  # and the subscription itself


@pytest.mark.parametrize("call", ALL_CALLS, ids=lambda call: call.name)
def test_a_call_reads_one_version_of_one_host(call: RestCall) -> None:
    assert call.url.startswith((f"{MANAGEMENT}/subscriptions/{{account}}", f"{MANAGEMENT}{{id}}/"))
    assert {*places_in(call.url)} in ({"account"}, {"id"})
    assert ["api-version"] == [*call.parameters]
    assert VERSION.fullmatch(call.parameters["api-version"])
    assert ("value", "nextLink") == (call.items, call.next_link) or ("", "") == (call.items, call.next_link)


@pytest.mark.parametrize("call", ALL_CALLS, ids=lambda call: call.name)
def test_a_permission_only_reads_and_names_the_type_of_the_address(call: RestCall) -> None:
    assert call.permission
    assert call.permission.endswith("/read")
    assert call.permission.startswith(f"{call.service}/{call.operation}")
    left_out = ("default", "current", "web", "authsettingsv2", "{account}")
    types = "".join(part for part in call.url.lower().split("/") if part not in left_out)
    assert types.endswith(call.operation.lower().rpartition("/")[2])


def test_a_missing_object_is_gone_only_for_a_detail() -> None:  # trap 9
    for call in ALL_CALLS:
        assert (GONE if call.of_an_item else set()) == {*call.gone}
        assert not GONE & {*call.facts}
        assert not {"SubscriptionNotFound", "InvalidResourceType", "NoRegisteredProviderFound"} & {*call.facts, *call.gone}


def test_a_provider_that_is_not_registered_is_a_fact_only_if_it_is_proved() -> None:  # trap 10
    for call in LISTS:
        for code, fact in call.facts.items():
            assert "regist" in code.lower()
            assert fact.proof
            assert "arm.providers" == fact.proof.call
            assert ("namespace", call.service) == fact.proof.item
            assert ("registrationState", "NotRegistered") == fact.proof.state
            assert [] == fact.answer["value"]
    assert "Subscription Not Registered" in CALLS["defender.plans"].facts
    assert not CALLS["arm.providers"].facts


def test_no_error_of_a_detail_but_a_missing_feature_is_a_fact() -> None:  # trap 12
    codes = {code for call in ALL_CALLS if call.of_an_item for code in call.facts}
    assert {"FeatureNotSupportedForAccount", "ResourceTypeNotSupported"} == codes
