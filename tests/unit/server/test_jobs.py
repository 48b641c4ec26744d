"""Runs that readers start: a child process without text of the request, one at a time, that can be followed and cancelled."""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from perpend.inventory.snapshots.store import Store
from perpend.server.app import ServerSettings
from perpend.server.jobs.jobs import Job, events, why_not_startable
from tests.cli.conftest import done, full
from tests.unit.server.served import PROXY, TOKEN, application, client, server

BEARER = {"Authorization": f"Bearer {TOKEN}"}
RUNS = "/api/v1/runs"
REPORT = str(Path(__file__).parents[3] / "examples/credential-report.csv")
SLEEPER = '#!/bin/sh\nfor word in "$@"; do printf "%s|" "$word"; done\necho\nprintf "\\033[31mred\\n"\nexec sleep 60\n'


def settings(store: Path, command: tuple[str, ...] = ("check",)) -> ServerSettings:
    return ServerSettings(place=str(store), tokens=PROXY.tokens, runs={"nightly": command})


def asking(store: Path, **given: Any) -> TestClient:
    made = client(settings(store, **given))
    made.headers.update(BEARER)
    return made


@pytest.fixture
def sleeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have runs be a program that prints its arguments and sleeps."""
    program = tmp_path / "sleeper"
    program.write_text(SLEEPER)
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))


def first_line(reader: TestClient) -> str:
    """Return the first line of the newest run, after its second one."""
    job = reader.app.state.jobs.all()[0]  # type: ignore[attr-defined]
    while len(job.lines) < 2:
        time.sleep(0.01)
    line: str = job.lines[0]
    return line


def ended(reader: TestClient, location: str) -> dict[str, Any]:
    for _ in range(600):
        found: dict[str, Any] = reader.get(location).json()
        if found["ended_at"]:
            return found
        time.sleep(0.05)
    raise AssertionError("the run does not end")


@pytest.mark.slow
def test_a_started_run_writes_to_the_store_of_the_server(tmp_path: Path) -> None:
    with asking(tmp_path / "store", command=("import", REPORT)) as reader:
        answer = reader.post(RUNS, json={"run": "nightly"})
        assert (202, "running", "token") == (answer.status_code, answer.json()["state"], answer.json()["started_by"])
        job = ended(reader, answer.headers["location"])
        page = reader.get(f"/runs/jobs/{job['job']}").text
    assert ("done", 0) == (job["state"], job["exit_code"]) and "snapshot" in page and "hx-get" not in page
    assert 1 == len(Store(tmp_path / "store").snapshots())


@pytest.mark.slow
def test_a_run_that_cannot_work_has_failed(tmp_path: Path) -> None:
    with asking(tmp_path / "store", command=("import", str(tmp_path / "nothing.csv"))) as reader:
        job = ended(reader, reader.post(RUNS, json={"run": "nightly"}).headers["location"])
    assert ("failed", 2) == (job["state"], job["exit_code"])


@pytest.mark.slow
def test_a_run_that_is_not_recorded_has_failed(tmp_path: Path) -> None:
    done("import", REPORT, "--store", tmp_path / "store")
    with asking(tmp_path / "store", command=("check", "--fail-on", "never", "--no-config")) as reader:
        with full(8_000):
            location = reader.post(RUNS, json={"run": "nightly"}).headers["location"]
        job, page = ended(reader, location), reader.get(location.removeprefix("/api/v1")).text
        recorded = ended(reader, reader.post(RUNS, json={"run": "nightly"}).headers["location"])
    assert ("failed", 2) == (job["state"], job["exit_code"]) and "the run was not recorded in the history" in page
    assert ("done", 0) == (recorded["state"], recorded["exit_code"])


def test_one_run_at_a_time_of_a_store_whichever_server_started_it(tmp_path: Path, sleeping: None) -> None:
    store = tmp_path / "store"
    with asking(store) as reader, asking(store) as other:
        location = reader.post(RUNS, json={"run": "nightly"}).headers["location"]
        refused = other.post(RUNS, json={"run": "nightly"})
        assert 409 == refused.status_code and "in progress" in refused.json()["detail"]
        assert 409 == reader.post(RUNS, json={"run": "nightly"}).status_code
        assert "cancelled" == reader.delete(location).json()["state"]
        assert ("cancelled", -15) == tuple(ended(reader, location)[name] for name in ("state", "exit_code"))
        assert 202 == other.post(RUNS, json={"run": "nightly"}).status_code
        assert [1, 1] == [len(one.get(f"{RUNS}/jobs").json()["jobs"]) for one in (reader, other)]


def test_the_end_of_the_server_ends_its_run(tmp_path: Path, sleeping: None) -> None:
    with asking(tmp_path / "store") as reader:
        reader.post(RUNS, json={"run": "nightly"})
        job = reader.app.state.jobs.all()[0]  # type: ignore[attr-defined]
        assert job.is_running
    assert -15 == job.process.returncode


def test_no_text_of_a_request_becomes_an_argument(tmp_path: Path, sleeping: None) -> None:
    with asking(tmp_path / "store", command=("check", "--quiet")) as reader:
        for name, status in (("--help", 404), ("nightly --help", 404), ("", 404), (["nightly"], 400), (None, 400)):
            assert status == reader.post(RUNS, json={"run": name}).status_code
        for body in (b"", b"{", b'{"run": "nightly", "more": 1}', b'"nightly"', b"[" * 100_000, b"\xff"):
            assert 400 == reader.post(RUNS, content=body).status_code
        location = reader.post(f"{RUNS}?store=elsewhere", json={"run": "nightly"}).headers["location"]
        assert f"-P|-m|perpend|check|--store|{tmp_path / 'store'}|--quiet|" == first_line(reader)
        reader.delete(location)


@pytest.mark.slow
@pytest.mark.parametrize("last", [("--",), ("--out",)])
def test_no_word_of_a_run_takes_the_store_for_its_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: Any) -> None:
    """Neither an input nor a file to write is named `--store`."""
    monkeypatch.chdir(tmp_path)
    done("import", REPORT, "--store", "store")
    with asking(Path("store"), command=("check", "--fail-on", "never", "--no-config", *last)) as reader:
        job = ended(reader, reader.post(RUNS, json={"run": "nightly"}).headers["location"])
    assert {("--",): ("done", 0), ("--out",): ("failed", 2)}[last] == (job["state"], job["exit_code"])
    assert ["store"] == [path.name for path in tmp_path.iterdir()]


def test_readers_of_some_accounts_start_and_see_no_runs(tmp_path: Path, sleeping: None) -> None:
    from dataclasses import replace

    scoped = {"X-Forwarded-User": "alma", "X-Accounts": "111122223333"}
    limited = replace(PROXY, place=str(tmp_path), runs={"nightly": ("check",)})
    with client(limited, peer="10.0.0.4") as reader:
        assert 403 == reader.post(RUNS, json={"run": "nightly"}, headers=scoped).status_code
        location = reader.post(RUNS, json={"run": "nightly"}, headers=BEARER).headers["location"]
        for address in (f"{RUNS}/jobs", location, f"{location}/events", "/runs/start", location.removeprefix("/api/v1")):
            assert 403 == reader.get(address, headers=scoped).status_code
        assert 403 == reader.delete(location, headers=scoped).status_code
        assert "running" == reader.get(location, headers=BEARER).json()["state"]


def test_without_configured_runs_nothing_can_be_started() -> None:
    with client() as reader:
        answers = [reader.post(RUNS, json={"run": "x"}, headers=BEARER), reader.get("/runs/start", headers=BEARER)]
    assert [404, 404] == [answer.status_code for answer in answers] and "--jobs" in answers[1].text


def test_a_form_starts_and_cancels_a_run_without_scripts(tmp_path: Path, sleeping: None) -> None:
    with asking(tmp_path / "store") as reader:
        assert "perpend check" in reader.get("/runs/start").text
        location = reader.post("/runs/start", data={"run": "nightly"}).headers["location"]
        first_line(reader)
        page = reader.get(location).text
        assert (
            f'hx-get="{location}"' in page and f'href="{location}">Look again' in page and f'action="{location}/cancel"' in page
        )
        assert 303 == reader.post(f"{location}/cancel").status_code
        ended(reader, f"/api/v1{location}")
        page = reader.get(location).text
        assert "Cancelled" in page and "hx-get" not in page and r"\x1b[31mred" in page and "\x1b" not in page
        assert 404 == reader.post("/runs/start", data={"run": "other"}).status_code
        assert 404 == reader.get("/runs/jobs/none").status_code


def test_events_over_http_are_lines_and_states_and_go_on_behind_the_last_one(tmp_path: Path, sleeping: None) -> None:
    made = settings(tmp_path / "store")
    with server(application(made), made) as port:
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        asking.request("POST", RUNS, json.dumps({"run": "nightly"}), BEARER)
        answer = asking.getresponse()
        answer.read()
        location = answer.headers["Location"]
        asking.request("GET", f"{location}/events", headers=BEARER | {"Last-Event-ID": "1"})
        stream = asking.getresponse()
        assert ("text/event-stream; charset=utf-8", "no-store", "no") == tuple(
            stream.headers[name] for name in ("Content-Type", "Cache-Control", "X-Accel-Buffering")
        )
        head = b""
        while b'red"' not in head:
            head += stream.readline()
        assert b"id: 2\n" in head and b"id: 1\n" not in head and rb'"\\x1b[31mred"' in head
        other = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        other.request("DELETE", location, headers=BEARER)
        assert 200 == other.getresponse().status
        assert '"state": "cancelled", "exit_code": -15' in stream.read().decode()


def test_a_quiet_run_gives_signs_of_life() -> None:
    async def first_events() -> list[Any]:
        job = Job("id", "nightly", None, process=None)  # type: ignore[arg-type]
        found = []
        async for event in events(job, 0, quiet=0.001):
            found.append(event)
            if len(found) == 2:
                return found
        return found

    state, sign = asyncio.run(first_events())
    assert "running" == state.state and sign is None


def test_old_lines_are_forgotten_and_numbers_go_on() -> None:
    job = Job("id", "nightly", None, process=None)  # type: ignore[arg-type]
    for number in range(1_500):
        job.add(f"{number}" if number else "x" * 10_000)
    first, lines = job.lines_from(0)
    assert (500, 1_000, "500", "1499") == (first, len(lines), lines[0], lines[-1])
    assert (1_499, ["1499"]) == job.lines_from(1_499)
    assert (1_500, []) == job.lines_from(1_500)


@pytest.mark.parametrize(
    ("place", "command", "can_start"),
    [
        ("store", ("scan", "aws", "--org"), True),
        ("store", ("collect", "aws"), True),
        ("store", ("check", "--quiet"), True),
        ("store", ("import", "a.csv"), True),
        ("s3://bucket/store", ("check",), False),
        ("store", ("serve",), False),
        ("store", ("scan",), False),
        ("store", (), False),
        ("store", ("check", "--store", "other"), False),
        ("store", ("check", "--store=other"), False),
        ("store", ("scan", "aws", "--no-store"), False),
    ],
)
def test_a_run_is_a_command_that_writes_to_the_store(place: str, command: tuple[str, ...], can_start: bool) -> None:
    assert can_start == (why_not_startable(place, command) is None)
