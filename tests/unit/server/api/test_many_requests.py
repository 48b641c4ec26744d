"""Many requests: those of schemathesis, of readers of some accounts, and those that are asked while runs are committed."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import perpend
from perpend.server.app import create_app
from perpend.server.mcp import trials
from tests.unit.server.api import scopes
from tests.unit.server.api.served import ACCOUNTS, SETTINGS, TOKEN, asking, commit_day, listening, serving, small_store

pytestmark = pytest.mark.slow

SCHEMATHESIS = """
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 413, 414, 431]
positive_data_acceptance.expected-statuses = ["2xx", 304, 404, 414]
"""
"""404: a name that is not in the store has the right form. 414: values that are allowed one by one may be too long together."""


def test_no_reader_sees_other_accounts_or_their_numbers(tmp_path: Path) -> None:
    small_store(tmp_path)
    counts, leaks = scopes.ask_all(tmp_path, 500, seed=36)
    assert [] == leaks
    answered = {name.partition(" ")[0] for name in counts if name.endswith(" 200")}
    assert set(scopes.PATHS) - {"/findings/ID", "/objects/Thing/OBJECT", "/compliance/cis-aws-v6.0.0"} <= answered


def test_no_reader_sees_what_own_objects_lead_to_in_other_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "_answer_of_process", trials._answer_of_process)
    counts, leaks = scopes.ask_related(tmp_path, 200, seed=36)
    assert [] == leaks
    assert {f"{path} 200" for path in scopes.EXPLAINING} | {"try_policy error", "try_waiver 200"} <= set(counts)


def test_no_answer_mixes_two_runs(tmp_path: Path) -> None:
    """Eight threads ask while runs are committed. Each answer has the numbers of the run that it names."""
    inventory, days, done = small_store(tmp_path, days=1), 6, threading.Event()
    answers: list[tuple[str, int, int]] = []
    expected = {1: numbers_of(tmp_path, 0)}
    with asking(tmp_path) as client:

        def ask(seed: int) -> None:
            choose = random.Random(seed)
            while not done.is_set():
                path = choose.choice([*NUMBERS])
                answer = client.get(f"/api/v1/{path}")
                answers.append((path, *NUMBERS[path](answer)) if answer.status_code == 200 else (answer.text, 0, 0))

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for day in range(1, days):
            commit_day(inventory, day)
            expected[day + 1] = numbers_of(tmp_path, day)
            while not any(run == day + 1 for _, run, _ in answers[-50:]) and len(answers) < 50_000:
                done.wait(0.02)
        done.set()
        for thread in threads:
            thread.join()
    assert [] == [one for one in answers if one[2] != expected.get(one[1], {}).get(one[0])][:5]
    assert {*range(1, days + 1)} == {run for _, run, _ in answers}
    assert len({one["findings?limit=500"] for one in expected.values()}) > 2


NUMBERS: dict[str, Callable[[Any], tuple[int, int]]] = {
    "findings?limit=500": lambda answer: (answer.json()["run"], len(answer.json()["findings"])),
    "findings?limit=1": lambda answer: (answer.json()["run"], answer.json()["total"]),
    "facets": lambda answer: (answer.json()["run"], sum(answer.json()["facets"]["policy"].values())),
    "groups": lambda answer: (answer.json()["run"], sum(one["failing"] + one["unknown"] for one in answer.json()["groups"])),
    "findings.ndjson": lambda answer: (int(answer.headers["content-disposition"].split("-")[-1][0]), answer.text.count("\n")),
    "summary": lambda answer: (answer.json()["run"], answer.json()["coverage"]["compliant"]),
    "runs": lambda answer: (answer.json()["run"], answer.json()["runs"][0]["coverage"]["compliant"]),
}
"""The run that an answer names, and a number of it, by the address."""


def numbers_of(directory: Path, day: int) -> dict[str, int]:
    """Return the numbers of the newest run, as the store has them."""
    compliant = scopes.coverage_of(frozenset(ACCOUNTS), day)["compliant"]
    listed = len(perpend.open(directory).findings())
    return {path: compliant if path in ("summary", "runs") else listed for path in NUMBERS}


@pytest.mark.parametrize("phases", ["coverage", "fuzzing"])
def test_schemathesis_finds_nothing(tmp_path: Path, phases: str) -> None:
    pytest.importorskip("schemathesis")
    small_store(tmp_path / "store")
    (tmp_path / "schemathesis.toml").write_text(SCHEMATHESIS)
    with serving(tmp_path / "store") as store, listening(create_app(store, SETTINGS)) as url:
        ended = subprocess.run(
            [
                *(str(Path(sys.executable).parent / "schemathesis"), "run", f"{url}/api/v1/openapi.json"),
                *("-H", f"Authorization: Bearer {TOKEN}", "--phases", phases, "--max-examples", "5", "--seed", "36"),
                *("--continue-on-failure", "--generation-database", ":memory:", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout[-4_000:] + ended.stderr[-2_000:]
