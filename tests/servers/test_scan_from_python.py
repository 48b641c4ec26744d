"""``perpend.scan_aws`` does what ``perpend scan aws`` does, on a server: the same findings, and nothing printed."""

from __future__ import annotations

import json
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")

import perpend
from tests.cli.conftest import RunWriter, run
from tests.repositories import write
from tests.servers.aws import Proxy
from tests.servers.sessions import session_of

pytestmark = pytest.mark.usefixtures("shared_database")

__all__ = ["run"]

POLICIES = ("user-has-more-than-one-active-access-key", "password-policy-minimum-password-length-14")
KEYS = f"/ce/ca/aws/iam/{POLICIES[0]}"


@pytest.fixture
def proxy(moto_address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Proxy]:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    secret = "-".join(("stays", "here"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    iam = session_of("id", secret).create_client("iam", region_name="us-east-1", endpoint_url=moto_address)
    iam.update_account_password_policy(MinimumPasswordLength=8)
    server = Proxy(moto_address)
    yield server
    server.close()


def identity(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("policy_id", "object_id", "status", "life", "severity", "condition_index"))


def test_a_scan_from_python_records_what_the_command_records(
    run: RunWriter, proxy: Proxy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for policy in POLICIES for word in ("--policy", policy)]
    assert run("scan", "aws", "--store", tmp_path / "a", "--endpoint-url", proxy.url, *words).code in (1, 3)
    counts: list[tuple[int, int]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", perpend.PerpendWarning)
        store = perpend.scan_aws(
            tmp_path / "b", policies=POLICIES, endpoint_url=proxy.url, progress=lambda *numbers: counts.append(numbers)
        )
    assert ("", "") == capsys.readouterr()
    rows = store.findings()
    expected = json.loads(run("findings", "--store", tmp_path / "a", "--format", "json").out)
    assert len(rows) and [identity(row) for row in expected] == [identity(row) for row in rows]
    ended, known = counts[-1]
    assert ended == known > 0
    assert counts == sorted(counts)
    assert store == perpend.open(tmp_path / "b", repository=store.repository)


def test_a_call_that_is_denied_is_a_warning_and_no_pass(proxy: Proxy, tmp_path: Path) -> None:
    proxy.answers = {"GetAccountPasswordPolicy": "AccessDenied"}
    with pytest.warns(perpend.PerpendWarning, match=r"^1 call failed, what they serve is unknown: .*GetAccountPasswordPolicy"):
        store = perpend.scan_aws(tmp_path / "store", policies=POLICIES[1], endpoint_url=proxy.url)
    assert {("UNDETERMINED", "unknown")} == {(row["status"], row["life"]) for row in store.findings(life="all")}


def test_without_a_store_the_default_one_is_used(proxy: Proxy, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", perpend.PerpendWarning)
        store = perpend.scan_aws(policies=POLICIES[1], endpoint_url=proxy.url)
    assert ".perpend/store" == store.place
    assert 0o700 == stat.S_IMODE((tmp_path / ".perpend").stat().st_mode)


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        ({"accounts": "1"}, "--accounts is for the accounts of an organization: add --org"),
        ({"org": True, "profiles": ("a", "b")}, "--org takes one --profile"),
        ({"policies": "root-usr-mfa"}, "did you mean 'root-user-mfa'"),
        ({"store": "s3://bucket/prefix"}, "a scan needs a directory"),
    ],
)
def test_what_cannot_be_scanned_is_an_error_before_a_call(proxy: Proxy, keywords: dict[str, Any], told: str) -> None:
    with pytest.raises(perpend.PerpendError, match=told):
        perpend.scan_aws(**{"store": "store", "endpoint_url": proxy.url, **keywords})
    assert [] == proxy.asked


def test_a_faulty_waiver_stops_the_scan_before_a_call(proxy: Proxy, tmp_path: Path) -> None:
    waivers = write(tmp_path / "waivers", {"a.yaml": {"waivers": [{"id": "w"}]}})
    with pytest.warns(perpend.PerpendWarning, match="a.yaml"), pytest.raises(perpend.PerpendError, match="cannot be read"):
        perpend.scan_aws("store", waivers=waivers, endpoint_url=proxy.url)
    assert [] == proxy.asked


def test_a_run_that_cannot_be_recorded_is_an_error(proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "history").write_text("a file")
    with pytest.raises(perpend.PerpendError, match="history"), warnings.catch_warnings():
        warnings.simplefilter("ignore", perpend.PerpendWarning)
        perpend.scan_aws("store", policies=POLICIES[1], endpoint_url=proxy.url)
