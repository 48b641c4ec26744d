"""An organization on a server of ours: many accounts, what is interrupted and gone on with, and every way to be badly answered."""

from __future__ import annotations

import itertools
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from perpend.collectors import rate_limit as pace_module
from perpend.collectors.aws import client as client_module
from perpend.collectors.aws.report import credential_report
from perpend.collectors.runs.checkpoint import Checkpoint
from perpend.inventory.snapshots.store import Store
from tests.cli.conftest import RunWriter, run
from tests.servers.clock import Clock
from tests.servers.killing import done_in, tables
from tests.servers.long import CHOSEN, asked_again, killed_organization
from tests.servers.planted.rounds import command
from tests.servers.stub import MANAGEMENT, SECRET, Call, Stub, throttling

pytestmark = pytest.mark.usefixtures("shared_database")

__all__ = ["run"]

KEYS = "user-has-more-than-one-active-access-key"
EXTERNAL = "-".join(("told", "to", "nobody"))
ORG = ("--org", "--role-name", "audit", "--external-id", EXTERNAL)
ACCOUNTS, USERS = 4, 8


@pytest.fixture(scope="module")
def server() -> Iterator[Stub]:
    found = Stub(ACCOUNTS, USERS)
    yield found
    found.close()


class Whole(NamedTuple):
    """All accounts, collected by somebody whom nothing disturbed: what is stored, what was answered, which roles were entered."""

    store: Path
    calls: int
    assumed: list[dict[str, str]]


@pytest.fixture(scope="module")
def whole(server: Stub, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    store = tmp_path_factory.mktemp("whole") / "s"
    begin_anew(server)
    with pytest.MonkeyPatch.context() as patch:
        be_somebody(patch, store.parent)
        ended = command("collect", "aws", "--store", store, "--endpoint-url", server.url, *CHOSEN, *ORG)
    assert (0, "") == (ended.code, ended.err)
    return Whole(store, len(server.answered), [*server.assumed])


def begin_anew(server: Stub) -> None:
    """Have a server answer all, and forget what it was asked."""
    server.fault, server.suspended = (lambda call: None), set()
    for calls in (server.asked, server.answered, server.assumed):
        calls.clear()


@pytest.fixture
def stub(server: Stub) -> Stub:
    begin_anew(server)
    return server


def be_somebody(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have credentials, and a clock that only waiting moves."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    clock = Clock()
    monkeypatch.setattr(pace_module, "time", clock)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=clock.sleep))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    be_somebody(monkeypatch, tmp_path)


@pytest.fixture
def collect(run: RunWriter, stub: Stub, tmp_path: Path) -> Callable[..., Any]:
    def collected(*options: Any, store: str = "s") -> Any:
        return run("collect", "aws", "--store", tmp_path / store, "--endpoint-url", stub.url, *CHOSEN, *options)

    return collected


def be_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no answer as long as usual: for tests in which some never come, and what comes too late may be asked for again."""
    monkeypatch.setattr(client_module, "READ", 0.3)


def statuses(run: RunWriter, store: Path) -> Counter[tuple[str, str]]:
    found = json.loads(run("check", "--store", store, *CHOSEN, "--no-history", "--format", "json").out)
    return Counter((one["policyId"].rpartition("/")[2], one["status"]) for one in found["verdicts"])


def test_all_accounts_of_an_organization_are_collected_and_each_is_claimed(run: RunWriter, server: Stub, whole: Whole) -> None:
    expected = {
        (KEYS, "INCOMPLIANT"): ACCOUNTS * USERS // 4,
        (KEYS, "COMPLIANT"): ACCOUNTS * USERS * 3 // 4,
        (KEYS, "INAPPLICABLE"): ACCOUNTS,
        ("delete-user-inline-or-directly-attached-policies", "INCOMPLIANT"): ACCOUNTS * USERS // 4,
        ("delete-user-inline-or-directly-attached-policies", "COMPLIANT"): ACCOUNTS * USERS * 3 // 4,
        ("delete-user-inline-or-directly-attached-policies", "INAPPLICABLE"): ACCOUNTS,
        ("iam-access-analyzer-for-all-regions", "COMPLIANT"): ACCOUNTS,
        ("policy-allows-full-administrative-privileges", "INCOMPLIANT"): ACCOUNTS * 3,
    }
    assert expected == statuses(run, whole.store)
    assert not (whole.store / "unfinished" / "journal.ndjson").exists()
    assert [] == list((whole.store / "unfinished").iterdir())
    assert {one for one in server.accounts if one != MANAGEMENT} == {one["RoleArn"].split(":")[4] for one in whole.assumed}
    policy = json.loads(whole.assumed[0]["Policy"])
    assert "iam:GetCredentialReport" in policy["Statement"][0]["Action"]
    assert {EXTERNAL} == {one["ExternalId"] for one in whole.assumed}


def test_neither_secrets_nor_external_ids_are_kept(stub: Stub, collect: Callable[..., Any], tmp_path: Path) -> None:
    stub.fault = lambda call: "ValidationError" if call.operation == "ListPolicies" else None
    ended = collect(*ORG, "--accounts", "team-1")
    written = b"".join(path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file())
    for secret in (SECRET, EXTERNAL):
        assert secret.encode() not in written and secret not in ended.out + ended.err


def test_an_account_that_cannot_be_entered_is_there_and_nothing_of_it_is_known(
    run: RunWriter, stub: Stub, collect: Callable[..., Any], tmp_path: Path
) -> None:
    closed = stub.accounts[2]
    stub.fault = lambda call: "AccessDenied" if call.operation == "AssumeRole" and closed in call.what else None
    ended = collect(*ORG)
    assert 3 == ended.code
    assert f"denied sts:AssumeRole (AccessDenied) in {closed}; 4 policies read it, 1 verdict at most" in ended.err
    verdicts = json.loads(run("check", "--store", tmp_path / "s", *CHOSEN, "--no-history", "--format", "json").out)["verdicts"]
    mine = [one for one in verdicts if closed in one["object"]["id"]]
    assert [(closed, "UNDETERMINED")] == [(one["object"]["id"], one["status"]) for one in mine]
    assert "denied sts:AssumeRole (AccessDenied)" in json.dumps(mine)
    assert ACCOUNTS - 1 == sum(one["status"] == "COMPLIANT" for one in verdicts if "analyzer" in one["policyId"])


def test_accounts_are_narrowed_by_id_and_name_and_those_at_rest_are_told(
    stub: Stub, collect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stub, "accounts", [f"{int(MANAGEMENT) + number}" for number in range(6)])
    stub.suspended = {stub.accounts[5]}
    ended = collect(*ORG, "--accounts", stub.accounts[1], "--accounts", "team-[34]")
    assert (0, "1 account is not active, and skipped\n") == (ended.code, ended.err)
    assert {stub.accounts[number] for number in (1, 3, 4)} == {call.account for call in stub.asked} - {MANAGEMENT}
    wrong = collect(*ORG, "--accounts", "team-55")
    assert (2, "did you mean team-") == (wrong.code, wrong.err.partition("; ")[2].strip()[:18])


@pytest.mark.slow
def test_one_throttled_account_stops_no_other_and_few_failures_are_mended(
    run: RunWriter, stub: Stub, collect: Callable[..., Any], whole: Whole, tmp_path: Path
) -> None:
    stub.fault = throttling(0.3, 2)
    assert (0, "") == ((ended := collect(*ORG, store="mended")).code, ended.err)
    assert tables(whole.store) == tables(tmp_path / "mended")
    always = stub.accounts[3]
    stub.fault = lambda call: "Throttling" if call.account == always and call.operation == "ListPolicies" else None
    ended = collect(*ORG, store="t")
    told = f"  throttled out of iam:ListPolicies (Throttling) in {always}; 1 policy reads it"
    assert (3, True) == (ended.code, ended.err.split("\n")[1].startswith(told)), ended.err
    found = statuses(run, tmp_path / "t")
    assert (ACCOUNTS - 1) * 3 == found["policy-allows-full-administrative-privileges", "INCOMPLIANT"]
    assert ACCOUNTS == found["iam-access-analyzer-for-all-regions", "COMPLIANT"]


@pytest.mark.slow
@pytest.mark.parametrize("ways", [("html", "html 500", "reset", "half", "repeat"), ("hang",)], ids=["at-once", "hang"])
def test_what_is_no_answer_is_not_known(
    stub: Stub,
    run: RunWriter,
    collect: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ways: tuple[str, ...],
) -> None:
    """Each account answers badly in a way of its own."""
    if ways == ("hang",):
        be_impatient(monkeypatch)
    bad = {f"{int(MANAGEMENT) + number}": how for number, how in enumerate(ways)}
    monkeypatch.setattr(stub, "accounts", [*bad])

    def is_hit(call: Call) -> bool:
        return call.operation == "GetAccountAuthorizationDetails" and call.what.startswith("User")

    stub.fault = lambda call: bad[call.account] if is_hit(call) else None
    ended = collect(*ORG)
    assert (3, True) == (ended.code, "failed: iam:GetAccountAuthorizationDetails (" in ended.err), ended.err
    failed = [call for call in Store(tmp_path / "s").snapshot().calls if call.label == "iam:GetAccountAuthorizationDetails"]
    assert [(account, "failed:") for account in bad] == sorted((call.account, call.kind) for call in failed)
    asked = run("check", "--store", tmp_path / "s", *CHOSEN, "--no-history", "--format", "json")
    verdicts = json.loads(asked.out)["verdicts"]
    for account in bad:
        mine = [one for one in verdicts if account in one["object"]["id"]]
        found = Counter((one["policyId"].rpartition("/")[2], one["status"]) for one in mine)
        assert 0 == found["delete-user-inline-or-directly-attached-policies", "COMPLIANT"]
        assert 3 == found["policy-allows-full-administrative-privileges", "INCOMPLIANT"]


@pytest.mark.slow
def test_a_report_that_is_for_ever_in_progress_is_not_known(
    run: RunWriter, stub: Stub, collect: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(credential_report.__kwdefaults__, "deadline", 0.0)
    monkeypatch.setattr(stub, "state", "INPROGRESS")
    ended = collect()
    assert (3, True) == (ended.code, "failed: iam:GetCredentialReport (ReportInProgress) in " in ended.err), ended.err
    assert "GetCredentialReport" not in {call.operation for call in stub.asked}
    found = statuses(run, tmp_path / "s")
    assert 0 == sum(number for (policy, status), number in found.items() if policy == KEYS and status != "UNDETERMINED")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("ExpiredToken", "the credentials have expired"),
        ("RequestTimeTooSkewed", "check this machine's clock"),
        ("SignatureDoesNotMatch", "check the secret key and this machine's clock"),
        ("html", "the server that answers is not AWS"),
        ("html 500", "(500): "),
        ("reset", "closed the connection before it answered"),
        ("half", "closed the connection before it answered"),
        ("hang", "the server did not answer in time"),
    ],
)
def test_what_keeps_it_from_asking_is_one_sentence(
    stub: Stub, collect: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, said: str
) -> None:
    if how == "hang":
        be_impatient(monkeypatch)
    stub.fault = lambda call: how
    ended = collect(*ORG)
    assert (2, "", 1) == (ended.code, ended.out, ended.err.count("\n")), ended.err
    assert said in ended.err
    assert not (tmp_path / "s").exists()


NOTE = Checkpoint._append


def interrupted(after: int) -> Callable[[Checkpoint, str, Any], None]:
    """Return what interrupts a collection as it notes what it has done, after some notes."""
    left = itertools.count(after, -1)

    def note(journal: Checkpoint, kind: str, document: Any) -> None:
        if next(left) <= 0:
            raise KeyboardInterrupt
        NOTE(journal, kind, document)

    return note


def interrupted_when(is_time: Callable[[Checkpoint], object]) -> Callable[[Checkpoint, str, Any], None]:
    """Return what interrupts a collection before it notes anything, once its checkpoint is in some state."""

    def note(journal: Checkpoint, kind: str, document: Any) -> None:
        if is_time(journal):
            raise KeyboardInterrupt
        NOTE(journal, kind, document)

    return note


@pytest.mark.slow
def test_what_is_interrupted_is_gone_on_with_and_nothing_is_done_twice(
    stub: Stub, collect: Callable[..., Any], whole: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = random.Random(7)
    done: set[tuple[str, str, str]] = set()
    for _ in range(3):
        stub.answered.clear()
        monkeypatch.setattr(Checkpoint, "_append", interrupted(drawn.randint(8, 16)))
        ended = collect(*ORG, *(["--resume"] if done else []))
        assert (130, True) == (ended.code, "with --resume continues" in ended.err), ended.err
        assert [] == asked_again(stub, done)
        done |= done_in(tmp_path / "s")
        stub.answered.clear()
    monkeypatch.setattr(Checkpoint, "_append", NOTE)
    ended = collect(*ORG, "--resume")
    assert (0, True) == (ended.code, len(done) > 6), ended.err
    assert [] == asked_again(stub, done)
    assert tables(whole.store) == tables(tmp_path / "s")
    assert "none was interrupted" in collect(*ORG, "--resume").err


def damage_first_part(store: Path) -> None:
    """Overwrite the middle of a line that names the rows of a complete listing, as a lost block does."""
    (journal,) = store.glob("unfinished/*/journal.ndjson")
    lines = journal.read_bytes().splitlines(keepends=True)
    done = [json.loads(line)["cell"]["cell"] for line in lines if line.startswith(b'{"cell"')]
    number = next(
        number for number, line in enumerate(lines) if line.startswith(b'{"part"') and json.loads(line)["part"]["cell"] in done
    )
    half = len(lines[number]) // 2
    lines[number] = lines[number][:half] + bytes(half // 2) + lines[number][half + half // 2 :]
    journal.write_bytes(b"".join(lines))


@pytest.mark.parametrize("is_known", [False, True], ids=["new", "known"])
def test_a_listing_whose_line_is_damaged_is_collected_again(
    run: RunWriter,
    collect: Callable[..., Any],
    whole: Whole,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_known: bool,
) -> None:
    if is_known:
        assert (0, "") == ((ended := collect(*ORG)).code, ended.err)
    has_rows = interrupted_when(lambda journal: journal.results.keys() & journal.parts.keys())
    monkeypatch.setattr(Checkpoint, "_append", has_rows)
    assert 130 == collect(*ORG).code
    monkeypatch.setattr(Checkpoint, "_append", NOTE)
    damage_first_part(tmp_path / "s")
    assert (0, "") == ((ended := collect(*ORG, "--resume")).code, ended.err)
    assert tables(whole.store) == tables(tmp_path / "s")
    assert statuses(run, whole.store) == statuses(run, tmp_path / "s")


def test_credentials_of_another_account_do_not_resume_a_collection(
    stub: Stub, collect: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = stub.accounts[1:3]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"ASIA{one}")
    monkeypatch.setattr(Checkpoint, "_append", interrupted_when(lambda journal: journal.results))
    assert 130 == collect().code
    monkeypatch.setattr(Checkpoint, "_append", NOTE)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"ASIA{two}")
    other = collect("--resume")
    reason = f"no collection to resume: the unfinished one is of account {one}, which these credentials do not open"
    assert (2, f"perpend: {tmp_path / 's'}: {reason}\n") == (other.code, other.err)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"ASIA{one}")
    assert (0, "") == ((ended := collect("--resume")).code, ended.err)
    assert {one} == {account for source in Store(tmp_path / "s").snapshot().sources for account in source.accounts}


def test_an_account_that_left_the_organization_is_left_out_of_a_resumed_collection(
    stub: Stub, collect: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = stub.accounts[-1]
    were_open = interrupted_when(lambda journal: journal.entries.keys() >= {*stub.accounts} and journal.results)
    monkeypatch.setattr(Checkpoint, "_append", were_open)
    assert 130 == collect(*ORG).code
    monkeypatch.setattr(Checkpoint, "_append", NOTE)
    monkeypatch.setattr(stub, "accounts", stub.accounts[:-1])
    ended = collect(*ORG, "--resume")
    said = "1 account of the interrupted collection is left out: these credentials do not open"
    assert (0, f"perpend: {said} {gone}\n") == (ended.code, ended.err)
    assert {*stub.accounts} == {account for source in Store(tmp_path / "s").snapshot().sources for account in source.accounts}


@pytest.mark.slow
def test_what_stands_unfinished_is_told_and_pruned(
    run: RunWriter, stub: Stub, collect: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Checkpoint, "_append", interrupted(8))
    assert 130 == collect().code
    monkeypatch.setattr(Checkpoint, "_append", NOTE)
    other = collect(*ORG, "--resume")
    assert (2, True) == (other.code, "the unfinished ones have other options" in other.err)
    stub.answered.clear()
    aged = collect("--resume", "--resume-age", "0s")
    assert (0, True) == (aged.code, len(stub.answered) > 4), aged.err
    monkeypatch.setattr(Checkpoint, "_append", interrupted(8))
    assert 130 == collect().code
    monkeypatch.setattr(Checkpoint, "_append", NOTE)
    fresh = collect()
    assert (0, True) == (fresh.code, "--resume with its options resumes it" in fresh.err)
    assert "1 removed" not in run("inventory", "prune", "--keep", "1", "--store", tmp_path / "s").err
    assert [] == list((tmp_path / "s" / "unfinished").iterdir())


def test_profiles_are_an_account_each_and_one_that_cannot_be_asked_stops_no_other(
    run: RunWriter, stub: Stub, collect: Callable[..., Any], tmp_path: Path
) -> None:
    keys = [("one", f"ASIA{stub.accounts[1]}"), ("two", f"ASIA{stub.accounts[2]}"), ("again", f"ASIA{stub.accounts[1]}")]
    text = "".join(f"[profile {name}]\naws_access_key_id={key}\naws_secret_access_key=x\n" for name, key in keys)
    (tmp_path / "config").write_text(text)
    both = collect("--profile", "one", "--profile", "two", "--profile", "one")
    assert (0, "") == (both.code, both.err)
    assert stub.accounts[1:3] == sorted({call.account for call in stub.asked})
    same = collect("--profile", "one", "--profile", "again", store="t")
    assert (0, f"open the same account {stub.accounts[1]}") == (same.code, same.err.strip()[-34:])
    stub.fault = lambda call: "ExpiredToken" if call.account == stub.accounts[2] else None
    half = collect("--profile", "one", "--profile", "two", store="u")
    assert (3, True) == (
        half.code,
        "credentials not accepted for sts:GetCallerIdentity (ExpiredToken) in profile two" in half.err,
    )
    assert USERS // 4 == statuses(run, tmp_path / "u")[KEYS, "INCOMPLIANT"]
    unknown = collect("--profile", "one", "--profile", "nobody")
    assert (2, "perpend: the AWS configuration has no profile `nobody`\n") == (unknown.code, unknown.err)


@pytest.mark.slow
def test_large_documents_and_odd_names_are_kept_as_they_are(
    run: RunWriter, stub: Stub, collect: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stub, "users", 1)
    monkeypatch.setattr(stub, "document", json.dumps({"Statement": [{"Sid": "x" * 10_000_000}]}))
    monkeypatch.setattr(stub, "names", "bell\x07\x1b[31m\u202e")
    ended = collect()
    assert (0, "") == (ended.code, ended.err)
    assert 1 == statuses(run, tmp_path / "s")["delete-user-inline-or-directly-attached-policies", "INCOMPLIANT"]
    shown = run("check", "--store", tmp_path / "s", *CHOSEN, "--no-history")
    assert not set("\x07\x1b\u202e") & set(shown.out + ended.out)


def test_a_dry_run_says_whom_it_would_ask_and_about_how_long(run: RunWriter, stub: Stub, collect: Callable[..., Any]) -> None:
    ended = collect(*ORG, "--accounts", "team-[12]", "--dry-run")
    assert {"GetCallerIdentity", "ListAccounts"} == {call.operation for call in stub.asked}
    lines = ended.out.splitlines()
    assert f"accounts: {stub.accounts[1]} team-1, {stub.accounts[2]} team-2" == lines[0]
    assert lines[1].startswith("regions: ") and "us-east-1" in lines[1]
    assert lines[-1].startswith("estimate: ") and lines[-1].endswith(", then at most 1 for each object, by its type")
    for options, said in (
        (("--accounts", "1*"), "add --org"),
        (("--org", "--profile", "a", "--profile", "b"), "--org takes one --profile"),
        (("--resume", "--dry-run"), "exclude each other"),
        (("--resume-age", "soon"), "is not a length of time"),
        (("--org", "--role-name", "our audit"), "'our audit' is not the name of a role, such as audit"),
        (("--org", "--role-name", "arn:aws:iam::1:role/a"), "is not the name of a role; give its name alone"),
        (("--org", "--external-id", ""), "not an external ID: 2 to 1,224 letters"),
        (("--org", "--external-id", "se cret"), "not an external ID: 2 to 1,224 letters"),
    ):
        wrong = collect(*options)
        assert (2, True, False) == (wrong.code, said in wrong.err, "se cret" in wrong.err)


def test_a_scan_takes_an_organization_and_wrong_regions_are_named(run: RunWriter, stub: Stub) -> None:
    wanted = ("--endpoint-url", stub.url, *ORG, "--policy", "iam-access-analyzer-for-all-regions")
    ended = run("scan", "aws", *wanted, "--format", "json", "--no-store")
    assert (0, ACCOUNTS) == (ended.code, len(json.loads(ended.out)["verdicts"])), ended.err
    wrong = run("scan", "aws", *wanted, "--regions", "us-eats-1", "--no-store")
    assert (2, "perpend: --regions: there is no region `us-eats-1`; did you mean us-east-1?\n") == (wrong.code, wrong.err)
    assert "--resume and --no-store exclude each other" in run("scan", "aws", *wanted, "--resume", "--no-store").err


@pytest.mark.slow
def test_a_killed_process_is_gone_on_with(stub: Stub, whole: Whole, tmp_path: Path) -> None:
    """The long run of `tests.servers.long`, as small as it goes."""
    struck, twice = killed_organization(stub, tmp_path / "s", 2, calls=whole.calls, drawn=random.Random(3))
    assert (2, 0, tables(whole.store)) == (struck, twice, tables(tmp_path / "s"))
    assert ACCOUNTS * (USERS + 1) == Store(tmp_path / "s").snapshot().tables.by_name["CA10__CaAwsUser__c"].rows


def test_a_region_that_is_none_is_one_sentence(collect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us east")
    ended = collect()
    assert (2, True, 1) == (ended.code, "the configured region is not a region of AWS" in ended.err, ended.err.count("\n"))
