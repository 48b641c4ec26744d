"""Access levels: the vectors of ``spec/``, extended documents, what is not known, and what hostile documents cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from perpend.core.iam.access_policy import AccessLevel, AccessPolicy, AccessPolicyError
from perpend.core.iam.levels import (
    MAX_CHARACTERS,
    MAX_VALUES,
    AccessNotKnown,
    PolicyKind,
    access_of_statements,
    extended_document,
)
from perpend.core.iam.surroundings import Surroundings
from tests.unit.core.iam.vectors import KNOWN, VECTORS, document

OWN, MEMBER, COLLECTED, STRANGER = "111122223333", "333344445555", "444455556666", "999988887777"
OWN_ORGANIZATION = "o-own0000001"
RESOURCE, IDENTITY, TRUST = PolicyKind


def allow(principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", **more}


def deny(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", **more}


def equals(key: str, *values: str) -> dict[str, Any]:
    return {"StringEquals": {key: list(values)}}


def level(*statements: dict[str, Any], kind: PolicyKind = RESOURCE, known: Surroundings = KNOWN) -> str | None:
    found = access_of_statements(document(*statements), kind, known)[0].level
    return found.name if found is not None else None


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_vectors(vector: dict[str, Any]) -> None:
    kind = PolicyKind(vector.get("policy", "resource"))
    assert vector["level"] == level(vector["statement"], *vector.get("denies", ()), kind=kind), vector["note"]
    assert AccessLevel[vector["level"]] >= AccessLevel[vector.get("exact", vector["level"])]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_the_operation_reads_what_was_extended(vector: dict[str, Any]) -> None:
    statements = [vector["statement"], *vector.get("denies", ())]
    kind, expected = PolicyKind(vector.get("policy", "resource")), AccessLevel[vector["level"]]
    extended = extended_document(document(*statements), kind, KNOWN)
    assert {**vector["statement"], "AccessLevel": vector["level"]} == extended["Statement"][0]
    assert statements[1:] == extended["Statement"][1:]
    assert not AccessPolicy(extended).allows(["*"], expected)
    if expected > AccessLevel.NOBODY:
        assert AccessPolicy(extended).allows(["*"], AccessLevel(expected - 1))


def test_a_single_statement_stays_one_and_an_old_level_is_not_believed() -> None:
    given = {"Id": "x", "Statement": {**allow(), "AccessLevels": ["NOBODY"], "AccessLevel": "NOBODY"}}
    expected = {"Id": "x", "Statement": {**allow(), "AccessLevel": "ANONYMOUS_PRINCIPAL"}}
    assert expected == extended_document(given, RESOURCE, KNOWN)


def test_statements_keep_their_numbers_and_say_why() -> None:
    condition = {**equals("aws:PrincipalOrgID", OWN_ORGANIZATION), "Bool": {"aws:SecureTransport": "true"}}
    statements = [deny(Action="s3:Put*"), allow(Condition=condition), allow({"AWS": OWN})]
    first, second = access_of_statements(document(*statements), RESOURCE, KNOWN)
    assert [(2, statements[1]), (3, statements[2])] == [(each.number, each.statement) for each in (first, second)]
    assert (
        "names everybody",
        "`StringEquals aws:PrincipalOrgID` leaves principals of the own organization",
        "`Bool aws:SecureTransport` says nothing of who asks",
        "left: principals of the own organization",
    ) == first.because


def test_what_a_condition_fixes_of_a_shared_issuer_is_said() -> None:
    issuer = "token.actions.githubusercontent.com"
    named = allow(
        {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/{issuer}"}, Condition=equals(f"{issuer}:sub", "repo:acme/app")
    )
    (access,) = access_of_statements(document(named), TRUST, KNOWN)
    assert f"names identities of one application or customer of `{issuer}`" == access.because[0]


def test_the_own_account_is_called_so() -> None:
    (access,) = access_of_statements(document(allow(Condition=equals("aws:PrincipalAccount", OWN))), RESOURCE, KNOWN)
    assert "left: principals of the own account" == access.because[-1]


@pytest.mark.parametrize(
    ("statement", "lacking", "calls"),
    [
        (allow({"AWS": MEMBER}), {"organization_accounts": None}, ["organizations:ListAccounts"]),
        (
            allow(Condition=equals("aws:PrincipalOrgID", OWN_ORGANIZATION)),
            {"organization": None},
            ["organizations:DescribeOrganization"],
        ),
        (allow({"AWS": OWN}), {"account": None}, ["sts:GetCallerIdentity"]),
        (
            allow({"AWS": MEMBER}, Condition=equals("aws:PrincipalOrgID", OWN_ORGANIZATION)),
            {"organization_accounts": None, "organization": None},
            ["organizations:DescribeOrganization", "organizations:ListAccounts"],
        ),
    ],
)
def test_a_level_that_hangs_on_what_is_not_known_is_not_known(
    statement: dict[str, Any], lacking: dict[str, Any], calls: list[str]
) -> None:
    known = replace(KNOWN, **lacking)
    with pytest.raises(AccessNotKnown, match="statement 1: not known: it hangs on") as caught:
        extended_document(document(statement), RESOURCE, known)
    assert calls == list(caught.value.calls)
    assert all(call in str(caught.value) for call in calls)
    assert level(statement, known=known) is None
    assert level(statement) is not None


def test_of_what_is_not_known_only_what_decides_is_named() -> None:
    given = allow({"AWS": OWN}, Condition=equals("aws:PrincipalOrgID", OWN_ORGANIZATION))
    (access,) = access_of_statements(document(given), RESOURCE, replace(KNOWN, organization=None, organization_accounts=None))
    assert (given, None, ("organizations:DescribeOrganization",)) == (access.statement, access.level, access.calls)
    assert (
        "names the own account",
        "`StringEquals aws:PrincipalOrgID` leaves principals of organization o-own0000001, which was collected",
        "not known: it hangs on which organization the own account belongs to (organizations:DescribeOrganization)",
    ) == access.because
    (access,) = access_of_statements(document(given), RESOURCE, replace(KNOWN, account=None, organization_accounts=None))
    whose = "whose account the document belongs to (sts:GetCallerIdentity)"
    members = "which accounts belong to the own organization (organizations:ListAccounts)"
    assert f"not known: it hangs on {whose} and {members}" == access.because[-1]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(), "ANONYMOUS_PRINCIPAL"),
        (allow({"Service": "sns.amazonaws.com"}), "AWS_SERVICE"),
        (allow({"AWS": "AIDAEXAMPLE123456789A"}), "NOBODY"),
        (allow(Condition=equals("aws:username", "ann")), "ANONYMOUS_PRINCIPAL"),
        (allow({"CanonicalUser": "0" * 64}), "EXTERNAL_PRINCIPAL"),
        (allow({"AWS": [OWN, "*"]}), "ANONYMOUS_PRINCIPAL"),
    ],
)
def test_a_level_that_hangs_on_nothing_needs_nothing(statement: dict[str, Any], expected: str) -> None:
    assert expected == level(statement, known=Surroundings())


@pytest.mark.parametrize("key", ["aws:PrincipalTag/team", "aws:username"])
@pytest.mark.parametrize(
    ("operator", "value"), [("Bool", "true"), ("NumericEquals", "3"), ("DateLessThan", "2026-11-20T00:00:00Z")]
)
def test_what_compares_no_texts_fixes_nobody_by_a_text(operator: str, value: str, key: str) -> None:
    service = {"Service": "sns.amazonaws.com"}
    assert "AWS_SERVICE" == level(allow(service, Condition={operator: {key: value}}))
    assert "NOBODY" == level(allow(service, Condition=equals(key, value)))


@pytest.mark.parametrize("key", ["aws:PrincipalOrgID", "aws:SourceOrgID"])
def test_the_case_of_an_organization_counts_where_the_operator_says_so(key: str) -> None:
    given = {key: OWN_ORGANIZATION.upper()}
    assert "EXTERNAL_PRINCIPAL" == level(allow(Condition={"StringEquals": given}))
    assert "SAME_ORG" == level(allow(Condition={"StringEqualsIgnoreCase": given}))


def test_a_deny_is_told_by_its_number_among_all_statements() -> None:
    others = deny(Condition={"StringNotEquals": {"aws:PrincipalAccount": OWN}})
    (access,) = access_of_statements(document(allow(), others), RESOURCE, KNOWN)
    assert "the Deny in statement 2 leaves principals of the own account" in access.because


def test_who_belongs_to_the_own_organization_can_be_known_of_some_accounts() -> None:
    some = replace(
        KNOWN, organization_accounts=None, account_organizations={MEMBER: OWN_ORGANIZATION, COLLECTED: "o-partner001"}
    )
    assert "SAME_ORG" == level(allow({"AWS": MEMBER}), known=some)
    assert "TRUSTED_PRINCIPAL" == level(allow({"AWS": COLLECTED}), known=some)
    assert "NOBODY" == level(allow({"AWS": COLLECTED}, Condition=equals("aws:PrincipalOrgID", OWN_ORGANIZATION)), known=some)
    assert level(allow({"AWS": STRANGER}), known=some) is None


def test_an_account_without_an_organization_needs_no_list() -> None:
    alone = replace(KNOWN, organization="none", organization_accounts=None)
    assert "TRUSTED_PRINCIPAL" == level(allow({"AWS": COLLECTED}), known=alone)
    assert "EXTERNAL_PRINCIPAL" == level(allow({"AWS": MEMBER}), known=alone)
    assert "NOBODY" == level(allow({"AWS": OWN}, Condition=equals("aws:PrincipalOrgID", "o-other")), known=alone)


@pytest.mark.parametrize(
    ("statement", "kind", "reason"),
    [
        (allow({"AWS": "arn:aws:iam::*:root"}), RESOURCE, "`arn:aws:iam::*:root` is no principal of AWS"),
        (allow({"AWS": "AKIAIOSFODNN7EXAMPLE"}), RESOURCE, "`AKIAIOSFODNN7EXAMPLE` is no principal of AWS"),
        (allow({"CanonicalUser": "*"}), RESOURCE, "`*` is no canonical user id"),
        (allow({"Federated": "login.example"}), TRUST, "`login.example` is no identity provider"),
        (allow({"aws": "*"}), RESOURCE, "`aws` is no kind of principal"),
        (allow("111122223333"), RESOURCE, "its `Principal` is neither `*` nor an object"),
        (allow({}), RESOURCE, "its `Principal` is neither `*` nor an object"),
        ({key: value for key, value in allow().items() if key != "Principal"}, RESOURCE, "it names no principal"),
        (allow(), IDENTITY, "a policy of identities names no principal; is it one of a resource?"),
        (
            {"Effect": "Allow", "NotPrincipal": "*", "Action": "s3:*", "Resource": "*"},
            IDENTITY,
            "a policy of identities names no principal; is it one of a resource?",
        ),
        (allow(Condition=[]), RESOURCE, "`Condition` does not hold operators with keys"),
        (allow(Condition={"Bool": "true"}), RESOURCE, "`Condition` does not hold operators with keys"),
        (
            allow(Condition={"Bool": {"a:b": None}}),
            RESOURCE,
            "a value of a `Condition` is neither a text nor a number nor a Boolean",
        ),
        (allow(Condition={"Bool": {"a:b": "1", "A:B": "1"}}), RESOURCE, "`Bool` of a `Condition` has a key twice"),
    ],
)
def test_a_statement_that_is_not_understood_has_no_level(statement: dict[str, Any], kind: PolicyKind, reason: str) -> None:
    found, after = access_of_statements(document(statement, statement), kind, KNOWN)
    assert (None, (f"not understood: {reason}",)) == (found.level, found.because) == (after.level, after.because)
    with pytest.raises(AccessPolicyError, match="statement 1: not understood"):
        extended_document(document(statement), kind, KNOWN)


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        document(),
        document({"Effect": "allow"}),
        document(allow() | {"action": "s3:*"}),
        document(deny(Action=[])),
    ],
)
def test_a_document_that_the_operation_would_not_understand_is_refused(given: Any) -> None:
    with pytest.raises(AccessPolicyError):
        access_of_statements(given, RESOURCE, KNOWN)


def test_a_deny_of_an_odd_form_takes_nothing_away() -> None:
    assert "ANONYMOUS_PRINCIPAL" == level(allow(), deny(Condition=[]))


ROUND: dict[str, Any] = document()
ROUND["Statement"].append(ROUND)


@pytest.mark.parametrize(
    "given",
    [
        document(allow({"AWS": [f"{number:012}" for number in range(MAX_VALUES)]})),
        document(allow(Resource="x" * MAX_CHARACTERS)),
        ROUND,
    ],
)
def test_a_document_larger_than_any_is_refused(given: Any) -> None:
    with pytest.raises(AccessPolicyError, match="larger than any that AWS takes"):
        access_of_statements(given, RESOURCE, KNOWN)


def values_in(given: Any) -> list[Any]:
    within = [*given, *given.values()] if isinstance(given, dict) else given if isinstance(given, list) else []
    return [given, *(value for each in within for value in values_in(each))]


@pytest.mark.parametrize("more", [0, 1])
def test_a_document_is_measured_to_the_last_value_and_character(more: int) -> None:
    values = values_in(document(allow(Resource=[])))
    characters = sum(len(value) for value in values if isinstance(value, str))
    for resource in (["x"] * (MAX_VALUES - len(values) + more), ["x" * (MAX_CHARACTERS - characters + more)]):
        with pytest.raises(AccessPolicyError, match=r"^the policy document is larger") if more else nullcontext():
            assert "ANONYMOUS_PRINCIPAL" == level(allow(Resource=resource))


PATTERN = "*a" * 500
HOSTILE: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "patterns that try everything": lambda: [allow(Resource=["a" * 999 + "b"] * 60), *[deny(Resource=[PATTERN] * 3)] * 60],
    "many of both": lambda: [*[allow()] * 700, *[deny(Condition=equals("aws:PrincipalAccount", OWN))] * 700],
    "a Deny that leaves much": lambda: [
        *[allow()] * 50,
        *[deny(Condition={"StringNotEquals": {f"aws:PrincipalTag/{number}": "x" for number in range(2_000)}})] * 4,
    ],
    "what multiplies": lambda: [
        allow({"AWS": [OWN, "*"], "Service": "a"}),
        *[
            deny(
                Condition={
                    "StringNotEquals": {
                        "aws:PrincipalAccount": [f"{one:012}", f"{one + 1:012}"],
                        "aws:SourceAccount": f"{one:012}",
                    }
                }
            )
            for one in range(500)
        ],
    ],
    "many principals and conditions": lambda: [
        allow(
            {"AWS": [f"{number:012}" for number in range(4_000)]},
            Condition={"StringLike": {f"aws:PrincipalTag/{n}": "*" for n in range(2_000)}},
        )
    ],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_take_bounded_time(name: str) -> None:
    given, begun = document(*HOSTILE[name]()), time.process_time()
    found = access_of_statements(given, RESOURCE, Surroundings())
    assert time.process_time() - begun < 20
    assert found[0].level is not None or "not known" in found[0].because[-1]
    assert sum(map(len, found[0].because)) < 20_000
