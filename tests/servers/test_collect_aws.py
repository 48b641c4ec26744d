"""`perpend collect aws` on servers: what it stores, what it says of what was not answered, and that no such thing is a pass."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")


from perpend.cli.options import repository as repositories
from perpend.collectors.runs.collection import CollectionRun
from perpend.inventory.snapshots.store import Store
from perpend.language.syntax.repository import Repository, open_repository
from tests.cli.conftest import RunWriter, full, run
from tests.servers.answers import BODIES
from tests.servers.aws import Proxy, judged
from tests.servers.sessions import session_of

pytestmark = pytest.mark.usefixtures("shared_database")

__all__ = ["run"]

ACCOUNT = "123456789012"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
KEYS = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key"
KNOWN = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
SECRET = "-".join(("stays", "in", "memory"))


@pytest.fixture(scope="module")
def proxy(moto_address: str) -> Iterator[Proxy]:
    found = Proxy(moto_address)
    seed(moto_address)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, proxy: Proxy, tmp_path: Path) -> None:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in zip(KNOWN, ("id", SECRET), strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    proxy.answers = {}
    proxy.asked = []


def seed(url: str) -> None:
    session = session_of("id", SECRET)

    def client(service: str, region: str = "us-east-1") -> Any:
        return session.create_client(service, region_name=region, endpoint_url=url)

    iam = client("iam")
    for number in range(4):
        iam.create_user(UserName=f"user{number}")
        for _ in range(1 + number % 2):
            iam.create_access_key(UserName=f"user{number}")
    iam.create_user(UserName="root")
    iam.put_user_policy(UserName="user1", PolicyName="inline", PolicyDocument=DOCUMENT)
    admin = iam.create_policy(PolicyName="admin", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="user2", PolicyArn=admin)
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=DOCUMENT)
    iam.attach_role_policy(RoleName="role", PolicyArn=admin)
    iam.update_account_password_policy(MinimumPasswordLength=14)
    iam.upload_server_certificate(ServerCertificateName="old", CertificateBody="body", PrivateKey="key")
    client("s3").create_bucket(Bucket="logs")
    trails = client("cloudtrail")
    trails.create_trail(Name="main", S3BucketName="logs", IsMultiRegionTrail=True)
    trails.start_logging(Name="main")
    resources = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": resources}
    trails.put_event_selectors(TrailName="main", EventSelectors=[selector])
    for region in ("eu-west-1", "us-east-1"):
        recorder = {"name": "default", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/role"}
        client("config", region).put_configuration_recorder(ConfigurationRecorder=recorder)
        client("ec2", region).enable_ebs_encryption_by_default()
    client("securityhub").enable_security_hub()


def collected(run: RunWriter, proxy: Proxy, store: Path, *options: Any) -> Any:
    return run("collect", "aws", "--store", store, "--endpoint-url", proxy.url, *options)


def test_what_an_account_holds_is_judged(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:"
    expected = {
        (KEYS, f"{arn}user/user0"): "COMPLIANT",
        (KEYS, f"{arn}user/user1"): "INCOMPLIANT",
        (KEYS, f"{arn}root"): "UNDETERMINED",  # moto's report has no row of the root user
        ("/ce/ca/aws/iam/account-has-no-iam-users", ACCOUNT): "INCOMPLIANT",
        ("/ce/ca/aws/iam/delete-user-inline-or-directly-attached-policies", f"{arn}user/user0"): "COMPLIANT",
        ("/ce/ca/aws/iam/delete-user-inline-or-directly-attached-policies", f"{arn}user/user1"): "INCOMPLIANT",
        ("/ce/ca/aws/iam/delete-user-inline-or-directly-attached-policies", f"{arn}user/user2"): "INCOMPLIANT",
        ("/ce/ca/aws/iam/delete-user-inline-or-directly-attached-policies", f"{arn}root"): "INAPPLICABLE",
        ("/ce/ca/aws/iam/policy-allows-full-administrative-privileges", f"{ACCOUNT}|{arn}policy/admin"): "INCOMPLIANT",
        ("/ce/ca/aws/account/ebs-volume-encryption-attribute-in-all-regions", ACCOUNT): "COMPLIANT",
        ("/ce/ca/aws/account/iam-access-analyzer-for-all-regions", ACCOUNT): "INCOMPLIANT",
        ("/ce/ca/aws/account/multi-region-cloudtrail", ACCOUNT): "COMPLIANT",
        ("/ce/ca/aws/account/password-policy-minimum-password-length-14", ACCOUNT): "COMPLIANT",
        ("/ce/ca/aws/account/password-policy-number-of-passwords-to-remember-24", ACCOUNT): "INCOMPLIANT",
        ("/ce/ca/aws/account/security-hub", ACCOUNT): "COMPLIANT",
        ("/ce/ca/aws/account/aws-support-role", ACCOUNT): "INCOMPLIANT",
    }
    named = [word for policy in sorted({policy for policy, _ in expected}) for word in ("--policy", policy)]
    ended = collected(run, proxy, tmp_path / "s", *named)
    assert 0 == ended.code, ended.err
    statuses = {key: one["status"] for key, one in judged(run, tmp_path / "s", *named).items()}
    assert expected == {key: statuses.get(key) for key in expected}
    written = b"".join(path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file())
    assert SECRET.encode() not in written and SECRET not in ended.out + ended.err


def test_one_policy_asks_only_for_what_it_reads(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    ended = collected(run, proxy, tmp_path / "s", "--policy", "user-has-more-than-one-active-access-key")
    assert (0, {"GetCallerIdentity", "GenerateCredentialReport", "GetCredentialReport"}) == (ended.code, set(proxy.asked))
    assert len(proxy.asked) <= 8
    assert ["CA10__CaAwsAccount__c", "CA10__CaAwsUser__c"] == sorted(Store(tmp_path / "s").snapshot().tables.by_name)


def test_an_account_without_regions_is_no_answer(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    proxy.answers = {"DescribeRegions": "no regions"}
    ended = collected(run, proxy, tmp_path / "s", "--policy", "iam-access-analyzer-for-all-regions", "--regions", "us-east-1")
    assert (3, True) == (ended.code, "failed: ec2:DescribeRegions (NoResult)" in ended.err)
    tables = Store(tmp_path / "s").snapshot().tables.by_name
    assert (0, False) == (tables["CA10A1__CaAwsIamAccessAnalyzer__c"].rows, "Analyzer" in ended.out)
    assert "  none of 2 other types\n" in ended.out
    assert 0 == Store(tmp_path / "s").snapshot().tables.by_name["CA10A1__CaAwsIamAccessAnalyzer__c"].rows
    claims = [claim for source in Store(tmp_path / "s").snapshot().sources for claim in source.coverage]
    assert [] == [claim for claim in claims if claim.lacking is None and claim.scope.region is None]


@pytest.mark.parametrize("how", ["RequestLimitExceeded", "html 502"])
def test_what_passes_at_the_third_attempt_is_read(run: RunWriter, proxy: Proxy, tmp_path: Path, how: str) -> None:
    proxy.answers = {"DescribeRegions": f"twice {how}"}
    assert 0 == collected(run, proxy, tmp_path / "s", "--policy", "security-hub").code
    assert ["COMPLIANT"] == [one["status"] for one in judged(run, tmp_path / "s", "--policy", "security-hub").values()]


def test_documents_come_together_and_one_by_one_where_that_is_denied(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    policy = ("--policy", "policy-allows-full-administrative-privileges")
    for denied, asked, code, status in (
        ((), 0, 0, "INCOMPLIANT"),
        (("GetAccountAuthorizationDetails",), 1, 0, "INCOMPLIANT"),
        (("GetAccountAuthorizationDetails", "GetPolicyVersion"), 1, 3, "UNDETERMINED"),
    ):
        proxy.answers, proxy.asked = dict.fromkeys(denied, "AccessDenied"), []
        ended = collected(run, proxy, tmp_path / "s", *policy)
        assert (code, asked) == (ended.code, proxy.asked.count("GetPolicyVersion"))
        assert [status] == [one["status"] for one in judged(run, tmp_path / "s", *policy).values()]
    assert "denied iam:GetPolicyVersion (AccessDenied)" in ended.err


def test_regions_that_are_not_asked_are_not_known(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    policies = ("--policy", "ebs-volume-encryption-attribute-in-all-regions", "--policy", "security-hub")
    ended = collected(run, proxy, tmp_path / "s", *policies, "--regions", "eu-*")
    verdicts = judged(run, tmp_path / "s", *policies)
    assert {"UNDETERMINED"} == {one["status"] for one in verdicts.values()}
    assert all("not asked for: " in json.dumps(one) for one in verdicts.values()), verdicts
    assert 0 == ended.code
    wrong = collected(run, proxy, tmp_path / "w", *policies, "--regions", "us-east-9")
    assert (2, True) == (wrong.code, "no enabled region `us-east-9`; did you mean us-east-1?" in wrong.err)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working directory."""
    directory = tmp_path / "here"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


def test_a_scan_collects_judges_and_reports(run: RunWriter, proxy: Proxy, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []

    def noted(place: Path | None) -> Repository:
        opened.append(place)
        return open_repository(place)

    monkeypatch.setattr(repositories, "open_repository", noted)
    scan = ("scan", "aws", "--endpoint-url", proxy.url, "--policy", "security-hub", "--no-store")
    ended = run(*scan, "--format", "json")
    assert ended.out, ended.err
    assert (0, ["COMPLIANT"]) == (ended.code, [one["status"] for one in json.loads(ended.out)["verdicts"]])
    assert ("snapshot " in ended.err, [None]) == (True, opened)
    proxy.answers = {"DescribeHub": "AccessDeniedException"}
    denied = run(*scan, "--details")
    assert (3, True) == (denied.code, "denied securityhub:DescribeHub" in denied.err)
    assert "and 1 more place, in the account" in denied.err
    assert re.findall("  .*: [0-9]+ rows?", denied.err) == ["  AWS Account: 1 row"]
    assert "Why? To use `perpend explain`, keep the collected data: leave out --no-store." in denied.out
    assert "/store" not in denied.out
    assert [] == list(here.iterdir())


def test_a_scan_sums_up_and_names_what_was_denied(run: RunWriter, proxy: Proxy, here: Path) -> None:
    proxy.answers = {"DescribeHub": "AccessDeniedException", "GetEbsEncryptionByDefault": "UnauthorizedOperation"}
    policies = ("security-hub", "ebs-volume-encryption-attribute-in-all-regions", KEYS)
    scan = ("scan", "aws", "--endpoint-url", proxy.url, *(word for name in policies for word in ("--policy", name)))
    ended = run(*scan)
    assert 1 == ended.code
    assert re.match(rf"Scanned account {ACCOUNT}, 2 regions, [0-9]+ API calls, [0-9]+ s  .* UTC\n", ended.out), ended.out
    lines = ended.out.splitlines()
    start = lines.index("Not read: 4 calls were denied, 2 unknown verdicts need them")
    denied = [("ec2:GetEbsEncryptionByDefault", 1), ("securityhub:DescribeHub", 1)]
    expected = [[label, "eu-west-1, us-east-1", f"{number} verdict"] for label, number in denied]
    assert expected == [re.split("  +", line.strip()) for line in lines[start + 1 : start + 3]]
    assert len(lines) - lines[start:].index("") <= 30
    kept = "perpend: the data are kept in .perpend/store (--store DIR: elsewhere, --no-store: nowhere)"
    told = ended.err.splitlines()
    assert kept == told[0]
    assert len(told) <= 10
    assert "rows" not in ended.err
    assert lines[start + 3].startswith("    perpend permissions --missing   ")
    assert "--store" not in ended.out
    explain = next(line for line in lines if line.startswith("  perpend explain "))
    assert 0 == run(*shlex.split(explain.split("   ")[0])[1:]).code
    again = run(*scan, "-q")
    assert 3 == len(again.out.splitlines())


def test_what_regions_leave_out_is_said_once(run: RunWriter, proxy: Proxy, here: Path) -> None:
    policies = ("--policy", "**/ec2/*", "--policy", "**/vpc/*", "--policy", "security-hub")
    scan = ("scan", "aws", "--endpoint-url", proxy.url, *policies, "--no-store", "--regions", "eu-*")
    told = [line for line in run(*scan).err.splitlines() if "may not be evaluated" in line]
    assert 1 == len(told)
    assert re.fullmatch(
        "perpend: AWS [A-Za-z0-9 ]+ and [0-9]+ more types: some objects may not be evaluated: --regions left out 1 region",
        told[0],
    )


def test_no_bar_stays_on_a_terminal_and_all_work_has_one(proxy: Proxy, here: Path) -> None:
    from tests.terminals import shown

    width = 80
    proxy.answers = {"DescribeHub": "AccessDeniedException"}
    policies = ("security-hub", "ebs-volume-encryption-attribute-in-all-regions", KEYS)
    words = ("--endpoint-url", proxy.url, *(word for name in policies for word in ("--policy", name)))
    scanned = shown("scan", "aws", *words, width=width, cwd=here)
    phases = ("accounts", "storing", "evaluating", "recording the history", "counting")
    places = [scanned.sent.find(phase) for phase in phases]
    assert sorted(places) == places and -1 not in places, places
    report = shown("report", "html", "--store", ".perpend/store", "--out", "report.html", width=width, cwd=here)
    assert all(phase in report.sent for phase in ("evaluating", "reading the history", "writing the report"))
    for row in (*scanned.rows, *report.rows):
        assert not re.search("━|evaluating|recording|counting|storing|writing", row), row
    assert (1, 0) == (scanned.code, report.code)
    first = next(place for place, row in enumerate(scanned.rows) if row.startswith("Scanned account "))
    rows = scanned.rows[first : scanned.rows.index("Next")]
    assert len(rows) <= 40 and all(len(row) <= width for row in rows)
    assert "Not read: 2 calls were denied, 1 unknown verdict needs them" in rows


def test_the_default_store_is_private_and_ignored_by_git(run: RunWriter, proxy: Proxy, here: Path) -> None:
    scan = ("scan", "aws", "--endpoint-url", proxy.url, "--policy", "security-hub")
    assert 0 == run(*scan).code
    directory = here / ".perpend"
    assert (0o700, "*\n") == (directory.stat().st_mode & 0o777, (directory / ".gitignore").read_text())
    assert 0 == run("check", "--store", ".perpend/store", "--policy", "security-hub").code
    assert (0, 2) == (run(*scan).code, len(Store(directory / "store").runs()))
    (here / "perpend.toml").write_text('store = "mine"\n')
    ended = run(*scan)
    assert (0, False, True) == (ended.code, ".perpend" in ended.err, (here / "mine" / "runs").is_dir())
    assert " --store mine" in ended.out
    assert (0, 1) == (run(*scan, "--no-store").code, len(Store(here / "mine").runs()))


@pytest.mark.parametrize("how", ["link", "file", "open", "link inside"])
def test_a_default_store_that_others_may_have_made_is_refused(run: RunWriter, proxy: Proxy, here: Path, how: str) -> None:
    elsewhere = here.parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    directory = here / ".perpend"
    if how == "link":
        directory.symlink_to(elsewhere)
    elif how == "file":
        directory.write_text("")
    else:
        directory.mkdir(mode=0o755 if how == "open" else 0o700)
        if how == "link inside":
            (directory / "store").mkdir()
            (directory / "store" / "runs").symlink_to(elsewhere)
    ended = run("scan", "aws", "--endpoint-url", proxy.url, "--policy", "security-hub")
    assert (2, []) == (ended.code, proxy.asked)
    assert ended.err.startswith("perpend: .perpend: cannot be used: ")
    assert [] == list(elsewhere.iterdir())


def test_a_scan_that_is_not_recorded_is_exit_code_2_after_its_report(run: RunWriter, proxy: Proxy, here: Path) -> None:
    scan = ("scan", "aws", "--endpoint-url", proxy.url, "--policy", "security-hub", "--format", "json")
    with full(16_384):
        unrecorded = run(*scan)
    assert (2, ["COMPLIANT"]) == (unrecorded.code, [one["status"] for one in json.loads(unrecorded.out)["verdicts"]])
    assert "perpend: the run was not recorded in the history: .perpend/store/history/head.json: " in unrecorded.err
    assert 1 == len(Store(".perpend/store").runs())
    recorded = run(*scan)
    assert 0 == recorded.code and "not recorded" not in recorded.err


def test_an_interrupted_scan_says_what_is_left(
    run: RunWriter, proxy: Proxy, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    scan = ("scan", "aws", "--endpoint-url", proxy.url, "--policy", "security-hub")
    with monkeypatch.context() as patch:
        patch.setattr(CollectionRun, "store_all", stopped)
        without, kept = run(*scan, "--no-store"), run(*scan)
    assert (130, 130) == (without.code, kept.code)
    assert ["perpend: nothing was kept, because of --no-store", "perpend: interrupted"] == without.err.split("\n")[:3:2]
    assert re.match(
        r"[0-9]+ listings are done and stored in .perpend/store: the same command with --resume continues", kept.err
    )
    proxy.asked = []
    assert (0, 0) == (run(*scan, "--resume").code, proxy.asked.count("DescribeHub"))


@pytest.mark.slow
def test_a_scan_of_types_is_judged_by_what_reads_nothing_else(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    scan = ("scan", "aws", "--endpoint-url", proxy.url, "--format", "json", "--no-store")
    user = ("--types", "CA10__CaAwsUser__c")
    ended = run(*scan, *user)
    verdicts = json.loads(ended.out)["verdicts"]
    policies = {one["policyId"].rpartition("/")[2] for one in verdicts}
    assert {"account-has-no-iam-users", "user-has-more-than-one-active-access-key"} < policies
    undetermined = {one["object"]["id"] for one in verdicts if one["status"] == "UNDETERMINED"}
    assert {f"arn:aws:iam::{ACCOUNT}:root"} == undetermined  # moto's report has no row of the root user
    lines = ended.err.splitlines()
    asked, group = f"{len(policies)} policies read only the types of --types; ", "/ce/ca/aws/iam/user-without-group"
    assert 1 == sum(line.startswith(asked) and line.endswith(" policies over other types skipped") for line in lines)
    assert f"  skipped, because it also reads AWS IAM User Group Link: {group}" in lines
    (tmp_path / "perpend.toml").write_text('exclude = ["**/user-has-more-than-one-active-access-key"]\n')
    left_out = json.loads(run(*scan, *user, "--config", tmp_path / "perpend.toml").out)["verdicts"]
    assert policies - {"user-has-more-than-one-active-access-key"} == {one["policyId"].rpartition("/")[2] for one in left_out}
    proxy.answers, proxy.asked = {"GetCredentialReport": "AccessDenied"}, []
    denied = run(*scan, *user)
    assert (3, True) == (
        denied.code,
        f"denied iam:GetCredentialReport (AccessDenied) in {ACCOUNT}; 8 policies read it" in denied.err,
    )
    kept = run("collect", "aws", "--store", tmp_path / "s", "--endpoint-url", proxy.url, *user)
    assert re.search(r"\(AccessDenied\) in [0-9]+; ([2-9]|[0-9]{2}) policies read it", kept.err), kept.err
    proxy.answers, proxy.asked = {}, []
    nothing = run(*scan, "--types", "CA10__CaAwsVpc__c")
    assert (2, []) == (nothing.code, proxy.asked)
    assert "perpend: no policy reads only AWS VPC: `perpend collect aws` collects without evaluation" in nothing.err


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("ExpiredToken", "the credentials have expired"),
        ("InvalidClientTokenId", "does not know"),
        ("html 200", "not AWS"),
        ("html 500", "does not work"),
    ],
)
def test_without_an_account_nothing_is_collected(run: RunWriter, proxy: Proxy, tmp_path: Path, how: str, said: str) -> None:
    proxy.answers = {"GetCallerIdentity": how}
    ended = collected(run, proxy, tmp_path / "s")
    assert (2, "") == (ended.code, ended.out)
    assert said in ended.err and ended.err.count("\n") == 1
    assert not (tmp_path / "s" / "manifest.json").exists()


def test_what_keeps_it_from_asking_is_one_sentence(
    run: RunWriter, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = collected(run, proxy, tmp_path / "s", "--profile", "nobody")
    assert (2, "perpend: the AWS configuration has no profile `nobody`\n") == (unknown.code, unknown.err)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert unknown == collected(run, proxy, tmp_path / "s", "--profile", "nobody")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert unknown == collected(run, proxy, tmp_path / "s")
    monkeypatch.delenv("AWS_PROFILE")
    address = collected(run, proxy, tmp_path / "s", "--endpoint-url", "localhost:5000")
    assert (2, True) == (address.code, "'localhost:5000' is not an address, such as http://127.0.0.1:5000" in address.err)
    for name in KNOWN:
        monkeypatch.delenv(name)
    none = collected(run, proxy, tmp_path / "s")
    assert (2, True) == (none.code, "no credentials found" in none.err)
    dry = run("collect", "aws", "--policy", "user-has-more-than-one-active-access-key", "--dry-run")
    assert (0, True) == (dry.code, "iam GetCredentialReport, for the account (iam:GetCredentialReport)" in dry.out)
    metrics = run("collect", "aws", "--policy", "instance-idle", "--dry-run").out.splitlines()
    told = "cloudwatch GetMetricData, for up to 500 objects at once (cloudwatch:GetMetricData), 3 times"
    assert [told] == [line for line in metrics if "GetMetricData" in line]
    told = run("collect", "aws", "--policy", "ebs-volume-encryption-*", "--policy", "queue-policy-open-*", "--dry-run").out
    assert "organizations DescribeOrganization, for the account (" in told
    assert "ec2 GetEbsEncryptionByDefault, for each region (" in told
    assert "sqs GetQueueAttributes, for each object (" in told
    assert told.endswith(", then at most 1 for each object, by its type\n")
    assert [] == proxy.asked


def test_objects_disappear_where_a_listing_is_complete_and_only_there(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    """Created, seen, denied, seen, deleted, seen: a denied listing leaves them as they were."""
    session = session_of("id", SECRET)
    iam = session.create_client("iam", region_name="us-east-1", endpoint_url=proxy.url)
    made = iam.create_policy(PolicyName="passing", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    policy = ("--policy", "policy-allows-full-administrative-privileges")
    key = ("/ce/ca/aws/iam/policy-allows-full-administrative-privileges", f"{ACCOUNT}|{made}")

    def collect(*options: str) -> tuple[str, dict[str, Any]]:
        ended = collected(run, proxy, tmp_path / "s", *policy, *options)
        return ended.out + ended.err, judged(run, tmp_path / "s", *policy, history=True).get(key, {})

    _, seen = collect()
    assert "INAPPLICABLE" == seen["status"]  # it is attached to nobody
    iam.delete_policy(PolicyArn=made)
    proxy.answers = {"ListPolicies": "AccessDenied"}
    told, denied = collect()
    assert "not listed this time, unchanged in the store: " in told
    assert (seen["status"], seen["object"]["observedAt"]) == (denied["status"], denied["object"]["observedAt"])
    proxy.answers = {}
    told, gone = collect()
    assert "disappeared: AWS IAM Policy (1)" in told
    assert ("DISAPPEARED", True) == (gone["status"], gone["object"]["observedAt"] > seen["object"]["observedAt"])
    told, forgotten = collect("--keep-disappeared", "0s")
    assert {} == forgotten
    assert "disappeared long ago, removed from the store: AWS IAM Policy (1)" in told


def test_a_listing_that_says_something_else_empties_no_account(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    """AWS leaves an empty list of queues out: nothing but an answer without members is one."""
    sqs = session_of("id", SECRET).create_client("sqs", region_name="us-east-1", endpoint_url=proxy.url)
    queue = sqs.create_queue(QueueName="open")["QueueUrl"]
    types = ("--types", "CA10__CaAwsSqsQueue__c")
    assert 0 == collected(run, proxy, tmp_path / "s", *types).code
    for how in BODIES.keys() - {"no members"}:
        proxy.answers = {"ListQueues": how}
        ended = collected(run, proxy, tmp_path / "s", *types)
        assert (3, False) == (ended.code, "disappeared" in ended.out), how
        assert "failed: sqs:ListQueues (NoResult)" in ended.err
        assert "not listed this time, unchanged in the store: AWS SQS Queue (1)" in ended.out
    proxy.answers = {"ListQueues": "no members"}
    emptied = collected(run, proxy, tmp_path / "s", *types)
    assert (0, True) == (emptied.code, "disappeared: AWS SQS Queue (1)" in emptied.out)
    sqs.delete_queue(QueueUrl=queue)


@pytest.mark.parametrize("end", [b"}", b',"Truncated":false,"NextMarker":"m"}'])
def test_no_key_disappears_from_a_list_whose_end_is_not_stated(
    run: RunWriter, proxy: Proxy, tmp_path: Path, end: bytes
) -> None:
    keys = session_of("id", SECRET).create_client("kms", region_name="us-east-1", endpoint_url=proxy.behind)
    keys.create_key()
    types = ("--types", "CA10__CaAwsKmsKey__c", "--regions", "us-east-1")
    assert 0 == collected(run, proxy, tmp_path / "s", *types).code
    proxy.mended = {"ListKeys": lambda content: b'{"Keys":[]' + end}
    ended = collected(run, proxy, tmp_path / "s", *types)
    assert (3, False) == (ended.code, "disappeared" in ended.out)
    assert "failed: kms:ListKeys (TruncatedAnswer)" in ended.err
    proxy.mended = {}


def test_an_answer_about_another_resource_is_no_pass(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    """A broken cache answers of another queue, secret and domain, which have no policy."""

    def client(service: str) -> Any:
        return session_of("id", SECRET).create_client(service, region_name="us-east-1", endpoint_url=proxy.behind)

    queue = client("sqs").create_queue(QueueName="open")["QueueUrl"]
    secret = client("secretsmanager").create_secret(Name="open", SecretString="s")["ARN"]
    client("opensearch").create_domain(DomainName="open")
    proxy.mended = {
        "GetQueueAttributes": (b":open", b":another"),
        "GetResourcePolicy": (b"secret:open", b"secret:another"),
        "DescribeDomain": (b"domain/open", b"domain/another"),
    }
    policies = [f"{service}-policy-open-to-everybody" for service in ("queue", "secret", "domain")]
    named = [word for policy in policies for word in ("--policy", policy)]
    ended = collected(run, proxy, tmp_path / "s", *named)
    for call in ("sqs:GetQueueAttributes", "secretsmanager:GetResourcePolicy", "es:DescribeDomain"):
        assert f"failed: {call} (OtherResource)" in ended.err
    assert (3, ["UNDETERMINED"] * 3) == (
        ended.code,
        [one["status"] for one in judged(run, tmp_path / "s", *named).values()],
    )
    proxy.mended = {}
    client("sqs").delete_queue(QueueUrl=queue)
    client("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    client("opensearch").delete_domain(DomainName="open")


def test_a_domain_without_a_policy_has_an_empty_one(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    """AWS sends an empty text if a domain has no policy. A missing member says nothing."""
    domains = session_of("id", SECRET).create_client("opensearch", region_name="us-east-1", endpoint_url=proxy.behind)
    domains.create_domain(DomainName="bare")
    policies = ("--policy", "/ce/ca/aws/opensearch/domain-policy-open-to-*")
    for mended, status in (({}, "COMPLIANT"), ({"DescribeDomain": (b'"AccessPolicies"', b'"Other"')}, "UNDETERMINED")):
        proxy.mended = mended
        collected(run, proxy, tmp_path / "s", *policies)
        assert [status] * 2 == [one["status"] for one in judged(run, tmp_path / "s", *policies).values()]
    proxy.mended = {}
    domains.delete_domain(DomainName="bare")


def test_a_function_with_an_alias_is_no_pass(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    """The policy of an alias lets everybody in, and only the policy of the function is collected."""
    functions = session_of("id", SECRET).create_client("lambda", region_name="us-east-1", endpoint_url=proxy.behind)
    code = {"ImageUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/a@sha256:{'0' * 64}"}
    for name in ("plain", "aliased"):
        role = f"arn:aws:iam::{ACCOUNT}:role/role"
        functions.create_function(FunctionName=name, Role=role, Code=code, PackageType="Image")
    functions.create_alias(FunctionName="aliased", Name="live", FunctionVersion="$LATEST")
    policies = ("--policy", "/ce/ca/aws/lambda/function-policy-open-to-*")
    assert 0 == collected(run, proxy, tmp_path / "s", *policies).code
    of_names = {
        (identity.rpartition(":")[2], one["status"]) for (_, identity), one in judged(run, tmp_path / "s", *policies).items()
    }
    assert {("plain", "COMPLIANT"), ("aliased", "UNDETERMINED")} == of_names
    for name in ("plain", "aliased"):
        functions.delete_function(FunctionName=name)


def test_what_other_accounts_own_is_left_out_and_counted(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    ec2 = session_of("id", SECRET).create_client("ec2", region_name="us-east-1", endpoint_url=proxy.url)
    ec2.create_security_group(GroupName="second", Description="another one")
    own, foreign = (f"<ownerId>{account}</ownerId>".encode() for account in (ACCOUNT, "444455556666"))
    types = ("--types", "CA10__CaAwsSecurityGroup__c")

    def told(number: int, regions: str) -> tuple[int, str]:
        proxy.mended = {
            f"DescribeSecurityGroups {region}": lambda content: content.replace(own, foreign, number)
            for region in regions.split()
        }
        ended = collected(run, proxy, tmp_path / "s", *types)
        assert ended.err == ""
        lines = [line for line in ended.out.splitlines() if line.startswith("left out: ")]
        return ended.code, "".join(lines)

    shows, somebody = "left out: {} that ec2:DescribeSecurityGroups shows in {}", "other accounts own them"
    assert (0, "") == told(1, "")
    some = shows.format("1 of 2 objects", f"{ACCOUNT}/us-east-1")
    assert (0, f"{some}: {somebody}") == told(1, "us-east-1")
    every = shows.format("every object", f"{ACCOUNT}/us-east-1")
    assert (0, f"{every}: {somebody}") == told(9, "us-east-1")
    both = shows.format("every object", f"{ACCOUNT}/eu-west-1 and 1 more place")
    assert (0, f"{both}: {somebody}") == told(9, "us-east-1 eu-west-1")
    proxy.mended = {}


def test_regions_that_are_declared_empty_are_not_asked(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    policies = ("--policy", "security-hub", "--closed-region", "ap-*", "--closed-region", "[!u]*")
    ended = collected(run, proxy, tmp_path / "s", *policies)
    assert (0, True) == (ended.code, "declared empty, and not read: --closed-region ap-* --closed-region [!u]*" in ended.out)
    assert ["COMPLIANT"] == [one["status"] for one in judged(run, tmp_path / "s", "--policy", "security-hub").values()]
    assert 1 == proxy.asked.count("DescribeHub")  # the proxy's account has two regions
    shown = run("inventory", "show", "--store", tmp_path / "s").out
    assert "statement" in shown
    wrong = collected(run, proxy, tmp_path / "w", *policies, "--closed-region", "eu-norht*")
    assert (2, True) == (wrong.code, "--closed-region: there is no region `eu-norht*`" in wrong.err)
