"""Large reports are evaluated without an inventory if policies read users' own fields only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.inventory import Inventory
from perpend.evaluation.verdicts.evaluate_objects import evaluate_objects
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.objects import object_named
from perpend.evaluation.verdicts.selection import Selection, select_policies, selection_of
from perpend.evaluation.verdicts.stores.large_reports import evaluate_reports, user_of_reports
from perpend.inventory.importers.input import Input
from perpend.inventory.readers import collect_files, files
from perpend.inventory.readers.files import LARGE
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import UnknownName
from perpend.language.syntax.repository import open_repository
from tests.repositories import logic, policy_files, program_of, write
from tests.sampled import part_of_library

pytestmark = pytest.mark.medium

USER = "CA10__CaAwsUser__c"
ROOTS = ("<root_account>", *(f"arn:aws:iam::11112222333{number}:root" for number in (1, 2, 9)))
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

    def selected(held: Inventory) -> Selection:
        assert USER in held.objects
        return selection_of(analyzer, [program_of(analyzer)])

    with evaluate_reports([report], selected, declared=repository.declared_type, progress=told.append) as evaluation:
        found = [] if evaluation is None else list(evaluation.counts(evaluation.programs[0]).values())
    return found, told


def test_users_own_fields_are_judged_by_way_of_a_store(tmp_path: Path, report: Input) -> None:
    found, told = judged(tmp_path, report, "CA10__userName__c")
    assert [0, 1, 5_000, 5_001] == sorted({*found, sum(found)})  # the root user has no row
    assert told


CLAIMED = "user,arn,password_enabled,mfa_active,access_key_1_active,access_key_2_active\n"
READINGS = {
    "ann": ("true,false,true,true", "true,false,true,TRUE"),
    "bob": ("true,false,true,true", "true,false,true,TRUE", "true,false,true,true "),
    "cal": ("true,true,true,true", "true,false,false,true"),
    "dan": ("true,true,true,false",),
}


ASKED = (
    *("user-has-more-than-one-active-access-key", "mfa-for-all-users-with-console-password", "root-user-mfa"),
    "disable-user-with-unused-credentials-45-days-and-more",
)


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Analyzer:
    """Policies that read what the readings contradict each other about, and one that does not."""
    return Analyzer(part_of_library(tmp_path_factory.mktemp("library") / "library", policies=ASKED))


@pytest.mark.parametrize("day", [datetime(2026, 11, 20, tzinfo=UTC), None])
def test_readings_that_contradict_each_other_are_judged_as_an_estate_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, some: Analyzer, day: datetime | None
) -> None:
    paths, today = [tmp_path / "a.csv", tmp_path / "b.csv"], datetime(2026, 11, 25, tzinfo=UTC)
    for path, first in zip(paths, (True, False), strict=True):
        rows = [f"{name},arn:aws:iam::111122223333:user/{name},{one}\n" for name, some in READINGS.items() for one in some]
        path.write_text(CLAIMED + "".join(rows if first else rows[::-1]), "utf-8")
    monkeypatch.setattr(files, "LARGE", 0)

    def said(evaluation: Evaluation) -> tuple[Any, ...]:
        findings = [replace(one, object=one.object.id) for one in evaluation.findings()]
        return evaluation.day, evaluation.ledger, findings

    inventory = collect_files([str(path) for path in paths]).inventory
    by_estate = evaluate_objects(inventory, select_policies(some, over=inventory), snapshot_time=day, today=today)
    expected = said(by_estate)
    for streamed in (True, False):
        with evaluate_reports(
            [Input(str(path)) for path in paths],
            lambda held: select_policies(some, over=held),
            declared=some.repository.declared_type,
            snapshot_time=day,
            today=today,
            streamed=streamed,
        ) as evaluation:
            assert evaluation is not None
            assert expected == said(evaluation), streamed
    both_keys = [one for one in by_estate.findings() if one.policy_id.endswith("more-than-one-active-access-key")]
    statuses = {one.object.name: one.status.value for one in both_keys}
    assert ("INCOMPLIANT", "UNDETERMINED") == (statuses["ann"], statuses["bob"])


def test_old_reports_are_not_known_as_in_an_estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, some: Analyzer) -> None:
    today = datetime(2026, 11, 25, tzinfo=UTC)
    times = {str(tmp_path / f"{day}.csv"): day and datetime(2026, 11, day, tzinfo=UTC) for day in (None, 23, 24)}
    for number, path in enumerate(times):
        rows = [
            f"{name},arn:aws:iam::11112222333{number}:user/{name},{one}\n" for name, ways in READINGS.items() for one in ways
        ]
        Path(path).write_text(CLAIMED + "".join(rows), "utf-8")
    monkeypatch.setattr(files, "LARGE", 0)
    inventory = collect_files([*times]).inventory
    inventory = replace(inventory, sources=[replace(one, observed_at=times[one.name]) for one in inventory.sources])

    def said(evaluation: Evaluation) -> Any:
        return evaluation.ledger, [
            (one.object.origin.source, replace(one, object=one.object.id)) for one in evaluation.findings()
        ]

    by_age = {}
    for hours in (1, 30, 60, None):
        max_age = None if hours is None else timedelta(hours=hours)
        expected = evaluate_objects(inventory, select_policies(some, over=inventory), today=today, max_age=max_age)
        by_age[hours] = Counter(one.status.value for one in expected.findings())["UNDETERMINED"]
        with evaluate_reports(
            [Input(path, observed_at=time) for path, time in times.items()],
            lambda held: select_policies(some, over=held),
            declared=some.repository.declared_type,
            today=today,
            max_age=max_age,
        ) as evaluation:
            assert evaluation is not None
            assert said(expected) == said(evaluation), hours
    assert by_age[1] > by_age[30] > by_age[60] > by_age[None]


def test_nothing_is_read_for_policies_that_read_more(tmp_path: Path, report: Input) -> None:
    assert ([], []) == judged(tmp_path, report, "CA10__account__r.CA10__accountId__c")


def test_nothing_is_read_where_no_policy_judges_users(report: Input) -> None:
    def none_does(held: Inventory) -> Selection:
        raise UnknownName("no policy applies to the inputs")

    told: list[int] = []
    with evaluate_reports(
        [report], none_does, declared=open_repository(None).declared_type, progress=told.append
    ) as evaluation:
        assert evaluation is None
    assert [] == told


def test_one_user_of_large_reports_is_the_one_that_an_estate_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"u{number},arn:aws:iam::11112222333{number % 3}:user/u{number},true,x" for number in range(9)]
    rows += [
        "u4,arn:aws:iam::111122223331:user/u4,false,x",
        "u1,arn:aws:iam::111122223330:user/a/u1,true,y",
        "<root_account>,arn:aws:iam::111122223332:root,true,",
    ]
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path, some in zip(paths, (rows[::2], rows[1::2]), strict=True):
        path.write_text(HEADER + "".join(f"{row}\n" for row in some), "utf-8")
    inputs, asked = [Input(str(path)) for path in paths], ("u2", "u4", "u1", "u1 (111122223330)", "u99", "7")
    check = {"IS_EQUAL": {"left": {"FIELD": {"path": "CA10__userName__c"}}, "right": {"TEXT": "u1"}}}
    repository = open_repository(write(tmp_path / "repository", policy_files(logic(check, input_type=USER))))
    program = program_of(Analyzer(repository))
    inventory = collect_files([one.path for one in inputs]).inventory
    assert user_of_reports(inputs, program, "u2", declared=repository.declared_type) is None, "small inputs are an estate"
    monkeypatch.setattr(files, "LARGE", 0)
    for name in (*asked, *ROOTS):
        expected = told(lambda name=name: object_named(inventory, USER, name))
        assert expected == told(lambda name=name: user_of_reports(inputs, program, name, declared=repository.declared_type))


@pytest.mark.parametrize(
    ("path", "input_type", "name_field", "is_asked"),
    [
        ("CA10__userName__c", USER, "CA10__userName__c", True),
        ("CA10__account__r.CA10__accountId__c", USER, "CA10__userName__c", False),
        ("CA10__accountId__c", "CA10__CaAwsAccount__c", "CA10__userName__c", False),
        ("CA10__userName__c", USER, "Name", False),
    ],
)
def test_nobody_is_looked_for_where_an_estate_would_call_or_read_them_otherwise(
    tmp_path: Path, report: Input, path: str, input_type: str, name_field: str, is_asked: bool
) -> None:
    check = {"IS_EQUAL": {"left": {"FIELD": {"path": path}}, "right": {"TEXT": "u1"}}}
    repository = open_repository(write(tmp_path / "repository", policy_files(logic(check, input_type=input_type))))

    def declared(name: str) -> Any:
        found = repository.declared_type(name)
        return replace(found, name_field=name_field) if found and name == USER else found

    found = user_of_reports([report], program_of(Analyzer(repository)), "u1", declared=declared)
    assert is_asked == (found is not None)


def told(named: Callable[[], Any]) -> Any:
    """Return what was found, or what was said instead."""
    try:
        found = named()
        # The account of one user is as old as that user, the account of all as old as its first.
        return found.id, found.name, found.master.id, [(one.fields, one.origin) for one in (found, *found.variants)]
    except UnknownName as error:
        return str(error)
