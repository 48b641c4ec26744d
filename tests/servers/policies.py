"""The policies of a repository over an account of ours: ``python -m tests.servers.policies --repo DIR --policy /ce/ca/aws``.

The account stands on moto, behind the proxy, with something of most types; another server that speaks AWS is named by ``--url``.
What policies read is collected and judged. Printed is how often each policy ends with each status, and why what is undetermined
is so; ``--counts`` prints sums alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import test_collect_aws, test_collect_aws_data
from tests.servers.aws import Proxy, moto
from tests.servers.inventory import Inventory

STATUSES = ("COMPLIANT", "INCOMPLIANT", "INAPPLICABLE", "UNDETERMINED", "DISAPPEARED")
KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true"}


def make_network(url: str) -> None:
    """Make networks, instances, load balancers, databases and clusters."""
    Inventory(url, KEYS["AWS_SECRET_ACCESS_KEY"])


MAKERS = (test_collect_aws.seed, test_collect_aws_data.seed, make_network)
"""What makes something of most types on a server."""


@contextmanager
def account() -> Iterator[str]:
    """Yield the address of a server with an account that holds something of most types."""
    with moto() as address:
        for make in MAKERS:
            make(address)
        proxy = Proxy(address)
        try:
            yield proxy.url
        finally:
            proxy.close()


def judged(url: str, chosen: list[str], *options: str) -> tuple[str, list[dict[str, Any]]]:
    """Return what collecting, with some options of its own, says, and all verdicts."""
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "store")
        found = perpend("collect", "aws", "--store", store, "--endpoint-url", url, *chosen, *options, allowed=(0, 3))
        lines = perpend("check", "--store", store, "--no-history", "--format", "ndjson", *chosen, allowed=(0, 1, 3)).stdout
    return found.stdout + found.stderr, [one for one in map(json.loads, lines.splitlines()) if "status" in one]


def perpend(*words: str, allowed: tuple[int, ...]) -> subprocess.CompletedProcess[str]:
    """Run a command with keys of nobody."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-m", "perpend", *words, "--no-config"]
    ended = subprocess.run(command, env={**known, **KEYS}, capture_output=True, text=True, check=False)
    if ended.returncode not in allowed:
        raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return ended


def by_policy(verdicts: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Return how often each policy ends with each status."""
    found: dict[str, Counter[str]] = {}
    for one in verdicts:
        found.setdefault(one["policyId"], Counter())[one["status"]] += 1
    return found


def reasons(verdicts: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Return why verdicts of each policy are undetermined, and how many."""
    found: dict[str, Counter[str]] = {}
    for one in verdicts:
        if one["status"] == "UNDETERMINED":
            said = dict.fromkeys(text for text in (one["currentStateMessage"], one["runtimeError"]) if text)
            found.setdefault(one["policyId"], Counter())[": ".join(said)] += 1
    return found


def lines_of(verdicts: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the table, and below it the reasons."""
    yield f"{'policy':90}" + "".join(f"{status.lower():>14}" for status in STATUSES)
    for policy, counts in sorted(by_policy(verdicts).items()):
        yield f"{policy[-90:]:90}" + "".join(f"{counts[status]:14}" for status in STATUSES)
    for policy, why in sorted(reasons(verdicts).items()):
        yield f"\nundetermined by {policy}"
        yield from (f"  {number:4} {message[:300]}" for message, number in why.most_common())


def sums(verdicts: list[dict[str, Any]]) -> Mapping[str, int]:
    """Return how many policies were judged, verdicts by status, and policies of which all, or some, is undetermined."""
    policies = by_policy(verdicts)
    some = [counts for counts in policies.values() if counts["UNDETERMINED"]]
    alone = sum(counts["UNDETERMINED"] == counts.total() for counts in some)
    statuses = Counter(one["status"] for one in verdicts)
    return {
        "policies": len(policies),
        "verdicts": len(verdicts),
        **{status.lower(): statuses[status] for status in STATUSES},
        "policies that are undetermined of some objects": len(some) - alone,
        "policies that are undetermined of all objects": alone,
    }


def main(arguments: list[str] | None = None) -> Mapping[str, int]:
    """Run, print and return the sums."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repo")
    parser.add_argument("--policy", action="append", default=[])
    parser.add_argument("--url")
    parser.add_argument("--counts", action="store_true")
    wanted = parser.parse_args(arguments)
    os.environ.update(KEYS)
    chosen = [*(["--repo", wanted.repo] if wanted.repo else []), *(word for one in wanted.policy for word in ("--policy", one))]
    if wanted.url:
        told, verdicts = judged(wanted.url, chosen)
    else:
        with account() as url:
            told, verdicts = judged(url, chosen)
    found = sums(verdicts)
    if not wanted.counts:
        sys.stdout.write("\n".join([told, *lines_of(verdicts), ""]))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return found


if __name__ == "__main__":
    main()
