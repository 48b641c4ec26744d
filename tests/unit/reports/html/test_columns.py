"""Findings as columns: each object and each ending once, what is shown chosen, what would hide written out."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from pathlib import Path

import pytest

from perpend.core.objects.account import Account
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.reports.html import columns
from perpend.reports.html.columns import FindingColumns, Sinks, TooManyFindings, write_columns
from tests.reference import only
from tests.unit.reports.terminal.evaluations import HOSTILE, MOOD, NOTED, evaluate, thing, with_rival

A, B = "111122223333", "444455556666"
BOTH = {"mood": MOOD, "noted": NOTED}


class Texts:
    """A column that keeps its texts."""

    def __init__(self) -> None:
        self.text = ""

    def add(self, text: str, /) -> None:
        """Take in some lines."""
        self.text += text

    @property
    def lines(self) -> list[str]:
        """The lines."""
        return self.text.split("\n")[:-1]


class Numbers:
    """A column that keeps its numbers."""

    def __init__(self) -> None:
        self.numbers = array("I")

    def add(self, numbers: array[int], /) -> None:
        """Take in some numbers."""
        self.numbers.extend(numbers)


def written(evaluation: Evaluation, accounts: Mapping[str, Account] | None = None) -> tuple[FindingColumns, Sinks]:
    sinks = Sinks(Texts(), Texts(), Texts(), *(Numbers() for _ in range(5)))
    return write_columns(evaluation, sinks, accounts=accounts or {}), sinks


def findings(found: FindingColumns, sinks: Sinks) -> list[tuple[str, str, Status, str]]:
    """Return what the columns say, as somebody reads them who knows no more than they do."""
    ends = iter(sinks.ends.numbers)  # type: ignore[attr-defined]
    names = sinks.names.lines  # type: ignore[attr-defined]
    return [
        (name, found.policies[ending.policy], ending.status, ending.message)
        for name, many in zip(names, sinks.findings.numbers, strict=True)  # type: ignore[attr-defined]
        for ending in [found.endings[next(ends)] for _ in range(many)]
    ]


def test_the_columns_say_what_the_findings_say(tmp_path: Path) -> None:
    things = [thing("ann", "bad", notes="[1"), thing("bob"), with_rival(thing("cid"), "odd"), thing("dan", "worse")]
    evaluation = evaluate(tmp_path, *things, logics=BOTH)
    expected = [
        (one.object.name, one.policy_id, one.status)
        for one in sorted(evaluation.findings(), key=lambda one: (one.object.name, one.policy_id))
        if one.status in (Status.INCOMPLIANT, Status.UNDETERMINED)
    ]
    found, sinks = written(evaluation)
    assert expected == [one[:3] for one in findings(found, sinks)]
    assert (3, len(expected)) == (found.objects, found.findings), "an object without findings is not there"
    assert [evaluation.counts(program) for program in evaluation.programs] == list(found.counts)
    assert 1 == sum(ending.message == "It is bad." for ending in found.endings), "two ways that say the same are one"


def test_filters_choose_and_totals_stay(tmp_path: Path) -> None:
    things = [thing("ann", "bad", account=A), thing("bob", account=A), thing("cid", account=B), thing("dan", "odd", account=A)]
    shown = only(evaluate(tmp_path, *things), Status.COMPLIANT, Status.INCOMPLIANT, account=A)
    found, sinks = written(shown)
    assert [("ann", Status.INCOMPLIANT), ("bob", Status.COMPLIANT)] == [(one[0], one[2]) for one in findings(found, sinks)]
    assert 4 == sum(found.counts[0].values())
    assert (A,) == found.accounts


def test_names_that_hide_are_written_out_and_accounts_have_theirs(tmp_path: Path) -> None:
    found, sinks = written(evaluate(tmp_path, thing(HOSTILE, "bad", account=A)), {A: Account("Prod\u202e", None)})
    assert ["[red]\\x1b[31m\\u202egnp.exe[/red] :skull: \\ud800 日本"] == sinks.names.lines  # type: ignore[attr-defined]
    assert (f"Prod\\u202e ({A})",) == found.accounts


def test_an_object_has_its_region_and_each_region_is_held_once(tmp_path: Path) -> None:
    regions = {"ann": "us-east-1", "bob": "eu-west-1", "cid": None, "dan": "us-east-1"}
    things = [thing(name, "bad")._replace(region=region) for name, region in regions.items()]
    found, sinks = written(evaluate(tmp_path, *things))
    of_each = dict(zip(sinks.names.lines, (found.regions[one] for one in sinks.regions.numbers), strict=True))  # type: ignore[attr-defined]
    assert {"ann": "us-east-1", "bob": "eu-west-1", "cid": "", "dan": "us-east-1"} == of_each
    assert ("", "us-east-1", "eu-west-1") == found.regions


def test_reasons_are_grouped_over_policies(tmp_path: Path) -> None:
    things = [with_rival(thing("ann"), "bad"), thing("bob", "odd"), thing("cid", "odd")]
    (first, second) = written(evaluate(tmp_path, *things, logics={"mood": MOOD, "also": MOOD}))[0].reasons()
    assert (4, 2, "It is odd. Look at the thing itself.") == (first.verdicts, first.policies, first.message)
    assert (2, 2) == (second.verdicts, second.policies)


def test_too_many_are_refused_before_any_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MOST", 1)
    with pytest.raises(
        TooManyFindings, match=r"^2 findings are more than the limit of an HTML file \(1\): select some with --stat"
    ):
        written(evaluate(tmp_path, thing("ann", "bad"), thing("bob", "bad")))


def test_beyond_a_bound_an_own_reason_goes_by_what_the_policy_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = evaluate(tmp_path, with_rival(thing("ann"), "bad"))
    told = written(evaluation)[0].endings[0].message
    monkeypatch.setattr(columns, "MOST_ENDS", 0)
    general = written(evaluation)[0].endings[0]
    assert Status.UNDETERMINED is general.status
    assert general.message and general.message != told


def test_nothing_judged_is_no_finding(tmp_path: Path) -> None:
    found, _ = written(evaluate(tmp_path))
    assert (0, 0, []) == (found.objects, found.findings, found.reasons())
