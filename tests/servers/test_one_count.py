"""`scan`, `check`, the HTML report, `compliance` and the site count the requirements of one run alike."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")
pytest.importorskip("jinja2", reason="the extra site is not installed")

from perpend.evaluation.verdicts.requirements import RequirementStatus
from perpend.language.syntax.repository import LIBRARY
from tests.cli.conftest import RunWriter, run
from tests.servers.aws import Proxy
from tests.servers.sessions import session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shared_database")]

__all__ = ["run"]

FRAMEWORKS = ("cis-aws-v7.0.0", "soc-2")
KEYS = {
    "fails": "fails",
    "undetermined": "undetermined",
    "waived": "waived",
    "met": "met",
    "nothingToJudge": "nothing to judge",
    "notAsked": "not asked",
    "attested": "attested",
    "manual": "manual",
    "unanswered": "without a policy",
}
WAIVER = """waivers:
  - id: accepted
    policies: [/ce/ca/aws/account/password-policy-*]
    kind: accepted-risk
    owner: ops
    reason: The directory sets the passwords.
    approvedBy: ciso
    until: 2026-12-31
    limit: 50
"""

POLICIES = (
    "account/password-policy-minimum-password-length-14",
    "iam/account-has-no-iam-users",
    "iam/delete-expired-server-certificate",
    "iam/user-has-administrator-access",
    "iam/user-without-group",
    "iam/disable-user-with-unused-credentials-45-days-and-more",
    "iam/role-unused-for-90-days",
)
"""Some policies of the library: one over a type without objects, one that a waiver covers, some that map indirectly only."""

Counts = dict[str, dict[str, int]]
"""The number of requirements by status, by framework; zeros are left out."""


@pytest.fixture
def proxy(moto_address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Proxy]:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "-".join(("stays", "here")))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    session = session_of("id", "-".join(("stays", "here")))
    iam = session.create_client("iam", region_name="us-east-1", endpoint_url=moto_address)
    iam.create_user(UserName="alma")
    iam.update_account_password_policy(MinimumPasswordLength=8)
    server = Proxy(moto_address)
    yield server
    server.close()


def test_four_outputs_count_alike(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    store, waivers, repository = tmp_path / "store", tmp_path / "waivers", tmp_path / "policies"
    waivers.mkdir()
    for folder in (
        *(f"frameworks/{one}" for one in (*FRAMEWORKS, "aws-security-hub")),
        *(f"ce/ca/aws/{one}" for one in POLICIES),
    ):
        shutil.copytree(LIBRARY / folder, repository / folder)
    (waivers / "accepted.yaml").write_text(WAIVER)
    proxy.answers = {"ListServerCertificates": "AccessDenied"}
    asked = [word for one in FRAMEWORKS for word in ("--framework", one)]
    given = ("--repo", repository, "--waivers", waivers, "--no-config")
    scan = run("scan", "aws", "--endpoint-url", proxy.url, "--store", store, *asked, *given, "--format", "json")
    assert scan.out, scan.err
    scanned = _of_json(scan.out)
    assert {"fails", "undetermined", "waived", "nothing to judge"} <= {one for counts in scanned.values() for one in counts}
    for inherited in ((), ("--inherited",)):
        checked = _of_json(run("check", "--store", store, "--no-history", *asked, *inherited, *given, "--format", "json").out)
        assert inherited or checked == scanned
        report = tmp_path / f"report{len(inherited)}.html"
        run("report", "html", "--store", store, *asked, *inherited, *given, "--out", report)
        assert checked == _of_report(report.read_text())
        if inherited:
            # The run of `scan` asked no policy that only inherits, and `compliance` reads that run.
            run("check", "--store", store, *asked, *inherited, *given)
        said = run("check", "--store", store, "--no-history", *asked, *inherited, *given, "--summary").out
        assert _score(said) == _score(re.sub("<[^>]*>", " ", report.read_text().partition("</script>")[0]))
        compliance = json.loads(run("compliance", "--store", store, *asked, *inherited, *given, "--format", "json").out)
        assert checked == {_name(one["framework"]): _counted(one["requirements"]) for one in compliance}
        words = "with inherited mappings"
        for text in (
            said,
            run("compliance", "--store", store, *asked, *inherited, *given).out,
            report.read_text(),
        ):
            assert (words in " ".join(text.split())) is bool(inherited)
    assert checked != scanned
    assert "narrower" not in scan.err
    less = run("scan", "aws", "--endpoint-url", proxy.url, "--store", store, *given, "--policy", "*password-length-14")
    assert "perpend: this collection is narrower than the last one: " in less.err


def _of_json(text: str) -> Counts:
    return {
        _name(one["id"]): _counted({words: one[key] for key, words in KEYS.items()}) for one in json.loads(text)["frameworks"]
    }


def _score(text: str) -> tuple[Any, ...]:
    """Return the score with its numbers, and those of each severity."""
    found = re.search(r"(\d+) failing, (\d+) unknown of ([\d,]+) verdicts +(\d+ %) of what is known complies", text)
    assert found
    return (*found.groups(), *re.findall(r"\b(critical|high|medium|low) +(\d+) +(\d+)", text))


def _of_report(text: str) -> Counts:
    sections = re.findall(
        r'<details class="framework"><summary>(.*?) <.*?<span class="totals">(.*?)</summary>', text, re.DOTALL
    )
    names = {"CIS": "cis-aws-v7.0.0"}
    return {names.get(title[:3], "soc-2"): _words(re.sub(r"<[^>]+>", " ", items)) for title, items in sections}


def _words(text: str) -> dict[str, int]:
    names = "|".join(map(str, RequirementStatus))
    return {name: int(number) for number, name in re.findall(rf"(\d+)\s+({names})\b", text)}


def _counted(counts: dict[str, Any]) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number}


def _name(framework: str) -> str:
    return framework.rpartition("/")[2]
