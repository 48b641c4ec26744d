"""The summary of a run: when it is printed, that its numbers add up, and that its commands work as they are printed."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Run, RunWriter
from tests.repositories import write

pytestmark = pytest.mark.usefixtures("shared_database")

CHECK = ("check", EXAMPLE, *TIME)
RATED = {
    "root-user-mfa": "critical",
    "delete-root-user-access-keys": "critical",
    "mfa-for-all-users-with-console-password": "high",
    "user-*": "medium",
}
SAID = {"because": "A trial.", "source": "board"}
WAIVER = {"id": "w", "kind": "accepted-risk", "reason": "R", "owner": "o", "until": "2999-01-01", "limit": 100}
MOST_LINES = 30


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    found = [{"policies": [f"/ce/ca/aws/iam/{name}"], "severity": severity, **SAID} for name, severity in RATED.items()]
    raised = [{"scope": {"names": ["alma*"]}, "by": 1, **SAID}]
    return write(tmp_path / "ratings", {"a.yaml": {"ratings": found, "raise": raised}})


def table(out: str, heading: str) -> dict[str, tuple[int, int]]:
    """Return a table of failing and unknown verdicts that stands in a summary, maybe beside another one."""
    number = r"([0-9,]+) +([0-9,]+)(?:  |$)"
    lines = out.splitlines()
    start = next(place for place, line in enumerate(lines) if f"{heading} " in line)
    column, rows = lines[start].index(heading), {}
    for line in lines[start + 1 : lines.index("", start)]:
        if found := re.match(rf"(\S.*?) +{number}", line[column:]):
            rows[found[1]] = (int(found[2].replace(",", "")), int(found[3].replace(",", "")))
    return rows


def to_fix(out: str) -> list[list[str]]:
    """Return the cells of the policies to fix first."""
    lines = out.splitlines()
    start = lines.index("Fix first") + 1
    return [re.split(r" {2,}", line.strip()) for line in lines[start : lines.index("", start)] if line[2].isdigit()]


def commands(ran: Run) -> list[list[str]]:
    """Return the words of the next commands."""
    lines = ran.out.splitlines()
    return [shlex.split(line.split("   ")[0]) for line in lines[lines.index("Next") + 1 :]]


def test_a_long_report_gives_its_summary_and_a_short_one_stays_whole(run: RunWriter) -> None:
    long = run(*CHECK)
    assert (1, True) == (long.code, len(long.out.splitlines()) <= MOST_LINES)
    assert long.out.startswith("Checked account 111122223333 ")
    assert long == run(*CHECK, "--summary")
    details = run(*CHECK, "--details")
    assert details.out.startswith("Evaluated 25 objects with 7 policies\n")
    assert len(details.out.splitlines()) > 60
    one = (*CHECK, "--policy", KEY_POLICY)
    assert run(*one).out.startswith("Evaluated 25 objects with 1 policy\n")
    assert run(*one).out == run(*one, "--details").out
    assert run(*one, "--summary").out.startswith("Checked account 111122223333 ")


def test_numbers_add_up_to_those_of_the_verdicts(run: RunWriter, ratings: Path) -> None:
    verdicts = json.loads(run(*CHECK, "--format", "json", "--ratings", ratings).out)["verdicts"]
    found: Counter[Any] = Counter(one["status"] for one in verdicts)
    found.update((one["rating"]["severity"] if one["rating"] else "not rated", one["status"]) for one in verdicts)
    failing, unknown, compliant = (found[one] for one in ("INCOMPLIANT", "UNDETERMINED", "COMPLIANT"))
    out = run(*CHECK, "--ratings", ratings).out
    known = compliant + failing
    said = f"{failing} failing, {unknown} unknown of {known + unknown} verdicts     {round(100 * compliant / known)} % of what is known"
    assert said in out
    assert f"{compliant} compliant · {failing} failing · {unknown} unknown\n" in out
    assert f"({found['INAPPLICABLE']} more do not apply)" in out
    severities = table(out, "Severity")
    assert ["critical", "high", "medium"] == [*severities]
    for level, numbers in severities.items():
        assert (found[level, "INCOMPLIANT"], found[level, "UNDETERMINED"]) == numbers
    for one in (severities, table(out, "Service")):
        assert (failing, unknown) == tuple(map(sum, zip(*one.values(), strict=True)))
    assert {"IAM"} == {*table(out, "Service")}


def test_what_to_fix_first_is_by_severity_then_by_objects_then_by_title(run: RunWriter, ratings: Path) -> None:
    expected = [
        ["1", "critical", "1", "Root user has active access keys", "<root_account>"],
        ["2", "critical", "1", "Root user MFA is not enabled", "<root_account>"],
        ["3", "high", "3", "User with console password has no MFA", "farid.lindqvist, hugo.tanaka and 1 more"],
        ["4", "high", "1", "User has more than one active access key", "alma.brekke"],  # raised
        [
            "5",
            "medium",
            "7",
            "User access keys are not rotated every 90 days or less",
            "<root_account>, data-export and 5 more",
        ],
    ]
    out = run(*CHECK, "--ratings", ratings).out
    assert expected == to_fix(out)
    assert " … 3 more policies fail: perpend check " in out
    titles = [title for _, _, _, title, _ in expected if title not in expected[3]]
    details = run(*CHECK, "--ratings", ratings, "--details").out
    places = [details.index(f"\n\n{title}\n") for title in titles]
    assert sorted(places) == places


def test_waived_verdicts_stand_apart_and_are_not_to_be_fixed(run: RunWriter, ratings: Path, tmp_path: Path) -> None:
    one = {**WAIVER, "policies": ["/ce/**"], "scope": {"names": ["farid*", "<root_account>"]}}
    undetermined = {**WAIVER, "id": "u", "policies": ["/ce/**"], "statuses": ["UNDETERMINED"], "scope": {"names": ["lea*"]}}
    by = write(tmp_path / "waivers", {"a.yaml": {"waivers": [one, undetermined]}})
    asked = (*CHECK, "--waivers", by, "--ratings", ratings)
    document = json.loads(run(*asked, "--format", "json").out)
    waived = document["waivers"]["waived"]
    assert (True, True) == (waived["INCOMPLIANT"] > 0, waived["UNDETERMINED"] > 0)
    failing = document["ledger"]["INCOMPLIANT"] - waived["INCOMPLIANT"]
    out = run(*asked).out
    assert f"  {failing} failing, 10 unknown of 76 verdicts     70 % of what is known complies\n" in out
    assert f"46 compliant · {failing} failing · {waived['INCOMPLIANT']} waived · 10 unknown\n" in out
    assert f"{waived['UNDETERMINED']} of the unknown are waived)" in out
    assert (failing, 10) == tuple(map(sum, zip(*table(out, "Severity").values(), strict=True)))
    assert ["1", "high", "2", "User with console password has no MFA", "hugo.tanaka, jonas.petrov"] == to_fix(out)[0]
    assert "<root_account>" not in out


@pytest.mark.parametrize("options", [("--policy", KEY_POLICY), ("--framework", "cis-aws", "--exclude", "**/root-*")])
def test_the_next_commands_of_a_file_work_as_printed(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*CHECK, *options, "--summary")
    details, explain, report = commands(ran)
    assert run(*details[1:]) == run(*CHECK, *options, "--details")
    explained = run(*explain[1:])
    assert (0, True) == (explained.code, "INCOMPLIANT" in explained.out)
    assert (ran.code, "") == run(*report[1:])[:2]
    assert (tmp_path / "report.html").is_file()


@pytest.mark.parametrize("rated", [False, True])
def test_the_next_commands_of_a_store_work_as_printed(
    run: RunWriter, imported: Path, ratings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rated: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a store").symlink_to(imported)
    (tmp_path / "perpend.toml").write_text("")
    given = ("--ratings", ratings) if rated else ("--no-config",)
    ran = run("check", "--store", "a store", *given, "--summary")
    findings, explain, report = commands(ran)
    assert ["perpend", "findings", "--store", "a store", *map(str, given)] == findings[: 4 + len(given)]
    assert ["--severity", "critical"] == findings[4 + len(given) :]
    assert ("--no-config" in explain) is not rated
    listed = run(*findings[1:])
    assert (0, True) == (listed.code, "<root_account>" in listed.out)
    assert 0 == run(*explain[1:]).code
    assert (0, True) == (run(*report[1:]).code, (tmp_path / "report.html").is_file())


def test_what_is_kept_nowhere_has_the_commands_that_work(
    run: RunWriter, imported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unrecorded = commands(run("check", "--store", imported, "--no-history", "--summary"))
    assert ["perpend", "check", "--store", str(imported), "--no-history", "--details"] == unrecorded[0]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(EXAMPLE).read_bytes())))
    piped = run("check", "-", *TIME)
    assert "\nNext\n" not in piped.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--summary", "--details"), "--summary and --details exclude each other"),
        (("--details", "-q"), "--details and --quiet exclude each other"),
        (("--details", "--format", "csv"), "--details goes with --format table, not csv"),
    ],
)
def test_lengths_exclude_each_other(run: RunWriter, options: tuple[str, ...], said: str) -> None:
    ran = run(*CHECK, *options)
    assert (2, True) == (ran.code, said in ran.err)


@pytest.mark.parametrize("width", [80, 120])
def test_no_row_is_wider_than_its_terminal_and_no_bar_stays(width: int, ratings: Path, tmp_path: Path) -> None:
    from tests.terminals import shown

    words: list[Any] = [*CHECK, "--ratings", ratings]
    found = shown(*words, width=width, cwd=tmp_path)
    rows = found.rows[: found.rows.index("Next")]
    assert 1 == found.code
    assert all("━" not in row and "evaluating" not in row and "counting" not in row for row in found.rows)
    assert "evaluating" in found.sent
    assert rows[0].startswith("Checked account 111122223333  ") and rows[0].endswith(" 2026-11-20 00:00 UTC")
    assert "Fix first" in rows
    starts = [row for row in rows if re.match(r"  [1-5]  (critical|high|medium) ", row)]
    assert 5 == len(starts)
    assert (width < 100) is any("…" in row for row in starts)
    bar = next(row for row in rows if "█" in row)
    assert re.fullmatch(r"  █+░+▒+   46 compliant · 20 failing · 10 unknown", bar)
