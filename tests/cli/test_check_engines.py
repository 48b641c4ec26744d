"""``perpend check`` over each engine, from files and stores: the same verdicts, to the byte."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import KEY_POLICY, RunWriter

POLICIES = ("--policy", KEY_POLICY, "--policy", "user-access-keys-are-not-rotated-every-90-days")
COLUMNS = "user,arn,access_key_1_active,access_key_1_last_rotated,access_key_2_active,access_key_2_last_rotated"
FRESH, STALE = "2026-10-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00"
ENDS = {
    ("true", FRESH, "false", "N/A"): ("COMPLIANT", "COMPLIANT"),
    ("true", STALE, "false", "N/A"): ("COMPLIANT", "INCOMPLIANT"),
    ("true", FRESH, "true", FRESH): ("INCOMPLIANT", "COMPLIANT"),
    ("true", STALE, "true", STALE): ("INCOMPLIANT", "INCOMPLIANT"),
    ("false", "N/A", "false", "N/A"): ("INAPPLICABLE", "INAPPLICABLE"),
    ("maybe", FRESH, "false", "N/A"): ("UNDETERMINED", "UNDETERMINED"),
    ("true", "soon", "false", "N/A"): ("COMPLIANT", "UNDETERMINED"),
}
"""What the flags and times of two keys come to, on the later of the two days, by each of the policies."""

RIVAL, ROOT = "rival", "<root_account>"
OLD = re.compile(r"perpend: \S+ and 1 other credential report are older than 4 hours [^\n]*\n")
UNKNOWN = ("UNDETERMINED", "UNDETERMINED")


def report(*rows: tuple[str, tuple[str, ...]]) -> str:
    lines = [f"{name},arn:aws:iam::111122223333:user/{name},{','.join(values)}" for name, values in rows]
    return "\n".join([COLUMNS, *lines]) + "\n"


def answer(path: Path, content: str, time: str) -> Path:
    document = {"Content": base64.b64encode(content.encode()).decode(), "ReportFormat": "text/csv", "GeneratedTime": time}
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def inputs(tmp_path: Path) -> list[Path]:
    """Write two reports of two days; on the earlier one nothing was stale yet. One user has another row in each."""
    rows = [(f"u{number}", values) for number, values in enumerate(ENDS)]
    first, second, *_ = ENDS
    return [
        answer(tmp_path / "a.json", report(*rows[::2], (RIVAL, first)), "2026-07-01T10:00:00Z"),
        answer(tmp_path / "b.json", report(*rows[1::2], (RIVAL, second)), "2026-11-20T10:00:00Z"),
    ]


def expected() -> dict[str, tuple[str, str]]:
    """Return the statuses by user. The readings of the rival are never both incompliant; of the root user there is no row."""
    found = {f"u{number}": ends for number, ends in enumerate(ENDS.values())}
    return {**found, RIVAL: UNKNOWN, ROOT: UNKNOWN}


def statuses(out: str) -> dict[str, tuple[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in out.splitlines():
        verdict = json.loads(line)
        found.setdefault(verdict["object"]["name"], {})[verdict["policyId"].rpartition("/")[2]] = verdict["status"]
    rotated, active = sorted(next(iter(found.values())))
    return {name: (by_policy[active], by_policy[rotated]) for name, by_policy in found.items()}


@pytest.mark.parametrize("engine", ["interpreter", "duckdb", "auto"])
@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
def test_files_come_to_the_same_on_every_engine(run: RunWriter, inputs: list[Path], engine: str, turned: bool) -> None:
    ran = run("check", *(inputs[::-1] if turned else inputs), *POLICIES, "--engine", engine, "--format", "ndjson")
    assert (1, True) == (ran.code, OLD.fullmatch(ran.err) is not None), ran.err
    assert expected() == statuses(ran.out)
    reference = run("check", *inputs, *POLICIES, "--engine", "interpreter", "--format", "ndjson")
    assert reference.out == ran.out


@pytest.mark.parametrize("engine", ["auto", "duckdb"])
def test_a_store_comes_to_the_same(run: RunWriter, inputs: list[Path], tmp_path: Path, engine: str) -> None:
    assert 0 == run("import", *inputs, "--store", tmp_path / "store").code
    ran = run("check", "--store", tmp_path / "store", "--no-history", *POLICIES, "--engine", engine, "--format", "ndjson")
    assert (1, True) == (ran.code, OLD.fullmatch(ran.err) is not None), ran.err
    assert expected() == statuses(ran.out)
