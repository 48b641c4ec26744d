"""Users with access keys on a server of ours, collected and judged; beside it a bare script, and other scanners if on PATH.

All ask the same moto through the tests' own proxy, round by round, which users have two active keys; a round before these does
not count. The proxy counts calls and lets each wait as long as is asked, beside the others, before it passes it on: on loopback
a call costs nothing, at AWS it does. By the clock all hangs on what else the
machine does; processors' time and waits do not. The script makes our calls with boto3 and counts with ``csv``, without policy,
store and report: what any tool in Python takes at least.
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
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.engines import machine
from bench.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

POLICY = "user-has-more-than-one-active-access-key"
CALLS = 8
"""How many calls the seed policy may cost, however many users there are."""

OURS, BARE, THEIRS, PROWLER = "perpend scan aws", "a bare script", "custodian run", "prowler aws"

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
class CheckOptions:
    """What a candidate cost: wall seconds, seconds of its own processors and of the server's, those for which its calls waited.

    Calls that waited beside each other count once.
    """

    seconds: float
    processor: float
    server: float
    waited: float
    calls: int
    found: int


class Server:
    """A moto of its own on loopback, with a proxy before it."""

    def __init__(self) -> None:
        from tests.servers.aws import Proxy  # only here: other benchmarks need nothing of what tests need

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.proxy = Proxy(f"http://127.0.0.1:{port}")
        for _ in range(600):
            if self._process.poll() is not None:
                raise SystemExit("moto ended: `pip install 'moto[server]'`")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("moto does not answer")

    def seconds(self) -> float:
        """Return the seconds of processors that moto has used, 0 where the system does not say."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        words = stat.read_text().rpartition(")")[2].split() if stat.exists() else ["0"] * 13
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.proxy.close()
        self._process.terminate()
        self._process.wait()


@contextmanager
def _server() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.close()


def measure_collecting(
    users: int, rounds: int, delays: Sequence[int], folder: Path, results: Path | None, command: str
) -> None:
    """Print what one policy costs over some users, a quarter of whom have two active keys; keep it where results are kept.

    ``delays`` are the milliseconds that each call waits; all of them in one run, on one server.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with _server() as server:
        environment["AWS_ENDPOINT_URL"] = server.proxy.url
        _create(server, users)
        candidates = _candidates(server, folder, environment, users)
        loads = [os.getloadavg()[0]]
        found = _in_turns(rounds, delays, server, candidates)
        loads.append(os.getloadavg()[0])
    measured = [{"delay": delay, "candidates": _medians(asked)} for delay, asked in found.items()]
    print(f"\n{users:,} users, {users // 4:,} with two active keys, on one server (`{command}`)")
    print(f"load of the machine before and after: {loads[0]:.1f}, {loads[1]:.1f} on {os.cpu_count()} processors")
    for one in measured:
        _tell(one["delay"], one["candidates"])
    if results:
        kept = Results.read(results)
        kept.content["machine"] = machine()
        day = datetime.now(UTC).date().isoformat()
        load = [round(one, 1) for one in loads]
        record = {"users": users, "date": day, "command": command, "rounds": rounds, "load": load, "delays": measured}
        kept.add("collect", record)


def _tell(delay: int, candidates: Mapping[str, Mapping[str, Any]]) -> None:
    print(f"each call waits {delay} ms")
    for name, one in candidates.items():
        times = Times.of(one)
        cost = f"{times.own:6.2f} s of processors, {times.both:6.2f} with the server's, {times.whole:6.2f} with the waits"
        print(f"  {name:18} {cost}, {times.clock:7.2f} s by the clock, {times.calls:5.0f} calls, {one['found']} found")
    for other in (THEIRS, PROWLER):
        if other in candidates:
            ratio = ratios(candidates, other=other)
            told = f"{ratio.own:.1f} x, {ratio.both:.1f} x, {ratio.whole:.1f} x, {ratio.clock:.1f} x by the clock"
            print(f"  {other}: {told}, {ratio.calls:.0f} x calls")


class Times(NamedTuple):
    """What a candidate takes, or in times of another one: its processors, with the server's, with the waits, by the clock."""

    own: float
    both: float
    whole: float
    clock: float
    calls: float

    @classmethod
    def of(cls, one: Mapping[str, Any]) -> Times:
        both = one["processor"] + one["server"]
        return cls(one["processor"], both, both + one["waited"], one["seconds"], one["calls"])


def ratios(candidates: Mapping[str, Mapping[str, Any]], base: str = OURS, other: str = THEIRS) -> Times:
    """Return the cost of another scanner, divided by that of one candidate."""
    both = (Times.of(candidates[name]) for name in (other, base))
    return Times(*(theirs / ours for theirs, ours in zip(*both, strict=True)))


def _candidates(server: Server, folder: Path, environment: dict[str, str], users: int) -> dict[str, Callable[[], CheckOptions]]:
    custodian = shutil.which("custodian") or shutil.which("custodian", path=str(Path(sys.executable).parent))
    if custodian is None:
        print("  custodian run: not installed (c7n is in the extra `bench`, or anywhere on PATH)")
    prowler = shutil.which("prowler")
    if prowler is None:
        print("  prowler aws: not installed (`pipx install prowler`; it needs an environment of its own)")
    return {
        OURS: partial(_perpend, server, folder, environment, users),
        BARE: partial(_bare, server, environment, users),
        **({THEIRS: partial(_custodian, custodian, server, folder, environment)} if custodian else {}),
        **({PROWLER: partial(_prowler, prowler, server, folder, environment)} if prowler else {}),
    }


def _in_turns(
    rounds: int, delays: Sequence[int], server: Server, candidates: Mapping[str, Callable[[], CheckOptions]]
) -> dict[int, dict[str, list[CheckOptions]]]:
    """Return by delay and name what each round cost; one before them, in which no call waits, warms up."""
    found: dict[int, dict[str, list[CheckOptions]]] = {delay: {name: [] for name in candidates} for delay in delays}
    for candidate in candidates.values():
        candidate()
    for _ in range(rounds):
        for delay, asked in found.items():
            server.proxy.delay = delay / 1000
            for name, candidate in candidates.items():
                asked[name].append(candidate())
    return found


def _medians(asked: Mapping[str, Sequence[CheckOptions]]) -> dict[str, dict[str, float]]:
    """Return by name the medians over the rounds, the most calls of any, the users found; by the clock the fastest round."""

    def of(rounds: Sequence[CheckOptions]) -> dict[str, float]:
        medians = {
            name: round(float(statistics.median(getattr(one, name) for one in rounds)), 2)
            for name in ("processor", "server", "waited")
        }
        clock = round(min(one.seconds for one in rounds), 2)
        return {"seconds": clock, **medians, "calls": max(one.calls for one in rounds), "found": rounds[-1].found}

    return {name: of(rounds) for name, rounds in asked.items()}


def _create(server: Server, users: int) -> None:
    import botocore.session

    session = botocore.session.Session()
    session.set_credentials("id", "none")
    iam = session.create_client("iam", region_name="us-east-1", endpoint_url=server.proxy.behind)

    def create(number: int) -> None:
        iam.create_user(UserName=f"user{number:06}")
        for _ in range(2 if number % 4 == 0 else 1):
            iam.create_access_key(UserName=f"user{number:06}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(users)))


def _perpend(server: Server, folder: Path, environment: dict[str, str], users: int) -> CheckOptions:
    out = folder / "verdicts.json"
    words = [
        "scan",
        "aws",
        "--policy",
        POLICY,
        "--endpoint-url",
        server.proxy.url,
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
    return CheckOptions(*asked, found["INCOMPLIANT"])


def _bare(server: Server, environment: dict[str, str], users: int) -> CheckOptions:
    found = users // 4
    return CheckOptions(*_run([sys.executable, "-c", _BARE, str(found)], server, environment, allowed=(0,)), found)


def _custodian(command: str, server: Server, folder: Path, environment: dict[str, str]) -> CheckOptions:
    (folder / "policy.yml").write_text(_CUSTODIAN)
    shutil.rmtree(folder / "out", ignore_errors=True)
    words = ["run", "--region", "us-east-1", "--cache-period", "0", "-s", str(folder / "out"), str(folder / "policy.yml")]
    asked = _run([command, *words], server, environment, allowed=(0,))
    return CheckOptions(*asked, len(json.loads((folder / "out" / "two-keys" / "resources.json").read_text())))


def _prowler(command: str, server: Server, folder: Path, environment: dict[str, str]) -> CheckOptions:
    shutil.rmtree(folder / "prowler", ignore_errors=True)
    chosen = ["--checks", "iam_user_two_active_access_key", "--region", "us-east-1"]
    output = ["--output-formats", "json-ocsf", "--output-directory", str(folder / "prowler"), "--output-filename", "found"]
    asked = _run([command, "aws", *chosen, *output, "--no-banner"], server, environment, allowed=(0, 3))
    findings = json.loads((folder / "prowler" / "found.ocsf.json").read_text())
    return CheckOptions(*asked, sum(one["status_code"] == "FAIL" for one in findings))


def _run(
    command: list[str], server: Server, environment: dict[str, str], *, allowed: tuple[int, ...]
) -> tuple[float, float, float, float, int]:
    before, waits, used, started = len(server.proxy.asked), server.proxy.waits, server.seconds(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    errors = process.stderr.read().decode() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in allowed:
        raise SystemExit(f"{' '.join(command)} ended with {code}: {errors[-1500:]}")
    waited = (server.proxy.waits - waits) * server.proxy.delay
    own = usage.ru_utime + usage.ru_stime
    return seconds, own, server.seconds() - used, waited, len(server.proxy.asked) - before
