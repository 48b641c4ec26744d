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
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench.results import Results

from perpend.inventory.snapshots.store import Store
from tests.servers.killing import Cell, Process, killed, tables
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


def asked_again(stub: Stub, done: set[Cell]) -> list[Call]:
    """Return the answered calls that no listing needed but those that were done."""
    found = []
    for call in stub.answered:
        name = f"{call.operation} {call.what}"
        listings = next((SERVED[one] for one in sorted(SERVED, reverse=True) if name.startswith(one)), ())
        cells = {(call.account, call.region if one == "analyzer.list" else "", one) for one in listings}
        found += [call] if cells and cells <= done else []
    return found


def collecting(stub: Stub, store: Path, *options: str) -> Process:
    """Begin to collect the organization in a process of its own."""
    words = ["perpend", "collect", "aws", "--store", str(store), "--endpoint-url", stub.url, *CHOSEN, "--org", *options]
    keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}
    return Process(stub, words, {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | keys)


def killed_organization(stub: Stub, store: Path, kills: int, *, calls: int, drawn: random.Random) -> tuple[int, int]:
    """Collect with so many kills; return kills that struck, and calls made twice."""
    return killed(
        stub, partial(collecting, stub), store, kills, requests=calls, asked_again=partial(asked_again, stub), drawn=drawn
    )


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
        process = collecting(stub, whole).wait()
        assert process.code == 0, process.output.decode()
        calls = len(stub.answered)
        rows = {name: table.rows for name, table in Store(whole).snapshot().tables.by_name.items()}
        drawn = random.Random(wanted.seed)
        struck, twice = killed_organization(stub, other, wanted.kills, calls=calls, drawn=drawn)
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
