"""The views of a run say what the commands say of the same store, to each reader only of that reader's accounts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

import perpend
from perpend.cli.app import main
from perpend.core.errors import InvalidOption
from perpend.findings.history.queries.findings import UnknownRun, trend
from perpend.findings.history.queries.views import asking
from perpend.findings.history.storage import HistoryStorage
from perpend.inventory.snapshots.database import opened as database
from perpend.language.compiler.names import UnknownName
from perpend.language.syntax.repository import Repository
from perpend.server.answer_cache import AnswerCache
from perpend.server.answers import Change
from perpend.server.index.database import TooSlow
from perpend.server.scope import ALL_ACCOUNTS, ReaderScope
from perpend.server.views import run_views
from perpend.server.views.run_state import NOT_ALL_READ
from perpend.server.views.run_views import RunViews
from tests.histories import Inventory
from tests.served import commit_day, served, store_of_days
from tests.unit.server.views.estates import FRAMEWORK, ONE, OTHER, repository_with_framework, state_of, with_snapshot

pytestmark = pytest.mark.medium


def scope_of(*accounts: str) -> ReaderScope:
    return ReaderScope(frozenset(accounts))


SCOPES = (ALL_ACCOUNTS, scope_of(ONE), scope_of("999999999999"), ReaderScope())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    more = [
        {"id": "of-other", "scope": {"accounts": [OTHER]}, "until": "2099-01-01"},
        {"id": "over", "limit": 1, "until": "2099-01-01"},
        {"id": "gone", "scope": {"objects": ["nothing"]}, "until": "2099-01-01"},
        {"id": "ended", "until": "2026-01-02"},
    ]
    common = {"policies": ["/ce/odd"], "kind": "planned-fix", "reason": "Soon.", "owner": "o"}
    waivers = {"waivers": [{**common, **one} for one in more]}
    return repository_with_framework(tmp_path_factory.mktemp("repository"), **{"waivers/b.yaml": waivers})


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return store_of_days(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def views(inventory: Inventory, repository: Repository) -> Iterator[RunViews]:
    store = served(inventory.directory, repository)
    yield store.current().views
    store.close()


@pytest.fixture(scope="module")
def opened(inventory: Inventory, repository: Repository) -> Any:
    return perpend.open(inventory.directory, repository=repository)


def all_changes(views: RunViews, before: int, after: int, scope: ReaderScope, **more: Any) -> list[Change]:
    found: list[Change] = []
    behind = None
    while True:
        page = views.changes(str(before), str(after), scope, limit=3, page_key=behind, **more)
        found += page.changes
        behind = page.next
        if behind is None:
            assert page.total == len(found)
            return found


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("before", "after"), [(2, 4)])
def test_changes_are_those_of_diff(views: RunViews, opened: Any, scope: Any, before: int, after: int) -> None:
    rows = [row for row in opened.diff(before, after) if scope.sees(row["account"])]
    found = all_changes(views, before, after, scope)
    of_rows = {(row["finding_id"], row["what"], row["cause"], row["before"], row["after"]) for row in rows}
    assert {(one.finding_id, one.event, one.cause, one.before, one.after) for one in found} == of_rows
    assert len(found) == len(rows)
    page = views.changes(str(before), str(after), scope)
    assert page.numbers == Counter(row["what"] for row in rows)
    assert page.causes == {what: Counter(r["cause"] for r in rows if r["what"] == what) for what in page.numbers}


def test_changes_of_one_event_or_cause(views: RunViews) -> None:
    every = all_changes(views, 1, 4, ALL_ACCOUNTS)
    assert all_changes(views, 1, 4, ALL_ACCOUNTS, event="resolved") == [one for one in every if one.event == "resolved"] != []
    assert all_changes(views, 1, 4, ALL_ACCOUNTS, cause="policy") == []
    assert all_changes(views, 1, 4, ALL_ACCOUNTS, event="opened", cause="resource_change") == [
        one for one in every if one.event == "opened" and one.cause == "resource_change"
    ]


@pytest.mark.parametrize(
    "asked", [{"event": "x"}, {"cause": "'"}, {"limit": 0}, {"limit": 501}, {"page_key": "-1"}, {"page_key": "1;"}]
)
def test_a_change_page_refuses_what_means_nothing(views: RunViews, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption):
        views.changes("1", "2", ALL_ACCOUNTS, **asked)


def test_runs_that_cannot_be_compared(views: RunViews) -> None:
    with pytest.raises(InvalidOption, match="does not come before"):
        views.changes("3", "3", ALL_ACCOUNTS)
    with pytest.raises(UnknownRun):
        views.changes("1", "99", ALL_ACCOUNTS)


@pytest.mark.parametrize("inherited", [False, True])
@pytest.mark.parametrize("scope", SCOPES[:2])
def test_compliance_is_that_of_the_command(views: RunViews, opened: Any, scope: Any, inherited: bool) -> None:
    rows = opened.compliance(FRAMEWORK, account=sorted(scope.accounts), inherited=inherited)
    answer = views.compliance(scope, FRAMEWORK, inherited=inherited)
    keys = ("COMPLIANT", "INCOMPLIANT", "UNDETERMINED", "INAPPLICABLE")
    of_rows = [(row["requirementId"], *(row[key] for key in keys)) for row in rows]
    assert [(one.requirement_id, *(one.counts.get(key, 0) for key in keys)) for one in answer.requirements] == of_rows
    assert sum(answer.frameworks[0].standings.values()) == len(rows) == 2
    assert answer.frameworks[0].inherited is inherited
    # The second requirement has no policy of its own: without inherited mappings nothing is judged there.
    assert bool(answer.requirements[1].counts) is inherited
    assert answer.frameworks[0] in views.compliance(scope, inherited=inherited).frameworks


def test_an_account_without_objects_meets_nothing(views: RunViews) -> None:
    for scope in SCOPES[2:]:
        [framework] = views.compliance(scope, FRAMEWORK).frameworks
        assert framework.standings["met"] == framework.standings["fails"] == 0
        assert framework.shares["known of asked verdicts"].of == 0


def test_an_unknown_framework_is_refused(views: RunViews) -> None:
    with pytest.raises(UnknownName):
        views.compliance(ALL_ACCOUNTS, "no-such-framework")


@pytest.mark.parametrize("scope", SCOPES)
def test_policies_count_their_newest_verdicts(views: RunViews, opened: Any, scope: Any) -> None:
    findings = [row for row in opened.findings(life=["open", "unconfirmed", "unknown"]) if scope.sees(row["account"])]
    for row in views.policies(scope).policies:
        of_policy = [one for one in findings if one["policy_id"] == row.policy_id]
        failing = [one for one in of_policy if one["status"] == "INCOMPLIANT"]
        waived = [one for one in failing if one["waiver"]]
        assert (row.coverage.failing, row.coverage.waived) == (len(failing) - len(waived), len(waived))
        assert row.coverage.unknown == sum(one["status"] == "UNDETERMINED" for one in of_policy)
        assert row.evaluated
        assert row.title.startswith("Thing is")


def test_waivers_are_those_of_the_command(
    views: RunViews, inventory: Inventory, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["waivers", "list", "--repo", str(repository.files.root), "--store", str(inventory.directory)]
    with pytest.raises(SystemExit, match="0"):
        main([*arguments, "--format", "json"])
    listed = {one["id"]: one for one in json.loads(capsys.readouterr().out)["waivers"]}
    answer = views.waivers(ALL_ACCOUNTS)
    assert {row.waiver_id: (row.force, row.covers, row.waives) for row in answer.waivers} == {
        name: (one["force"], one["covers"], one["waives"]) for name, one in listed.items()
    }
    kinds = {row.waiver_id: set(row.warnings) for row in answer.waivers}
    assert "ended" in kinds["ended"]
    assert "too broad" in kinds["over"]
    assert "unused" in kinds["gone"]
    assert not answer.limited


@pytest.mark.parametrize("scope", SCOPES[1:])
def test_a_reader_sees_waivers_of_own_findings_only(views: RunViews, opened: Any, scope: Any) -> None:
    findings = opened.findings(life=["open", "unconfirmed", "unknown"], waived="yes", account=None)
    of_reader = Counter(row["waiver"] for row in findings if scope.sees(row["account"]))
    answer = views.waivers(scope)
    assert answer.limited
    assert all(row.covers and not row.warnings for row in answer.waivers)
    assert {row.waiver_id: row.waives for row in answer.waivers if row.waives} == of_reader
    assert ("of-other" in {row.waiver_id for row in answer.waivers}) is scope.sees(OTHER)


def test_the_trend_is_that_of_the_command(views: RunViews, inventory: Inventory) -> None:
    with asking(HistoryStorage(inventory.directory), "run", "ledger") as connection:
        rows = connection.execute(*trend((), ())).fetchall()
    points = views.trend(ALL_ACCOUNTS).points
    assert [
        (one.run, one.time, one.open, one.unconfirmed, one.unknown, one.compliant, one.opened, one.ended, one.late)
        for one in points
    ] == rows
    assert all(sum(one.severities.values()) == one.open + one.unconfirmed for one in points)
    assert [one.run for one in views.trend(ALL_ACCOUNTS, 2).points] == [3, 4]
    assert views.trend(ALL_ACCOUNTS, 2).earlier == 2


def test_the_trends_of_accounts_add_up(views: RunViews) -> None:
    names = ("open", "unconfirmed", "unknown", "compliant", "opened", "ended")
    one, other, both = (views.trend(scope_of(*of)).points for of in ((ONE,), (OTHER,), (ONE, OTHER)))
    for first, second, total in zip(one, other, both, strict=True):
        assert [getattr(first, name) + getattr(second, name) for name in names] == [getattr(total, name) for name in names]
    assert not any(point.open or point.opened for point in views.trend(ReaderScope()).points)


def test_the_estate_names_what_could_not_be_read(inventory: Inventory, repository: Repository) -> None:
    estate = RunViews(with_snapshot(inventory, repository), AnswerCache()).estate(ALL_ACCOUNTS)
    assert [(row.account, row.name, row.failed_calls) for row in estate.accounts] == [(OTHER, "Production", 2), (ONE, None, 1)]
    assert sum(row.objects for row in estate.accounts) + estate.without_account == 23
    assert all(sum(row.regions.values()) == row.objects for row in estate.accounts)
    assert [row.observed_at and row.observed_at.day for row in estate.accounts] == [4, 3]
    assert [(call.permission, call.refusal, call.objects) for call in estate.calls] == [
        ("x:GetName", "throttled out", 1),
        ("x:GetThing", "denied", 3),
        ("x:ListThings", "denied", 0),
    ]
    assert [(one.type, one.accounts, one.reason) for one in estate.incomplete] == [
        ("Link", tuple(sorted((ONE, OTHER))), "failed x:ListLinks"),
        ("Thing", (ONE,), "denied x:ListThings"),
    ]
    assert estate.failures == ("broken.json: is not JSON",)
    [missing] = estate.missing_permissions
    assert (missing.cloud, missing.title, missing.format, missing.notes) == ("aws", "AWS", "iam-policy", ())
    assert json.loads(missing.document)["Statement"][0]["Action"] == ["x:GetThing", "x:ListThings"]


def test_the_estate_of_a_reader_names_no_other_account(inventory: Inventory, repository: Repository) -> None:
    views = RunViews(with_snapshot(inventory, repository), AnswerCache())
    estate = views.estate(scope_of(ONE))
    text = json.dumps(asdict(estate), default=str)
    assert OTHER not in text
    assert "GetThing" not in text
    assert "broken" not in text
    [row] = estate.accounts
    assert row.objects == next(one.objects for one in views.estate(ALL_ACCOUNTS).accounts if one.account == ONE)
    assert estate.without_account == 0
    assert [source.objects for source in estate.sources] == [8, None]
    assert views.estate(ReaderScope()).accounts == ()


def test_a_reason_names_no_other_account(inventory: Inventory, repository: Repository) -> None:
    state = state_of(inventory, repository)
    unread = {"Thing": ((OTHER, f"denied in {OTHER}"), ("", f"denied in {OTHER} and others"))}
    runs = tuple(replace(run, unread=unread) for run in state.head.runs)
    views = RunViews(state_of(inventory, repository, replace(state.head, runs=runs)), AnswerCache())
    reasons = {policy.reason or "" for one in views.compliance(ALL_ACCOUNTS, FRAMEWORK).requirements for policy in one.policies}
    assert any(OTHER in reason for reason in reasons)
    answer = views.compliance(scope_of(ONE), FRAMEWORK)
    assert OTHER not in json.dumps(asdict(answer))
    assert NOT_ALL_READ in {policy.reason for one in answer.requirements for policy in one.policies}


def test_a_snapshot_that_is_gone_is_not_known(inventory: Inventory, repository: Repository) -> None:
    estate = RunViews(state_of(inventory, repository), AnswerCache()).estate(ALL_ACCOUNTS)
    assert not estate.current
    assert estate.calls == estate.sources == ()
    assert len(estate.accounts) == 2


def test_no_text_for_a_reader_names_another_account(views: RunViews) -> None:
    scope = scope_of(ONE)
    answers = [views.changes("1", "4", scope, limit=500), views.waivers(scope), views.trend(scope), views.estate(scope)]
    assert OTHER not in json.dumps([asdict(one) for one in answers], default=str)


def everything(views: RunViews) -> tuple[object, ...]:
    changes = views.changes("1", "last", ALL_ACCOUNTS)
    return (changes, *(ask(ALL_ACCOUNTS) for ask in (views.policies, views.trend, views.compliance, views.waivers)))


def test_a_run_answers_the_same_after_another_is_committed(repository: Repository, tmp_path: Path) -> None:
    inventory = store_of_days(tmp_path / "store", 2)
    before, asked = (
        RunViews(state_of(inventory, repository), AnswerCache()),
        RunViews(state_of(inventory, repository), AnswerCache()),
    )
    answers = everything(before)
    commit_day(inventory, 2)
    assert everything(asked) == answers
    assert everything(RunViews(state_of(inventory, repository), AnswerCache())) != answers


def test_an_answer_that_takes_too_long_is_refused(views: RunViews, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "SELECT sum(a.range * b.range) FROM range(10_000_000) AS a, range(10_000_000) AS b"

    def compute() -> None:
        with database() as connection:
            connection.execute(endless)

    monkeypatch.setattr(run_views, "SECONDS", 0.05)
    with ThreadPoolExecutor() as pool, pytest.raises(TooSlow, match="narrow the filter"):
        pool.submit(views.cached, "endless", compute).result()
    monkeypatch.undo()
    with ThreadPoolExecutor() as pool:
        assert pool.submit(views.cached, "short", lambda: 1).result() == 1


def test_an_answer_is_computed_once(views: RunViews) -> None:
    begun: list[int] = []
    start = Barrier(8)

    def ask() -> int:
        start.wait()
        return views.cached("once", lambda: begun.append(1) or len(begun))  # type: ignore[func-returns-value]

    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(ask) for _ in range(8)]]
    assert [1] == begun
    assert [1] * 8 == answers
