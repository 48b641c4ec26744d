"""``perpend.open`` gives a program what the commands write: the same rows, from the same store, and nothing printed."""

from __future__ import annotations

import csv
import io
import json
import shutil
import warnings
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import perpend
from tests.cli.conftest import KEY_POLICY, Run, RunWriter
from tests.repositories import write

pytestmark = pytest.mark.usefixtures("shared_database")

ALMA = "arn:aws:iam::111122223333:user/alma.brekke"
OLD = {
    "id": "w",
    "policies": [f"/ce/ca/aws/iam/{KEY_POLICY}"],
    "kind": "planned-fix",
    "reason": "R.",
    "owner": "o",
    "until": "2099-01-01",
    "scope": {"objects": [ALMA]},
}


def written(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as JSON holds them: times in ISO 8601."""
    return [
        {name: value.isoformat().replace("+00:00", "Z") if isinstance(value, date) else value for name, value in row.items()}
        for row in rows
    ]


def said(ran: Run) -> Any:
    assert ran.err == ""
    return json.loads(ran.out)


@pytest.mark.parametrize(
    ("keywords", "options"),
    [
        ({}, ()),
        ({"life": ["unknown", "open"], "object": ALMA}, ("--life", "unknown", "--life", "open", "--object", ALMA)),
        ({"policy": KEY_POLICY, "account": "111122223333"}, ("--policy", KEY_POLICY, "--account", "111122223333")),
        ({"since": date(2026, 11, 21)}, ("--since", "2026-11-21")),
        ({"since": datetime(2026, 11, 21, tzinfo=UTC), "severity": None}, ("--since", "2026-11-21")),
        ({"type": "AWS IAM User", "severity": ("critical", "high")}, ("--type", "AWS IAM User", "--severity", "critical,high")),
        ({"order": "priority", "waived": "no"}, ("--order", "priority", "--waived", "no")),
    ],
)
def test_findings_are_those_of_the_command(
    run: RunWriter, days: Path, capsys: pytest.CaptureFixture[str], keywords: dict[str, Any], options: tuple[str, ...]
) -> None:
    expected = said(run("findings", "--store", days, "--format", "json", *options))
    rows = perpend.open(days).findings(**keywords)
    assert ("", "") == capsys.readouterr()
    assert expected == written(rows)
    assert [list(row) for row in expected] == [list(row) for row in rows]


def test_a_row_has_plain_values_and_times_in_utc(days: Path) -> None:
    rows = perpend.open(str(days)).findings(life="all")
    kinds = {type(value) for row in rows for value in row.values()}
    assert {str, int, datetime, type(None)} == kinds
    assert {UTC} == {value.tzinfo for row in rows for value in row.values() if isinstance(value, datetime)}
    assert 1 == len({tuple(row) for row in rows})


@pytest.mark.parametrize("runs", [(), (1, "last")])
def test_a_difference_is_that_of_the_command(run: RunWriter, days: Path, runs: tuple[Any, ...]) -> None:
    expected = json.loads(run("diff", *runs, "--store", days, "--format", "json").out)["findings"]
    assert expected == written(perpend.open(days).diff(*runs))
    assert len(expected) or runs == (1,)


@pytest.mark.parametrize(
    ("keywords", "options"),
    [
        ({"framework": "cis-aws-v6.0.0"}, ("--framework", "cis-aws-v6.0.0")),
        (
            {"framework": ["soc-2"], "inherited": True, "account": ["111122223333"]},
            ("--framework", "soc-2", "--inherited", "--account", "111122223333"),
        ),
    ],
)
def test_compliance_is_that_of_the_command(
    run: RunWriter, days: Path, keywords: dict[str, Any], options: tuple[str, ...]
) -> None:
    text = run("compliance", "--store", days, "--format", "csv", *options).out
    rows = perpend.open(days).compliance(**keywords)
    assert list(csv.DictReader(io.StringIO(text))) == [{name: str(value) for name, value in row.items()} for row in rows]
    documents = json.loads(run("compliance", "--store", days, "--format", "json", *options).out)
    numbers = [result["counts"] for one in documents for result in one["results"]]
    assert numbers == [{name: number for name, number in row.items() if isinstance(number, int) and number} for row in rows]


@pytest.mark.filterwarnings("ignore::perpend.core.errors.PerpendWarning")
def test_remediation_is_that_of_the_command(run: RunWriter, days: Path) -> None:
    asked = ("remediate", KEY_POLICY, "--store", days)
    documents = json.loads(run(*asked, "--format", "json").out)
    rows = perpend.open(days).remediate(KEY_POLICY)
    assert 4 == len(rows)
    for document, row in zip(documents, rows, strict=True):
        about = document["object"]
        named = {"type": "type", "objectId": "id", "externalId": "externalId", "objectName": "name", "account": "account"}
        assert {key: about[name] or None for key, name in named.items()} == {key: row[key] for key in named}
        same = ("policyId", "policyName", "currentStateMessage", "filledIn")
        assert [document[key] for key in same] == [row[key] for key in same]
    script = run(*asked).out
    assert all(row["commands"] in script for row in rows if row["filledIn"])
    [finding] = [one for one in perpend.open(days).findings(policy=KEY_POLICY) if one["object_id"] == ALMA]
    assert [ALMA] == [row["objectId"] for row in perpend.open(days).remediate(finding["finding_id"])]


@pytest.mark.filterwarnings("ignore::perpend.core.errors.PerpendWarning")
def test_waivers_and_ratings_are_those_of_the_directories(run: RunWriter, days: Path, tmp_path: Path) -> None:
    waivers = write(tmp_path / "waivers", {"a.yaml": {"waivers": [OLD]}})
    store = perpend.open(days, waivers=waivers)
    assert said(run("findings", "--store", days, "--waivers", waivers, "--format", "json")) == written(store.findings())
    assert [ALMA] == [row["object_id"] for row in store.findings(waived="yes")]
    assert [] == perpend.open(days, waivers=waivers, no_waivers=True).findings(waived="yes")
    assert 3 == len(store.remediate(KEY_POLICY))
    assert 4 == len(store.remediate(KEY_POLICY, with_waived=True))
    assert "severity" not in perpend.open(days, default_ratings=False).findings()[0]
    rating = {"policies": [f"/ce/ca/aws/iam/{KEY_POLICY}"], "severity": "low", "because": "R.", "source": "us"}
    ratings = write(tmp_path / "ratings", {"a.yaml": {"ratings": [rating]}})
    mine = perpend.open(days, ratings=ratings, default_ratings=False)
    assert {KEY_POLICY} == {row["policy_id"].rpartition("/")[2] for row in mine.findings(severity="low")}


def test_names_of_accounts_are_known_to_the_filter(days: Path) -> None:
    store = perpend.open(days, account_names={"111122223333": "Production"})
    assert 20 == len(store.findings(account="production"))


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        (
            {"polcy": "x"},
            r"no filter is called 'polcy' \(did you mean 'policy'\?\): the filters are life, policy, framework, type",
        ),
        ({"severity": "higher"}, "'higher' is not one of critical, high"),
        ({"since": "yesterday"}, "since: 'yesterday' is not an ISO 8601 date or time"),
        ({"since": datetime(2026, 1, 1)}, "the time 2026-01-01 00:00:00 has no time zone"),
        ({"tag": "=x"}, "'=x' is not a tag"),
    ],
)
def test_a_filter_that_is_none_is_an_error(days: Path, keywords: dict[str, Any], told: str) -> None:
    with pytest.raises(perpend.InvalidOption, match=told):
        perpend.open(days).findings(**keywords)


def test_what_is_not_there_is_an_error(days: Path, tmp_path: Path) -> None:
    with pytest.raises(perpend.PerpendError, match="there is no such directory"):
        perpend.open(tmp_path / "none")
    with pytest.raises(perpend.PerpendError, match="has no history yet"):
        perpend.open(tmp_path).findings()
    with pytest.raises(perpend.PerpendError, match="only stores in directories have a history"):
        perpend.open("s3://bucket/prefix").diff()
    store = perpend.open(days)
    with pytest.raises(perpend.PerpendError, match="did you mean 'root-user-mfa'"):
        store.findings(policy="root-usr-mfa")
    with pytest.raises(perpend.InvalidOption, match="does not come before"):
        store.diff(3, 1)
    with pytest.raises(perpend.InvalidOption, match="a run before"):
        store.diff(after=2)
    with pytest.raises(perpend.PerpendError, match="has no run"):
        store.diff("9")
    with pytest.raises(perpend.UnknownName, match="unknown framework"):
        store.compliance("hipaaa")
    with pytest.raises(perpend.InvalidOption, match="the name of a policy"):
        store.remediate()


def test_text_for_the_user_is_a_warning(days: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ended = {**OLD, "until": "2026-11-21"}
    waivers = write(tmp_path / "waivers", {"a.yaml": {"waivers": [ended]}})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        perpend.open(days, waivers=waivers).remediate(KEY_POLICY)
        perpend.open(days).findings(tag="team=payments")
    texts = [str(one.message) for one in caught]
    assert any("w" in text and "2026-11-21" in text for text in texts), texts
    assert any("left out because the tags of the object are unknown" in text for text in texts), texts
    assert {perpend.PerpendWarning} == {one.category for one in caught}
    assert {__file__} == {one.filename for one in caught}
    assert ("", "") == capsys.readouterr()


def test_a_faulty_waiver_is_an_error_and_prints_nothing(days: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    waivers = write(tmp_path / "waivers", {"a.yaml": {"waivers": [{"id": "w"}]}})
    with (
        pytest.warns(perpend.PerpendWarning, match=r"a\.yaml:\d+"),
        pytest.raises(perpend.PerpendError, match="cannot be read"),
    ):
        perpend.open(days, waivers=waivers).findings()
    assert ("", "") == capsys.readouterr()


def test_a_store_in_place_of_another_is_read_again(days: Path, tmp_path: Path) -> None:
    shutil.copytree(days, tmp_path / "store")
    store = perpend.open(tmp_path / "store")
    first = store.findings()
    first[0]["policy_id"] = "changed"
    assert "changed" != store.findings()[0]["policy_id"]
    shutil.rmtree(tmp_path / "store" / "history")
    with pytest.raises(perpend.PerpendError, match="has no history yet"):
        store.findings()
