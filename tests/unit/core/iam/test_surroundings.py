"""What is known around a policy document, read from JSON: what is taken, and what is refused with its key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perpend.core.iam.surroundings import Assumption, Gap, Surroundings, UnusableSurroundings, surroundings_from_json
from tests.unit.core.iam.vectors import CONTEXT, KNOWN

EMPTY = Surroundings()


def test_every_key_is_read() -> None:
    found = surroundings_from_json(
        {**CONTEXT, "accountOrganizations": {"222233334444": "o-own0000001", "999988887777": "none"}}
    )
    assert CONTEXT["account"] == found.account
    assert CONTEXT["organization"] == found.organization
    assert set(CONTEXT["organizationAccounts"]) == found.organization_accounts
    assert set(CONTEXT["collectedAccounts"]) == found.collected_accounts
    assert set(CONTEXT["collectedOrganizations"]) == found.collected_organizations
    assert CONTEXT["canonicalIds"] == found.canonical_ids
    assert CONTEXT["uniqueIds"] == found.unique_ids
    assert {"222233334444": "o-own0000001", "999988887777": "none"} == found.account_organizations


@pytest.mark.parametrize("document", [{}, dict.fromkeys(CONTEXT)])
def test_null_and_nothing_are_not_known(document: dict[str, Any]) -> None:
    assert EMPTY == surroundings_from_json(document)


def test_what_is_lacking_is_told() -> None:
    assert tuple(Gap) == EMPTY.all_gaps
    assert () == KNOWN.all_gaps
    assert () == Surroundings(account="111122223333", organization="none").all_gaps
    assert (Gap.MEMBERS,) == Surroundings(account="111122223333", organization="o-own0000001").all_gaps


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "the context is not an object"),
        ({"acount": "111122223333"}, "the context has the unknown key `acount`; did you mean `account`?"),
        ({"context": {}}, "the context has the unknown key `context`"),
        (
            {"account": 111122223333},
            "`account` of the context holds a value that is no text, which is not an account of twelve digits",
        ),
        (
            {"account": "1111-2222-3333"},
            "`account` of the context holds `1111-2222-3333`, which is not an account of twelve digits",
        ),
        (
            {"organization": "acme"},
            "`organization` of the context holds `acme`, which is not an organization's id (`o-…`) or `none`",
        ),
        (
            {"collectedOrganizations": ["none"]},
            "`collectedOrganizations` of the context holds `none`, which is not an organization's id (`o-…`)",
        ),
        ({"collectedAccounts": "111122223333"}, "`collectedAccounts` of the context is not a list"),
        ({"canonicalIds": []}, "`canonicalIds` of the context is not an object"),
        ({"uniqueIds": {"AROA": "x"}}, "`uniqueIds` of the context holds `x`, which is not an account of twelve digits"),
        (
            {"accessPointPolicies": "collected"},
            "`accessPointPolicies` of the context holds `collected`, which is not `not collected`, the only thing that can be said of it",
        ),
    ],
)
def test_what_has_another_form_is_refused(document: Any, reason: str) -> None:
    with pytest.raises(UnusableSurroundings) as caught:
        surroundings_from_json(document)
    assert reason == str(caught.value)


def test_an_account_belongs_to_the_organization_that_is_stated() -> None:
    stated = {"444455556666": "o-partner001", "555566667777": "o-own0000001", "666677778888": "none"}
    outlook = Assumption(Surroundings(organization="o-own0000001", account_organizations=stated))
    expected = ["o-partner001", "own", "none", None]
    assert expected == [outlook.organization_of(account) for account in (*stated, "777788889999")]


@pytest.mark.parametrize(
    ("own", "inside", "expected"),
    [
        ("111122223333", (), ("own", "444455556666")),
        ("111122223333", (Gap.ACCOUNT,), ("own", "444455556666")),
        (None, (Gap.ACCOUNT,), ("own", "own")),
        (None, (Gap.MEMBERS,), ("111122223333", "444455556666")),
    ],
)
def test_an_account_may_be_the_own_one_only_where_that_is_not_known(
    own: str | None, inside: tuple[Gap, ...], expected: tuple[str, str]
) -> None:
    outlook = Assumption(Surroundings(account=own), inside)
    assert expected == (outlook.account("111122223333"), outlook.account("444455556666"))


@pytest.mark.parametrize(
    ("known", "inside", "expected"),
    [
        ("o-own0000001", (), "own"),
        ("o-other00001", tuple(Gap), "o-own0000001"),
        ("none", tuple(Gap), "o-own0000001"),
        (None, (), "o-own0000001"),
        (None, (Gap.ACCOUNT, Gap.MEMBERS), "o-own0000001"),
        (None, (Gap.ORGANIZATION,), "own"),
    ],
)
def test_an_organization_is_the_own_one_where_it_is_known_or_assumed(
    known: str | None, inside: tuple[Gap, ...], expected: str
) -> None:
    assert expected == Assumption(Surroundings(organization=known), inside).organization("o-own0000001")


@pytest.mark.parametrize(
    ("surroundings", "account", "expected"),
    [
        (Surroundings(organization="none"), "own", "none"),
        (Surroundings(), "own", "own"),
        (KNOWN, "333344445555", "own"),
        (KNOWN, "999988887777", None),
        (replace(KNOWN, account_organizations={"999988887777": "o-own0000001"}), "999988887777", None),
        (replace(KNOWN, account_organizations={"999988887777": "o-other00001"}), "999988887777", "o-other00001"),
        (replace(KNOWN, organization="none"), "333344445555", None),
    ],
)
def test_which_organization_an_account_belongs_to(surroundings: Surroundings, account: str, expected: str | None) -> None:
    assert expected == Assumption(surroundings).organization_of(account)
