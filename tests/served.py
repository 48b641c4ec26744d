"""A small store to serve: two policies, three accounts, and findings in all states, some waived and some rated otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perpend.core.objects.claims import Claim
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write.commit import commit_run
from perpend.language.syntax.repository import Repository
from perpend.server.served_store import ServedStore
from tests.histories import BEGIN, Inventory, Thing, program
from tests.repositories import write

ACCOUNTS = ("111111111111", "222222222222", None)
REGIONS = ("eu-west-1", None)
THINGS = [Thing(f"thing-{n:02}", ACCOUNTS[n % 3], REGIONS[n % 2], f"Näme {n}") for n in range(24)]
CODES = (199, 299, 300, 101, 98)
POLICIES = ("/ce/open", "/ce/odd")
NAMES = {"111111111111": "Production"}
WAIVERS = {
    "waivers": [
        {
            "id": "known",
            "policies": ["/ce/open"],
            "kind": "planned-fix",
            "reason": "Soon.",
            "owner": "o",
            "until": "2099-01-01",
            "scope": {"objects": ["thing-02", "thing-03", "thing-07", "thing-10"]},
        }
    ]
}
RATINGS = {
    "ratings": [{"policies": ["/ce/open"], "severity": "high", "because": "It is open.", "source": "us"}],
    "raise": [
        {"policies": ["/ce/open"], "scope": {"accounts": ["222222222222"]}, "by": 1, "because": "It is big.", "source": "us"}
    ],
}


def served_repository(root: Path) -> Repository:
    """Return a repository with the policies, waivers and ratings."""
    files: dict[str, Any] = {"ce/folder.yaml": {"names": {"full": "Root", "contextual": "Root"}}}
    for policy in POLICIES:
        title = f"Thing is {policy[4:]}"
        files[f"{policy[1:]}/policy.yaml"] = {"names": {"full": title, "contextual": title}, "description": "What it asks."}
    return Repository(write(root, {**files, "waivers/a.yaml": WAIVERS, "ratings/a.yaml": RATINGS}))


def commit_day(inventory: Inventory, day: int, things: int = len(THINGS)) -> None:
    """Commit the run of a day, from 0, on the first things; on each day, other policies fail."""
    rows = {
        thing: [CODES[(number + day) % 5], CODES[(number * 7 + day * day) % 5]] for number, thing in enumerate(THINGS[:things])
    }
    judged = inventory.judged(
        rows, [program(policy) for policy in POLICIES], time=BEGIN.replace(day=1 + day), claims=[Claim("Thing")]
    )
    commit_run(HistoryStorage(inventory.directory), judged)


def store_of_days(directory: Path, days: int = 4) -> Inventory:
    """Return a store whose history has so many runs. On the last day, one thing is gone."""
    inventory = Inventory(directory)
    for day in range(days):
        commit_day(inventory, day, len(THINGS) - (day == days - 1))
    return inventory


def served(store: Path, repository: Repository) -> ServedStore:
    """Return the store as a server reads it."""
    return ServedStore(str(store), repository, account_names=NAMES)
