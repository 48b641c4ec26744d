"""A run without the command line: inputs or a store are evaluated, reported, and give an exit code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perpend import FormatOptions, Input, PolicyChoice, RunRequest, Status, Store, evaluate_and_report, import_inputs
from perpend.core.errors import InvalidOption
from perpend.findings.history.storage import HistoryStorage
from perpend.language.syntax.repository import open_repository
from perpend.reports.streams import CannotWrite

ROOT = Path(__file__).parents[3]
EXAMPLE = Input(str(ROOT / "examples" / "credential-report.csv"))
KEYS = PolicyChoice(policies=["user-has-more-than-one-active-access-key"])
TIME = datetime(2026, 11, 20, tzinfo=UTC)


def request(out: Path, form: str = "json", **more: Any) -> RunRequest:
    format = FormatOptions(form, str(out))
    return RunRequest(repository=open_repository(None), choice=KEYS, snapshot_time=TIME, format=format, **more)


def test_inputs_are_evaluated_and_reported(tmp_path: Path) -> None:
    outcome = evaluate_and_report(request(tmp_path / "verdicts.json", inputs=[EXAMPLE]))
    document = json.loads((tmp_path / "verdicts.json").read_text("utf-8"))
    assert outcome.totals is not None
    assert (1, 25, 25) == (outcome.exit_code, outcome.totals.verdicts, len(document["verdicts"]))


def runs_of(store: Store) -> int:
    return len(HistoryStorage(str(store.directory)).head().runs)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    import_inputs(store, [EXAMPLE], declared=open_repository(None).declared_type)
    return store


def test_a_store_gives_the_same_verdicts_as_its_inputs(tmp_path: Path, store: Store) -> None:
    outcome = evaluate_and_report(request(tmp_path / "verdicts.json", store=store))
    assert outcome == evaluate_and_report(request(tmp_path / "other.json", inputs=[EXAMPLE]))
    assert 0 == runs_of(store)


def test_a_run_is_recorded_on_request_even_if_its_report_cannot_be_written(tmp_path: Path, store: Store) -> None:
    with pytest.raises(CannotWrite, match="cannot be written"):
        evaluate_and_report(request(tmp_path, store=store, record=True))
    assert 1 == runs_of(store)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"inputs": []}, "name either inputs or a store"),
        ({"form": "ocsf", "references": "all"}, "--references all goes with --format json or ndjson or csv, not ocsf"),
        ({"summary": True, "quiet": True}, "--summary and --quiet exclude each other"),
        ({"quiet": True}, "--quiet goes with --format table, not json"),
        ({"require_coverage": True}, "--require-coverage goes with --framework"),
        ({"requirements": "a.json"}, "--requirements goes with --framework"),
        ({"spark_master": "local"}, "--spark-master and --spark-conf go with --engine spark"),
        ({"fail_on": "high", "default_ratings": False}, "--fail-on high needs ratings"),
    ],
)
def test_fields_that_do_not_go_together_are_an_error(tmp_path: Path, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        evaluate_and_report(request(tmp_path / "verdicts.json", **{"inputs": [EXAMPLE], **more}))
    assert [] == list(tmp_path.iterdir())


def test_an_error_names_its_options() -> None:
    with pytest.raises(InvalidOption) as raised:
        FormatOptions("json", every=True).check()
    assert ("--all", "--format") == raised.value.options


def test_an_input_that_cannot_be_read_makes_the_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.csv").write_text("")
    inputs = [EXAMPLE, Input(str(tmp_path / "empty.csv"))]
    outcome = evaluate_and_report(request(tmp_path / "verdicts.json", inputs=inputs, keep_going=True))
    assert outcome.totals is not None
    assert (2, 25) == (outcome.exit_code, outcome.totals.verdicts)
    assert "not evaluated: " in capsys.readouterr().err
    assert outcome.totals.counts[Status.INCOMPLIANT] > 0
