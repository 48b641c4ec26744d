"""A long run by command: an organization is collected from the double, killed at random points, and gone on with.

``python -m tests.servers.google.long --projects 200 --objects 500 --kills 10`` prints requests to the inventory, rows, seconds
and the peak of memory of a run that nobody disturbs, and what differs from it in one that is killed: nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from perpend.collectors.google.calls import ASSET_TYPES
from perpend.collectors.google.inventory import FOLDERS, JOINS, ORGANIZATIONS, PROJECTS
from perpend.inventory.snapshots.store import Store
from tests.servers.google.credentials import service_account
from tests.servers.google.double import ASSETS, NAMES, ORGANIZATION, Google
from tests.servers.google.inventories import collected
from tests.servers.google.samples import PROJECT, SAMPLES
from tests.servers.killing import Cell, Process, killed, tables
from tests.servers.rest import Asked, Fault, serving

_TYPES = [one for one in ASSET_TYPES if one in NAMES and one != "compute.googleapis.com/Project"][:30]
_PUBLIC = 50
"""One asset of so many has a policy."""

_READ_AGAIN = {PROJECTS, FOLDERS, ORGANIZATIONS, *(listing for listings in JOINS.values() for listing in listings)}
"""The listings that a resumed collection reads again, because others need them."""


class Long(Google):
    """A double with many projects. ``answered`` are the requests; ``after_each`` is called after each of them."""

    def __init__(self, projects: int, objects: int) -> None:
        super().__init__()
        self.answered: list[Asked] = []
        self.after_each: Callable[[], object] = lambda: None
        self.organization()
        for number in range(projects):
            self.project(f"project-{number:04}")
        self.home = "project-0000"
        for number in range(objects * projects):
            kind, project = _TYPES[number % len(_TYPES)], f"project-{number // objects:04}"
            name = f"object-{number}"
            members = (
                {"iamPolicy": {"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}]}} if not number % _PUBLIC else {}
            )
            usual = json.loads(json.dumps(SAMPLES[kind]).replace(PROJECT, project))
            data = {**usual, "name": name, "description": "x" * 900, "labels": {"team": "a", "stage": "production"}}
            self.plant(kind, project, data, name, **members)
        self.policy(ORGANIZATION, ("roles/viewer", ["group:all@example.com"]))

    def answer(self, asked: Asked) -> Fault:
        """Return the answer to a request, and note the request."""
        answer = super().answer(asked)
        self.answered.append(asked)
        self.after_each()
        return answer


def collecting(google: Long, key: Path, store: Path, *options: str) -> Process:
    """Begin to collect the inventory in a process of its own."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("GOOGLE_", "CLOUDSDK_"))}
    own = {"GOOGLE_APPLICATION_CREDENTIALS": str(key), "NO_GCE_CHECK": "true", "CLOUDSDK_CONFIG": str(key.parent / "none")}
    words = ["tests.servers.google.long", "--into", str(store), "--endpoint-url", google.url, *options]
    return Process(google, words, others | own)


@contextmanager
def organization(projects: int, objects: int) -> Iterator[Long]:
    """Yield a server of an organization with so many objects in each project."""
    with serving(Long(projects, objects)) as google:
        yield google


def inventory(google: Long) -> list[Asked]:
    """Return the requests to the inventory."""
    return [asked for asked in google.answered if asked.host == ASSETS]


def asked_again(google: Long, moments: set[str], done: Collection[Cell]) -> list[str]:
    """Return the requests for lists that were done before. Those that others need may be read again.

    ``moments`` gets the times that this collection asked about; one that resumes nothing begins with none.
    """
    if not done:
        moments.clear()
    calls = [google.call_of(asked) for asked in inventory(google)]
    moments |= {asked.query["readTime"] for asked in inventory(google)[1:] if asked.query.get("contentType") == "IAM_POLICY"}
    return [call for call in calls if (ORGANIZATION, "", call) in done and call not in _READ_AGAIN]


def measured(projects: int, objects: int, kills: int, seed: int = 1) -> dict[str, Any]:
    """Return the figures of a run without a disturbance, and of one with kills if there are any."""
    with organization(projects, objects) as google, tempfile.TemporaryDirectory() as folder:
        key = service_account(google, Path(folder), google.home)
        store = Path(folder) / "whole"
        process = collecting(google, key, store).wait()
        assert process.code == 0, process.output.decode()
        requests = len(inventory(google))
        figures: dict[str, Any] = {
            "projects": projects,
            "requests": requests,
            "rows": sum(table.rows for table in Store(store).snapshot().tables.by_name.values()),
            "memory": round(process.memory),
            "seconds": round(process.seconds, 1),
            "wall": round(process.wall, 1),
        }
        if kills:
            other, moments = Path(folder) / "killed", set[str]()
            struck, twice = killed(
                google,
                partial(collecting, google, key),
                other,
                kills,
                requests=requests,
                asked_again=partial(asked_again, google, moments),
                drawn=random.Random(seed),
            )
            same = tables(store) == tables(other)
            figures |= {"kills": struck, "twice": twice, "moments": len(moments), "same": same}
    return figures


def main(arguments: list[str] | None = None) -> None:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.google.long")
    parser.add_argument("--into", type=Path, help="collect into this store, and measure nothing")
    parser.add_argument("--endpoint-url", help="the address of the double to collect from")
    parser.add_argument("--resume", action="store_true")
    for name, number in (("projects", 200), ("objects", 500), ("kills", 0), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=number)
    wanted = parser.parse_args(arguments)
    if wanted.into:
        result = collected(wanted.endpoint_url, wanted.into, organization="1001", resume=wanted.resume)
        sys.stdout.write("".join(f"{cause}\n" for cause in result.completeness.unread))
        sys.exit(0 if result.is_complete else 3)
    sys.stdout.write(json.dumps(measured(wanted.projects, wanted.objects, wanted.kills, wanted.seed), indent=1) + "\n")


if __name__ == "__main__":
    main()
