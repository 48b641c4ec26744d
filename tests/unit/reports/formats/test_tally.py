"""What a tally keeps: all counts, and of the objects the first few only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.objects.status import Status
from perpend.reports.formats.tally import Group, tally_of
from tests.reference import evaluate_objects
from tests.unit.reports.terminal.evaluations import MOOD, NOTED, evaluate, thing

if TYPE_CHECKING:
    from pathlib import Path


def _kept(group: Group) -> tuple[str, int, list[str]]:
    return group.message, group.objects, [judged.name for judged, _ in group.shown]


def test_conditions_that_say_the_same_share_a_group_in_the_order_of_the_objects(tmp_path: Path) -> None:
    things = [thing(str(number), ("worse", "bad", "good", "odd")[number % 4]) for number in range(100)]
    (tally,) = tally_of(evaluate(tmp_path, *things), limit=3)
    assert [("It is bad.", 50, ["0", "1", "4"]), ("It is odd. Look at the thing itself.", 25, ["3", "7", "11"])] == [
        _kept(group) for group in tally.groups
    ]
    assert {
        Status.COMPLIANT: 25,
        Status.INCOMPLIANT: 50,
        Status.INAPPLICABLE: 0,
        Status.UNDETERMINED: 25,
        Status.DISAPPEARED: 0,
    } == tally.counts


def test_the_runtime_error_stays_with_its_object(tmp_path: Path) -> None:
    things = [thing("ann", notes="[1"), thing("bob", notes=""), thing("cid", notes='{"a":1}')]
    (tally,) = tally_of(evaluate(tmp_path, *things, logics={"noted": NOTED}), limit=3)
    errors = {judged.name: error for group in tally.groups for judged, error in group.shown}
    assert (True, None) == (bool(errors["ann"]), errors["bob"])


def test_policies_stand_in_the_order_of_their_ids(tmp_path: Path) -> None:
    tallies = tally_of(evaluate(tmp_path, thing("ann"), logics={"noted": NOTED, "mood": MOOD}), limit=1)
    assert ["/ce/mood", "/ce/noted"] == [tally.policy.id for tally in tallies]


def test_several_logics_of_one_policy_are_one_row(tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, thing("ann", "bad"), thing("bob", "bad"), logics={"mood": MOOD})
    twice = evaluate_objects(evaluation.inventory, replace(evaluation.selection, programs=evaluation.programs * 2))
    (tally,) = tally_of(twice, limit=3)
    assert [("It is bad.", 4, ["ann", "bob", "ann"])] == [_kept(group) for group in tally.groups]
    assert 4 == tally.counts[Status.INCOMPLIANT]
