"""The day of a run: one for all sources and objects, whatever the order of the inputs; files and stores alike."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, RunWriter

pytestmark = pytest.mark.usefixtures("shared_database")

CERTIFICATE = "CA10__CaAwsServerCertificate__c"
EXPIRED = "delete-expired-server-certificate"
ROTATED = "user-access-keys-are-not-rotated-every-90-days"


def statuses(ran: Run) -> list[str]:
    assert ran.code in (0, 1, 3), ran.err
    return [one["status"] for one in json.loads(ran.out)["verdicts"] if one["object"]["name"] != "<root_account>"]


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
@pytest.mark.parametrize("twice", [True, False], ids=["the same object twice", "an object each"])
def test_the_order_of_tables_changes_no_verdict(run: RunWriter, tmp_path: Path, order: tuple[str, str], twice: bool) -> None:
    times = {"old": "2026-01-01", "new": "2026-11-20"}
    words = []
    for name in order:
        identity = "cert" if twice else f"cert-{name}"
        path = tmp_path / f"{name}.csv"
        path.write_text(f"Id,CA10__expiration__c\n{identity},2026-06-01T00:00:00Z\n")
        words += [str(path), "--type", CERTIFICATE, "--observed-at", times[name]]
    assert 0 == run("import", *words, "--store", tmp_path / "store").code
    ran = run("check", "--store", tmp_path / "store", "--no-history", "--policy", EXPIRED, "--format", "json")
    assert {"INCOMPLIANT"} == set(statuses(ran))
    snapshot = json.loads(ran.out)["snapshot"]
    assert ("2026-11-20T00:00:00Z", False) == (snapshot["time"], snapshot["assumed"])
    observed = {Path(one["name"]).stem: one["observedAt"] for one in snapshot["sources"]}
    assert {name: f"{time}T00:00:00Z" for name, time in times.items()} == observed


def answer(path: Path, report: str, time: str) -> Path:
    content = base64.b64encode(report.encode()).decode()
    path.write_text(json.dumps({"Content": content, "ReportFormat": "text/csv", "GeneratedTime": time}))
    return path


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_an_old_wide_row_and_a_new_narrow_one_are_judged_at_the_run_s_day(
    run: RunWriter, tmp_path: Path, names: tuple[str, str]
) -> None:
    head, arn = "user,arn,access_key_1_active,access_key_2_active", "arn:aws:iam::111122223333:user/alice"
    wide = f"{head},access_key_1_last_rotated,access_key_2_last_rotated\nalice,{arn},true,false,2025-12-01T00:00:00+00:00,N/A\n"
    old = answer(tmp_path / f"{names[0]}.json", wide, "2026-01-10T00:00:00Z")
    new = answer(tmp_path / f"{names[1]}.json", f"{head}\nalice,{arn},true,false\n", "2026-11-20T00:00:00Z")
    assert ["COMPLIANT"] == statuses(run("check", old, "--policy", ROTATED, "--format", "json"))
    for order in ((old, new), (new, old)):
        assert ["INCOMPLIANT"] == statuses(run("check", *order, "--policy", ROTATED, "--format", "json"))
    assert 0 == run("import", old, new, "--store", tmp_path / "store").code
    ran = run("check", "--store", tmp_path / "store", "--no-history", "--policy", ROTATED, "--format", "json")
    assert ["INCOMPLIANT"] == statuses(ran)
