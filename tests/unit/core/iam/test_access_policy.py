"""Extended policy documents: what is granted too widely, what a Deny takes away, and what is not understood."""

from __future__ import annotations

import re
from itertools import product
from string import ascii_letters
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.core.iam.access_policy import (
    MAX_PATTERN,
    AccessLevel,
    AccessPolicy,
    AccessPolicyError,
    includes,
    intersects,
)
from perpend.language.operations.special import ACCESS_LEVELS

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:queue"
ROLE = "arn:aws:iam::123456789012:role/reader"


def allow(action: Any = "sqs:SendMessage", level: Any = "ANONYMOUS_PRINCIPAL", **more: Any) -> dict[str, Any]:
    found = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": QUEUE, "AccessLevel": level, **more}
    return {key: value for key, value in found.items() if value is not None}


def deny(action: Any = "sqs:SendMessage", **more: Any) -> dict[str, Any]:
    found = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", **more}
    return {key: value for key, value in found.items() if value is not None}


def allows(*statements: Any, actions: tuple[str, ...] = ("sqs:SendMessage",), widest: str = "SAME_ACCOUNT") -> bool:
    return AccessPolicy({"Version": "2012-10-17", "Statement": list(statements)}).allows(actions, AccessLevel[widest])


def test_levels_are_those_of_the_language_from_narrow_to_wide() -> None:
    assert tuple(level.name for level in sorted(AccessLevel)) == ACCESS_LEVELS


@pytest.mark.parametrize("level", list(AccessLevel))
@pytest.mark.parametrize("widest", list(AccessLevel))
def test_only_a_strictly_wider_level_counts(level: AccessLevel, widest: AccessLevel) -> None:
    assert (level > widest) == allows(allow(level=level.name), widest=widest.name)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(level=None, AccessLevels=["NOBODY", "EXTERNAL_PRINCIPAL", "SAME_ORG"]), True),
        (allow(level=None, AccessLevels=["NOBODY", "SAME_ACCOUNT"]), False),
        (allow(level="NOBODY", AccessLevels=["EXTERNAL_PRINCIPAL"]), True),
        (allow(level=None, AccessLevels="EXTERNAL_PRINCIPAL"), True),
    ],
)
def test_the_widest_of_several_levels_counts(statement: dict[str, Any], expected: bool) -> None:
    assert expected == allows(statement)


@pytest.mark.parametrize(
    ("action", "listed", "expected"),
    [
        ("sqs:SendMessage", "sqs:SendMessage", True),
        ("SQS:sendmessage", "sqs:SendMessage", True),
        ("sqs:SendMessageBatch", "sqs:SendMessage", False),
        ("*", "sqs:SendMessage", True),
        ("sqs:*", "sqs:SendMessage", True),
        ("sqs:Send*", "sqs:SendMessage", True),
        ("sqs:?endMessage", "sqs:SendMessage", True),
        ("sqs:?SendMessage", "sqs:SendMessage", False),
        ("sns:*", "sqs:SendMessage", False),
        (["sns:*", "sqs:S*e"], "sqs:SendMessage", True),
        ("sqs:SendMessage", "sqs:*", True),
        ("sqs:SendMessage", "*", True),
        ("sqs:*Message", "sqs:Send*", True),
        ("sqs:Get*", "sqs:Send*", False),
        ("sqs:SendMessage", "sns:*", False),
    ],
)
def test_actions_are_compared_with_wildcards_on_both_sides(action: Any, listed: str, expected: bool) -> None:
    assert expected == allows(allow(action), actions=(listed,))


def test_one_granted_action_of_several_is_enough_and_none_is_not() -> None:
    assert allows(allow("sqs:SendMessage"), actions=("sqs:DeleteQueue", "sqs:SendMessage"))
    assert not allows(allow("sqs:SendMessage"), actions=())


@pytest.mark.parametrize(
    ("excluded", "listed", "expected"),
    [
        ("sqs:SendMessage", "sqs:SendMessage", False),
        ("sqs:*", "sqs:sendmessage", False),
        (["sns:*", "sqs:Send*"], "sqs:SendMessage", False),
        ("sqs:DeleteQueue", "sqs:SendMessage", True),
        ("sqs:SendMessage", "sqs:*", True),
        ("sqs:*", "sqs:Send*", False),
    ],
)
def test_not_action_grants_whatever_it_does_not_name(excluded: Any, listed: str, expected: bool) -> None:
    assert expected == allows(allow(None, NotAction=excluded), actions=(listed,))


def test_a_single_statement_needs_no_list() -> None:
    assert AccessPolicy({"Statement": allow()}).allows(["sqs:SendMessage"], AccessLevel.NOBODY)


@pytest.mark.parametrize(
    "denial",
    [
        pytest.param(deny(), id="same-action"),
        pytest.param(deny("SQS:*"), id="broader-action"),
        pytest.param(deny(["sns:*", "sqs:*"]), id="one-of-several"),
        pytest.param(deny(None, NotAction="sqs:GetQueueUrl"), id="not-action"),
        pytest.param(deny(Principal={"AWS": "*"}), id="any-account"),
        pytest.param(deny(Principal={"AWS": ["*"]}, Resource=["*"]), id="lists"),
        pytest.param(deny(Resource=QUEUE), id="same-resource"),
        pytest.param(deny(Resource=["x", QUEUE]), id="more-resources"),
        pytest.param(deny(Sid="no", AccessLevel="ANONYMOUS_PRINCIPAL"), id="other-keys-known"),
    ],
)
def test_a_deny_that_surely_applies_subtracts(denial: dict[str, Any]) -> None:
    assert allows(allow())
    assert not allows(allow(), denial)
    assert not allows(denial, allow())


@pytest.mark.parametrize(
    "denial",
    [
        pytest.param(deny(Condition={"Bool": {"aws:SecureTransport": "false"}}), id="condition"),
        pytest.param(deny(condition={"Bool": {"aws:SecureTransport": "false"}}), id="unknown-key"),
        pytest.param(deny("sqs:DeleteQueue"), id="other-action"),
        pytest.param(deny("sqs:Send"), id="shorter-action"),
        pytest.param(deny(None, NotAction="sqs:Send*"), id="not-action"),
        pytest.param(deny(Principal={"AWS": ROLE}), id="one-principal"),
        pytest.param(deny(Principal={"Service": "*"}), id="services"),
        pytest.param(deny(Principal=None), id="no-principal"),
        pytest.param(deny(Principal=None, NotPrincipal={"AWS": ROLE}), id="not-principal"),
        pytest.param(deny(Resource=QUEUE + "2"), id="other-resource"),
        pytest.param(deny(Resource=None), id="no-resource"),
        pytest.param(deny(Resource=None, NotResource="x"), id="not-resource"),
        pytest.param(deny(Resource="arn:*"), id="resource-pattern"),
    ],
)
def test_a_deny_that_may_not_apply_hides_nothing(denial: dict[str, Any]) -> None:
    assert allows(allow(), denial)


@pytest.mark.parametrize(
    ("principal", "denied", "expected"),
    [
        ({"AWS": ROLE}, {"AWS": [ROLE, "999999999999"]}, False),
        ({"AWS": [ROLE, "999999999999"]}, {"AWS": ROLE}, True),
        ({"AWS": ROLE}, {"AWS": "*"}, False),
        ({"Service": "sns.amazonaws.com"}, {"AWS": "*"}, True),
        ({"Service": "sns.amazonaws.com"}, "*", False),
        ({"Service": "s", "AWS": ROLE}, {"Service": "s", "AWS": "*"}, False),
        ({"Service": "s", "AWS": ROLE}, {"Service": "t", "AWS": "*"}, True),
        (None, None, False),
        (None, {"AWS": "*"}, True),
    ],
)
def test_a_deny_counts_for_the_same_principals_or_fewer(principal: Any, denied: Any, expected: bool) -> None:
    assert expected == allows(allow(Principal=principal), deny(Principal=denied))


def test_an_allow_of_not_resource_is_not_taken_for_one_without_resource() -> None:
    assert allows(allow(Resource=None, NotResource=QUEUE), deny(Resource=None))
    assert not allows(allow(Resource=None), deny(Resource=None))


def test_an_allow_of_not_principal_is_not_taken_for_one_without_principal() -> None:
    assert allows(allow(Principal=None, NotPrincipal={"AWS": ROLE}), deny(Principal=None))


def test_a_deny_of_all_that_is_granted_subtracts_from_a_wider_listed_action() -> None:
    assert not allows(allow("sqs:SendMessage"), deny("sqs:SendMessage"), actions=("sqs:*",))
    assert allows(allow(["sqs:SendMessage", "sqs:DeleteQueue"]), deny("sqs:SendMessage"), actions=("sqs:*",))
    assert allows(allow("sqs:*"), deny("sqs:SendMessage"), actions=("sqs:*",))
    assert allows(allow("sqs:*"), deny(None, NotAction="sqs:SendMessage"), actions=("sqs:*",))


def test_a_deny_of_the_listed_action_subtracts_from_a_wider_grant() -> None:
    assert not allows(allow("sqs:*"), deny("sqs:SendMessage"))
    assert not allows(allow(None, NotAction="sns:*"), deny("sqs:Send*"))


def test_a_deny_subtracts_only_from_the_statements_it_covers() -> None:
    denial = deny(Principal={"AWS": ROLE}, Resource=QUEUE)
    assert not allows(allow(Principal={"AWS": ROLE}), denial)
    assert allows(allow(Principal={"AWS": ROLE}), allow(Principal={"AWS": "999999999999"}), denial)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (None, "the policy document is not an object"),
        ([], "the policy document is not an object"),
        ("{}", "the policy document is not an object"),
        ({}, "the policy document has no `Statement`"),
        ({"Statement": "x"}, "a statement is not an object"),
        ({"Statement": []}, "the policy document has no statements"),
        ({"Statement": [None, deny()]}, "a statement is not an object"),
        ({"Statement": [deny()], "statement": [allow()]}, "the policy document has the unknown key `statement`"),
        ({"Statement": [allow() | {"action": "*"}]}, "an Allow statement has the unknown key `action`"),
        ({"Statement": [allow(Effect="Allow", effect="Deny")]}, "an Allow statement has the unknown key `effect`"),
        ({"Statement": [allow(NotResource="x")]}, "a statement has both `Resource` and `NotResource`"),
        ({"Statement": [allow(NotPrincipal="x")]}, "a statement has both `Principal` and `NotPrincipal`"),
        ({"Statement": [allow("* ")]}, "`* ` is no action"),
        ({"Statement": [allow("")]}, "`` is no action"),
        ({"Statement": [allow("sqs")]}, "`sqs` is no action"),
        ({"Statement": [allow(["sqs:Get*", "sqs:*:*"])]}, "`sqs:*:*` is no action"),
        ({"Statement": [deny("sqs :*")]}, "`sqs :*` is no action"),
        ({"Statement": [allow("\u017fqs:SendMessage")]}, "`\u017fqs:SendMessage` is no action"),
        ({"Statement": None}, "a statement is not an object"),
        ({"Statement": [allow(), 1]}, "a statement is not an object"),
        ({"Statement": [allow(Effect="allow")]}, "a statement's `Effect` is neither `Allow` nor `Deny`"),
        ({"Statement": [allow(Effect=None)]}, "a statement's `Effect` is neither `Allow` nor `Deny`"),
        ({"Statement": [allow(None)]}, "a statement needs one of `Action` and `NotAction`"),
        ({"Statement": [allow(NotAction="x")]}, "a statement needs one of `Action` and `NotAction`"),
        ({"Statement": [allow(level=None)]}, "an Allow statement has no `AccessLevel`"),
        ({"Statement": [allow(level="PUBLIC")]}, "unknown access level `PUBLIC`"),
        ({"Statement": [allow(level=None, AccessLevels=["NOBODY", "nobody"])]}, "unknown access level `nobody`"),
        ({"Statement": [allow(level=None, AccessLevels=[])]}, "`AccessLevels` is neither a text nor a list of texts"),
        ({"Statement": [allow(level=6)]}, "`AccessLevel` is neither a text nor a list of texts"),
        ({"Statement": [allow([])]}, "`Action` is neither a text nor a list of texts"),
        ({"Statement": [allow([1])]}, "`Action` is neither a text nor a list of texts"),
        ({"Statement": [deny(None, NotAction=[])]}, "`NotAction` is neither a text nor a list of texts"),
        ({"Statement": [allow(Principal={"AWS": 1})]}, "`Principal` is neither a text nor a list of texts"),
        ({"Statement": [allow(Resource={})]}, "`Resource` is neither a text nor a list of texts"),
        ({"Statement": [allow("a" * (MAX_PATTERN + 1))]}, f"an action is longer than {MAX_PATTERN} characters"),
    ],
)
def test_a_document_that_is_not_understood_is_never_harmless(document: object, reason: str) -> None:
    with pytest.raises(AccessPolicyError) as caught:
        AccessPolicy(document)
    assert reason == str(caught.value)


def test_the_longest_action_is_read() -> None:
    longest = "sqs:" + "a" * (MAX_PATTERN - 4)
    assert allows(allow(longest), actions=(longest,))


def test_a_statement_behind_a_granting_one_must_be_understood_as_well() -> None:
    with pytest.raises(AccessPolicyError):
        allows(allow(), allow(level="PUBLIC"))


PATTERNS = st.text(alphabet="ab*?", max_size=5)
TEXTS = ["".join(letters) for size in range(9) for letters in product("abc", repeat=size)]


def matched(pattern: str) -> set[str]:
    expression = re.compile("".join({"*": ".*", "?": "."}.get(letter, letter) for letter in pattern))
    return {text for text in TEXTS if expression.fullmatch(text)}


def test_every_pair_of_short_patterns_is_compared_rightly() -> None:
    short = ["".join(letters) for size in range(4) for letters in product("ab*?", repeat=size)]
    matches = {pattern: matched(pattern) for pattern in short}
    for left, right in product(short, short):
        assert bool(matches[left] & matches[right]) == intersects(left, right)
        if includes(left, right):
            assert matches[right] <= matches[left]
        elif "*" not in right:
            assert not matches[right] <= matches[left]


@given(PATTERNS, PATTERNS)
def test_intersection_agrees_with_trying_every_text(left: str, right: str) -> None:
    assert bool(matched(left) & matched(right)) == intersects(left, right)


@given(PATTERNS, PATTERNS)
def test_inclusion_is_never_claimed_wrongly(pattern: str, other: str) -> None:
    if includes(pattern, other):
        assert matched(other) <= matched(pattern)


@given(PATTERNS, st.text(alphabet="ab", max_size=8))
def test_inclusion_of_a_text_is_matching_it(pattern: str, text: str) -> None:
    assert (text in matched(pattern)) == includes(pattern, text)


def test_every_letter_behind_a_pattern_is_a_letter_more() -> None:
    assert [] == [letter for letter in ascii_letters if includes(f"a{letter}", "a") or includes(f"*{letter}", "")]


def test_the_longest_patterns_are_compared_in_bounded_steps() -> None:
    assert not intersects("a*" * 127 + "b", "*a?" * 85 + "c")
    assert not includes("a*" * 127 + "b", "a" * 255)
