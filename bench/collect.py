"""Users with access keys on a server of ours, collected and judged; beside it a bare script, and Cloud Custodian if on PATH.

All ask the same moto, round by round, which users have two active keys; the first round does not count. Calls are counted by
the server. The script makes our calls with boto3 and counts with ``csv``, without policy, store and report: what any tool in
Python takes at least.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.engines import machine
from bench.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

POLICY = "user-has-more-than-one-active-access-key"
CALLS = 8
"""How many calls the seed policy may cost, however many users there are."""

OURS, BARE, THEIRS = "perpend scan aws", "a bare script", "custodian run"

RATIO = 20
"""How many times as much the other scanner ought to take."""

_CUSTODIAN = """policies:
  - name: two-keys
    resource: aws.iam-user
    filters:
      - {type: credential, key: access_keys.active, value: true, report_delay: 0}
      - {type: value, key: '"c7n:matched-keys" | length(@)', value: 2}
"""
_BARE = """
import boto3, csv, io, sys
boto3.client("sts").get_caller_identity()
iam = boto3.client("iam")
while iam.generate_credential_report()["State"] != "COMPLETE":
    pass
users = csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode()))
assert int(sys.argv[1]) == sum(user["access_key_1_active"] == user["access_key_2_active"] == "true" for user in users)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a candidate cost: wall seconds, seconds of its own processors and of the server's, calls; and the users found."""

    seconds: float
    processor: float
    server: float
    calls: int
    found: int


class Server:
    """A moto of its own on loopback. Each call is a line of its log."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "server.log"
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(600):
            if self._process.poll() is not None:
                raise SystemExit("moto ended: `pip install 'moto[server]'`")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("moto does not answer")

    def calls(self) -> int:
        return self._log.read_bytes().count(b'"POST / HTTP')

    def seconds(self) -> float:
        """Return the seconds of processors that the server has used, 0 where the system does not say."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        words = stat.read_text().rpartition(")")[2].split() if stat.exists() else ["0"] * 13
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        server.close()


def measure_collecting(users: int, rounds: int, folder: Path, results: Path | None, command: str) -> None:
    """Print what one policy costs over some users, a quarter of whom have two active keys; keep it where results are kept."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with _server(folder) as server:
        environment["AWS_ENDPOINT_URL"] = server.url
        _create(server, users)
        found = _in_turns(rounds, _candidates(server, folder, environment, users))
    candidates = {name: _medians(asked) for name, asked in found.items()}
    print(f"\n{users:,} users, {users // 4:,} with two active keys, on one server (`{command}`)")
    for name, one in candidates.items():
        cost = f"{one['seconds']:7.2f} s, {one['processor']:6.2f} s of processors and {one['server']:6.2f} s of the server's"
        print(f"  {name:18} {cost}, {one['calls']:5} calls, {one['found']} found")
    if THEIRS in candidates:
        own, both, calls = ratios(candidates)
        print(f"  ratio: {own:.1f} x of processor time, {both:.1f} x with the server's (goal: {RATIO} x), {calls:.0f} x calls")
    if results:
        kept = Results.read(results)
        kept.content["machine"] = machine()
        day = datetime.now(UTC).date().isoformat()
        kept.add("collect", {"users": users, "date": day, "command": command, "candidates": candidates})


def ratios(candidates: Mapping[str, Mapping[str, Any]]) -> tuple[float, float, float]:
    """Return what the other scanner takes in times of ours: processor time of its own, with the server's, and calls."""
    ours, theirs = candidates[OURS], candidates[THEIRS]
    both = (theirs["processor"] + theirs["server"]) / (ours["processor"] + ours["server"])
    return theirs["processor"] / ours["processor"], both, theirs["calls"] / ours["calls"]


def _candidates(server: Server, folder: Path, environment: dict[str, str], users: int) -> dict[str, Callable[[], Asked]]:
    custodian = shutil.which("custodian") or shutil.which("custodian", path=str(Path(sys.executable).parent))
    if custodian is None:
        print("  custodian run: not installed (c7n is in the extra `bench`, or anywhere on PATH)")
    return {
        OURS: partial(_perpend, server, folder, environment, users),
        BARE: partial(_bare, server, environment, users),
        **({THEIRS: partial(_custodian, custodian, server, folder, environment)} if custodian else {}),
    }


def _in_turns(rounds: int, candidates: Mapping[str, Callable[[], Asked]]) -> dict[str, list[Asked]]:
    found: dict[str, list[Asked]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, candidate in candidates.items():
            asked = candidate()
            found[name] += [asked] if number else []
    return found


def _medians(asked: Sequence[Asked]) -> dict[str, float]:
    def median(name: str) -> float:
        return round(float(statistics.median(getattr(one, name) for one in asked)), 2)

    counts = {"calls": asked[-1].calls, "found": asked[-1].found}
    return {name: median(name) for name in ("seconds", "processor", "server")} | counts


def _create(server: Server, users: int) -> None:
    import botocore.session

    session = botocore.session.Session()
    session.set_credentials("id", "none")
    iam = session.create_client("iam", region_name="us-east-1", endpoint_url=server.url)

    def create(number: int) -> None:
        iam.create_user(UserName=f"user{number:06}")
        for _ in range(2 if number % 4 == 0 else 1):
            iam.create_access_key(UserName=f"user{number:06}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(users)))


def _perpend(server: Server, folder: Path, environment: dict[str, str], users: int) -> Asked:
    out = folder / "verdicts.json"
    words = [
        "scan",
        "aws",
        "--policy",
        POLICY,
        "--endpoint-url",
        server.url,
        "--format",
        "json",
        "--out",
        str(out),
        "--no-config",
    ]
    asked = _run([sys.executable, "-m", "perpend", *words], server, environment, allowed=(1, 3))
    verdicts = json.loads(out.read_text())["verdicts"]
    found = Counter(one["status"] for one in verdicts if not one["object"]["id"].endswith(":root"))
    expected = {"COMPLIANT": users - users // 4, "INCOMPLIANT": users // 4}
    assert expected == found, found
    return Asked(*asked, found["INCOMPLIANT"])


def _bare(server: Server, environment: dict[str, str], users: int) -> Asked:
    found = users // 4
    return Asked(*_run([sys.executable, "-c", _BARE, str(found)], server, environment, allowed=(0,)), found)


def _custodian(command: str, server: Server, folder: Path, environment: dict[str, str]) -> Asked:
    (folder / "policy.yml").write_text(_CUSTODIAN)
    shutil.rmtree(folder / "out", ignore_errors=True)
    words = ["run", "--region", "us-east-1", "--cache-period", "0", "-s", str(folder / "out"), str(folder / "policy.yml")]
    asked = _run([command, *words], server, environment, allowed=(0,))
    return Asked(*asked, len(json.loads((folder / "out" / "two-keys" / "resources.json").read_text())))


def _run(
    command: list[str], server: Server, environment: dict[str, str], *, allowed: tuple[int, ...]
) -> tuple[float, float, float, int]:
    before, used, started = server.calls(), server.seconds(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    errors = process.stderr.read().decode() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in allowed:
        raise SystemExit(f"{' '.join(command)} ended with {code}: {errors[-1500:]}")
    return seconds, usage.ru_utime + usage.ru_stime, server.seconds() - used, server.calls() - before
