"""Principals in words: whom each names, and which forms are not understood. What they decide stands in ``spec/``."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.iam.levels import PolicyKind, access_of_statements
from tests.unit.core.iam.vectors import KNOWN, document

ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"
UNKNOWN = "0" * 64
OWN_CANONICAL = "a1" * 32
MANY = [f"{number:012}" for number in range(14)]


def told(kind: PolicyKind = PolicyKind.RESOURCE, **more: Any) -> list[str]:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}
    (access,) = access_of_statements(document(statement), kind, KNOWN)
    return list(access.because)


@pytest.mark.parametrize(
    ("principal", "named", "left"),
    [
        ("*", "names everybody", "left: anybody, without credentials too"),
        ({"AWS": "*"}, "names everybody", "left: anybody, without credentials too"),
        ({"AWS": "111122223333"}, "names the own account", "left: principals of the own account"),
        (
            {"AWS": "arn:aws:sts::999988887777:assumed-role/x/y"},
            "names account 999988887777, which was not collected",
            "left: principals of account 999988887777, which was not collected",
        ),
        (
            {"AWS": "arn:aws:iam::cloudfront:user/x"},
            "names a user of CloudFront, which belongs to AWS",
            "left: users of CloudFront",
        ),
        (
            {"AWS": "AIDAEXAMPLE123456789A"},
            "names `AIDAEXAMPLE123456789A`, which a deleted user or role left behind: nobody has it any more",
            "nobody is left",
        ),
        (
            {"AWS": "AROAOWNROLE0000000001"},
            "names `AROAOWNROLE0000000001` of the own account",
            "left: principals of the own account",
        ),
        (
            {"CanonicalUser": OWN_CANONICAL},
            "names the canonical user of the own account",
            "left: principals of the own account",
        ),
        (
            {"CanonicalUser": UNKNOWN},
            "names a canonical user of an account that is not known",
            "left: principals that are named, of whatever account",
        ),
        (
            {"Service": "sns.amazonaws.com"},
            "names the service `sns.amazonaws.com`",
            "left: services of AWS on behalf of anybody",
        ),
        (
            {"Federated": "arn:aws:iam::111122223333:saml-provider/x"},
            "names identities of the SAML provider `x`",
            "left: identities outside AWS",
        ),
        (
            {"Federated": "arn:aws:iam::111122223333:oidc-provider/x.example/"},
            "names identities of the provider `x.example`",
            "left: identities outside AWS",
        ),
        (
            {"Federated": PROVIDER},
            f"names identities of `{ISSUER}`, which anybody can have: no condition names one customer",
            "left: identities that anybody can have",
        ),
    ],
)
def test_whom_a_principal_names(principal: Any, named: str, left: str) -> None:
    assert [named, left] == told(Principal=principal)


def test_whom_others_than_principals_name() -> None:
    everybody = ["`NotPrincipal` names everybody else", "left: anybody, without credentials too"]
    assert everybody == told(NotPrincipal={"AWS": "111122223333"})
    own = ["is a policy of identities: those of the own account", "left: principals of the own account"]
    assert own == told(PolicyKind.IDENTITY)


def test_what_a_provider_claims_is_told_with_the_provider() -> None:
    condition = {"StringLike": {f"{ISSUER}:sub": "repo:acme/*"}}
    named = f"names identities of one application or customer of `{ISSUER}`"
    assert [named, "left: identities outside AWS"] == told(Principal={"Federated": PROVIDER}, Condition=condition)


@pytest.mark.parametrize(
    ("provider", "operator", "key", "value", "is_one"),
    [
        (PROVIDER, "StringLike", f"{ISSUER}:sub", "repo:acme/*", True),
        (PROVIDER, "StringLike", f"{ISSUER}:sub", "repo:*", False),
        (PROVIDER, "StringEquals", f"{ISSUER}:sub", "", False),
        (PROVIDER, "StringEquals", f"{ISSUER}:aud", "sts.amazonaws.com", False),
        (PROVIDER, "StringEquals", "gitlab.com:sub", "project_path:acme/app", False),
        ("accounts.google.com", "StringEquals", "accounts.google.com:aud", "app", True),
        ("accounts.google.com", "StringLike", "accounts.google.com:aud", "app*", False),
        ("accounts.google.com", "StringEquals", "accounts.google.com:aud", "", False),
        ("accounts.google.com", "StringEquals", "accounts.google.com:email", "ann@example.com", False),
        ("accounts.google.com", "StringEquals", "www.amazon.com:app_id", "app", False),
        ("accounts.google.com", "StringNotEquals", "accounts.google.com:aud", "app", False),
    ],
)
def test_who_is_one_of_those_that_anybody_can_be(provider: str, operator: str, key: str, value: str, is_one: bool) -> None:
    *_, left = told(Principal={"Federated": provider}, Condition={operator: {key: value}})
    assert f"left: identities {'outside AWS' if is_one else 'that anybody can have'}" == left


def test_of_many_some_are_told_and_how_many_more() -> None:
    assert 12 == len(told(Principal={"AWS": MANY[:12]})) - 1
    assert ["names 1 more"] == told(Principal={"AWS": MANY[:13]})[12:-1]
    assert ["names 2 more"] == told(Principal={"AWS": [*MANY, *MANY]})[12:-1]
    tags = {f"aws:PrincipalTag/{number}": "x" for number in MANY}
    assert ["2 more conditions"] == told(Principal="*", Condition={"StringLike": tags})[13:-1]
    for key, value in (("aws:PrincipalAccount", MANY[1]), ("aws:PrincipalOrgID", "o-own0000001")):
        assert ["nobody is left"] == told(Principal={"AWS": MANY[:1]}, Condition={"StringLike": {key: value}})[2:]


def test_all_accounts_that_are_named_are_left_in_any_order() -> None:
    left = "left: principals of account 999988887777, which was not collected; account 333344445555, in the own organization"
    for accounts in (["999988887777", "333344445555"], ["333344445555", "999988887777"]):
        assert left == told(Principal={"AWS": accounts})[-1]
