"""``findings``, ``history``, ``diff``, ``compliance``, ``trend`` and the views for SQL: what a store of three days says."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from perpend.findings.history.identity import finding_id
from perpend.language.syntax.repository import LIBRARY
from tests.cli.conftest import ROOT, Run, RunWriter
from tests.repositories import write
from tests.sampled import FEW, TYPES_OF_FEW

pytestmark = pytest.mark.usefixtures("shared_database")

KEYS = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key"
STATUSES = ("COMPLIANT", "INCOMPLIANT", "INAPPLICABLE", "UNDETERMINED")
ALMA = "arn:aws:iam::111122223333:user/alma.brekke"


def said(ran: Run) -> Any:
    assert ran.err == ""
    return json.loads(ran.out)


def test_what_is_open_is_listed_with_its_first_day(run: RunWriter, days: Path) -> None:
    found = said(run("findings", "--store", days, "--format", "json"))
    assert 20 == len(found)
    assert {"open"} == {one["life"] for one in found}
    alma = next(one for one in found if one["object_id"] == ALMA)
    assert (finding_id(KEYS, "CA10__CaAwsUser__c", ALMA), KEYS, 2) == (alma["finding_id"], alma["policy_id"], alma["episodes"])
    assert ("2026-11-22T00:00:00Z", "2026-11-20T00:00:00Z") == (alma["open_since"], alma["incompliant_start_date"])
    text = run("findings", "--store", days, "--policy", "user-has-more-than-one-active-access-key").out
    assert "  ✘ alma.brekke     new, episode 2\n" in text
    assert "  ✘ build-runner    since 2026-11-20\n" in text
    assert "\n4 open in 1 policy\n" in text


@pytest.mark.parametrize(
    ("filters", "number"),
    [
        (("--life", "unknown"), 10),
        (("--life", "resource_deleted"), 0),
        (("--account", "111122223333"), 20),
        (("--object", ALMA, "--life", "all"), 1),
        (("--since", "2026-11-21"), 1),
        (("--policy", "/ce/ca/aws/iam/root*", "--type", "AWS IAM User"), 2),
    ],
)
def test_filters_must_all_hold(run: RunWriter, days: Path, filters: tuple[str, ...], number: int) -> None:
    assert number == len(said(run("findings", "--store", days, "--format", "json", *filters)))


@pytest.mark.parametrize(
    ("filters", "error"),
    [
        (("--policy", "root-usr-mfa"), "the history has no policy 'root-usr-mfa' (did you mean 'root-user-mfa'?)"),
        (("--policy", "it's no policy'); DROP TABLE x"), "the history has no policy 'it's no policy'); DROP TABLE x'"),
        (("--policy", "root-user-mfa", "--policy", "*nothing*"), "the history has no policy '*nothing*'"),
        (
            ("--account", "999922223333"),
            "no object in the history belongs to account '999922223333' (did you mean '111122223333'?)",
        ),
    ],
)
def test_a_filter_that_means_nothing_is_no_answer_of_none(
    run: RunWriter, days: Path, filters: tuple[str, ...], error: str
) -> None:
    for words in (("findings", "--format", "json"), ("trend",)):
        assert (2, "", f"perpend: {error}\n") == run(*words, "--store", days, *filters)


def test_a_misspelt_type_or_object_has_not_no_findings(run: RunWriter, days: Path) -> None:
    assert (2, "", "perpend: the history has no object 'alma'\n") == run("findings", "--store", days, "--object", "alma")
    ended = run("compliance", "--store", days, "--account", "prdo")
    assert (2, "", "perpend: no object in the history belongs to account 'prdo'\n") == ended
    ran = run("findings", "--store", days, "--type", "AWS IAM Usr")
    assert (2, "", True) == (*ran[:2], "unknown type 'AWS IAM Usr' (did you mean 'AWS IAM User'?)" in ran.err)


def test_a_scorecard_of_no_framework_says_so(run: RunWriter, days: Path, tmp_path: Path) -> None:
    assert 0 == run("new", "repository", tmp_path / "bare").code
    ran = run("compliance", "--store", days, "--repo", tmp_path / "bare")
    assert (0, "none: the repository has no framework\n") == (ran.code, ran.out), ran.err


def test_the_story_of_an_object_a_policy_and_a_finding(run: RunWriter, days: Path) -> None:
    of_object = said(run("history", "alma.brekke", "--store", days, "--format", "json"))
    assert [(1, "opened"), (2, "resource_deleted"), (3, "reopened")] == [
        (one["run"], one["event"]) for one in of_object if one["event"]
    ]
    of_finding = said(run("history", of_object[0]["finding_id"], "--store", days, "--format", "json"))
    assert ["opened", "resource_deleted", "reopened"] == [one["event"] for one in of_finding]
    assert {"resource_change"} == {one["cause"] for one in of_finding}
    text = run("history", "show", KEYS, "--store", days)
    assert (0, 3) == (text.code, text.out.count("\nrun "))
    nothing = run("history", "nobody", "--store", days)
    assert (2, "perpend: the history has no event of object nobody; perpend findings --life all lists what it has\n") == (
        nothing.code,
        nothing.err,
    )


def test_two_runs_are_compared(run: RunWriter, days: Path) -> None:
    found = run("diff", "--store", days, "--format", "json")
    assert (1, {"reopened": 1}) == (found.code, json.loads(found.out)["counts"])
    found = run("diff", "1", "2", "--store", days)
    assert 0 == found.code
    heading = "User has more than one active access key  1 object, resource change"
    assert f"resource deleted (1)\nlow       {heading}" in found.out
    assert found.out.endswith("    alma.brekke\n")
    assert "run 1, 2026-11-20: evaluated all 7 policies, 175 verdicts" in found.out
    assert {"reopened": 1} == json.loads(run("diff", "1", "3", "--store", days, "--format", "json").out)["counts"]
    markdown = run("diff", "1", "2", "--store", days, "--format", "markdown").out
    assert (
        "| resource deleted | low | User has more than one active access key | alma.brekke | | 111122223333 | resource change |"
        in markdown
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("3", "1"), "run 3 does not come before run 1"),
        (("1", "9"), "the history has no run `9`"),
        (("--policies", "HEAD"), "--policies compares two revisions"),
    ],
)
def test_what_cannot_be_compared_is_said(run: RunWriter, days: Path, words: tuple[str, ...], told: str) -> None:
    found = run("diff", *words, "--store", days)
    assert (2, "") == (found.code, found.out)
    assert told in found.err


@pytest.mark.parametrize(
    "words", [("findings",), ("history", "x"), ("diff",), ("compliance",), ("trend",), ("history", "verify")]
)
def test_a_store_without_a_history_is_told_what_begins_one(run: RunWriter, tmp_path: Path, words: tuple[str, ...]) -> None:
    found = run(*words, "--store", tmp_path)
    assert 2 == found.code
    assert "has no history yet; `perpend check --store" in found.err
    absent = run(*words, "--store", tmp_path / "absent")
    assert (2, 1) == (absent.code, absent.err.count("\n"))
    assert "absent: there is no such directory; `perpend import` makes one" in absent.err


def test_a_scorecard_puts_every_requirement_in_one_class(
    run: RunWriter, days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (card,) = said(run("compliance", "--store", days, "--framework", "cis-aws", "--format", "json"))
    assert len(card["results"]) == sum(card["requirements"].values())
    met, judged = card["fractions"]["met of all"], card["fractions"]["met of judged"]
    assert (met["part"], met["of"]) == (card["requirements"]["met"], len(card["results"]))
    assert judged["of"] == sum(card["requirements"][name] for name in ("met", "fails", "undetermined"))
    text = run("compliance", "--store", days).out
    assert "requirements met" in text
    (tmp_path / "perpend.toml").write_text('frameworks = ["cis-aws"]\n')
    monkeypatch.chdir(tmp_path)
    assert [card] == json.loads(run("compliance", "--store", days, "--format", "json").out)
    assert "%" not in text
    of_one = ("--framework", "cis-aws", "--account", "111122223333", "--format", "json")
    assert [card] == said(run("compliance", "--store", days, *of_one))


@pytest.mark.parametrize("words", [("compliance", "--framework", "cis-aws"), ("findings",)])
def test_an_account_is_asked_for_by_its_name_as_by_its_number(
    run: RunWriter, days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perpend.toml").write_text('[accounts.111122223333]\nname = "Loyalty"\n')
    asked = (*words, "--store", days, "--format", "json", "--account")
    assert said(run(*asked, "111122223333")) == said(run(*asked, "loyalty"))
    assert "belongs to account 'Loyalti'" in run(*asked, "Loyalti").err


def test_what_is_carried_over_from_an_older_version_stands_beside_the_card(run: RunWriter, days: Path) -> None:
    asked = ("compliance", "--store", days, "--framework", "cis-aws-v6.0.0", "--from")
    (card,) = said(run(*asked, "cis-aws-v5.0.0", "--format", "json"))
    assert len(card["results"]) == len(card["carriedOver"]["requirements"])
    assert "carried over from /frameworks/cis-aws-v5.0.0" in run(*asked, "cis-aws-v5.0.0").out
    refused = run(*asked, "cis-aws-v6.0.0")
    assert (2, True) == (refused.code, "nothing is carried over" in refused.err)
    assert "--from goes with one --framework" in run(*asked, "cis-aws-v5.0.0", "--format", "csv").err


def test_a_trend_counts_what_came_and_went(run: RunWriter, days: Path) -> None:
    rows = said(run("trend", "--store", days, "--format", "json"))
    assert [(20, 20, 0), (19, 0, 1), (20, 1, 0)] == [(one["open"], one["opened"], one["ended"]) for one in rows]
    drawn = run("trend", "--store", days).out.splitlines()
    bars = [line.rpartition("  ")[2] for line in drawn[1:4]]
    assert ["█" * 40, "█" * 38, "█" * 40] == bars, "in proportion to 20, 19 and 20, from zero"
    assert "  bars: open or unconfirmed, from 0 to 20" == drawn[4]
    assert "█" not in run("trend", "--store", days, "--last", "2").out, "two runs are no trend"
    assert 2 == run("trend", "--store", days, "--policy", "*no-such-policy*").code


def test_views_stand_beside_those_of_the_snapshot(run: RunWriter, days: Path) -> None:
    def ask(question: str) -> list[Any]:
        found: list[Any] = said(run("inventory", "sql", question, "--store", days, "--format", "json"))
        return found

    verdicts = "SELECT sum(compliant + incompliant + inapplicable + undetermined) FROM ledger WHERE run = 3"
    assert [{"open": 20, "runs": 3, "gone": 1, "verdicts": 175, "waivers": 0}] == ask(
        "SELECT (SELECT count(*) FROM finding WHERE life = 'open') AS open, (SELECT count(*) FROM run) AS runs, "
        f"(SELECT count(*) FROM event WHERE event = 'resource_deleted') AS gone, ({verdicts}) AS verdicts, "
        "(SELECT count(*) FROM (SELECT * FROM waiver)) AS waivers"
    )
    assert [{"ending": "resource_deleted", "episode": 1}, {"ending": None, "episode": 2}] == ask(
        "SELECT ending, episode FROM episode WHERE object_name = 'alma.brekke' ORDER BY 2"
    )
    assert {"fails", "not asked"} <= {one["standing"] for one in ask("SELECT DISTINCT standing FROM scorecard")}


def test_the_newest_verdicts_have_the_vendor_s_columns(run: RunWriter, days: Path, tmp_path: Path) -> None:
    def ask(question: str, *more: Any) -> list[Any]:
        found: list[Any] = said(run("inventory", "sql", question, "--store", days, "--format", "json", *more))
        return found

    rows = ask("SELECT status, statusDate::DATE::TEXT AS date, count(*) AS n FROM policy_output GROUP BY ALL")
    sums = ", ".join(f"sum({status})::INTEGER AS {status}" for status in STATUSES)
    assert [{status: sum(row["n"] for row in rows if row["status"] == status) for status in STATUSES}] == ask(
        f"SELECT {sums} FROM ledger WHERE run = 3"
    )
    clear = {row["date"] for row in rows if row["status"] == "COMPLIANT"}
    assert {"2026-11-20"} == clear - {"2026-11-22"}
    columns = "policyId, status, statusDate::DATE::TEXT AS date, incompliantEndDate, conditionIndex, object.name AS name"
    assert [
        {
            "policyId": KEYS,
            "status": "INCOMPLIANT",
            "date": "2026-11-22",
            "incompliantEndDate": None,
            "conditionIndex": 199,
            "name": "alma.brekke",
        }
    ] == ask(f"SELECT {columns} FROM policy_output WHERE object.id = '{ALMA}' AND policyId = '{KEYS}'")
    policies = tmp_path / "policies"
    for place in (*(f"types/{name}" for name in TYPES_OF_FEW), KEYS[1:]):
        shutil.copytree(LIBRARY / place, policies / place)
    waivers = policies / "waivers" / "a.yaml"
    waivers.parent.mkdir()
    waivers.write_text(
        f"waivers: [{{id: w, policies: [{KEYS}], scope: {{names: [alma*]}}, kind: planned-fix, reason: 'It''s planned.', "
        "owner: o@x.example, until: 2026-12-31, limit: 5}]"
    )
    question = "SELECT id, force, reason, most, covers, waives FROM waiver"
    assert [{"id": "w", "force": "in force", "reason": "It's planned.", "most": 5, "covers": 1, "waives": 1}] == ask(
        question, "--repo", policies
    )
    (example,) = (
        one for one in (ROOT / "docs/reference/findings.md").read_text().split("```sql\n") if "LEFT JOIN waived" in one
    )
    joined = ask(example.partition("```")[0], "--repo", policies)
    assert (30, [(ALMA, "o@x.example", "2026-12-31")]) == (
        len(joined),
        [(one["object_id"], one["owner"], one["until"]) for one in joined if one["owner"]],
    )


def test_verify_prune_and_rebuild(run: RunWriter, days: Path, tmp_path: Path) -> None:
    store = shutil.copytree(days, tmp_path / "store")
    assert "3 runs" in run("history", "verify", "--store", store).out
    (store / "history" / "changes" / "left.parquet").write_bytes(b"x")
    assert (
        "0 keyframes dropped, 3 files removed\n"
        == run("history", "prune", "--keep", "2", "--unused-for", "0", "--store", store).out
    )
    assert "0 tables rebuilt\n" == run("history", "rebuild", "--store", store).out
    for path in (store / "history").glob("changes/*/*.parquet"):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    damaged = run("history", "verify", "--store", store)
    assert 2 == damaged.code
    assert damaged.err.count("is damaged") == 3
    assert 2 == run("history", "rebuild", "--store", store).code


def git(repository: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", repository, *words],
        check=True,
        capture_output=True,
    )


def test_the_blast_radius_of_a_change_of_policies(run: RunWriter, days: Path, tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    for name in FEW:
        shutil.copytree(LIBRARY / "ce/ca/aws/iam" / name, policies / "ce/iam" / name)
    for name in TYPES_OF_FEW:
        shutil.copytree(LIBRARY / "types" / name, policies / "types" / name)
    hook = policies / ".git" / "hooks" / "post-checkout"
    git(tmp_path, "init", "-q", str(policies))
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    entry = {"policies": ["/ce/iam/user-has-*"], "kind": "planned-fix", "reason": "R.", "owner": "o", "until": "2030-01-01"}
    old = {**entry, "id": "old", "limit": 9}
    write(policies / "waivers", {"a.yaml": {"waivers": [old]}})
    git(policies, "add", "-A")
    git(policies, "commit", "-qm", "before")
    logic = policies / "ce" / "iam" / "user-has-more-than-one-active-access-key" / "prod.logic.yaml"
    logic.write_text(logic.read_text().replace("      AND:\n", "      OR:\n", 1))
    shutil.rmtree(policies / "ce" / "iam" / "root-user-mfa")
    new = {**entry, "id": "new", "limit": 9, "scope": {"names": ["benoit*"]}}
    write(policies / "waivers", {"a.yaml": {"waivers": [old, new]}})
    given = ("--store", days, "--repo", policies)
    found = run("diff", "--policies", "HEAD", ".", *given, "--format", "json")
    radius = json.loads(found.out)
    assert (1, 14, 1) == (found.code, radius["newlyIncompliant"], radius["unchanged"])
    kinds = {one["policy"]: one["kind"] for one in radius["policies"]}
    assert {"/ce/iam/root-user-mfa": "removed", "/ce/iam/user-has-more-than-one-active-access-key": "changed"} == kinds
    over, none = {"force": "over its limit", "waives": 0}, {"force": None, "waives": 0}
    assert [("new", "begins to cover", none, 1), ("old", "ceases to cover", {"force": "in force", "waives": 4}, 0)] == [
        (one["waiver"], one["what"], one["before"], one["after"]["waives"]) for one in radius["waivers"]
    ]
    assert over == radius["waivers"][1]["after"]
    text = run("diff", "--policies", "HEAD", ".", *given).out
    assert "old ceases to cover: 4 verdicts → nothing (over its limit)" in text
    assert "11  COMPLIANT → INCOMPLIANT" in text
    assert "✘ benoit.karlsen" in text
    assert (
        "| changed | COMPLIANT | INCOMPLIANT | 11 |"
        in run("diff", "--policies", "HEAD", ".", *given, "--format", "markdown").out
    )
    same = run("diff", "--policies", "HEAD", "HEAD", *given, "--no-waivers")
    assert (0, False) == (same.code, "waivers" in same.out)
    unknown = run("diff", "--policies", "nowhere", ".", *given)
    assert (2, True) == (unknown.code, "git rev-parse: there is no revision 'nowhere'" in unknown.err)
    assert not list(tmp_path.rglob("hooked"))
