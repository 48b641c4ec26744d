"""No access level is narrower than the truth, which is what each request of a small world meets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.core.iam.access_policy import AccessLevel, AccessPolicy, AccessPolicyError
from perpend.core.iam.levels import PolicyKind, access_of_statements, extended_document
from tests.property.iam import (
    ACCOUNTS,
    COLLECTED,
    ISSUER,
    KNOWN,
    LISTED,
    LONER,
    MEMBER,
    NEGATED,
    OWN,
    PARTNER,
    SERVICE,
    STRANGER,
    truth,
)

EXAMPLES = max(100, settings.default.max_examples if settings.default else 0)


NUMBERS = (*ACCOUNTS, "*", "1111*", "11112222333?", "anonymous", "${aws:PrincipalAccount}")
NAMES = ("o-own0000001", "O-OWN0000001", "o-partner001", "o-unknown001", "o-*", "*", "o-own*", "o-??????????")
PATHS = ("o-own0000001/*", "o-partner001/*", "o-own0000001/r-1/ou-1/", "*", "o-own*", "o-*/r-1/*")
ARNS = (
    *(f"arn:aws:iam::{account}:role/Admin" for account in (OWN, MEMBER, COLLECTED, STRANGER)),
    *("arn:aws:iam::111122223333:*", "arn:aws:iam::1111*", "*", "arn:aws:iam::111122223333*"),
    *("arn:*:iam::222233334444:user/*", "arn:aws:iam::11112222333?:role/*", "arn:aws:iam::*:role/Admin"),
    *("arn:aws:iam::????????????:role/*", "arn:*", "arn:aws:iam::*"),
)
SOURCES = (
    *(f"arn:aws:sns:eu-west-1:{account}:t" for account in (OWN, MEMBER, STRANGER)),
    *("arn:aws:sns:*:111122223333:*", "arn:aws:s3:::bucket", "*", "arn:aws:sns:eu-west-1:111122223333*", "arn:aws:sns:*:*:*"),
    *(
        "arn:aws:s3:::*",
        "arn:aws:s3:*:*:*",
        "arn:aws:s3:*:*:bucket",
        "arn:aws:sns:eu-west-1:????????????:t",
        "arn:*:*:*::*",
        "arn:*",
    ),
)
ADDRESSES = ("203.0.113.0/24", "0.0.0.0/0", "0.0.0.0/1", "8.0.0.0/7", "::/0", "::ffff:0:0/96", "10.0.0.0/8", "::/1", "x")
VALUES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("aws:PrincipalAccount", "kms:CallerAccount", "aws:SourceAccount", "aws:SourceOwner"), NUMBERS),
    **dict.fromkeys(("aws:PrincipalOrgID", "aws:SourceOrgID"), NAMES),
    **dict.fromkeys(("aws:PrincipalOrgPaths", "aws:SourceOrgPaths"), PATHS),
    "aws:PrincipalArn": ARNS,
    "aws:SourceArn": SOURCES,
    "aws:userid": (
        "AROAOWNROLE0000000001:*",
        "AROA4444ROLE000000001:ci",
        "AROA999988887777:*",
        "*",
        "anonymous",
        "a*",
        "?nonymous",
        "AIDA*",
    ),
    "aws:username": ("ann", "*"),
    "AWS:PrincipalTag/team": ("blue", "*", "${aws:PrincipalAccount}"),
    "aws:PrincipalType": ("User", "AssumedRole", "Anonymous", "A*"),
    **dict.fromkeys(("aws:MultiFactorAuthPresent", "aws:PrincipalIsAWSService", "aws:SecureTransport"), ("true", "false")),
    "aws:PrincipalServiceName": (SERVICE, "*", "*.amazonaws.com"),
    **dict.fromkeys(("aws:SourceIp", "aws:VpcSourceIp"), ADDRESSES),
    "aws:SourceVpc": ("vpc-own", "vpc-*", "*"),
    "aws:SourceVpce": ("vpce-own", "vpce-*"),
    "s3:DataAccessPointAccount": (OWN, STRANGER, "*"),
    "s3:DataAccessPointArn": (f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/*", "arn:aws:s3:*:111122223333:accesspoint/x", "*"),
    f"{ISSUER}:sub": ("repo:acme/*", "repo:acme/app:*", "repo:acme*", "repo:*", "repo:*/app:*", "*", "repo:acme/app:ref:main"),
    f"{ISSUER}:aud": ("sts.amazonaws.com",),
    "accounts.google.com:aud": ("our-app", "*", "o*"),
}
PLAIN = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress", "Bool", *sorted(NEGATED))
OPERATORS = (
    *(f"{start}{one}{end}" for start in ("", "ForAnyValue:", "ForAllValues:") for one in PLAIN for end in ("", "IfExists")),
    "Null",
)


FITTING = {"aws:SourceIp": ("IpAddress", "NotIpAddress"), "aws:VpcSourceIp": ("IpAddress", "NotIpAddress")}
USUAL = (
    "StringEquals",
    "StringLike",
    "StringNotEquals",
    "StringNotLike",
    "ArnLike",
    "ArnNotLike",
    "StringNotEqualsIfExists",
    "Null",
)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for key in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=2, unique=True)):
        usual = FITTING.get(key, USUAL)
        operator = draw(st.sampled_from(usual) | st.sampled_from(OPERATORS))
        if operator == "Null":
            found.setdefault("Null", {})[key] = draw(st.sampled_from(["true", "false", True, ["true", "false"]]))
            continue
        found.setdefault(operator, {})[key] = draw(st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=2))
        if draw(st.integers(0, 5)) == 0:
            found.setdefault("Null", {})[key] = "false"
    return found


NAMED = (
    *(
        "*",
        "*",
        "*",
        "*",
        {"AWS": ["*"]},
        {"AWS": [OWN]},
        {"AWS": [f"arn:aws:iam::{MEMBER}:root", LISTED]},
        {"AWS": [COLLECTED, PARTNER]},
    ),
    *({"AWS": [STRANGER], "Service": [SERVICE]}, {"Service": [SERVICE]}, {"AWS": [LONER]}),
    *({"Federated": [f"arn:aws:iam::{OWN}:oidc-provider/{ISSUER}"]}, {"Federated": ["accounts.google.com"]}),
    {"Federated": [f"arn:aws:iam::{OWN}:oidc-provider/idp.example"]},
)
PATTERNS = st.sampled_from(["s3:GetObject", "*", "*", "s3:*", "S3:?etObject", "s3:Put*", "lambda:InvokeFunction"])
PLACES = st.sampled_from(["*", "*", "*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/private/*", "arn:aws:s3:::b/x"])


@st.composite
def statements(draw: st.DrawFn, effect: str) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": effect, "Action": draw(PATTERNS), "Resource": draw(PLACES)}
    found["Principal"] = draw(
        st.sampled_from(NAMED) if effect == "Allow" else st.sampled_from(["*", "*", "*", {"AWS": ["*"]}, {"AWS": [OWN]}])
    )
    if effect == "Allow" and draw(st.integers(0, 9)) == 0:
        found["NotPrincipal"] = {"AWS": [OWN]}
        del found["Principal"]
    if condition := draw(conditions()):
        found["Condition"] = condition
    return found


FAMILIES = ("aws:PrincipalAccount", "aws:PrincipalOrgPaths", "aws:SourceArn", "aws:SourceIp", "aws:userid", f"{ISSUER}:sub")
"""A key of each kind, with which every operator is tried."""

TRIED = [
    (operator, key, given)
    for key, values in VALUES.items()
    for operator in (OPERATORS if key in FAMILIES else PLAIN)
    for given in (*([value] for value in values), [values[0], values[-1]])
    if operator != "Null"
] + [("Null", key, given) for key in VALUES for given in ("true", "false", ["true", "false"])]


PRINCIPALS = {
    "everybody": ("*", "s3:GetObject", ""),
    "issuer": ({"Federated": [f"arn:aws:iam::{OWN}:oidc-provider/{ISSUER}"]}, "s3:GetObject", ISSUER),
    "service": ({"Service": [SERVICE]}, "s3:GetObject", "aws:Source"),
    "service that calls a function": ({"Service": [SERVICE]}, "lambda:InvokeFunction", "aws:Source"),
}
"""Principals, each with an action, and how the keys begin that are tried with it."""


@pytest.mark.slow
@pytest.mark.parametrize("name", PRINCIPALS)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_no_single_condition_narrows_more_than_it_does(effect: str, name: str) -> None:
    principal, action, beginning = PRINCIPALS[name]
    everything = {"Action": action, "Resource": "arn:aws:s3:::b/x"}
    wrong = []
    for operator, key, values in TRIED:
        if not key.startswith(beginning):
            continue
        condition = {"Condition": {operator: {key: values}}}
        allow = {"Effect": "Allow", "Principal": principal, **everything, **(condition if effect == "Allow" else {})}
        denies = [{"Effect": "Deny", "Principal": "*", **everything, **condition}] if effect == "Deny" else []
        found = access_of_statements({"Statement": [allow, *denies]}, PolicyKind.TRUST, KNOWN)[0].level
        exact = truth(allow, denies)
        wrong += [(operator, key, values, found, exact)] if found is None or found < exact else []
    assert [] == wrong


LACKING = st.sets(st.sampled_from(["account", "organization", "organization_accounts"]), max_size=3)


@settings(max_examples=EXAMPLES)
@given(statements("Allow"), st.lists(statements("Deny"), max_size=2), LACKING)
def test_no_level_is_narrower_than_the_truth(allow: dict[str, Any], denies: list[dict[str, Any]], lacking: set[str]) -> None:
    exact = truth(allow, denies)
    for known in (KNOWN, replace(KNOWN, **dict.fromkeys(lacking))):
        found = access_of_statements({"Statement": [allow, *denies]}, PolicyKind.TRUST, known)[0]
        assert known is not KNOWN or found.level is not None
        assert found.level is None or found.level >= exact, found.because


@settings(max_examples=EXAMPLES)
@given(statements("Allow"), st.lists(statements("Deny"), max_size=2))
def test_what_is_let_in_is_told_of_by_the_operation(allow: dict[str, Any], denies: list[dict[str, Any]]) -> None:
    # A Deny for `{"AWS": "*"}` is taken for one for everybody where everybody is allowed, ADR 6.
    denies = [deny for deny in denies if deny["Principal"] != {"AWS": ["*"]}]
    extended = extended_document({"Statement": [allow, *denies]}, PolicyKind.TRUST, KNOWN)
    exact = truth(allow, denies)
    if exact > AccessLevel.NOBODY:
        assert AccessPolicy(extended).allows(["*"], AccessLevel(exact - 1))


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["*", "Allow", "Deny", "s3:*", OWN, "", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["AWS", "Service", "StringEquals", "Null", "aws:PrincipalArn", "Federated", ""]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
KEYS = ("Effect", "Principal", "NotPrincipal", "Action", "Resource", "Condition", "Sid", "AccessLevel")


@given(
    statements("Allow"), statements("Deny"), st.dictionaries(st.sampled_from(KEYS), ODD, min_size=1, max_size=2), st.booleans()
)
def test_odd_documents_are_judged_or_refused(
    allow: dict[str, Any], deny: dict[str, Any], odd: dict[str, Any], first: bool
) -> None:
    given = {"Statement": [allow | odd, deny] if first else [allow, deny | odd]}
    before = json.dumps(given)
    for kind in PolicyKind:
        try:
            extended = extended_document(given, kind, KNOWN)
        except AccessPolicyError as refused:
            assert str(refused)
            continue
        levelled = {one["Effect"]: "AccessLevel" in one for one in extended["Statement"]}
        assert levelled == {effect: effect == "Allow" for effect in levelled}  # an odd Effect may have made both of one
        AccessPolicy(extended).allows(["s3:*"], AccessLevel.NOBODY)
    assert before == json.dumps(given)
