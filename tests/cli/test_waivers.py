"""Waivers as people use them: beside verdicts, in exit codes, in histories, and never in what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import EXAMPLE, TIME, RunWriter, two_days
from tests.repositories import NAMES, logic, policy_files, write, yaml_text

pytestmark = pytest.mark.usefixtures("shared_database")

KEYS = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key"
ROOT = "/ce/ca/aws/iam/root-user-mfa"
POLICIES = (KEYS, ROOT, "/ce/ca/aws/iam/mfa-for-all-users-with-console-password")
ALL = {"policies": ["/ce/**"], "kind": "accepted-risk", "reason": "A trial.", "owner": "o@x.example", "until": "2999-06-01"}
CHECK = ("check", EXAMPLE, *TIME)
ASKED = tuple(word for policy in POLICIES for word in ("--policy", policy))


def waivers(root: Path, *entries: dict[str, Any], **more: Any) -> Path:
    """Write waivers into a directory of their own."""
    found = [{"id": f"w{number}", "limit": 1_000, **ALL, **entry} for number, entry in enumerate(entries)]
    return write(root / "waivers", {"a.yaml": {"waivers": found, **more}})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("waived") / "store"


@pytest.fixture
def days(run: RunWriter, store: Path, tmp_path: Path) -> Path:
    return two_days(run, tmp_path, store, *POLICIES)


def test_what_is_waived_stands_beside_verdicts_and_changes_none(run: RunWriter, tmp_path: Path) -> None:
    by = waivers(tmp_path, {"policies": [KEYS]}, {"policies": [ROOT], "scope": {"names": ["<root_account>"]}})
    plain = json.loads(run(*CHECK, *ASKED, "--format", "json", "--no-waivers").out)
    found = json.loads(run(*CHECK, *ASKED, "--format", "json", "--waivers", by).out)
    block = found.pop("waivers")
    assert plain.pop("waivers") is None
    assert plain.pop("severities") != found.pop("severities"), "waived findings are not counted by severity"
    assert plain == found
    assert {"INCOMPLIANT": 5, "UNDETERMINED": 0} == block["waived"]
    assert {KEYS: {"INCOMPLIANT": 4}, ROOT: {"INCOMPLIANT": 1}} == block["policies"]
    assert [("w0", 4, 4), ("w1", 1, 1)] == [(one["id"], one["covers"], one["waives"]) for one in block["waivers"]]


def test_only_what_is_not_waived_fails_a_build_and_what_is_not_known_never_passes(run: RunWriter, tmp_path: Path) -> None:
    everything = waivers(tmp_path, {"statuses": ["INCOMPLIANT", "UNDETERMINED"]})
    found = run(*CHECK, "-q", "--waivers", everything)
    assert (3, True) == (found.code, "of which waived: 20 INCOMPLIANT + 10 UNDETERMINED (by w0)" in found.out)
    assert "W105: `w0` names policies by `/ce/**`, and no scope" in found.err
    assert 0 == run(*CHECK, "-q", "--waivers", everything, "--fail-on", "incompliant").code
    assert 1 == run(*CHECK, "-q", "--no-waivers", "--fail-on", "incompliant").code


def test_a_configuration_names_waivers_which_give_way_to_none(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waivers(tmp_path, {"policies": [ROOT]})
    (tmp_path / "perpend.toml").write_text('waivers = "waivers"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    check = (*CHECK, "--policy", ROOT, "-q")
    assert (0, 1, 0) == (run(*check).code, run(*check, "--no-waivers").code, run("waivers", "list").code)
    assert 2 == run(*check, "--no-waivers", "--waivers", "waivers").code


def test_what_has_ended_or_is_too_much_counts_again_and_is_told(run: RunWriter, tmp_path: Path) -> None:
    by = waivers(
        tmp_path, {"until": "2026-11-19", "policies": [KEYS]}, {"limit": 3, "policies": [KEYS]}, {"policies": ["/ce/no"]}
    )
    found = run(*CHECK, "-q", "--waivers", by)
    assert (1, False) == (found.code, "waived" in found.out)
    assert "W102: `w0` has ended: 4 findings, waived until 2026-11-19, count again (A trial.)" in found.err
    assert "W105: `w1` would cover 4 findings, more than its limit of 3: it covers none" in found.err
    assert "W104: `w2` covers nothing: there is no policy that it names" in found.err


def test_waivers_that_cannot_be_read_stop_before_anything_is_judged(run: RunWriter, tmp_path: Path) -> None:
    by = waivers(tmp_path, {"until": "tomorrow"})
    for command in (CHECK, ("waivers", "list"), ("waivers", "lint")):
        found = run(*command, "--waivers", by)
        assert (2, "") == (found.code, found.out)
        assert "error[W101]: `tomorrow` is no day" in found.err
    assert 2 == run(*CHECK, "--waivers", tmp_path / "nowhere").code
    assert 2 == run(*CHECK, "--waivers", by, "--no-waivers").code


def test_a_store_is_waived_like_its_inputs_and_its_history_knows_nothing_of_it(
    run: RunWriter, days: Path, tmp_path: Path
) -> None:
    scope = {"accounts": ["111122223333"], "names": ["<root_account>", "alma*"], "objects": ["arn:*"]}
    by = waivers(tmp_path, {"scope": scope}, {"policies": [KEYS], "scope": {"accounts": ["9"]}})
    lines = {
        line
        for words in (("--store", days), (EXAMPLE, "--snapshot-time", "2026-11-21T00:00:00Z"))
        for line in run("check", *words, *ASKED, "-q", "--waivers", by).out.splitlines()
        if "waived" in line
    }
    assert 1 == len(lines), lines
    kept = json.loads(run("waivers", "list", "--waivers", by, "--store", days, "--format", "json").out)
    (line,) = lines
    assert f"{kept['waivers'][0]['waives']} INCOMPLIANT" in line
    assert not any(b"A trial." in path.read_bytes() for path in (days / "history").rglob("*") if path.is_file())


def test_findings_say_by_what_they_are_waived(run: RunWriter, days: Path, tmp_path: Path) -> None:
    asked = ("findings", "--store", days, "--policy", KEYS, "--waivers", waivers(tmp_path, {"scope": {"names": ["alma*"]}}))
    rows = json.loads(run(*asked, "--format", "json").out)
    assert [("alma.brekke", "w0", "2999-06-01")] == [
        (one["object_name"], one["waiver"], one["waived_until"]) for one in rows if one["waiver"]
    ]
    yes, no = (json.loads(run(*asked, "--waived", which, "--format", "json").out) for which in ("yes", "no"))
    assert (1, len(rows) - 1) == (len(yes), len(no))
    assert "waived until 2999-06-01 by w0" in run(*asked).out
    assert not any(one["waiver"] for one in json.loads(run(*asked[:-2], "--no-waivers", "--format", "json").out))


def test_a_difference_that_is_waived_is_no_news(run: RunWriter, days: Path, tmp_path: Path) -> None:
    asked = ("diff", "1", "2", "--store", days)
    assert 1 == run(*asked).code
    found = run(*asked, "--waivers", waivers(tmp_path, {"scope": {"names": ["build-runner"]}}))
    assert 1 != found.code
    assert ", waived by w0" in " ".join(found.out.split())


def test_a_requirement_whose_findings_are_waived_is_in_a_class_of_its_own(run: RunWriter, days: Path, tmp_path: Path) -> None:
    asked = ("compliance", "--store", days, "--framework", "cis-aws", "--format", "json")
    (before,) = json.loads(run(*asked).out)
    (after,) = json.loads(run(*asked, "--waivers", waivers(tmp_path, {})).out)
    assert (0, 0) == (before["requirements"]["waived"], after["requirements"]["fails"])
    assert before["requirements"]["met"] == after["requirements"]["met"]
    changed = {one["standing"] for one, other in zip(after["results"], before["results"], strict=True) if one != other}
    assert {"waived"} <= changed <= {"waived", "undetermined"}


def test_a_check_says_of_requirements_what_a_scorecard_says(run: RunWriter, tmp_path: Path) -> None:
    asked = ("check", EXAMPLE, *TIME, "--framework", "cis-aws/2.5", "--waivers", waivers(tmp_path, {}))
    found = run(*asked, "--format", "json")
    (card,) = json.loads(found.out)["frameworks"]
    assert (0, 1, 1) == (card["fails"], card["waived"], card["asked"])
    assert ("waived", 1) == (card["results"][0]["standing"], card["results"][0]["INCOMPLIANT"])
    assert 'failures="0" errors="0" skipped="1"' in run(*asked, "--format", "junit").out
    results = json.loads(run(*asked, "--format", "oscal-ar").out)["assessment-results"]["results"][0]
    assert ["not-satisfied"] == [one["target"]["status"]["state"] for one in results["findings"]]


def test_a_file_is_tried_before_it_holds(run: RunWriter, days: Path, tmp_path: Path) -> None:
    file = waivers(tmp_path, {"policies": [KEYS]}, {"policies": ["/ce/no"]}) / "a.yaml"
    found = run("waivers", "try", file, "--store", days)
    assert "w0: 4 findings, limit 1,000, in force" in found.out
    assert "w1: covers nothing" in found.out
    (row,) = json.loads(run("waivers", "try", file, "--store", days, "--format", "json").out)["covered"]
    assert (KEYS, "111122223333", "INCOMPLIANT", 4) == (row["policy"], row["account"], row["status"], row["findings"])


def test_waivers_are_listed_with_their_reasons_and_places(run: RunWriter, days: Path, tmp_path: Path) -> None:
    directory = waivers(tmp_path, {"policies": [KEYS]}, {"until": "2026-01-01"})
    lines = run("waivers", "list", "--waivers", directory, "--day", "2026-11-21").out.splitlines()
    said = "    accepted-risk, o@x.example: A trial."
    assert ["2 waivers, 0 attestations, on 2026-11-21", "  w1  expired, until 2026-01-01", said] == lines[:3]
    assert ["  w0  in force, until 2999-06-01", said, "    a.yaml:"] == [*lines[4:6], lines[6][:11]]
    assert "covers 4 of at most 1,000" in run("waivers", "list", "--waivers", directory, "--store", days).out


def test_what_is_attested_is_never_met_and_ends(run: RunWriter, days: Path, tmp_path: Path) -> None:
    section = {"names": {"full": "1 S", "contextual": "1 S"}}
    files = policy_files(
        logic(),
        **{
            "ce/hand/policy.yaml": {
                "names": {"full": "By hand", "contextual": "By hand"},
                "description": "What.",
                "impossible": True,
                "frameworkMappings": ["/frameworks/f/1"],
            },
            "frameworks/f/section.yaml": section,
            "frameworks/f/1/section.yaml": section,
        },
    )
    said = {"id": "a", "policy": "/ce/hand", "reason": "Seen.", "owner": "o", "evidence": "https://x.example/1"}
    said |= {"from": "2026-11-01", "until": "2026-12-31"}
    root = write(tmp_path, {**files, "waivers/a.yaml": {"attestations": [said, {**said, "id": "b", "policy": "/ce/policy"}]}})
    found = run("waivers", "list", "--repo", root, "--day", "2026-11-20")
    assert "a  attested until 2026-12-31" in found.out
    assert "b  not active: /ce/policy is not called impossible: it can be automated" in found.out
    assert "W108" in run("waivers", "lint", "--repo", root, "--day", "2027-01-01").out
    asked = ("compliance", "--store", days, "--repo", root, "--format", "json")
    (card,) = json.loads(run(*asked).out)
    assert (1, 0, 0) == tuple(card["requirements"][one] for one in ("attested", "manual", "met"))
    (without,) = json.loads(run(*asked, "--no-waivers").out)
    assert (0, 1) == (without["requirements"]["attested"], without["requirements"]["manual"])


def test_lint_says_of_a_history_why_a_waiver_covers_nothing(run: RunWriter, days: Path, store: Path, tmp_path: Path) -> None:
    by = waivers(
        tmp_path,
        {"policies": [KEYS], "scope": {"names": ["auditor-readonly"]}},
        {"policies": [KEYS], "scope": {"names": ["nobody"]}},
        {"policies": ["/ce/ca/aws/s3/*"]},
    )
    found = run("waivers", "lint", "--store", store, "--waivers", by)
    told = [line.partition("covers nothing: ")[::2] for line in found.out.splitlines() if "W104" in line]
    assert ["its findings are resolved (1 object in its scope): delete it"] == [why for who, why in told if "`w0`" in who]
    assert ["no object is in its scope; the objects may be deleted, renamed or of another account"] == [
        why for who, why in told if "`w1`" in who
    ]
    assert [] == [why for who, why in told if "`w2`" in who]


def test_a_new_waiver_is_sound_and_is_not_written_twice(run: RunWriter, tmp_path: Path) -> None:
    root = write(tmp_path, policy_files(logic()))
    words = ("new", "waiver", "ci", "--policy", "policy", "--object", '*:user/"ci*', "--until", "2999-01-01", "--repo", root)
    assert 0 == run(*words).code
    assert (0, "no problems found\n") == (lambda found: (found.code, found.out))(
        run("waivers", "lint", "--repo", root, "--day", "2026-11-20")
    )
    assert 2 == run(*words).code
    assert 2 == run(*("new", "waiver", "../x", *words[3:])).code


def test_a_waiver_keeps_the_values_of_parameters_and_needs_a_review_when_they_change(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [{"name": "days", "description": "The age.", "type": "integer", "default": 90}]
    root = write(tmp_path, policy_files(logic()))
    described = yaml_text({"names": NAMES, "description": "A thing is young.", "parameters": days})
    (root / "ce/policy/policy.yaml").write_text(described, "utf-8")
    monkeypatch.chdir(root)
    words = ("--policy", "policy", "--object", "x", "--until", "2999-01-01")
    assert 0 == run("new", "waiver", "before", *words).code
    (root / "perpend.toml").write_text("[parameters.policy]\ndays = 30\n")
    assert 0 == run("new", "waiver", "after", *words).code
    assert "{policy: /ce/policy, name: days, value: 30}" in (root / "waivers/after.yaml").read_text("utf-8").replace('"', "")
    linted = run("waivers", "lint", "--day", "2026-11-20").out
    assert ["`before` needs a review: days of /ce/policy was 90, and is 30 now"] == [
        line.partition("W109: ")[2] for line in linted.splitlines() if "W109" in line
    ]
    assert "needs a review: days of /ce/policy was 90, and is 30 now" in run("waivers", "list", "--day", "2026-11-20").out
    listed = json.loads(run("waivers", "list", "--day", "2026-11-20", "--format", "json").out)["waivers"]
    changed = {"policyId": "/ce/policy", "name": "days", "value": 90, "now": 30}
    assert {"before": [changed], "after": []} == {each["id"]: each["changedParameters"] for each in listed}
    (root / "waivers/before.yaml").write_text(
        (root / "waivers/after.yaml").read_text("utf-8").replace("value: 30", "value: {}")
    )
    assert 2 == run("waivers", "lint").code


def test_a_waiver_that_has_ended_hides_nothing_however_old_the_store_is(run: RunWriter, tmp_path: Path) -> None:
    """Only a day that somebody names is judged by the waivers of that day."""
    old, store = "2020-01-01", tmp_path / "store"
    by = ("--waivers", waivers(tmp_path, {"policies": [KEYS], "from": "2019-01-01", "until": "2020-06-01"}))
    assert 0 == run("import", EXAMPLE, "--observed-at", old, "--store", store).code
    check = ("check", "--store", store, "--policy", KEYS, "--fail-on", "incompliant", "-q", *by)
    now, then = run(*check), run(*check, "--snapshot-time", old, "--no-history")
    assert (1, False) == (now.code, "of which waived" in now.out)
    assert "W102: `w0` has ended: 4 findings, waived until 2020-06-01, count again (A trial.)" in now.err
    assert (0, True) == (then.code, "of which waived: 4 INCOMPLIANT (by w0)" in then.out)
    of_store = ("--store", store, *by)
    rows = json.loads(run("findings", *of_store, "--format", "json").out)
    assert [None] * len(rows) == [one["waiver"] for one in rows]
    (card,) = json.loads(run("compliance", *of_store, "--framework", "cis-aws", "--format", "json").out)
    assert 0 == card["requirements"]["waived"]
    listed = json.loads(run("waivers", "list", *of_store, "--format", "json").out)
    assert (old, "expired", True) == (listed["day"], listed["waivers"][0]["force"], old < listed["endsCountedTo"])
    replayed = json.loads(run("waivers", "list", *of_store, "--day", old, "--format", "json").out)
    assert ("in force", False) == (replayed["waivers"][0]["force"], "endsCountedTo" in replayed)
    assert "w0: 4 findings, limit 1,000, expired" in run("waivers", "try", by[1] / "a.yaml", "--store", store).out
    plan = ("remediate", "--store", store, KEYS)
    assert run(*plan, "--no-waivers").out == run(*plan, *by).out != run(*plan, *by, "--snapshot-time", old).out
