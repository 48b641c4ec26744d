"""A long run by command: an organization on a server of ours is collected, killed at random points, and gone on with.

``python -m tests.servers.long --accounts 200 --users 1000 --kills 30`` prints calls, rows, the peak of memory and CPU seconds
of a run that nobody disturbs, and what differs from it in one that is killed: nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.results import Results

from perpend.inventory.snapshots.store import Store
from tests.servers.stub import SECRET, Call, Stub

POLICIES = (
    "user-has-more-than-one-active-access-key",
    "delete-user-inline-or-directly-attached-policies",
    "iam-access-analyzer-for-all-regions",
    "policy-allows-full-administrative-privileges",
)
CHOSEN = tuple(word for name in POLICIES for word in ("--policy", name))
OF_USERS, OF_POLICIES = "GetAccountAuthorizationDetails User", "GetAccountAuthorizationDetails LocalManagedPolicy"
SERVED = {
    "GenerateCredentialReport": ("iam.report",),
    "GetCredentialReport": ("iam.report",),
    OF_USERS: ("iam.user-details", "iam.report"),
    OF_POLICIES: ("iam.policies", "iam.attached-policies", "iam.boundary-policies", "iam.named-policies"),
    "ListPolicies": ("iam.policies",),
    "ListPolicies true": ("iam.attached-policies",),
    "ListPolicies true PermissionsBoundary": ("iam.boundary-policies",),
    "ListAnalyzers": ("analyzer.list",),
    "DescribeRegions": ("ec2.regions",),
}
"""The listings that need the answer of a call. An answer is not kept, so a listing that is not done asks for it again."""


def asked_again(stub: Stub, done: set[tuple[str, str, str]]) -> list[Call]:
    """Return the answered calls that no listing needed but those that were done."""
    found = []
    for call in stub.answered:
        name = f"{call.operation} {call.what}"
        listings = next((SERVED[one] for one in sorted(SERVED, reverse=True) if name.startswith(one)), ())
        cells = {(call.account, call.region if one == "analyzer.list" else "", one) for one in listings}
        found += [call] if cells and cells <= done else []
    return found


def done_in(store: Path) -> set[tuple[str, str, str]]:
    """Return the cells that the journal of an unfinished collection has ended."""
    found: set[tuple[str, str, str]] = set()
    for journal in store.glob("unfinished/*/journal.ndjson"):
        lines = [json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1]]
        found |= {tuple(line["cell"]["cell"]) for line in lines if "cell" in line}
    return found


def tables(store: Path) -> dict[str, list[str]]:
    """Return the hashes of a store's tables, and its claims."""
    snapshot = Store(store).snapshot()
    files = {name: [one.sha256 for one in files] for name, files in Store(store).snapshots()[-1].files.items()}
    return {**files, "claims": [str(claim) for source in snapshot.sources for claim in source.coverage]}


class Process:
    """A collection in a process of its own. Its peak of memory is in MB."""

    def __init__(self, stub: Stub, store: Path, *options: str) -> None:
        known = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}
        words = ["collect", "aws", "--store", str(store), "--endpoint-url", stub.url, *CHOSEN, "--org", *options]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "perpend", *words], env={**known, **keys}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._stub = stub
        self.output, self.code, self.memory, self.seconds = b"", 0, 0.0, 0.0

    def kill_after(self, calls: int) -> None:
        """End the process at once, wherever it is, when so many calls were answered."""

        once = threading.Lock()

        def told() -> None:
            if len(self._stub.answered) >= calls and once.acquire(blocking=False):
                # Not by Popen, which looks first whether the process has ended, and takes its end away from `wait`.
                os.kill(self._process.pid, signal.SIGKILL)

        self._stub.told = told

    def wait(self) -> Process:
        """Wait for the end."""
        assert self._process.stdout is not None
        self.output = self._process.stdout.read()
        _, status, used = os.wait4(self._process.pid, 0)
        self.code, self.memory = os.waitstatus_to_exitcode(status), used.ru_maxrss / 1024
        self.seconds = used.ru_utime + used.ru_stime
        self._process.returncode = self.code
        return self


def killed(stub: Stub, store: Path, kills: int, *, calls: int, drawn: random.Random) -> tuple[int, int]:
    """Collect with so many kills, each behind a random number of calls; return kills that struck, and calls made twice."""
    done: set[tuple[str, str, str]] = set()
    struck = twice = 0
    while True:
        stub.answered.clear()
        process = Process(stub, store, *(["--resume"] if done else []))
        if struck < kills:
            process.kill_after(drawn.randint(1, max(2, 3 * calls // (2 * kills + 2))))
        process.wait()
        stub.told = lambda: None
        twice += len(asked_again(stub, done))
        if process.code == -signal.SIGKILL:
            struck += 1
            done |= done_in(store)
            continue
        assert process.code == 0, process.output.decode()
        return struck, twice


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run, print and return the figures."""
    parser = argparse.ArgumentParser()
    for name, number in (("accounts", 200), ("users", 1_000), ("kills", 30), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--json", type=Path, metavar="FILE", help="results to add to, of which the page of performance is made")
    wanted = parser.parse_args(arguments)
    stub = Stub(wanted.accounts, wanted.users)
    with tempfile.TemporaryDirectory() as folder:
        whole, other = Path(folder) / "whole", Path(folder) / "killed"
        process = Process(stub, whole).wait()
        assert process.code == 0, process.output.decode()
        calls = len(stub.answered)
        rows = {name: table.rows for name, table in Store(whole).snapshot().tables.by_name.items()}
        drawn = random.Random(wanted.seed)
        struck, twice = killed(stub, other, wanted.kills, calls=calls, drawn=drawn)
        same = tables(whole) == tables(other)
    stub.close()
    found = {"calls": calls, "rows": rows, "memory": round(process.memory), "seconds": round(process.seconds, 1)}
    found |= {"kills": struck, "twice": twice, "same": same}
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    if wanted.json:
        command = shlex.join(["python", "-m", "tests.servers.long", *sys.argv[1:]])
        asked = {
            "users": wanted.users,
            "accounts": wanted.accounts,
            "date": datetime.now(UTC).date().isoformat(),
            "command": command,
        }
        Results.read(wanted.json).add("organization", asked | found)
    return found


if __name__ == "__main__":
    main()
