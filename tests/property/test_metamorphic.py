"""No change that states no fact turns a verdict UNDETERMINED or INCOMPLIANT into COMPLIANT, INAPPLICABLE or DISAPPEARED.

Some changes of each kind, over the library and, where ``PERPEND_CORPUS`` names it, another repository;
``python -m tests.property.metamorphic`` makes as many as wanted and prints figures.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from tests.property.metamorphic.changes import OBJECT_CHANGES
from tests.property.metamorphic.compare import PASS, USER, End, Figures, changed, estate, fitting, roads_of, violations_of
from tests.property.metamorphic.files import FILE_CHANGES
from tests.property.metamorphic.worlds import LIBRARY, pools

SEED = os.environ.get("PERPEND_METAMORPHIC_SEED", "house")
WORLDS = 16
ROOTS = (LIBRARY, *(Path(one) for one in os.environ.get("PERPEND_CORPUS", "").split(os.pathsep) if one))


ROADS = roads_of(next(pool for pool in pools(LIBRARY) if pool.type_name == USER))
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
    asked = estate(pool, road, random, WORLDS)
    for figures in changed(asked, fitting(asked)[ROADS.index(road) % EACH :: EACH], random):
        found.add(figures)
    assert not found.violations, "\n".join(str(one) for one in found.violations[:3])
    assert not found.crashes, found.crashes[0]


def test_every_kind_of_change_can_be_made_somewhere() -> None:
    made = set()
    for road in ROADS:
        pool = next(one for one in pools(LIBRARY) if road in roads_of(one))
        made |= {one.name for one in fitting(estate(pool, road, Random(SEED), 1))}
    assert {one.name for one in (*FILE_CHANGES, *OBJECT_CHANGES)} == made


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
    assert [] == list(violations_of(before, {}, takes=lambda policy: True))


def test_any_other_verdict_is_one_only_where_none_may_change() -> None:
    before, after = {KEY: ended("COMPLIANT")}, {KEY: ended("UNDETERMINED")}
    assert [] == list(violations_of(before, after))
    assert [(KEY, ended("UNDETERMINED"))] == list(violations_of(before, after, same=True))


def test_a_document_that_is_understood_now_may_pass_only_where_the_change_may_have_mended_it() -> None:
    odd, wrong, after = {KEY: ended("UNDETERMINED")}, {KEY: ended("INCOMPLIANT")}, {KEY: ended("COMPLIANT")}
    assert [] == list(violations_of(odd, after, mends=lambda world: True))
    assert [(KEY, after[KEY])] == list(violations_of(wrong, after, mends=lambda world: True))
