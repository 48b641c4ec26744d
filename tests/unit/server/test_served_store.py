"""A served run says what the commands say of the same store, to each reader only of that reader's accounts."""

from __future__ import annotations

import csv
import gc
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import perpend
from perpend.core.errors import InvalidOption, PerpendError
from perpend.core.objects.status import Status
from perpend.findings.filters import Filter
from perpend.findings.history.compliance import newest_counts_of
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.severity.levels import SeverityLevel
from perpend.language.syntax.repository import Repository
from perpend.server.answers import FindingRow
from perpend.server.index import database
from perpend.server.index.database import TooSlow
from perpend.server.index.numbers import NO_REGION, NOT_KNOWN, NOT_RATED
from perpend.server.index.pages import KEY, ORDERS
from perpend.server.question import Question
from perpend.server.scope import ALL_ACCOUNTS, ReaderScope
from perpend.server.served_store import ServedRun, ServedStore
from tests.served import NAMES, commit_day, served, served_repository, store_of_days

pytestmark = pytest.mark.medium

ONE = ReaderScope(frozenset({"222222222222"}))
FILTERS: list[dict[str, Any]] = [
    {},
    {"life": ("all",)},
    {"policy": ("/ce/*",), "severity": ("high", "critical")},
    {"account": ("production", "222222222222"), "life": ("all",)},
    {"region": ("eu-west-1",)},
    {"search": ("thing-0", "it's nothing')")},
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return served_repository(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_of_days(tmp_path_factory.mktemp("store")).directory


@pytest.fixture(scope="module")
def run(place: Path, repository: Repository) -> Iterator[ServedRun]:
    store = served(place, repository)
    yield store.current()
    store.close()


def listed(place: Path, repository: Repository, waived: str = "all", **filters: Any) -> list[dict[str, Any]]:
    return perpend.open(place, repository=repository, account_names=NAMES).findings(waived=waived, **filters)


def all_pages(run: ServedRun, asked: Question, order: str = "severity", limit: int = 7) -> list[FindingRow]:
    found: list[FindingRow] = []
    after = None
    while True:
        page = run.findings(asked, order=order, limit=limit, after=after)
        found += page.findings
        if page.next is None:
            assert page.total == len(found)
            return found
        assert KEY.fullmatch(page.next)
        after = page.next


@pytest.mark.parametrize(("filters", "waived"), [({"life": ("all",)}, "all"), ({}, "no")], ids=str)
def test_findings_are_those_of_the_command(
    run: ServedRun, place: Path, repository: Repository, filters: dict[str, Any], waived: str
) -> None:
    expected = {row["finding_id"]: row for row in listed(place, repository, waived, **filters)}
    found = all_pages(run, Question(ALL_ACCOUNTS, Filter(filters), waived))
    assert expected.keys() == {row.finding_id for row in found}
    for row in found:
        said = expected[row.finding_id]
        for name in ("policy_id", "object_id", "object_name", "account", "region", "status", "life", "episodes", "waiver"):
            assert said[name] == getattr(row, name)
        assert (said["open_since"], said["ended_at"], said["last_known_at"]) == (
            row.open_since,
            row.ended_at,
            row.last_known_at,
        )
        assert said["current_state_message"] == row.message
        if row.ended_at is None:
            assert said["severity"] == row.severity
    facets = run.facets(Question(ALL_ACCOUNTS, Filter(filters), waived))
    assert len(found) == facets.total
    for by in ("policy", "account"):
        groups = run.groups(Question(ALL_ACCOUNTS, Filter(filters), waived), by)
        assert sum(row.life in ("open", "unconfirmed", "unknown") for row in found) == sum(
            one.failing + one.unknown + one.waived for one in groups
        )
    objects = run.groups(Question(ALL_ACCOUNTS, Filter(filters), waived), "object")
    assert {row.object_id for row in found} == {one.key for one in objects}


def test_a_facet_counts_without_its_own_filter(run: ServedRun) -> None:
    everything = all_pages(run, Question(ALL_ACCOUNTS, Filter({"life": ("all",)})))
    values = {"life": lambda row: row.life, "severity": lambda row: row.severity or NOT_RATED}
    values |= {"account": lambda row: row.account or NOT_KNOWN, "region": lambda row: row.region or NO_REGION}
    values |= {"policy": lambda row: row.policy_id, "waived": lambda row: "yes" if row.waiver else "no"}
    chosen = {"severity": "critical", "account": "222222222222", "region": "eu-west-1", "policy": "/ce/open", "life": "open"}
    for facet, value in chosen.items():
        alone = run.facets(Question(ALL_ACCOUNTS, Filter({"life": ("all",), facet: (value,)})))
        assert Counter(map(values[facet], everything)) == alone.facets[facet]
        rows = [row for row in everything if values[facet](row) == value]
        assert len(rows) == alone.total
        for other in values.keys() - {facet}:
            kept = everything if facet == "life" and other == "life" else rows
            assert Counter(map(values[other], kept)) == alone.facets[other], (facet, other)
    assert (
        Counter(row.change for row in everything if row.change)
        == run.facets(Question(ALL_ACCOUNTS, Filter({"life": ("all",)}))).facets["change"]
    )


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize(
    "scope", [ONE, ReaderScope(), ReaderScope(frozenset({"999999999999"}))], ids=["one", "none", "unknown"]
)
def test_no_answer_tells_of_other_accounts(run: ServedRun, filters: dict[str, Any], scope: ReaderScope, tmp_path: Path) -> None:
    seen = all_pages(run, Question(ALL_ACCOUNTS, Filter(filters)))
    own = [row for row in seen if scope.sees(row.account)]
    asked = Question(scope, Filter(filters))
    try:
        rows = all_pages(run, asked)
    except InvalidOption as error:
        assert {*filters} & {"account", "region"}
        assert "did you mean" not in str(error)
        assert "111111111111" not in str(error) or "111111111111" in filters["account"]
        return
    assert own == rows
    assert len(own) == run.facets(asked).total
    facets = run.facets(Question(scope, Filter({**filters, "life": ("all",)}))).facets
    assert {*facets["account"]} <= scope.accounts
    assert {one.key for by in ("account",) for one in run.groups(asked, by)} <= scope.accounts
    assert {row.object_id for row in own} == {one.key for one in run.groups(asked, "object")}
    for row in seen:
        assert (row if scope.sees(row.account) else None) == run.finding(row.finding_id, scope)
    run.export(asked, "csv", tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as stream:
        assert {row.finding_id for row in own} == {row["finding_id"] for row in csv.DictReader(stream)}


@pytest.mark.parametrize("scope", [ONE, ReaderScope()], ids=["one", "none"])
def test_summary_and_runs_count_the_readers_accounts_only(run: ServedRun, place: Path, scope: ReaderScope) -> None:
    history = HistoryStorage(place)
    counts: Counter[Status] = Counter()
    for of_policy in newest_counts_of(history, sorted(scope.accounts)).values() if scope.accounts else ():
        counts.update(of_policy)
    coverage = run.summary(scope).coverage
    known = (coverage.compliant, coverage.failing + coverage.waived, coverage.unknown, coverage.inapplicable)
    statuses = (Status.COMPLIANT, Status.INCOMPLIANT, Status.UNDETERMINED, Status.INAPPLICABLE)
    assert tuple(counts[status] for status in statuses) == known
    assert len(scope.accounts) == run.summary(scope).accounts
    events = [sum(sum(one.events.values()) for one in run.runs(of)) for of in (scope, ALL_ACCOUNTS)]
    assert events[0] < events[1]


@pytest.mark.parametrize("order", ORDERS)
def test_pages_put_together_are_the_whole_list(run: ServedRun, order: str) -> None:
    asked = Question(ALL_ACCOUNTS, Filter({"life": ("all",)}))
    whole = run.findings(asked, order=order, limit=1_000)
    assert whole.next is None
    assert whole.findings == tuple(all_pages(run, asked, order, 5)) == tuple(all_pages(run, asked, order, 1))
    if order == "severity":
        ranks = [SeverityLevel(row.severity).rank if row.severity else 0 for row in whole.findings if row.ended_at is None]
        assert ranks == sorted(ranks, reverse=True) and len({*ranks}) > 2
    else:
        known = [row.open_since for row in whole.findings if row.open_since is not None]
        assert known == sorted(known, reverse=order == "newest")
        assert [row.open_since is None for row in whole.findings] == sorted(row.open_since is None for row in whole.findings)


@pytest.mark.parametrize("key", ["", "x", "1.2.3", "-1", "1.", "9" * 40, "99999999999999999999", "١", "1;DROP TABLE x"])
def test_an_invented_key_is_an_error(run: ServedRun, key: str) -> None:
    with pytest.raises(InvalidOption, match="no page of this order"):
        run.findings(Question(ALL_ACCOUNTS), after=key)


def test_a_key_behind_the_end_gives_an_empty_page(run: ServedRun) -> None:
    page = run.findings(Question(ALL_ACCOUNTS), after=str(2**63 - 1))
    assert ((), None) == (page.findings, page.next)
    assert run.findings(Question(ALL_ACCOUNTS), after="0").findings == run.findings(Question(ALL_ACCOUNTS)).findings


@pytest.mark.parametrize("name", ["", "0" * 32, "x" * 32, "0", "f" * 33, "' OR true --"])
def test_an_id_that_no_finding_has_finds_none(run: ServedRun, name: str) -> None:
    assert run.finding(name, ALL_ACCOUNTS) is None


def test_questions_that_mean_nothing_are_refused(run: ServedRun) -> None:
    for asked in ({"policy": ("nothing",)}, {"account": ("9",)}, {"region": ("x",)}, {"type": ("Nothing",)}):
        with pytest.raises(InvalidOption):
            run.findings(Question(ALL_ACCOUNTS, Filter(asked)))
    for refused in (
        lambda: run.findings(Question(ALL_ACCOUNTS, waived="x")),
        lambda: run.findings(Question(ALL_ACCOUNTS), order="x"),
        lambda: run.groups(Question(ALL_ACCOUNTS), "x"),
        lambda: run.export(Question(ALL_ACCOUNTS), "x", Path("x")),
    ):
        with pytest.raises(InvalidOption):
            refused()


def test_an_answer_that_takes_too_long_is_given_up(run: ServedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SECONDS", 0.05)
    with pytest.raises(TooSlow, match="narrow the filter"):
        run._database.rows("SELECT sum(a.range * b.range) FROM range(1000000) AS a, range(1000000) AS b")
    monkeypatch.setattr(database, "SECONDS", 20.0)
    assert run.findings(Question(ALL_ACCOUNTS), limit=3).findings


def test_a_server_reaches_no_file_but_its_own(run: ServedRun, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    for query in (f"FROM read_csv('{tmp_path}/a.csv')", "SET threads = 1", f"ATTACH '{tmp_path}/x.db'"):
        with pytest.raises(PerpendError):
            run._database.rows(query)


def newest(store: ServedStore, run: int) -> None:
    """Wait until a store answers with a run."""
    while store.current().run != run:
        time.sleep(0.05)


def test_a_run_goes_on_answering_while_the_store_changes(repository: Repository, tmp_path: Path) -> None:
    inventory = store_of_days(tmp_path / "store", 2)
    store = served(inventory.directory, repository)
    former = store.current()
    expected = replace(former.findings(Question(ALL_ACCOUNTS), limit=1_000)), former.facets(Question(ALL_ACCOUNTS))
    kept = former._database.path.parent
    for day in (2, 3):
        commit_day(inventory, day)
        newest(store, day + 1)
    former._cache.clear()
    assert expected == (former.findings(Question(ALL_ACCOUNTS), limit=1_000), former.facets(Question(ALL_ACCOUNTS)))
    assert (3, 4) == (former.run + 1, store.current().run)
    assert kept.exists()
    assert former.etag != store.current().etag
    del former
    gc.collect()
    assert not kept.exists()
    last = store.current()._database.path.parent
    assert 0o700 == last.stat().st_mode & 0o777
    store.close()
    assert not last.exists()


def test_a_store_that_is_followed_shows_a_new_run_without_a_request(repository: Repository, tmp_path: Path) -> None:
    inventory = store_of_days(tmp_path / "store", 2)
    store = served(inventory.directory, repository)
    assert (2, False) == (store.current().run, store.is_reading)
    store.follow()
    commit_day(inventory, 2)
    until = time.monotonic() + 60
    while store._run is not None and store._run.run == 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert store._run is not None and store._run.run == 3
    store.close()


def test_waivers_that_change_are_in_force_from_then_on(tmp_path: Path) -> None:
    inventory, repository = store_of_days(tmp_path / "store", 2), served_repository(tmp_path / "repository")
    store = served(inventory.directory, repository)
    waived = store.current().findings(Question(ALL_ACCOUNTS, waived="yes")).total
    assert waived
    file = tmp_path / "repository" / "waivers" / "a.yaml"
    text = file.read_text()
    file.write_text("waivers: [}")
    while store.problem is None:
        assert waived == store.current().findings(Question(ALL_ACCOUNTS, waived="yes")).total
        time.sleep(0.05)
    assert "waivers that cannot be read" in store.problem
    file.write_text(text.replace("2099", "2025"))
    while store.current().findings(Question(ALL_ACCOUNTS, waived="yes")).total:
        time.sleep(0.05)
    assert store.problem is None
    store.close()


def test_a_store_without_an_answer_says_why(repository: Repository, tmp_path: Path) -> None:
    absent = served(tmp_path / "absent", repository)
    with pytest.raises(PerpendError, match="no such directory"):
        absent.current()
    (tmp_path / "empty").mkdir()
    with pytest.raises(PerpendError, match="has no history yet"):
        served(tmp_path / "empty", repository).current()
    inventory = store_of_days(tmp_path / "store", 2)
    store = served(inventory.directory, repository)
    head = inventory.directory / "history" / "head.json"
    whole = head.read_text()
    head.write_text(whole.replace('"format": 6', '"format": 99'))
    with pytest.raises(PerpendError, match=r"format|version"):
        store.current()
    head.write_text(whole)
    assert 2 == store.current().run
    [registry] = [*(inventory.directory / "history" / "ledger").rglob("*.parquet")][:1]
    content = registry.read_bytes()
    registry.write_bytes(content[: len(content) // 2])
    os.utime(head)
    with pytest.raises(PerpendError, match=r"damaged|cut off|size"):
        while True:
            store.current()
    registry.write_bytes(content)
    other = store_of_days(tmp_path / "other", 3)
    shutil.rmtree(inventory.directory)
    with pytest.raises(PerpendError):
        store.current()
    other.directory.rename(inventory.directory)
    newest(store, 3)
    store.close()
    with pytest.raises(PerpendError, match="closed"):
        store.current()
