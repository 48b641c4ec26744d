"""Notifications on a real receiver: each run once, nothing of the first, nothing lost, no secret shown, no redirect followed."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import click
import pytest

from perpend.cli.options.completion import complete_channels
from perpend.findings.notifications import send as deliver
from perpend.findings.notifications.issues import rest
from tests.cli.conftest import RunWriter, answer, report
from tests.repositories import logic, policy_files, write
from tests.unit.findings.notifications.tracker_doubles import TOKEN, TrackerDouble, drip, served

pytestmark = pytest.mark.usefixtures("shared_database")

POLICY = "user-has-more-than-one-active-access-key"
MFA = "/ce/ca/aws/iam/root-user-mfa"


class Receiver:
    """A webhook's other end: what it was sent, and the answers that it gives next; 204 when it has none."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.drips = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
                code, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                receiver.headers.append({**dict(self.headers), "path": self.path})
                if code == 204:
                    receiver.taken.append(body)
                if receiver.drips:
                    drip(self.wfile, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 30)
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/T0KEN"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(deliver, "sleep", found.append)
    return found


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two stores to be copied, of one day and of two, all judged: on the second build-runner has come."""
    first, second = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    next_day(first, 20, without="build-runner")
    shutil.copytree(first, second, dirs_exist_ok=True)
    next_day(second, 21)
    return first / "store", second / "store"


@pytest.fixture
def place(tmp_path: Path, receiver: Receiver, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with channels."""
    monkeypatch.setenv("HOOK", receiver.url)
    monkeypatch.setenv("BEARER", "Bearer T0KEN")
    text = '[channels.all]\nurl-env = "HOOK"\nheaders-env = {Authorization = "BEARER"}\n'
    return write(tmp_path, {"channels.toml": text, "perpend.toml": '[accounts.111122223333]\nowner = "iam-team"\n'})


@pytest.fixture
def day(run: RunWriter, place: Path, judged: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with channels and a store of one day."""
    monkeypatch.setenv("PERPEND_CONFIG", str(place / "perpend.toml"))
    shutil.copytree(judged[0], place / "store")
    return place


@pytest.fixture
def days(day: Path, judged: tuple[Path, Path]) -> Path:
    """A directory with channels and a store of two days."""
    shutil.copytree(judged[1], day / "store", dirs_exist_ok=True)
    return day


def next_day(place: Path, day: int, without: str = "no such user") -> None:
    answer("import", report(place, f"2026-11-{day}T00:00:00Z", without=without), "--store", place / "store")
    answer("check", "--store", place / "store", "-q", "--policy", POLICY)


def notify(run: RunWriter, place: Path, *options: Any) -> Any:
    return run("notify", "--store", place / "store", "--channels", place / "channels.toml", *options)


def test_a_run_is_told_once_and_the_first_one_never(run: RunWriter, day: Path, receiver: Receiver) -> None:
    told = notify(run, day)
    assert (0, "", "", []) == (*told, receiver.taken)
    next_day(day, 21)
    told = notify(run, day)
    assert (0, "all: Perpend, run 2: 1 opened\n") == told[:2]
    assert (0, "", "") == notify(run, day)
    (digest,) = receiver.taken
    assert {"opened": 1} == digest["counts"]
    (owner,) = digest["owners"]
    assert ("iam-team", 0) == (owner["owner"], owner["more"])
    assert {
        "event": "opened",
        "before": None,
        "after": "INCOMPLIANT",
        "objectName": "build-runner",
        "waiver": None,
    }.items() <= owner["findings"][0].items()
    line = "- opened, low: User has more than one active access key: `build-runner` (111122223333)"
    assert f"iam-team: 1 opened\n{line}" in digest["text"]
    (headers,) = receiver.headers
    assert ("Bearer T0KEN", "/T0KEN", 32) == (headers["Authorization"], headers["path"], len(headers["Idempotency-Key"]))
    assert "T0KEN" not in (day / "store/history/notified.json").read_text() + told.err


def test_what_was_not_taken_goes_out_with_the_next_call_run_by_run(
    run: RunWriter, days: Path, receiver: Receiver, waits: list[float]
) -> None:
    receiver.answers = [(503, {}), (429, {"Retry-After": "7"}), (500, {"Retry-After": "9999"}), (503, {})]
    told = notify(run, days)
    assert (1, "", [1.0, 7.0, 30.0]) == (told.code, told.out, waits)
    assert "perpend: channel all: run 2 was not sent: HTTP 503 after 4 attempts; the next call sends it\n" == told.err
    next_day(days, 22, without="build-runner")
    receiver.answers = [(404, {})]
    assert "run 2 was not sent: HTTP 404;" in notify(run, days).err
    receiver.answers = [(503, {})]
    assert 0 == notify(run, days).code
    assert [(2, {"opened": 1}), (3, {"resource_deleted": 1})] == [(one["run"], one["counts"]) for one in receiver.taken]
    keys = [one["Idempotency-Key"] for one in receiver.headers]
    assert 2 == len(set(keys))


def test_a_dry_run_shows_what_would_be_sent_and_needs_no_secret(
    run: RunWriter, days: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK")
    shown = json.loads(notify(run, days, "--dry-run").out)
    assert not (days / "store/history/notified.json").exists()
    told = notify(run, days)
    assert (2, True) == (told.code, "the environment variable HOOK is not set" in told.err)
    monkeypatch.setenv("HOOK", receiver.url)
    notify(run, days)
    assert [shown] == receiver.taken


def test_redirects_are_not_followed_and_a_dead_receiver_is_no_secret(
    run: RunWriter, days: Path, receiver: Receiver, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers = [(302, {"Location": receiver.url})]
    assert "run 2 was not sent: HTTP 302;" in notify(run, days).err
    assert 1 == len(receiver.headers)
    receiver.server.shutdown()
    receiver.server.server_close()
    told = notify(run, days)
    assert (1, True, [1.0, 2.0, 4.0]) == (
        told.code,
        "the receiver cannot be reached: connection refused after 4" in told.err,
        waits,
    )
    assert "T0KEN" not in told.err


def test_waived_findings_go_to_who_answers_for_them_and_channels_hear_of_their_owners(
    run: RunWriter, days: Path, receiver: Receiver
) -> None:
    entry = {"id": "w", "policies": [f"/ce/ca/aws/iam/{POLICY}"], "kind": "accepted-risk", "reason": "A trial.", "limit": 9}
    write(days / "waivers", {"a.yaml": {"waivers": [{**entry, "owner": "ciso", "until": "2027-01-01"}]}})
    text = '[channels.ciso]\nurl-env = "HOOK"\nowners = ["ciso"]\n[channels.iam]\nurl-env = "HOOK"\nowners = ["iam-team"]\n'
    write(days, {"channels.toml": text})
    assert "ciso: Perpend, run 2: 1 opened\n" == notify(run, days, "--waivers", days / "waivers").out
    assert ["w"] == [one["waiver"] for one in receiver.taken[0]["owners"][0]["findings"]]
    assert [1, {"ciso": 2, "iam": 2}] == [len(receiver.taken), remembered(days)]


def remembered(place: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads((place / "store/history/notified.json").read_text())["channels"]
    return found


def test_what_people_answer_for_is_told_before_and_after_it_ends_and_each_once(
    run: RunWriter, day: Path, receiver: Receiver
) -> None:
    said = {"policies": [MFA], "kind": "planned-fix", "reason": "Soon.", "owner": "root-team", "limit": 9}
    ends = {"over": "2026-11-20", "soon": "2026-11-30", "later": "2026-12-31"}
    entries = [{"id": name, "until": day, **said} for name, day in ends.items()]
    write(day / "waivers", {"a.yaml": {"waivers": entries}})
    asked = (day, "--waivers", day / "waivers", "--ending-within")
    notify(run, *asked, 9)
    next_day(day, 21, without="build-runner")
    told = notify(run, *asked, 9)
    assert (0, "all: Perpend, run 2: 1 waived or attested no more, 1 ending soon\n") == told[:2]
    (owner,) = receiver.taken[0]["owners"]
    assert ("root-team", {}, []) == (owner["owner"], owner["counts"], owner["findings"])
    assert [("over", True, "2026-11-20"), ("soon", False, "2026-11-30")] == [
        (one["id"], one["hasEnded"], one["until"]) for one in owner["endings"]
    ]
    assert "- waiver soon ends after 2026-11-30: Soon." in receiver.taken[0]["text"]
    next_day(day, 22, without="build-runner")
    assert "" == notify(run, *asked, 9).out, "none is told twice"


def test_a_digest_begins_with_new_and_severe_findings_and_names_a_deleted_object_once(
    run: RunWriter, place: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setenv("PERPEND_CONFIG", str(place / "perpend.toml"))
    write(place, {"perpend.toml": '[accounts.111122223333]\nowner = "iam-team"\nname = "Payments"\n'})
    entry = {"id": "w", "policies": [f"/ce/ca/aws/iam/{POLICY}"], "kind": "accepted-risk", "reason": "A trial.", "limit": 9}
    write(place / "waivers", {"a.yaml": {"waivers": [{**entry, "owner": "ciso", "until": "2027-01-01"}]}})
    edits = (
        ("2026-10-01T10:40:03+00:00,N/A,true", "2026-10-01T10:40:03+00:00,N/A,false"),
        ("not_supported,not_supported,false", "not_supported,not_supported,true"),
    )
    for path in (
        report(place, "2026-11-20T00:00:00Z", without="build-runner"),
        report(place, "2026-11-21T00:00:00Z", *edits, without="data-export"),
    ):
        answer("import", path, "--store", place / "store")
        answer("check", "--store", place / "store", "-q")
    asked = ("--waivers", place / "waivers", "--dry-run")
    digest = json.loads(notify(run, place, *asked).out)
    assert [
        "Perpend, run 2: 2 opened, 1 resolved, 2 of deleted resources (estate of 2026-11-21)",
        "iam-team: 1 opened, 1 resolved, 2 of deleted resources",
        "- opened, high: User with console password has no MFA: `benoit.karlsen` (Payments)",
        "- resolved, critical: Root user MFA is not enabled: `<\u200broot_account>` (Payments)",
        "- resource deleted: `data-export` (Payments), 2 findings",
        "ciso: 1 opened",
        "- opened, low: User has more than one active access key: `build-runner` (Payments) (waived: w)",
    ] == digest["text"].splitlines()
    first, _, last = digest["owners"][0]["findings"]
    assert {"severity": "high", "accountName": "Payments", "region": None, "findings": 1}.items() <= first.items()
    assert ("User with console password has no MFA", 2) == (first["title"], last["findings"])
    assert ({"opened": 1, "resolved": 1, "resource_deleted": 2}, 0) == (
        digest["owners"][0]["counts"],
        digest["owners"][0]["more"],
    )

    write(place, {"channels.toml": '[channels.all]\nurl-env = "HOOK"\nseverity = "high"\n'})
    assert [
        "Perpend, run 2: 1 opened, 1 resolved (estate of 2026-11-21, findings of severity high or worse)",
        "iam-team: 1 opened, 1 resolved",
        "- opened, high: User with console password has no MFA: `benoit.karlsen` (Payments)",
        "- resolved, critical: Root user MFA is not enabled: `<\u200broot_account>` (Payments)",
    ] == json.loads(notify(run, place, *asked).out)["text"].splitlines()
    assert (0, "all: Perpend, run 2: 1 opened, 1 resolved\n", "") == notify(run, place, *asked[:2])
    assert ["high"] == [taken["severity"] for taken in receiver.taken]


def test_names_of_channels_are_offered_without_their_secrets(place: Path) -> None:
    context = click.Context(click.Command("notify"))
    context.params = {"channels": str(place / "channels.toml")}
    assert ["all"] == [one.value for one in complete_channels(context, click.Option(["--channel"]), "a")]
    context.params = {"channels": str(place / "nowhere.toml")}
    assert [] == complete_channels(context, click.Option(["--channel"]), "a")


def test_a_changed_policy_pages_nobody(run: RunWriter, day: Path, tmp_path: Path, receiver: Receiver) -> None:
    check = {"IS_EMPTY": {"arg": {"FIELD": {"path": "Id"}}}}
    kind = {"input_type": "CA10__CaAwsUser__c"}
    repo = write(tmp_path / "repo", policy_files(logic(check, **kind)))
    store = ("--store", day / "store", "-q", "--repo", repo)
    assert 0 == run("check", *store).code
    write(repo, policy_files(logic({"NOT": {"arg": check}}, **kind)))
    told = run("check", *store)
    assert (1, True) == (told.code, "since the last run: 24 opened" in told.err)
    shown = notify(run, day, "--dry-run", "--repo", repo)
    assert (0, "") == shown[:2], shown


def test_memory_that_is_damaged_or_of_another_history_sends_nothing(run: RunWriter, days: Path, receiver: Receiver) -> None:
    notify(run, days)
    memory = days / "store/history/notified.json"
    memory.write_text(memory.read_text().replace('"all": 2', '"all": 1'))
    told = notify(run, days)
    assert (2, True, 1) == (told.code, "its checksum does not match" in told.err, len(receiver.taken))
    told = notify(run, days, "--channel", "none")
    assert (2, True) == (told.code, "there is no channel none; the file has all" in told.err)


def test_other_services_need_apprise(run: RunWriter, days: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(days, {"channels.toml": APPRISE})
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "perpend.findings.notifications.apprise_channel", raising=False)
    told = notify(run, days)
    assert (2, True) == (told.code, "a channel of the kind apprise needs the package apprise" in told.err)


APPRISE = '[channels.chat]\nkind = "apprise"\nurl-env = "HOOK"\n'


@pytest.fixture
def chat(days: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of two days, and a channel that apprise serves."""
    pytest.importorskip("apprise", reason="the extra notify is not installed")
    monkeypatch.setenv("HOOK", f"{receiver.url.replace('http:', 'json:')}?+X-Secret=T0KEN")
    return write(days, {"channels.toml": APPRISE})


def test_other_services_get_a_digest_as_text(run: RunWriter, chat: Path, receiver: Receiver) -> None:
    receiver.answers = [(503, {})]
    assert (0, "chat: Perpend, run 2: 1 opened\n", "") == notify(run, chat)
    assert ["T0KEN", "T0KEN"] == [headers["X-Secret"] for headers in receiver.headers]
    (taken,) = receiver.taken
    assert ("Perpend, run 2: 1 opened", True) == (taken["title"], "build-runner" in taken["message"])


@pytest.mark.parametrize("status", [301, 302, 307])
def test_apprise_follows_no_redirect(status: int, run: RunWriter, chat: Path, receiver: Receiver, other: Receiver) -> None:
    receiver.answers = [(status, {"Location": other.url})]
    told = notify(run, chat)
    assert (1, "", []) == (told.code, told.out, other.headers)
    assert "channel chat: run 2 was not sent: the receiver redirects to another address, which is not followed;" in told.err
    assert (1, {"chat": 1}) == (len(receiver.headers), remembered(chat))
    assert "chat: Perpend, run 2: 1 opened\n" == notify(run, chat).out


@pytest.fixture
def other() -> Iterator[Receiver]:
    """A receiver that no channel names."""
    elsewhere = Receiver()
    yield elsewhere
    elsewhere.server.shutdown()
    elsewhere.server.server_close()


def test_apprise_waits_for_no_answer_that_arrives_byte_by_byte(
    run: RunWriter, chat: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "MOST_SECONDS", 0.3)
    receiver.drips = True
    told = notify(run, chat)
    assert (1, "") == told[:2]
    assert "run 2 was not sent: the receiver does not answer in time;" in told.err


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("json://hooks.example/T0KEN", "its URL sends without TLS to another machine: use jsons://"),
        ("jsons://hooks.example/a, json://hooks.example/T0KEN", "its URL sends without TLS to another machine"),
        ("mailto://user:T0KEN@acme.example", "its URL sends without TLS to another machine: use mailtos://"),
        ("rsyslog://T0KEN.example", "its URL sends without TLS to another machine: use another service"),
        ("pigeon://T0KEN", "apprise does not know its URL"),
    ],
)
def test_apprise_sends_without_tls_to_this_machine_only(
    url: str, reason: str, run: RunWriter, chat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", url)
    told = notify(run, chat)
    assert (2, "", True) == (told.code, told.out, f"channel chat: {reason}" in told.err)
    assert "T0KEN" not in told.err
    assert not (chat / "store/history/notified.json").exists()


def test_issues_are_opened_and_closed_when_their_policy_is_removed(
    run: RunWriter, day: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    double = TrackerDouble("github")
    check = {"NOT": {"arg": {"IS_EMPTY": {"arg": {"FIELD": {"path": "Id"}}}}}}
    repo = write(tmp_path / "repo", policy_files(logic(check, input_type="CA10__CaAwsUser__c")))
    assert 1 == run("check", "--store", day / "store", "-q", "--repo", repo).code
    text = '[channels.issues]\nkind = "github"\nurl-env = "PROJECT"\ntoken-env = "TOKEN"\nowners = ["iam-team"]\n'
    write(day, {"channels.toml": text})
    asked = ("--repo", repo, "--link", "https://perpend.example/")
    with served(double) as url:
        monkeypatch.setenv("PROJECT", url)
        monkeypatch.setenv("TOKEN", TOKEN)
        monkeypatch.setattr(rest, "sleep", lambda seconds: None)
        shown = json.loads(notify(run, day, "--dry-run", *asked).out)
        assert [] == double.calls
        told = notify(run, day, *asked)
        (ticket,) = double.tickets
        assert (0, f"issues: open 1: {ticket.title}\n", "") == told
        assert (ticket.title, True) == (shown["title"], ticket.body.startswith(shown["body"]))
        assert "(<https://perpend.example/findings?policy=%2Fce%2F" in ticket.body and "account=111122223333>)" in ticket.body
        policy = json.loads(run("findings", "--store", day / "store", "--repo", repo, "--format", "json").out)[0]["policy_id"]
        shutil.move(repo / "ce/policy", repo / "ce/other")
        write(repo, {"renames.yaml": {"retired": [{"policy": policy, "since": "2026-11-20"}]}})
        answer("import", report(day, "2026-11-21T00:00:00Z", without="build-runner"), "--store", day / "store")
        run("check", "--store", day / "store", "-q", "--repo", repo)
        monkeypatch.setenv("TOKEN", "wrong")
        told = notify(run, day, *asked)
        refusal = "channel issues: no issue was changed: HTTP 401: the token is not accepted; the next call tries again"
        assert (1, "", f"perpend: {refusal}\n") == told
        monkeypatch.setenv("TOKEN", TOKEN)
        assert "issues: close 1: Not rated: /ce/policy (111122223333)\n" in notify(run, day, *asked).out
        assert ("not_planned", True) == (ticket.reason, "of a removed policy (nobody has fixed them)" in ticket.said[-1])
    assert 2 == notify(run, day, "--link", "javascript:alert(1)").code
