"""Issues in doubles of GitHub, GitLab and Jira: ten runs on one of them, a flow on each, a crash at each step, and refusals."""

from __future__ import annotations

import base64
import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from perpend.core.errors import PerpendError
from perpend.core.objects.account import Account
from perpend.findings.history.open_history import open_history
from perpend.findings.notifications.channels import Channel, UnusableChannels
from perpend.findings.notifications.issues import rest
from perpend.findings.notifications.issues.deliver import IssueDelivery, IssueRequest, deliver_issues
from perpend.findings.notifications.issues.log import IssueLog
from perpend.findings.notifications.issues.trackers import tracker_of
from perpend.findings.severity.active import SEVERITIES
from perpend.findings.waivers.read import WaiverFiles, waivers_below
from perpend.inventory.snapshots.manifest import document_from, sealed
from perpend.language.syntax.files import Files
from tests.cli.conftest import EXAMPLE, KEY_POLICY, answer, report
from tests.repositories import write
from tests.unit.findings.notifications.tracker_doubles import TOKEN, BadGateway, Ticket, TrackerDouble, served

pytestmark = [pytest.mark.usefixtures("shared_database"), pytest.mark.medium]

POLICY = f"/ce/ca/aws/iam/{KEY_POLICY}"
ACCOUNT = "111122223333"
BAD, GOOD, MURKY = ("true", "true"), ("true", "false"), ("true", "")
DAYS: tuple[dict[str, tuple[str, str]], ...] = (
    {"alma.brekke": BAD},
    {"alma.brekke": BAD, "build-runner": BAD},
    {"alma.brekke": BAD, "build-runner": BAD, "carla.nwosu": BAD},
    {"alma.brekke": GOOD, "build-runner": MURKY, "carla.nwosu": GOOD},
    {},
    {"alma.brekke": GOOD, "build-runner": GOOD, "carla.nwosu": GOOD},
    {"alma.brekke": GOOD, "build-runner": BAD, "carla.nwosu": GOOD},
    {"alma.brekke": GOOD, "build-runner": BAD, "carla.nwosu": GOOD},
    {"alma.brekke": BAD, "build-runner": BAD, "carla.nwosu": GOOD},
    {"carla.nwosu": GOOD},
)
"""The keys of users by day. On the fifth, a run evaluates another policy."""


def import_day(place: Path, number: int, users: dict[str, tuple[str, str]], policy: str = KEY_POLICY) -> None:
    rows = list(csv.reader(io.StringIO(Path(EXAMPLE).read_text())))
    head, first, second = rows[0], rows[0].index("access_key_1_active"), rows[0].index("access_key_2_active")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for row in rows[1:]:
        if row[0] in users or row[0].startswith("<"):
            row[first], row[second] = users.get(row[0], GOOD)
            row[head.index("mfa_active")] = "true"
            writer.writerow(row)
    time = f"2026-11-{number:02}T00:00:00Z"
    path = report(place, time)
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "Content": base64.b64encode(text.getvalue().encode()).decode()}))
    assert 0 == answer("import", path, "--store", place / "store").code
    answer("check", "--store", place / "store", "-q", "--policy", policy)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A store as it is after each day."""
    place = tmp_path_factory.mktemp("life")
    kept = []
    for number, users in enumerate(DAYS, 1):
        import_day(place, number, users or DAYS[number - 2], KEY_POLICY if users else "root-user-mfa")
        kept.append(place / f"day-{number}")
        shutil.copytree(place / "store", kept[-1])
    return kept


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(rest, "sleep", found.append)
    return found


class Team:
    """A channel of a store whose days are copied over one another, as if it were checked each day."""

    def __init__(self, directory: Path, days: list[Path], double: TrackerDouble, url: str) -> None:
        self.store, self.days, self.double = directory / "store", days, double
        user = "perpend@acme.example" if double.kind == "jira" else ""
        self.channel = Channel("issues", double.kind, url=url, token=TOKEN, user=user)
        self.waivers = WaiverFiles()
        self.from_first_run = False
        self.severity: str | None = None

    def day(self, number: int) -> None:
        shutil.copytree(self.days[number - 1], self.store, dirs_exist_ok=True)

    def call(self, number: int | None = None, *, dry_run: bool = False) -> list[IssueDelivery]:
        if number is not None:
            self.day(number)
        place = open_history(str(self.store))
        known = [policy.policy_id for policy in place.head().policies]
        request = IssueRequest(
            place,
            self.waivers,
            known,
            {ACCOUNT: Account("production", "iam-team")},
            str,
            {POLICY: self.severity}.get,
            SEVERITIES,
            lambda policy, account: "",
            from_first_run=self.from_first_run,
            dry_run=dry_run,
        )
        self.double.calls.clear()
        return list(deliver_issues(request, [self.channel]))

    def steps(self, number: int | None = None) -> list[str]:
        deliveries = self.call(number)
        assert [] == [delivery.error for delivery in deliveries if delivery.error], self.double.calls
        return [str(delivery.step) for delivery in deliveries]

    def errors(self, number: int | None = None) -> list[str | None]:
        return [delivery.error for delivery in self.call(number)]

    @property
    def ticket(self) -> Any:
        (ticket,) = self.double.tickets
        return ticket


NewTeam = Callable[..., Team]


@pytest.fixture
def new_team(tmp_path: Path, days: list[Path]) -> Iterator[NewTeam]:
    with ExitStack() as stack:
        made: list[Team] = []

        def new(kind: str = "github") -> Team:
            double = TrackerDouble(kind)
            team = Team(tmp_path / str(len(made)), days, double, stack.enter_context(served(double)))
            made.append(team)
            return team

        yield new


def test_ten_runs(new_team: NewTeam, tmp_path: Path) -> None:
    team = new_team()
    double = team.double
    assert ([], []) == (team.steps(1), double.calls), "nothing of the first run"

    assert ["open"] == team.steps(2)
    ticket = team.ticket
    assert f"Not rated: /\u200bce/\u200bca/\u200baws/\u200biam/\u200b{KEY_POLICY} (production, {ACCOUNT})" == ticket.title
    assert ticket.text.startswith("2 open, since 2026-11-01.") and "alma.brekke" in ticket.text and "deactivate" in ticket.text
    assert ([], []) == (team.steps(), double.calls), "each run once"

    assert ["update"] == team.steps(3)
    assert ticket.text.startswith("3 open, since 2026-11-01.")
    assert ["Run 3 (2026-11-03): 1 opened. 3 open, since 2026-11-01."] == [said.strip() for said in ticket.said]

    assert ["update"] == team.steps(4)
    assert ticket.is_open and ticket.text.startswith("0 open, 1 unconfirmed (not known to be fixed), since 2026-11-02.")
    assert "2 resolved. 0 open, 1 unconfirmed" in ticket.said[-1]
    assert ([], []) == (team.steps(5), double.calls), "a run that did not look changes nothing"

    assert ["close"] == team.steps(6)
    assert not ticket.is_open
    assert "Closed: all findings have ended as of run 6 (2026-11-06): 3 resolved." == ticket.said[-1].strip()

    assert ["reopen"] == team.steps(7)
    assert ticket.is_open and "Reopened: run 7 (2026-11-07) has findings again. 1 open" in ticket.said[-1]

    team.waivers = waiver(tmp_path, "build-runner")
    assert ["update"] == team.steps(8)
    assert ticket.is_open and ticket.text.startswith("0 open. 1 finding with a waiver not counted.")
    assert 4 == len(ticket.said), "a waiver is no news of a run"

    team.waivers, ticket.is_open = WaiverFiles(), False
    said, text = len(ticket.said), ticket.text
    assert ["leave"] == team.steps(9)
    assert (False, text, said + 1) == (ticket.is_open, ticket.text, len(ticket.said))
    assert "Somebody closed this issue. Perpend leaves it closed" in ticket.said[-1] and "2 open" in ticket.said[-1]
    assert ([], []) == (team.steps(), double.calls)
    team.waivers = waiver(tmp_path, "alma.brekke")
    assert ([], said + 1) == (team.steps(), len(ticket.said)), "one comment is enough"

    assert [] == team.steps(10)
    assert (False, said + 1) == (ticket.is_open, len(ticket.said))
    assert 1 == len(double.tickets)


def waiver(directory: Path, name: str) -> WaiverFiles:
    said = {"id": "w", "policies": [POLICY], "kind": "accepted-risk", "reason": "A trial.", "owner": "ciso", "limit": 9}
    write(directory, {"waivers/a.yaml": {"waivers": [{**said, "scope": {"names": [name]}, "until": "2099-01-01"}]}})
    files = waivers_below(Files(directory), "waivers")
    assert [] == list(files.diagnostics) and 1 == len(files.waivers), files.diagnostics
    return files


def test_a_deleted_object_ends_its_finding(new_team: NewTeam) -> None:
    team = new_team()
    team.steps(1)
    team.steps(2)
    assert ["close"] == team.steps(10)
    assert "all findings have ended as of run 10 (2026-11-10): 1 resolved, 2 of a deleted object." in team.ticket.said[-1]
    assert "completed" == team.ticket.reason


def test_what_had_ended_and_is_unknown_now_keeps_an_issue_open(new_team: NewTeam) -> None:
    team = new_team()
    for number in (1, 2, 3, 4):
        team.steps(number)
    import_day(team.store.parent, 11, {"alma.brekke": GOOD, "build-runner": GOOD, "carla.nwosu": MURKY})
    assert ["update"] == team.steps()
    assert team.ticket.is_open and "0 open, 1 that had ended cannot be evaluated now." in team.ticket.text
    import_day(team.store.parent, 12, {"alma.brekke": GOOD, "build-runner": GOOD, "carla.nwosu": GOOD})
    assert ["close"] == team.steps()


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    ("kind", "number"), [("github", 2), *(pytest.param("jira", number, marks=pytest.mark.slow) for number in (2, 7))]
)
def test_a_crash_at_any_step_opens_no_second_issue(
    kind: str, number: int, new_team: NewTeam, days: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perpend.findings.notifications.issues.trackers._JIRA_SETTLES", 0.0)
    team = new_team(kind)
    for before in range(1, number):
        team.steps(before)
    kept = team.store.parent / "kept"
    shutil.copytree(team.store, kept)
    tickets = json.dumps([vars(ticket) for ticket in team.double.tickets])
    place, ended = 0, 0
    while True:
        shutil.rmtree(team.store)
        shutil.copytree(kept, team.store)
        team.double.tickets = [Ticket(**row) for row in json.loads(tickets)]
        crashed = crash_at(place, team, number, monkeypatch)
        shown = team.steps()
        ticket = team.ticket
        assert (number != 6) is ticket.is_open, (place, shown)
        assert ([], []) == (team.steps(), team.double.calls)
        ended += crashed
        if not crashed:
            break
        place += 1
    assert ended > 4


def crash_at(place: int, team: Team, number: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Deliver a day until before or after a call or a write of the log; return whether it got so far."""
    passed = -1

    def passing() -> None:
        nonlocal passed
        passed += 1
        if passed == place:
            raise Crash

    call, store = rest.RestClient.call, IssueLog.write

    def calling(self: rest.RestClient, *given: Any, **named: Any) -> Any:
        answered = call(self, *given, **named)
        passing()
        return answered

    def writing(self: IssueLog) -> None:
        passing()
        store(self)

    with monkeypatch.context() as patched:
        patched.setattr(rest.RestClient, "call", calling)
        patched.setattr(IssueLog, "write", writing)
        try:
            team.steps(number)
        except Crash:
            return True
    return False


def test_an_issue_whose_answer_was_lost_is_found_without_its_label(new_team: NewTeam, monkeypatch: pytest.MonkeyPatch) -> None:
    team = new_team()
    team.double.drops_labels = True
    team.steps(1)
    create = TrackerDouble._new

    def lost(self: TrackerDouble, *given: Any) -> Any:
        create(self, *given)
        raise BadGateway

    with monkeypatch.context() as patched:
        patched.setattr(TrackerDouble, "_new", lost)
        assert "HTTP 502" in str(team.errors(2))
    assert ["close"] == team.steps(6), "its findings have ended meanwhile"
    assert not team.ticket.is_open


def test_jira_is_not_searched_too_early(new_team: NewTeam, monkeypatch: pytest.MonkeyPatch) -> None:
    team = new_team("jira")
    team.steps(1)
    team.day(2)
    team.double.faults = [(200, {}, b'{"issues": []}'), (502, {}, b"")]
    assert "HTTP 502" in str(team.errors()[0])
    assert "an earlier call may have opened 1 issue that a search does not find yet" in str(team.errors()[0])
    assert [] == team.double.tickets
    monkeypatch.setattr("perpend.findings.notifications.issues.trackers._JIRA_SETTLES", 0.0)
    assert ["open"] == team.steps()


def test_limits_of_rates_are_respected_within_bounds(new_team: NewTeam, waits: list[float]) -> None:
    team = new_team()
    team.steps(1)
    limits: list[tuple[int, dict[str, str], bytes]] = [
        (429, {"Retry-After": "7"}, b""),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "100"}, b""),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit."}'),
    ]
    team.double.faults = limits
    assert ["open"] == team.steps(2)
    assert [7.0, 1.0, 60.0] == waits
    team.double.faults = [(429, {"Retry-After": "3600"}, b"")]
    assert ["channel issues: cannot update 1: the tracker asks to wait 3,600 s"] == team.errors(3)
    assert 1 == len(team.double.calls)
    assert ["update"] == team.steps()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ((401, {}, b""), "HTTP 401: the token is not accepted"),
        ((403, {}, b"{}"), "HTTP 403: the token may not do this"),
        ((301, {"Location": "https://elsewhere.example/"}, b""), "HTTP 301: the project has moved"),
        ((422, {}, b'{"errors": [{"field": "title"}, {"field": "T0KEN <x>"}]}'), "does not accept the content (title)"),
        ((400, {}, b'{"errors": {"labels": "T0KEN"}}'), "does not accept the content (labels)"),
        ((200, {}, b"[" * 100_000), "the answer is no JSON"),
        ((200, {}, b'{"a": 1}'), "the answer holds something else than issues"),
        ((200, {}, b"<html>T0KEN"), "the answer is no JSON"),
    ],
)
def test_a_refusal_is_told_without_secrets_and_tried_again(
    fault: tuple[int, dict[str, str], bytes], reason: str, new_team: NewTeam
) -> None:
    team = new_team()
    team.steps(1)
    team.double.faults = [fault]
    (error,) = team.errors(2)
    assert error is not None and reason in error and "T0KEN" not in error and "127.0.0.1" not in error
    assert 1 == len(team.double.calls), "no redirect is followed"
    assert ["open"] == team.steps()
    assert "T0KEN" not in (team.store / "history/issues.json").read_text() + repr(team.channel)


def test_a_token_goes_to_no_proxy_if_the_tracker_is_on_this_machine(new_team: NewTeam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    team = new_team()
    team.steps(1)
    assert ["open"] == team.steps(2)


def test_an_answer_that_is_too_long_is_not_read(new_team: NewTeam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_MOST_BYTES", 1_000)
    team = new_team()
    team.steps(1)
    team.double.faults = [(200, {}, b" " * 200_000)]
    assert "the answer is too long" in str(team.errors(2))


@pytest.mark.parametrize(("part", "status"), [("headers", 200), ("body", 200), ("body", 404), ("body", 503)])
def test_a_call_whose_answer_arrives_byte_by_byte_ends(
    part: str, status: int, new_team: NewTeam, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = new_team()
    team.steps(1)
    monkeypatch.setattr(rest, "MOST_SECONDS", 0.3)
    team.double.drips, team.double.faults = part, [(status, {}, b"[" + b" " * 20 + b"]")] * rest.ATTEMPTS
    assert ["channel issues: no issue was changed: the receiver does not answer in time"] == team.errors(2)
    assert 1 == len(team.double.calls), "all attempts share one deadline"
    team.double.drips, team.double.faults = None, []
    monkeypatch.setattr(rest, "MOST_SECONDS", 60.0)
    assert ["open"] == team.steps()


@pytest.mark.parametrize("kind", ["github", "gitlab", "jira"])
def test_each_tracker_opens_updates_closes_and_reopens(kind: str, new_team: NewTeam) -> None:
    team = new_team(kind)
    assert [] == team.steps(1)
    assert ["open"] == team.steps(2)
    ticket = team.ticket
    assert f"Not rated: /\u200bce/\u200bca/\u200baws/\u200biam/\u200b{KEY_POLICY} (production, {ACCOUNT})" == ticket.title
    team.double.is_hidden = True
    assert "no such project or issue" in str(team.errors(3))
    team.double.is_hidden = False
    assert ["update"] == team.steps()
    assert ticket.text.startswith("3 open, since 2026-11-01.") and "1 opened" in ticket.said[-1]
    assert ["close"] == team.steps(6)
    assert not ticket.is_open
    assert ["reopen"] == team.steps(7)
    assert ticket.is_open
    team.double.tickets = []
    assert ["gone"] == team.steps(9), "somebody deleted it"


@pytest.mark.parametrize("kind", ["github", "gitlab", "jira"])
def test_an_issue_of_somebody_else_is_left_alone(kind: str, new_team: NewTeam) -> None:
    team = new_team(kind)
    for number in (1, 2):
        team.steps(number)
    ticket = anothers()
    team.double.tickets = [ticket]
    before = vars(ticket).copy()
    (error,) = team.errors(3)
    assert "is another issue now, and stays as it is: was the project created again?" in str(error)
    assert ["open"] == team.steps(), "a new one, if findings are open"
    team.steps(10)
    assert before == vars(ticket)
    assert [False] == [one.is_open for one in team.double.tickets[1:]]


def test_issues_that_are_turned_off_are_not_gone(new_team: NewTeam) -> None:
    team = new_team()
    team.steps(1)
    team.steps(2)
    team.double.has_no_issues = True
    assert ["channel issues: cannot update 1: the project has its issues turned off"] == team.errors(3)
    assert "PATCH" not in str(team.double.calls)
    team.double.has_no_issues = False
    assert ["close"] == team.steps(6)


def test_a_project_without_issues_is_told_once(new_team: NewTeam) -> None:
    team = new_team()
    team.from_first_run, team.double.has_no_issues = True, True
    directory = team.store.parent
    directory.mkdir()
    assert 0 == answer("import", report(directory, "2026-11-01T00:00:00Z"), "--store", team.store).code
    policies = ("--policy", KEY_POLICY, "--policy", "root-user-mfa")
    answer("check", "--store", team.store, "-q", *policies)
    (error,) = team.errors()
    assert str(error).endswith("HTTP 410: it was deleted, or the project has no issues")
    team.double.has_no_issues = False
    assert ["open", "open"] == team.steps()


def anothers(number: int = 1, id: int | None = None) -> Ticket:
    """Return an issue that a person has written."""
    ticket = Ticket(number, "Buy cake", "For Friday", [], at="2026-10-01T08:00:00Z")
    ticket.id = ticket.id if id is None else id
    return ticket


def test_a_tracker_that_was_set_up_again_has_the_same_ids_but_other_times(new_team: NewTeam) -> None:
    team = new_team()
    for number in (1, 2, 3):
        team.steps(number)
    ticket = anothers(id=team.ticket.id)
    team.double.tickets = [ticket]
    assert "is another issue now" in str(team.errors(6))
    assert ("Buy cake", True, []) == (ticket.title, ticket.is_open, ticket.comments)


def test_an_issue_of_jira_stays_the_same_under_another_key_and_time_zone(new_team: NewTeam) -> None:
    team = new_team("jira")
    for number in (1, 2, 3):
        team.steps(number)
    team.double.zone = timezone(timedelta(hours=5, minutes=30))
    team.ticket.number = 99
    team.double.moved = {"1": "99"}
    assert ["close"] == team.steps(6)
    assert not team.ticket.is_open


@pytest.mark.parametrize("evidence", ["key", "time", None])
def test_a_log_without_ids_goes_on_if_the_key_or_the_time_fits(evidence: str | None, new_team: NewTeam) -> None:
    team = new_team()
    team.steps(1)
    team.steps(2)
    forget_ids(team.store)
    ticket = team.ticket
    if evidence != "key":
        ticket.labels, ticket.body = [], anothers().body
    if evidence != "time":
        ticket.at = "2026-10-01T08:00:00Z"
    if evidence is None:
        assert "is another issue now" in str(team.errors(3))
        assert [] == ticket.comments
        return
    assert ["update"] == team.steps(3)
    ticket.id += 5_000
    assert "is another issue now" in str(team.errors(6)), "the id was logged"


def forget_ids(store: Path) -> None:
    """Make the log of issues one of a version that logged no ids."""
    path = store / "history/issues.json"
    document = document_from(path.read_text(), version=1)
    for channel in document["channels"].values():
        for issue in channel["issues"].values():
            assert issue.pop("identity") and issue.pop("created") is not None
    path.write_text(sealed({"format": 1, "channels": document["channels"]}))


def test_a_channel_of_another_project_or_history_is_refused(new_team: NewTeam) -> None:
    team = new_team()
    team.steps(2)
    kept = team.channel
    team.channel = replace(kept, url=f"{kept.url}-two")
    with pytest.raises(PerpendError, match="has issues in another project"):
        team.call()
    team.channel = kept
    shutil.copytree(team.days[0] / "history", team.store / "history", dirs_exist_ok=True)
    with pytest.raises(PerpendError, match="was the history replaced"):
        team.call()


def test_severity_owners_and_numbers_choose_the_issues(new_team: NewTeam) -> None:
    team = new_team()
    team.steps(1)
    kept = team.channel
    for channel in (replace(kept, severity="low"), replace(kept, owners=("ciso",))):
        team.channel = channel
        assert [] == team.steps(2)
    team.channel, team.severity = replace(kept, severity="high", owners=("iam-team",)), "medium"
    assert [] == team.steps()
    team.channel = replace(team.channel, severity="medium")
    assert ["open"] == team.steps(3)
    assert team.ticket.title.startswith("Medium: ")
    team.severity = "high"
    assert ["update"] == team.steps()
    assert team.ticket.title.startswith("High: ") and [] == team.ticket.said


def test_findings_from_before_the_channel_open_issues_if_asked_for(new_team: NewTeam) -> None:
    team = new_team()
    assert [] == team.steps(1)
    team.from_first_run = True
    assert ["open"] == team.steps()


def test_one_call_opens_a_limited_number(new_team: NewTeam) -> None:
    team = new_team()
    team.steps(1)
    team.channel = replace(team.channel, most=0)
    (delivery,) = team.call(2)
    assert (1, None, []) == (delivery.waiting, delivery.error, team.double.tickets)


def test_a_dry_run_shows_the_steps_and_records_nothing(new_team: NewTeam) -> None:
    team = new_team()
    team.day(2)
    (shown,) = team.call(dry_run=True)
    assert ("open", None) == (shown.document()["step"], shown.document()["issue"])
    assert ([], False) == (team.double.calls, (team.store / "history/issues.json").exists())


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("github", "https://github.com/acme"),
        ("github", "https://github.com/acme/cloud/issues"),
        ("github", "https://u:p@github.com/acme/cloud"),
        ("gitlab", "https://gitlab.com/acme"),
        ("gitlab", "https://gitlab.com/acme/cloud/-/issues"),
        ("jira", "https://acme.atlassian.net"),
        ("jira", "https://acme.atlassian.net/browse/SEC?x=1"),
        ("jira", "https://acme.atlassian.net/../browse/SEC"),
    ],
)
def test_a_url_is_that_of_a_project(kind: str, url: str) -> None:
    with pytest.raises(UnusableChannels):
        tracker_of(Channel("a", kind, url=url, token=TOKEN))


@pytest.mark.parametrize(
    ("kind", "url", "api"),
    [
        ("github", "https://github.com/acme/cloud.git", "https://api.github.com/repos/acme/cloud"),
        ("github", "https://git.acme.example/acme/cloud/", "https://git.acme.example/api/v3/repos/acme/cloud"),
        ("gitlab", "https://gitlab.com/a/b/c", "https://gitlab.com/api/v4/projects/a%2Fb%2Fc"),
        ("jira", "https://acme.atlassian.net/browse/SEC", "https://acme.atlassian.net/rest/api/3"),
        ("jira", "https://acme.atlassian.net/jira/software/projects/SEC/boards/1", "https://acme.atlassian.net/rest/api/3"),
        ("jira", "https://api.atlassian.com/ex/jira/1-2/browse/SEC", "https://api.atlassian.com/ex/jira/1-2/rest/api/3"),
    ],
)
def test_the_api_of_a_project(kind: str, url: str, api: str) -> None:
    tracker: Any = tracker_of(Channel("a", kind, url=url, token=TOKEN))
    assert api == tracker.client.url
    assert TOKEN not in repr(tracker)
