"""Every form of check, findings, diff and scorecard: of nothing, and of findings of all five statuses, each held to its schema."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest

import perpend
from perpend.core.objects.status import Status
from perpend.reports.formats.registry import WRITES
from tests.cli.conftest import EXAMPLE, RunWriter
from tests.schemas import asff_faults, faults, junit_faults

pytestmark = pytest.mark.usefixtures("shared_database")

LIBRARY = Path(perpend.__file__).parent / "library"
POLICIES = ("ce/ca/aws/ec2/image-public", "ce/ca/aws/iam/root-user-mfa")
BESIDE = ("types/CA10__CaAwsImage__c", "types/CA10__CaAwsUser__c", "types/CA10__CaAwsAccount__c", "frameworks/cis-aws-v7.0.0")
PUBLIC: dict[str, Any] = {"fails": True, "mended": True, "passes": False, "unknown": None, "vanished": True}


def images(directory: Path, **public: bool | None) -> Path:
    path = directory / "images.json"
    gone = {"vanished": "2026-11-20T12:00:00Z"} if public["mended"] is False else {}
    rows = [
        {
            "Id": f"arn:aws:ec2:eu-west-1:111122223333:image/{name}",
            "CA10__disappearanceTime__c": gone.get(name),
            "CA10__public__c": is_public,
        }
        for name, is_public in public.items()
    ]
    path.write_text(json.dumps(rows))
    return path


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the store of three days is: the second has all five statuses, and what changed; the third changes nothing."""
    return tmp_path_factory.mktemp("five")


@pytest.fixture
def policies(five: Path) -> Path:
    """Two policies of the library, with what they read and a framework: the rest of it is nothing to a form."""
    found = five / "policies"
    if not found.exists():
        for name in (*POLICIES, *BESIDE):
            shutil.copytree(LIBRARY / name, found / name)
    return found


@pytest.fixture
def store(run: RunWriter, five: Path, policies: Path) -> Path:
    found, asked = five / "store", ("-q", "--repo", policies, "--snapshot-time")
    if not found.exists():
        for day, mended in ((20, True), (21, False)):
            inputs = images(five, **PUBLIC | {"mended": mended}), "--type", "CA10__CaAwsImage__c", EXAMPLE
            assert 0 == run("import", *inputs, "--store", found).code
            assert 1 == run("check", "--store", found, *asked, f"2026-11-{day}").code
        run("check", "--store", found, *asked, "2026-11-22")
    return found


def is_json(text: str) -> int:
    found = json.loads(text)
    return len(found) if isinstance(found, list) else len(found.get("verdicts", found.get("findings", ())))


def is_lines(text: str) -> int:
    return len([json.loads(line) for line in text.splitlines()])


def is_table(text: str) -> int:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert all(len(row) == len(header) for row in rows)
    return len(rows)


def is_junit(text: str) -> int:
    assert [] == junit_faults(text)
    return len(ElementTree.fromstring(text).findall("testsuite/testcase"))  # written by ourselves just now


def is_ocsf(text: str) -> int:
    events = [json.loads(line) for line in text.splitlines()]
    assert [] == [fault for one in events for fault in faults("ocsf-compliance-finding-1.8.0", one)]
    return len(events)


def is_asff(text: str) -> int:
    document = json.loads(text)
    assert {"Findings": []} == document or [] == asff_faults(document)  # of nothing there is no batch to send
    return len(document["Findings"])


def is_sarif(text: str) -> int:
    log = json.loads(text)
    assert [] == faults("sarif-2.1.0", log)
    return len(log["runs"][0]["results"])


def is_oscal(text: str) -> int:
    document = json.loads(text)
    assert [] == faults("oscal-complete-1.1.2", document)
    plan = document.get("plan-of-action-and-milestones")
    return len(plan["poam-items"]) if plan else len(document["assessment-results"]["results"])


def is_words(text: str) -> int:
    assert text.endswith("\n")
    return text.count("\n")


def is_commands(text: str) -> int:
    lines = text.splitlines()
    assert all(line.startswith(("::error title=", "::notice title=")) for line in lines)
    return len(lines)


HOLDS: dict[str, Callable[[str], int]] = {
    **dict.fromkeys(("text", "table", "markdown", "html"), is_words),
    **dict.fromkeys(("oscal-ar", "oscal-poam"), is_oscal),
    "json": is_json,
    "ndjson": is_lines,
    "csv": is_table,
    "junit": is_junit,
    "ocsf": is_ocsf,
    "asff": is_asff,
    "sarif": is_sarif,
    "github": is_commands,
}


def written(run: RunWriter, tmp_path: Path, form: str, *words: Any) -> tuple[int, int]:
    """Return a command's exit code, and how much it has written in a form, which that form's schema allows."""
    target = tmp_path / form
    target.unlink(missing_ok=True)
    more = {"asff": ("--unrated", "low")}.get(form, ())
    ended = run(*words, "--format", form, *more, "--out", target)
    if not target.exists():
        return ended.code, -1
    if "parquet" in form:
        return ended.code, int(duckdb.sql(f"SELECT count(*) FROM read_parquet('{target}')").fetchall()[0][0])
    return ended.code, HOLDS[form](target.read_bytes().decode())


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "findings", "diff"])
def test_nothing_is_written_in_every_form(run: RunWriter, tmp_path: Path, store: Path, policies: Path, command: str) -> None:
    nothing = tmp_path / "nothing.json"
    nothing.write_text("[]")
    words = {
        "check": ("check", nothing, "--type", "CA10__CaAwsImage__c", "--complete", "all"),
        "findings": ("findings", "--store", store, "--life", "policy_removed"),
        "diff": ("diff", "2", "3", "--store", store),
    }[command]
    found = {form: written(run, tmp_path, form, *words, "--repo", policies) for form in WRITES[command]}
    plan = found.pop("oscal-poam")
    assert (2, -1) == plan  # a plan has at least one item, by its schema
    assert {0} == {code for code, _ in found.values()}
    counted = {form: number for form, (_, number) in found.items() if HOLDS.get(form) is not is_words}
    assert {"junit", "oscal-ar"} >= {form for form, number in counted.items() if number}


def test_all_five_statuses_are_written_in_every_form(run: RunWriter, tmp_path: Path, store: Path, policies: Path) -> None:
    words = ("check", "--store", store, "--repo", policies, "--no-history", "--snapshot-time", "2026-11-21")
    statuses = {one["status"] for one in map(json.loads, run(*words, "--format", "ndjson").out.splitlines())}
    assert {status.value for status in Status} == statuses
    found = {form: written(run, tmp_path, form, *words) for form in WRITES["check"]}
    assert {1} == {code for code, _ in found.values()}
    assert {30} == {found[form][1] for form in ("json", "ndjson", "csv", "parquet")}
    assert {3} == {found[form][1] for form in ("ocsf", "ocsf-parquet", "sarif", "oscal-poam")}
    every = {form: written(run, tmp_path, form, *words, "--all")[1] for form in ("ocsf", "ocsf-parquet", "sarif")}
    assert {30} == set(every.values())


def test_what_a_history_knows_of_them_is_written_in_every_form(
    run: RunWriter, tmp_path: Path, store: Path, policies: Path
) -> None:
    here = ("--store", store, "--repo", policies)
    listed = {form: written(run, tmp_path, form, "findings", *here, "--life", "all") for form in WRITES["findings"]}
    assert {0} == {code for code, _ in listed.values()}
    assert {5} == {listed[form][1] for form in ("json", "ndjson", "csv", "ocsf", "ocsf-parquet", "sarif")}
    compared = {form: written(run, tmp_path, form, "diff", "1", "2", *here) for form in WRITES["diff"]}
    assert {2} == {compared[form][1] for form in ("ndjson", "csv", "ocsf", "ocsf-parquet", "sarif")}
    assert (2, -1) == compared.pop("oscal-poam")
    assert {0} == {code for code, _ in compared.values()}


def test_requirements_that_nobody_has_asked_are_written_in_every_form(
    run: RunWriter, tmp_path: Path, store: Path, policies: Path
) -> None:
    asked = ("compliance", "--store", store, "--repo", policies, "--framework", "cis-aws/3.1.1")
    found = {form: written(run, tmp_path, form, *asked) for form in WRITES["compliance"]}
    assert {0} == {code for code, _ in found.values()}
    assert {1} == {found[form][1] for form in ("json", "ndjson", "csv", "junit", "oscal-ar")}
