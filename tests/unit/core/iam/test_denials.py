"""Deny statements: which surely concern all that an Allow grants, and how much may be looked at to find that out."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.iam.denials import Denial, Effort
from perpend.core.iam.levels import PolicyKind, access_of_statements
from perpend.core.iam.requesters import Limit, Narrowing, Requesters, Who
from tests.unit.core.iam.vectors import KNOWN, document

MOST = 5_000_000
ASKED = (Requesters(Who.ACCOUNTS), Requesters(Who.SERVICES), Requesters(Who.ANONYMOUS))
OWN = Narrowing(accounts=Limit(accounts=frozenset({"own"})))


def left(much: int) -> Effort:
    effort = Effort()
    assert effort.spend(MOST - much)
    return effort


def level(allow: dict[str, Any], deny: dict[str, Any]) -> str:
    kind = PolicyKind.RESOURCE if {"Resource", "NotResource"} & allow.keys() else PolicyKind.TRUST
    statements = [{"Effect": effect, "Principal": "*", **each} for effect, each in (("Allow", allow), ("Deny", deny))]
    (access,) = access_of_statements(document(*statements), kind, KNOWN)
    assert access.level is not None
    return access.level.name


@pytest.mark.parametrize(
    ("allow", "deny"),
    [
        ({"Action": "sts:AssumeRole"}, {"Action": "sts:*"}),
        ({"Action": "sts:AssumeRole"}, {"Action": ["sts:Tag*", "sts:Assume*"]}),
        ({"Action": "sts:AssumeRole"}, {"Action": "STS:*", "Resource": "*"}),
        ({"NotAction": "s3:Put*", "NotResource": "b"}, {"Action": "*", "Resource": "*"}),
        ({"Action": "s3:Get*", "NotResource": "b"}, {"Action": "s3:Get*", "Resource": ["a", "*"]}),
        ({"Action": ["s3:GetA", "s3:GetB"], "Resource": ["a/b", "c"]}, {"Action": "s3:Get*", "Resource": ["a/*", "c*"]}),
    ],
)
def test_a_deny_of_all_that_is_granted_leaves_nobody(allow: dict[str, Any], deny: dict[str, Any]) -> None:
    assert "NOBODY" == level(allow, deny)


@pytest.mark.parametrize(
    ("allow", "deny"),
    [
        ({"Action": "sts:AssumeRole"}, {"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111122223333:role/x"}),
        ({"Action": "s3:Get*", "Resource": "a"}, {"Action": "s3:*"}),
        ({"Action": "s3:Get*", "NotResource": "a"}, {"Action": "s3:*"}),
        ({"NotAction": "s3:Put*", "Resource": "a"}, {"Action": "s3:*", "Resource": "*"}),
        ({"Action": "s3:Get*", "NotResource": "b"}, {"Action": "s3:*", "Resource": "a*"}),
        ({"Action": "s3:Get*", "Resource": ["a", "b"]}, {"Action": "s3:*", "Resource": "a"}),
    ],
)
def test_a_deny_of_less_takes_nothing_away(allow: dict[str, Any], deny: dict[str, Any]) -> None:
    assert "ANONYMOUS_PRINCIPAL" == level(allow, deny)


def test_effort_is_spent_to_the_last_step() -> None:
    effort = left(1)
    assert (effort.is_left, effort.spend(1), effort.is_left, effort.spend(0), effort.spend(1)) == (
        True,
        True,
        False,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("pattern", "other", "steps"),
    [("*", "abc", 0), ("abc", "abc", 0), ("a*", "abc", 105), ("a*c*", "abbc", 116), ("a?c", "abc", 106)],
)
def test_a_comparison_takes_as_many_steps_as_there_are_signs(pattern: str, other: str, steps: int) -> None:
    assert left(steps).includes(pattern, other)
    assert steps == 0 or not left(steps - 1).includes(pattern, other)


def test_a_deny_takes_steps_for_each_pair_that_it_looks_at() -> None:
    denial = Denial(2, ("*",), ("*",), (OWN, Narrowing(services=Limit())))
    steps = 100 * (1 + len(ASKED) * 2)
    remaining = denial.left(ASKED, {}, left(steps))
    assert ASKED != remaining
    assert {Who.ACCOUNTS, Who.SERVICES} == {requester.who for requester in remaining}
    assert ASKED == denial.left(ASKED, {}, left(steps - 1))
