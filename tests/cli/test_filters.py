"""Filters by region, account, object, tag and severity: they choose what is shown, and change neither totals nor exit code."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from perpend.core.values.tags import TAGS_FIELD
from tests.cli.conftest import Run, RunWriter, done
from tests.repositories import write

pytestmark = pytest.mark.usefixtures("shared_database")

ACCOUNTS = ("111122223333", "444455556666")
REGIONS = ("us-east-1", "eu-west-1")
POLICY, UNATTACHED = "volume-encryption", "/ce/ca/aws/ebs/volume-unattached"
TAGS = ('{"team": "payments", "env": "prod", "a/b~c": "x"}', "{}", None)
"""The tags of the three volumes in each place; those of the last one could not be read."""


def volume(account: str, region: str, number: int) -> dict[str, Any]:
    arn = f"arn:aws:ec2:{region}:{account}:volume/vol-{number}"
    return {
        "Id": arn,
        "CA10__arn__c": arn,
        "CA10__volumeId__c": f"vol-{number}",
        "CA10__account__c": account,
        "CA10__regionName__c": region,
        "CA10__encrypted__c": False,
        "CA10__state__c": "in-use",
        "CA10__disappearanceTime__c": None,
        TAGS_FIELD: TAGS[number],
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of twelve unencrypted volumes in two accounts and two regions, and of a root user without MFA."""
    directory = tmp_path_factory.mktemp("filters")
    (directory / "volumes.json").write_text(
        json.dumps([volume(account, region, number) for account in ACCOUNTS for region in REGIONS for number in range(3)])
    )
    time, name = ("--observed-at", "2026-11-20"), directory / "store"
    done("import", directory / "volumes.json", "--type", "AWS EBS Volume", *time, "--store", name)
    done("check", "-q", "--store", name, "--policy", POLICY, "--policy", UNATTACHED, code=1)
    return name


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows(ran: Run) -> list[Any]:
    return list(json.loads(ran.out))


def test_a_list_says_object_region_and_account_and_its_day_once(run: RunWriter, store: Path, tmp_path: Path) -> None:
    (tmp_path / "perpend.toml").write_text(f'[accounts.{ACCOUNTS[0]}]\nname = "Sandbox"\n')
    plain = ("--store", store, "--no-default-ratings")
    ran = run("findings", *plain)
    assert (0, "") == (ran.code, ran.err)
    lines = ran.out.splitlines()
    assert "Volume encryption is not enabled  12 open  perpend show volume-encryption" == lines[0]
    assert "  ✘ vol-0  eu-west-1  Sandbox" == lines[1]
    assert "  ✘ vol-2  us-east-1  444455556666" == lines[12]
    assert lines[13].startswith("  → It cannot be switched on.")
    assert "12 open in 1 policy, all since 2026-11-20" == lines[-1]
    assert 1 == ran.out.count("2026-11-20")
    of_one = run("findings", *plain, "--region", "eu-west-1", "--account", "Sandbox").out.splitlines()
    assert ["  ✘ vol-0", "  ✘ vol-1", "  ✘ vol-2"] == of_one[1:4]
    less = run("findings", *plain, "--limit", "2").out
    assert "\n    … 10 more\n\n12 open in 1 policy, all since 2026-11-20\n2 of 12 shown: " in less
    assert "→" not in less
    aged = run("findings", *plain, "--order", "age", "--limit", "1").out
    assert "     ✘ vol-0  since 2026-11-20\n       Volume encryption is not enabled  perpend show volume-encryption\n" in aged
    told = run("history", "vol-0", "--store", store).out
    assert "opened vol-0 (eu-west-1, Sandbox), Volume encryption is not enabled: not known" in told
    assert "no findings\n" == run("findings", *plain, "--life", "resolved").out


@pytest.mark.parametrize(
    ("filters", "number"),
    [
        (("--region", "eu-west-1", "--region", "us-east-1"), 12),
        (("--region", "eu-west-1", "--account", ACCOUNTS[0]), 3),
        (("--object", volume(ACCOUNTS[0], REGIONS[0], 1)["Id"], "--region", "eu-west-1"), 0),
        (("--tag", "team=payments"), 4),
        (("--tag", "team=payments", "--tag-unknown"), 8),
        (("--tag", "team=payments", "--tag", "env=test"), 0),
        (("--tag", "team=PAYMENTS", "--tag-unknown"), 4),
        (("--tag", "a/b~c=x"), 4),
    ],
)
def test_a_run_and_a_history_are_filtered_alike(run: RunWriter, store: Path, filters: tuple[str, ...], number: int) -> None:
    found = rows(run("findings", "--store", store, "--format", "json", *filters))
    checked = run("check", "--store", store, "--no-history", "--policy", POLICY, "--format", "json", *filters)
    document = json.loads(checked.out)
    assert (number, number) == (len(found), document["filter"]["verdicts"])
    assert (1, 12) == (checked.code, document["ledger"]["INCOMPLIANT"])
    listed = list(csv.DictReader(io.StringIO(run("findings", "--store", store, "--format", "csv", *filters).out)))
    assert sorted(one["object_id"] for one in listed) == sorted(one["object_id"] for one in found)


@pytest.mark.parametrize(
    ("names", "number"),
    [
        (("aws-fsbp",), 12),
        (("aws-fsbp-v1.0.0",), 12),
        (("aws-fsbp/ec2/03",), 12),
        (("/frameworks/aws-fsbp-v1.0.0/ec2",), 12),
        (("nist-csf",), 0),
        (("aws-fsbp", "nist-csf"), 12),
    ],
)
def test_findings_of_a_framework_are_those_of_its_policies(
    run: RunWriter, store: Path, names: tuple[str, ...], number: int
) -> None:
    """`check --framework` names them alike."""
    words = [word for name in names for word in ("--framework", name)]
    found = rows(run("findings", "--store", store, "--format", "json", *words))
    assert number == len(found)
    checked = json.loads(run("check", "--store", store, "--no-history", "--format", "json", *words).out)
    failing = {(one["policyId"], one["object"]["id"]) for one in checked["verdicts"] if one["status"] == "INCOMPLIANT"}
    assert failing == {(one["policy_id"], one["object_id"]) for one in found}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("aws-fsbq", "unknown framework or section 'aws-fsbq' (did you mean 'aws-fsbp-v1.0.0'?)"),
        ("aws-fsbp/ec2/3x", "unknown framework or section"),
        ("cis-azure", "the history has no policy that is mapped to 'cis-azure'"),
    ],
)
def test_a_framework_without_policies_in_the_history_is_an_error(run: RunWriter, store: Path, name: str, message: str) -> None:
    ran = run("findings", "--store", store, "--framework", name)
    assert (2, "", True) == (ran.code, ran.out, message in ran.err), ran.err


def test_the_configuration_chooses_frameworks_to_evaluate_and_none_to_list(run: RunWriter, store: Path, tmp_path: Path) -> None:
    (tmp_path / "perpend.toml").write_text('frameworks = ["cis-azure"]\n')
    assert 12 == len(rows(run("findings", "--store", store, "--format", "json")))


def test_objects_whose_tags_are_not_known_are_left_out_and_counted(run: RunWriter, store: Path, tmp_path: Path) -> None:
    asked = ("--store", store, "--tag", "team=payments", "--account", ACCOUNTS[0])
    left_out = "2 findings are left out because the tags of the object are unknown; --tag-unknown lists them, too"
    assert f"perpend: {left_out}\n" == run("findings", *asked).err
    with_them = run("findings", *asked, "--tag-unknown", "--format", "json")
    assert "perpend: 2 findings are listed although the tags of the object are unknown\n" == with_them.err
    assert 4 == len(rows(with_them))
    text = " ".join(run("check", *asked, "--no-history", "--policy", POLICY, "--summary").out.split())
    assert "only verdicts by --account 111122223333 --tag team=payments, without 2 objects of which no tags are known" in text
    document = json.loads(run("check", *asked, "--no-history", "--policy", POLICY, "--format", "json").out)
    assert 2 == document["filter"]["objectsWithUnknownTags"]
    page = tmp_path / "report.html"
    assert 0 == run("report", "html", *asked, "--out", page).code
    assert "--tag team=payments, without 2 objects of which no tags are known" in page.read_text()


@pytest.mark.parametrize("command", [("findings",), ("check", "--no-history")])
@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (("--region", "eu-wst-1"), "did you mean 'eu-west-1'?"),
        (("--object", "vol-9"), "'vol-9'"),
        (("--tag", "=x"), "'=x' is not a tag: write KEY=VALUE, or KEY for any value"),
    ],
)
def test_a_filter_that_nothing_fits_is_an_error(
    run: RunWriter, store: Path, command: tuple[str, ...], filters: tuple[str, ...], told: str
) -> None:
    ran = run(*command, "--store", store, *filters)
    assert (2, "", True) == (ran.code, ran.out, told in ran.err), ran.err


def rated(tmp_path: Path) -> Path:
    rating = {"because": "Made up.", "source": "board"}
    ratings = [
        {"policies": [f"/ce/ca/aws/ebs/{POLICY}"], "severity": "low", **rating},
    ]
    shift = {"policies": [f"/ce/ca/aws/ebs/{POLICY}"], "scope": {"tags": ["env=prod"]}, "by": 3, **rating}
    return write(tmp_path / "ratings", {"a.yaml": {"ratings": ratings, "raise": [shift]}})


def test_findings_of_a_severity(run: RunWriter, store: Path, tmp_path: Path) -> None:
    asked = ("findings", "--store", store, "--ratings", rated(tmp_path))
    text = run(*asked).out
    heading = "Volume encryption is not enabled"
    assert text.startswith(f"critical  {heading}  4 open  perpend show volume-encryption\n          ✘ vol-0  eu-west-1  1")
    assert f"\nlow       {heading}  8 open" in text
    assert 4 == len(rows(run(*asked, "--severity", "critical,high", "--format", "json")))
    assert 12 == len(rows(run(*asked, "--severity", "critical", "--severity", "low", "--format", "json")))
    assert "4 open in 1 policy, all since 2026-11-20\n" == run(*asked, "--severity", "critical").out.rpartition("\n\n")[2]
    ran = run(*asked, "--severity", "critical,severe")
    assert (2, True) == (ran.code, "'severe' is not one of" in ran.err)


def test_a_waiver_by_tag_applies_to_objects_whose_tags_are_known(run: RunWriter, store: Path, tmp_path: Path) -> None:
    entry = {"id": "w", "policies": [f"/ce/ca/aws/ebs/{POLICY}"], "kind": "planned-fix", "reason": "R.", "owner": "o"}
    waiver = {**entry, "until": "2099-01-01", "limit": 99, "scope": {"tags": ["team=payments"]}}
    waivers = write(tmp_path / "waivers", {"a.yaml": {"waivers": [waiver]}})
    text = run("findings", "--store", store, "--waivers", waivers, "--no-default-ratings").out
    assert text.startswith("Volume encryption is not enabled  12 open, 4 waived  ")
    assert "  ✘ vol-0  eu-west-1  111122223333  waived until 2099-01-01 by w\n" in text
    assert text.endswith("12 open in 1 policy, 4 waived, all since 2026-11-20\n")
    waived = rows(run("findings", "--store", store, "--waivers", waivers, "--waived", "yes", "--format", "json"))
    assert {"vol-0"} == {one["object_name"] for one in waived}
    ran = run("check", "--store", store, "--no-history", "--policy", POLICY, "--waivers", waivers)
    assert (1, True) == (ran.code, "of which waived: 4 INCOMPLIANT (by w)" in ran.out)
    listed = json.loads(run("waivers", "list", "--waivers", waivers, "--store", store, "--format", "json").out)
    assert 4 == listed["waivers"][0]["covers"]
