"""Large reports are judged without an estate, where policies read no more than users' own fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.analyze.names import UnknownName
from perpend.analyze.programs import Analyzer
from perpend.collect.files import LARGE
from perpend.intake.input import Input
from perpend.ir.estate import Estate
from perpend.judge.selection import Selection, selection_of
from perpend.judge.stores.large import judge_reports
from perpend.load.repository import open_repository
from tests.repositories import logic, policy_files, program_of, write

USER = "CA10__CaAwsUser__c"
HEADER = "user,arn,mfa_active,note\n"


@pytest.fixture
def report(tmp_path: Path) -> Input:
    rows = (f"u{number},arn:aws:iam::111122223333:user/u{number},true,{'x' * 200}\n" for number in range(5_000))
    (tmp_path / "report.csv").write_text(HEADER + "".join(rows), "utf-8")
    assert (tmp_path / "report.csv").stat().st_size > LARGE
    return Input(str(tmp_path / "report.csv"))


def judged(root: Path, report: Input, path: str) -> tuple[list[Any], list[int]]:
    """Return counts of statuses, none where an estate is to be judged, and what was told of reading."""
    check = {"IS_EQUAL": {"left": {"FIELD": {"path": path}}, "right": {"TEXT": "u1"}}}
    repository = open_repository(write(root / "repository", policy_files(logic(check, input_type=USER))))
    analyzer, told = Analyzer(repository), list[int]()

    def selected(held: Estate) -> Selection:
        assert USER in held.objects
        return selection_of(analyzer, [program_of(analyzer)])

    with judge_reports([report], selected, declared=repository.declared_type, progress=told.append) as judgement:
        found = [] if judgement is None else list(judgement.counts(judgement.programs[0]).values())
    return found, told


def test_users_own_fields_are_judged_by_way_of_a_store(tmp_path: Path, report: Input) -> None:
    found, told = judged(tmp_path, report, "CA10__userName__c")
    assert [0, 1, 5_000, 5_001] == sorted({*found, sum(found)})  # the root user has no row
    assert told


def test_nothing_is_read_for_policies_that_read_more(tmp_path: Path, report: Input) -> None:
    assert ([], []) == judged(tmp_path, report, "CA10__account__r.CA10__accountId__c")


def test_nothing_is_read_where_no_policy_judges_users(report: Input) -> None:
    def none_does(held: Estate) -> Selection:
        raise UnknownName("no policy judges what the inputs hold")

    told: list[int] = []
    with judge_reports([report], none_does, declared=open_repository(None).declared_type, progress=told.append) as judgement:
        assert judgement is None
    assert [] == told
