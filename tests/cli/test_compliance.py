"""``compliance`` after a run that did not ask every policy: an old pass is not met, and an old failure stands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import perpend
from tests.cli.conftest import RunWriter, report
from tests.repositories import write

pytestmark = pytest.mark.usefixtures("shared_database")

Edit = tuple[str, str]

WITHOUT_MFA = "not_supported,2026-11-17T16:31:44+00:00,not_supported,not_supported,false,"
AS_IT_IS: Edit = (WITHOUT_MFA, WITHOUT_MFA)
WITH_MFA: Edit = (WITHOUT_MFA, WITHOUT_MFA.replace("false", "true"))
POLICY = "/ce/ca/aws/iam/root-user-mfa"
STALE = "not asked in the newest run, last verdicts of 2026-11-20"
REQUIREMENT = "cis-aws-v6.0.0/02/04"
LEFT_OUT = {"policy": ("--policy", "mfa-*"), "configuration": ()}


@pytest.fixture(params=LEFT_OUT)
def two_runs(
    request: pytest.FixtureRequest, run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Edit, Edit], Path]:
    """Return a function that makes a store of two runs. The second one does not ask about the MFA of the root user."""

    def made(first: Edit, second: Edit) -> Path:
        monkeypatch.chdir(tmp_path)
        for day, edit, words in (("20", first, ()), ("21", second, LEFT_OUT[request.param])):
            assert 0 == run("import", report(tmp_path, f"2026-11-{day}T00:00:00Z", edit), "--store", "store").code
            assert 1 == run("check", "--store", "store", "-q", *words).code
            if request.param == "configuration":
                Path("perpend.toml").write_text('exclude = ["root-user-mfa"]\n')
        return tmp_path / "store"

    return made


def test_a_requirement_that_the_newest_run_did_not_ask_is_not_met(
    run: RunWriter, two_runs: Callable[[Edit, Edit], Path]
) -> None:
    store = two_runs(WITH_MFA, AS_IT_IS)
    asked = ("compliance", "--store", store, "--framework", REQUIREMENT)
    text = run(*asked).out
    assert "0 of 1 requirement asked, 1 not asked" in text and "0 of 1 met" in text and "✔" not in text
    assert f"not asked (1):\n    {STALE}: 2.4\n" in text
    (card,) = json.loads(run(*asked, "--format", "json").out)
    (result,) = card["results"]
    assert ("not asked", {}) == (result["standing"], result["counts"])
    assert [{"policy": POLICY, "judges": True, "whyNot": STALE}] == result["policies"]
    assert {"part": 0, "of": 0} == card["fractions"]["met of judged"]
    (row,) = csv.DictReader(io.StringIO(run(*asked, "--format", "csv").out))
    assert ("notAsked", "", f"{POLICY}: {STALE}") == (row["standing"], row["policies"], row["notAsked"])
    assert [("notAsked", 0)] == [(row["standing"], row["COMPLIANT"]) for row in perpend.open(store).compliance(REQUIREMENT)]
    assert f'<skipped message="not asked; {STALE}"' in run(*asked, "--format", "junit").out
    (results,) = json.loads(run(*asked, "--format", "oscal-ar").out)["assessment-results"]["results"]
    assert "findings" not in results
    assert POLICY not in {one["value"] for observed in results["observations"] for one in observed["props"]}
    question = "SELECT standing, compliant FROM scorecard WHERE number = '2.4' AND framework = '/frameworks/cis-aws-v6.0.0'"
    rows = run("inventory", "sql", question, "--store", store, "--format", "csv").out.splitlines()
    assert ["standing,compliant", "not asked,0"] == rows


def test_a_failure_stands_although_the_newest_run_did_not_ask(
    run: RunWriter, two_runs: Callable[[Edit, Edit], Path], tmp_path: Path
) -> None:
    asked = ("compliance", "--store", two_runs(AS_IT_IS, WITH_MFA), "--framework", REQUIREMENT)
    (card,) = json.loads(run(*asked, "--format", "json").out)
    (result,) = card["results"]
    assert ("fails", {"INCOMPLIANT": 1}, STALE) == (result["standing"], result["counts"], result["policies"][0]["whyNot"])
    assert f"asked in part (1):\n    {STALE}: 2.4\n" in run(*asked).out
    assert f'<failure message="1 incompliant; {STALE}"' in run(*asked, "--format", "junit").out
    waiver = {"id": "w", "policies": [POLICY], "kind": "planned-fix", "owner": "o", "reason": "Soon.", "until": "2026-12-31"}
    write(tmp_path, {"waivers/a.yaml": {"waivers": [waiver]}})
    (card,) = json.loads(run(*asked, "--waivers", tmp_path / "waivers", "--format", "json").out)
    assert ("not asked", {}) == (card["results"][0]["standing"], card["results"][0]["counts"])


def test_frameworks_of_which_nothing_was_asked_come_last_and_take_a_line(run: RunWriter, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert 0 == run("import", report(tmp_path, "2026-11-20T00:00:00Z", AS_IT_IS), "--store", store).code
    run("check", "--store", store, "-q")
    asked = [bool(sum(card["fractions"]["met of judged"].values())) for card in listed(run, store)]
    assert 0 < asked.count(True) < len(asked) and asked == sorted(asked, reverse=True)
    lines = run("compliance", "--store", store).out.splitlines()
    assert "CIS Google Cloud Platform Foundation Benchmark v5.0.0: no requirement was asked" in lines[-asked.count(False) :]
    assert "no requirement was asked" not in run("compliance", "--store", store, "--framework", "cis-google-v5.0.0").out


def listed(run: RunWriter, store: Path) -> list[dict[str, Any]]:
    cards: list[dict[str, Any]] = json.loads(run("compliance", "--store", store, "--format", "json").out)
    return cards
