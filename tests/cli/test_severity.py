"""Ratings as people use them: what fails a build, what comes first, what is written for other tools, and never in verdicts."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from perpend.findings.severity.levels import DEFAULT_SOURCE
from tests.cli.conftest import EXAMPLE, ROOT, TIME, RunWriter, two_days
from tests.repositories import write

pytestmark = pytest.mark.usefixtures("shared_database")

KEYS = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key"
ROOT_MFA = "/ce/ca/aws/iam/root-user-mfa"
UNUSED = "/ce/ca/aws/iam/disable-user-with-unused-credentials-45-days-and-more"
MFA = "/ce/ca/aws/iam/mfa-for-all-users-with-console-password"
SAID = {"because": "A trial.", "source": "board"}
OFF = "--no-default-ratings"
CHECK = ("check", EXAMPLE, *TIME)
BOTH = (*CHECK, "--policy", KEYS, "--policy", ROOT_MFA, OFF)


def ratings(root: Path, *entries: dict[str, Any], **more: Any) -> Path:
    """Write ratings into a directory of their own."""
    found = {"ratings": [{"policies": [KEYS], "severity": "high", **SAID, **entry} for entry in entries], **more}
    return write(root / "ratings", {"a.yaml": found})


def moved(by: int = 1, **scope: list[str]) -> list[dict[str, Any]]:
    return [{"scope": scope, "by": by, **SAID}]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rated") / "store"


@pytest.fixture
def days(run: RunWriter, store: Path, tmp_path: Path) -> Path:
    return two_days(run, tmp_path, store, KEYS, ROOT_MFA)


def test_a_severity_fails_a_build_and_what_nobody_has_rated_fails_it_too(run: RunWriter, tmp_path: Path) -> None:
    by = ratings(tmp_path, {})
    found = run(*BOTH, "-q", "--ratings", by, "--fail-on", "high")
    assert 1 == found.code
    assert "perpend: 5 INCOMPLIANT findings are high or worse, or not rated" in found.err
    found = run(*BOTH, "-q", "--ratings", by, "--fail-on", "critical")
    assert (1, True) == (found.code, "1 INCOMPLIANT finding is critical or worse, or not rated" in found.err)
    assert 0 == run(*BOTH, "-q", "--ratings", by, "--fail-on", "critical", "--unrated-passes").code
    assert 1 == run(*BOTH, "-q", "--ratings", by, "--fail-on", "low", "--unrated-passes").code


def test_what_is_not_known_could_be_as_severe_as_its_policy_and_never_passes(run: RunWriter, tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    text = Path(EXAMPLE).read_text("utf-8").splitlines()
    place = text[0].split(",").index("access_key_1_active")
    rows = [line.split(",") for line in text[:4]]
    odd.write_text(
        "\n".join(",".join("" if n == place and i else v for n, v in enumerate(row)) for i, row in enumerate(rows)) + "\n"
    )
    check = ("check", odd, *TIME, "--policy", KEYS, "-q", "--ratings", ratings(tmp_path, {}))
    found = run(*check, "--fail-on", "high")
    assert 3 == found.code
    assert "UNDETERMINED findings could be high or worse, or not rated" in found.err
    assert 0 == run(*check, "--fail-on", "critical").code


def test_where_a_finding_is_moves_it_and_what_is_waived_does_not_count(run: RunWriter, tmp_path: Path) -> None:
    check = (*CHECK, "--policy", KEYS, "-q", "--fail-on", "critical")
    by = ratings(tmp_path, {}, **{"raise": moved(names=["alma*"])})
    found = run(*check, "--ratings", by)
    assert (1, True) == (found.code, "1 INCOMPLIANT finding is critical or worse" in found.err)
    waiver = {"id": "w", "policies": [KEYS], "kind": "accepted-risk", "reason": "R", "owner": "o", "until": "2027-01-01"}
    waiver |= {"limit": 9, "scope": {"names": ["alma*"]}}
    waivers = write(tmp_path / "waivers", {"a.yaml": {"waivers": [waiver]}})
    assert 0 == run(*check, "--ratings", by, "--waivers", waivers).code
    lowered = ratings(tmp_path, {"severity": "critical"}, lower=moved(names=["*"]))
    assert 0 == run(*check, "--ratings", lowered).code


def test_what_another_policy_finds_of_the_same_object_moves_it_and_what_is_not_known_does_not(
    run: RunWriter, tmp_path: Path
) -> None:
    check = (*CHECK, "--policy", KEYS, "--policy", UNUSED, "--format", "json")
    exposed = [{"whereAlso": [UNUSED], "by": 1, **SAID}]
    verdicts = json.loads(run(*check, "--ratings", ratings(tmp_path, {}, **{"raise": exposed})).out)["verdicts"]
    of = {(one["policyId"], one["object"]["name"]): one for one in verdicts}
    named = [name for policy, name in of if policy == KEYS and of[policy, name]["status"] == "INCOMPLIANT"]
    also = {name: of[UNUSED, name]["status"] for name in named}
    assert {"INCOMPLIANT", *also.values()} > {"INCOMPLIANT"}, "some are found by both policies, some by one"
    severities = {name: of[KEYS, name]["rating"]["severity"] for name in named}
    assert {name: "critical" if also[name] == "INCOMPLIANT" else "high" for name in named} == severities
    nothing = ratings(tmp_path, {}, **{"raise": [{"by": 1, **SAID}]})
    assert "neither `scope` nor `whereAlso` says which findings" in run(*check, "--ratings", nothing).err


def test_a_severity_without_ratings_is_a_usage_error(run: RunWriter, tmp_path: Path) -> None:
    for words in (
        ("check", EXAMPLE, "--fail-on", "high", OFF),
        (*BOTH, "--ratings", write(tmp_path / "r", {"a.yaml": {}}), "--fail-on", "low"),
    ):
        found = run(*words)
        assert (2, "", True) == (found.code, found.out, "needs ratings, and no policy is rated" in found.err)
    assert 2 == run(*BOTH, "--unrated-passes").code
    assert 2 == run(*BOTH, "--ratings", tmp_path / "nowhere").code
    unusable = ratings(tmp_path, {"resolveWithin": "soon"})
    for words in (BOTH, ("severity", "list"), ("severity", "lint")):
        found = run(*words, "--ratings", unusable)
        assert (2, "", True) == (found.code, found.out, "error[R101]: `soon` is no length of time" in found.err)


def test_findings_come_in_the_order_of_what_matters_and_say_why(run: RunWriter, days: Path, tmp_path: Path) -> None:
    by = ratings(tmp_path, {"resolveWithin": "12h"}, **{"raise": moved(names=["build-runner"])})
    asked = ("findings", "--store", days, "--ratings", by, OFF, "--order", "priority")
    rows = json.loads(run(*asked, "--format", "json").out)
    assert [*range(1, 6)] == [row["priority"] for row in rows]
    assert [*["high"] * 3, "critical", None] == [row["severity"] for row in rows]
    assert "overdue by less than a day, high (board), open since 2026-11-20" == rows[0]["reason"]
    assert ("build-runner", "critical (board, raised), new", "board") == tuple(
        rows[3][key] for key in ("object_name", "reason", "rated_by")
    )
    assert ("not rated, open since 2026-11-20", "2026-11-20T12:00:00Z") == (rows[4]["reason"], rows[0]["due"])
    text = run(*asked, "--limit", "4").out
    assert "   4 ✘ build-runner    critical (board, raised), new\n" in text
    assert text.endswith("4 findings shown: --limit shows more, --format csv writes all\n")
    assert "✘ build-runner    critical, since 2026-11-" in run(*asked[:-1], "age").out


def test_a_history_remembers_which_ratings_were_in_force_in_each_run(run: RunWriter, days: Path, tmp_path: Path) -> None:
    days = Path(shutil.copytree(days, tmp_path / "copy"))
    check = ("check", "--store", days, "--policy", KEYS, "--policy", ROOT_MFA, "-q", "--fail-on", "never", OFF)
    high = ratings(tmp_path / "a", {"resolveWithin": "2d"}, **{"raise": moved(names=["alma*"])})
    low = ratings(tmp_path / "b", {"severity": "low"})
    for by in (high, high, low):
        assert 0 == run(*check, "--ratings", by).code
    listed = [json.loads(run("severity", "list", "--store", days, "--run", name, "--format", "json").out) for name in "23"]
    assert {DEFAULT_SOURCE} == {one["source"] for one in listed[0]["ratings"]}
    assert [(KEYS, "high", "board", "2d")] == [
        (one["policy"], one["severity"], one["source"], one["resolveWithin"]) for one in listed[1]["ratings"]
    ]
    assert [({"names": ["alma*"]}, [KEYS])] == [(one["scope"], one["policies"]) for one in listed[1]["shifts"]]
    text = run("severity", "list", "--store", days).out
    assert f"{KEYS}: low" in text and "1 policy rated (1 low) in run 4, 2026-11-2" in text
    trend = ("trend", "--store", days, OFF, "--format", "json", "--by-severity")
    then, today = (
        [{name: number for name, number in row["severities"].items() if number} for row in json.loads(run(*trend, *more).out)]
        for more in (("then",), ("today", "--ratings", high))
    )
    assert [
        {"critical": 1, "low": 3},
        {"critical": 1, "low": 4},
        {"high": 4, "not rated": 1},
        {"low": 4, "not rated": 1},
    ] == then
    assert [{"high": 3, "not rated": 1}, *[{"high": 4, "not rated": 1}] * 3] == today
    lines = run("trend", "--store", days, "--format", "csv", "--by-severity", "then").out.split()
    assert lines[0].endswith("opened,ended,late,critical,high,medium,low,info,not") and lines[-1].endswith(",0,0,0,4,0,1")
    assert "critical       high" in run("trend", "--store", days, "--by-severity", "then").out
    rated = run(
        "inventory",
        "sql",
        "--store",
        days,
        f"SELECT run, severity FROM rating WHERE policy_id = '{KEYS}' ORDER BY 1",
        "--format",
        "csv",
    ).out
    assert ["1,low", "2,low", "3,high", "4,low"] == rated.split()[1:]


def test_findings_fail_by_severity_too(run: RunWriter, days: Path, tmp_path: Path) -> None:
    asked = ("findings", "--store", days, "--ratings", ratings(tmp_path, {}), OFF, "--limit", "1", "--fail-on")
    assert 1 == run(*asked, "high").code
    assert 1 == run(*asked, "critical").code
    assert 0 == run(*asked, "critical", "--unrated-passes").code
    assert 0 == run(*asked, "critical", "--policy", KEYS).code


def test_ratings_are_listed_and_checked_and_can_stand_in_a_configuration(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = ratings(tmp_path, {"resolveWithin": "2d"}, {"policies": ["/ce/no"]}, lower=moved(regions=["eu-west-1"]))
    found = run("severity", "list", "--ratings", by, OFF).out
    assert f"{KEYS}: high, to be fixed within 2d" in found
    assert "lowered by 1 of 1 rated policy where regions eu-west-1" in found
    (tmp_path / "perpend.toml").write_text(
        'ratings = "ratings"\ndefault-ratings = false\nfail-on = "high"\nunrated-passes = true\n', "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    document = json.loads(run("severity", "list", "--format", "json").out)
    assert [KEYS] == [one["policy"] for one in document["ratings"]]
    assert ROOT_MFA in document["unrated"]
    lint = run("severity", "lint")
    assert (1, "a.yaml:16: R102: there is no policy `/ce/no`\n") == (lint.code, lint.out)
    assert f"R104: {ROOT_MFA} is not rated" in run("severity", "lint", "--unrated").out
    assert (1, 0) == (run(*BOTH, "-q").code, run(*CHECK, "--policy", ROOT_MFA, "-q").code)
    assert 0 == run(*BOTH, "-q", "--fail-on", "never").code


def test_other_tools_are_told_of_a_severity_only_where_somebody_has_rated(run: RunWriter, tmp_path: Path) -> None:
    by = ratings(tmp_path, {"severity": "critical"}, {"policies": [ROOT_MFA], "severity": "info"}, lower=moved(names=["alma*"]))
    written: dict[str, dict[str, str]] = {}
    for name, more in (("plain", ()), ("rated", ("--ratings", by))):
        for form, options in (("ocsf", ()), ("asff", ("--unrated", "medium")), ("sarif", ())):
            written.setdefault(form, {})[name] = run(*BOTH, "--format", form, *options, *more).out
    plain, rated = ([json.loads(line) for line in written["ocsf"][one].splitlines()] for one in ("plain", "rated"))
    assert {0} == {one["severity_id"] for one in plain}
    numbers = {one["resources"][0]["name"]: one["severity_id"] for one in rated}
    assert (4, 1) == (numbers.pop("alma.brekke"), numbers.pop("<root_account>"))
    assert {5} == set(numbers.values())
    said = {one["resources"][0]["name"]: (one["severity"], one["unmapped"]["perpend"]["rating"]) for one in rated}
    assert ("High", {"severity": "high", "source": "board", "because": "A trial."}) == said["alma.brekke"]
    asff = {one["ProductFields"]["perpend/objectName"]: one for one in json.loads(written["asff"]["rated"])["Findings"]}
    severities = {name: one["FindingProviderFields"]["Severity"] for name, one in asff.items()}
    assert {"Label": "HIGH", "Original": "high (board, lowered)"} == severities["alma.brekke"]
    assert {"Label": "LOW", "Original": "info (board)"} == severities["<root_account>"]
    sarif = json.loads(written["sarif"]["rated"])["runs"][0]
    by_rule = {one["id"]: one.get("properties", {}).get("security-severity") for one in sarif["tool"]["driver"]["rules"]}
    assert {KEYS: "9.5", ROOT_MFA: None} == by_rule
    assert {KEYS: {"error"}, ROOT_MFA: {"note"}} == {
        policy: {one["level"] for one in sarif["results"] if one["ruleId"] == policy and one["kind"] == "fail"}
        for policy in by_rule
    }
    assert "security-severity" not in written["sarif"]["plain"]


PLAIN = ("table", "csv", "json", "junit")


def test_every_form_of_a_check_says_how_severe_findings_are_and_by_whose_word(run: RunWriter, tmp_path: Path) -> None:
    by = ratings(tmp_path, {}, **{"raise": moved(names=["alma*"])})
    plain, rated = (
        {form: run(*BOTH, "--format", form, *more).out for form in forms}
        for forms, more in ((PLAIN, ()), ((*PLAIN, "ndjson", "markdown", "oscal-ar"), ("--ratings", by)))
    )
    rows = {row["objectName"]: row for row in csv.DictReader(io.StringIO(rated["csv"])) if row["status"] == "INCOMPLIANT"}
    assert ("critical", "board") == (rows["alma.brekke"]["severity"], rows["alma.brekke"]["ratedBy"])
    assert ("high", "") == (rows["build-runner"]["severity"], rows["<root_account>"]["severity"])
    document = json.loads(rated["json"])
    assert {"INCOMPLIANT": 1, "UNDETERMINED": 0} == document["severities"]["critical"] == document["severities"]["notRated"]
    said = {one["object"]["name"]: one["rating"] for one in document["verdicts"] if one["status"] == "INCOMPLIANT"}
    assert {"severity": "critical", "source": "board", "because": "A trial."} == said["alma.brekke"]
    assert None is said["<root_account>"]
    assert {None} == {one["rating"] for one in document["verdicts"] if one["status"] == "COMPLIANT"}
    assert document["verdicts"] == [json.loads(line) for line in rated["ndjson"].splitlines()]
    assert "by severity: 1 critical, 3 high, 1 not rated" in rated["table"]
    assert f"{KEYS}  high (board)" in rated["table"]
    assert "alma.brekke (111122223333) critical, raised" in rated["table"]
    assert 'type="high">severity: high (board)' in rated["junit"]
    assert "| high | 3 | 3 |" in rated["markdown"] and " · high (board) · " in rated["markdown"]
    observed = json.loads(rated["oscal-ar"])["assessment-results"]["results"][0]["observations"]
    assert {"high", None} == {{one["name"]: one["value"] for one in found["props"]}.get("severity") for found in observed}
    for form, text in plain.items():
        assert not re.search("severit|ratedBy|not rated", text), form


def test_the_example_is_sound_and_overrides_the_defaults_policy_by_policy(run: RunWriter) -> None:
    example = ROOT / "examples" / "ratings"
    found = run("severity", "lint", "--ratings", example)
    assert (0, "no problems found\n", "") == (found.code, found.out, found.err)
    document = json.loads(run("severity", "list", "--ratings", example, "--format", "json").out)
    by_policy = {one["policy"]: one for one in document["ratings"]}
    assert {DEFAULT_SOURCE, "acme risk board 2026-03"} == {one["source"] for one in document["ratings"]}
    changed = {one["policy"] for one in document["ratings"] if one["source"] != DEFAULT_SOURCE}
    assert 5 == len([policy for policy in changed if policy.endswith("-deletion-protection")])
    assert (DEFAULT_SOURCE, "critical", {"IAM.9": "critical"}) == tuple(
        by_policy[ROOT_MFA][key] for key in ("source", "severity", "securityHub")
    )
    assert [] == document["unrated"]


def test_policies_of_the_library_are_rated_by_default_and_a_footnote_names_the_source(run: RunWriter) -> None:
    found = run(*CHECK, "--details")
    assert "by severity: 2 critical, 3 high, 11 medium, 4 low" in found.out and found.out.count("Perpend's default") == 1
    assert f"{ROOT_MFA}  critical\n" in found.out
    places = [found.out.index(f"{name}\n") for name in (ROOT_MFA, MFA, KEYS)]
    assert sorted(places) == places, "the most severe policy comes first"
    rows = list(csv.DictReader(io.StringIO(run(*CHECK, "--format", "csv").out)))
    assert {"Perpend's default"} == {row["ratedBy"] for row in rows if row["status"] in ("INCOMPLIANT", "UNDETERMINED")}
    assert (1, 0) == tuple(run(*CHECK, "-q", "--policy", policy, "--fail-on", "high").code for policy in (ROOT_MFA, KEYS))
    markdown = run(*CHECK, "--format", "markdown").out
    assert markdown.count("Perpend's default") == 1 and "· critical ·" in markdown
    assert "severity: critical (Perpend's default)" in run(*CHECK, "--format", "junit").out
    assert "severit" not in run(*CHECK, OFF).out
