"""What is told of waivers: each of the seven, and what is not told where nobody has looked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from perpend.findings.waivers.matches import WaiverMatches
from perpend.findings.waivers.read import WaiverValue
from perpend.findings.waivers.status import Force, WaiverStatus
from perpend.findings.waivers.warnings import EvaluatedScope, waiver_warnings
from perpend.language.program.parameters import ParameterValue
from tests.unit.findings.waivers.made import ASKED, DAY, standing

LOOKED = EvaluatedScope(frozenset({"/p"}), frozenset({"1"}))
SCOPE = {"objects": ("i",)}


def values_of(policy_id: str) -> tuple[ParameterValue, ...]:
    return (ParameterValue("days", 30, 90), ParameterValue("ports", (22,), (22,))) if policy_id == "/p" else ()


def told(one: WaiverStatus, covers: int = 1, looked: EvaluatedScope | None = LOOKED, **more: Any) -> list[tuple[str, str]]:
    numbers: Mapping[str, int] = {"w": covers} if covers else {}
    covering = WaiverMatches(ASKED, (one,), numbers, **more)
    return [(found.code, found.message) for found in waiver_warnings(covering, more.pop("approvers", ()), looked, values_of)]


def codes(one: WaiverStatus, **more: Any) -> list[str]:
    return [code for code, _ in told(one, **more)]


def test_a_waiver_in_use_is_not_told() -> None:
    assert [] == told(standing(scope=SCOPE))


def test_one_that_has_ended_says_what_counts_again() -> None:
    found = told(standing(force=Force.EXPIRED, until=date(2026, 11, 1), scope=SCOPE), covers=2)
    assert [("W102", "`w` has ended: 2 findings, waived until 2026-11-01, count again (Why.)")] == found


@pytest.mark.parametrize(
    ("until", "code"), [(DAY, ["W103"]), (date(2026, 12, 3), ["W103"]), (date(2026, 12, 4), []), (None, ["W103"])]
)
def test_one_that_ends_soon_or_never_is_told(until: date | None, code: list[str]) -> None:
    assert code == codes(standing(until=until, scope=SCOPE))


@pytest.mark.parametrize(
    ("policies", "looked", "scope", "message"),
    [
        ((), LOOKED, SCOPE, "`w` covers nothing: there is no policy that it names"),
        (("/p",), EvaluatedScope(frozenset({"/q"})), SCOPE, None),
        (("/p",), LOOKED, {"accounts": ("2",)}, None),
        (
            ("/p",),
            LOOKED,
            {"accounts": ("1",)},
            "`w` covers nothing: no object is in its scope; the objects may be deleted, renamed or of another account",
        ),
        (
            ("/p",),
            EvaluatedScope(frozenset({"/p"}), in_scope={"w": (2, 0)}),
            SCOPE,
            "`w` covers nothing: its findings are resolved (2 objects in its scope): delete it",
        ),
        (
            ("/p",),
            EvaluatedScope(frozenset({"/p"}), in_scope={"w": (2, 1)}),
            SCOPE,
            "`w` covers nothing: it is not known whether its findings are resolved (1 of 2 objects undetermined)",
        ),
    ],
)
def test_one_that_covers_nothing_says_why_unless_nobody_has_looked(
    policies: tuple[str, ...], looked: EvaluatedScope, scope: dict[str, Any], message: str | None
) -> None:
    expected = [("W104", message)] if message else []
    assert expected == told(standing(policies=policies, scope=scope), covers=0, looked=looked)


def test_one_that_is_overbroad_is_told() -> None:
    assert ["W105"] == codes(standing(force=Force.OVER_LIMIT, limit=2, scope=SCOPE), covers=3)
    assert ["W105"] == codes(WaiverStatus(standing(policies=("/ce/*",)).waiver, Force.IN_FORCE, ("/p",)))
    assert ["W105"] == codes(WaiverStatus(standing(policies=("/ce/**",), scope=SCOPE).waiver, Force.IN_FORCE, ("/p",)))
    half = {"by_waiver": {("w", "/p"): 4}, "of": {"/p": 8}}
    assert [] == codes(standing(scope=SCOPE), covers=4, **half)
    assert ["W105"] == codes(standing(scope=SCOPE), covers=4, **{**half, "of": {"/p": 7}})


def test_two_that_cover_the_same_are_named() -> None:
    (found,) = told(standing(scope=SCOPE), overlaps={("w", "x"): 1})
    assert ("W106", "`w` and `x` both cover 1 finding: the first one is shown") == found


def test_one_that_nobody_else_has_approved_is_told() -> None:
    own = WaiverMatches(ASKED, (standing(approved_by="o", scope=SCOPE),), {"w": 1})
    assert ["`w` is approved by its owner, o"] == [one.message for one in waiver_warnings(own, (), LOOKED, values_of)]
    lacking = WaiverMatches(ASKED, (standing(force=Force.NOT_APPROVED, scope=SCOPE),), {"w": 1})
    assert ["`w` is not in force: nobody has approved it"] == [
        one.message for one in waiver_warnings(lacking, ("p",), LOOKED, values_of)
    ]


def test_names_from_files_are_made_safe() -> None:
    (found,) = told(standing(until=DAY, owner="a\x1b[2J", scope=SCOPE))
    assert "\x1b" not in found[1]


def test_one_of_another_value_of_a_parameter_needs_a_review() -> None:
    same = (WaiverValue("/p", "days", 30), WaiverValue("/p", "ports", (22,)))
    assert [] == codes(standing(scope=SCOPE, parameters=same))
    other = (WaiverValue("/p", "days", 90), WaiverValue("/p", "ports", ()), WaiverValue("/p", "x", "a\x1b"))
    (found,) = told(standing(scope=SCOPE, parameters=(*same, *other)))
    changes = (
        "days of /p was 90, and is 30 now",
        "ports of /p was none, and is 22 now",
        r"x of /p was a\x1b, and is no parameter now",
    )
    assert ("W109", f"`w` needs a review: {'; '.join(changes)}") == found
    assert ["W102"] == codes(standing(force=Force.EXPIRED, scope=SCOPE, parameters=other))
    (found,) = told(standing(scope=SCOPE, parameters=(*other, *other)))
    assert found[1].endswith("; 3 more")
