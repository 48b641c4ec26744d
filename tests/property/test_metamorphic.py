"""No change that states no fact turns a verdict UNDETERMINED or INCOMPLIANT into COMPLIANT, INAPPLICABLE or DISAPPEARED.

Some changes of each kind, over the library and, where ``PERPEND_CORPUS`` names it, another repository;
``python -m tests.property.metamorphic`` makes as many as wanted and prints figures.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from perpend.intake.lists import Lists
from perpend.ir.coverage import Claims
from tests.property.metamorphic.changes import OBJECT_CHANGES
from tests.property.metamorphic.compare import PASS, Figures, changed, fitting, violations_of
from tests.property.metamorphic.estates import USER, WITH_REPORTS, estate, roads_of
from tests.property.metamorphic.files import CLAIM_CHANGES, FILE_CHANGES, FileChange
from tests.property.metamorphic.roads import End
from tests.property.metamorphic.worlds import ACCOUNT, LIBRARY, Pool, pools

SEED = os.environ.get("PERPEND_METAMORPHIC_SEED", "house")
WORLDS = 8
ROOTS = (LIBRARY, *(Path(one) for one in os.environ.get("PERPEND_CORPUS", "").split(os.pathsep) if one))


def pool_of(type_name: str) -> Pool:
    return next(one for one in pools(LIBRARY) if one.type_name == type_name)


ROADS = list(dict.fromkeys([*roads_of(pool_of(USER)), *roads_of(pool_of(ACCOUNT))]))
EACH = 3
"""Of how many kinds of changes that can be made on a road one is made, another on each road."""


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("root", ROOTS, ids=lambda one: one.name)
def test_no_change_makes_what_is_unknown_or_wrong_pass(root: Path, road: str) -> None:
    random = Random(f"{SEED}-{road}")
    found = Figures()
    pool = random.choice([one for one in pools(root) if road in roads_of(one)] or [None])
    if pool is None:
        pytest.skip("declares no tables")
    few = 2 if WITH_REPORTS in road else 1  # accounts with all that reports hold are dear
    asked = estate(pool, road, random, WORLDS // few)
    chosen = fitting(asked)[ROADS.index(road) % EACH :: EACH * few]
    for figures in changed(asked, [one if isinstance(one, FileChange) else [one] for one in chosen], random):
        found.add(figures)
    assert not found.violations, "\n".join(str(one) for one in found.violations[:3])
    assert not found.crashes, found.crashes[0]


def test_every_kind_of_change_can_be_made_somewhere() -> None:
    made = set()
    for road in ROADS:
        pool = next(one for one in pools(LIBRARY) if road in roads_of(one))
        made |= {one.name for one in fitting(estate(pool, road, Random(SEED), 1))}
    assert {one.name for one in (*FILE_CHANGES, *OBJECT_CHANGES)} == made


def found_by(type_name: str, road: str, worlds: int) -> Figures:
    """Return what changes of claims find, which begin every long run."""
    found, random = Figures(), Random("planted")
    asked = estate(pool_of(type_name), road, random, worlds)
    for figures in changed(asked, [one for one in CLAIM_CHANGES if one.fits(asked.inputs, asked.way)], random):
        found.add(figures)
    return found


def test_absence_that_files_take_for_a_fact_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not found_by(ACCOUNT, f"files{WITH_REPORTS}", 24).violations
    monkeypatch.setattr(Claims, "reason", lambda *_: None)
    assert found_by(ACCOUNT, f"files{WITH_REPORTS}", 24).violations


def test_absence_that_stores_take_for_a_fact_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    covered = Lists._covered
    monkeypatch.setattr(Lists, "_covered", lambda *given: [one for one in covered(*given) if not one.startswith("ELSE")])
    assert found_by("CA10__CaAwsSecurityGroup__c", "ndjson tables", 24).violations


KEY = ("/ce/a", 1, "one-w1")


def ended(*statuses: str) -> tuple[End, ...]:
    return tuple(End(status, 199) for status in statuses)


@pytest.mark.parametrize("before", ["UNDETERMINED", "INCOMPLIANT"])
@pytest.mark.parametrize("after", sorted(PASS))
def test_a_pass_made_of_no_fact_is_a_violation(before: str, after: str) -> None:
    found = violations_of({KEY: ended(before)}, {KEY: ended(after)})
    assert [(KEY, ended(after))] == list(found)


def test_an_object_that_is_not_judged_any_more_is_one_unless_the_change_took_it() -> None:
    before = {KEY: ended("INCOMPLIANT")}
    assert [(KEY, ())] == list(violations_of(before, {}))
    assert [] == list(violations_of(before, {}, takes=lambda policy, name: True))


def test_any_other_verdict_is_one_only_where_none_may_change() -> None:
    before, after = {KEY: ended("COMPLIANT")}, {KEY: ended("UNDETERMINED")}
    assert [] == list(violations_of(before, after))
    assert [(KEY, ended("UNDETERMINED"))] == list(violations_of(before, after, same=True))


def test_a_document_that_is_understood_now_may_pass_only_where_the_change_may_have_mended_it() -> None:
    odd, wrong, after = {KEY: ended("UNDETERMINED")}, {KEY: ended("INCOMPLIANT")}, {KEY: ended("COMPLIANT")}
    assert [] == list(violations_of(odd, after, mends=lambda world: True))
    assert [(KEY, after[KEY])] == list(violations_of(wrong, after, mends=lambda world: True))
