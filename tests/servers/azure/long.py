"""A long run by command: many subscriptions are collected from the double, killed at random points, and gone on with.

``python -m tests.servers.azure.long --subscriptions 200 --objects 500 --kills 10`` prints requests, rows, seconds and the peak of
memory of a run that nobody disturbs, and what differs from it in one that is killed: nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perpend.collectors.azure.api import DESCENDANTS, SUBSCRIPTIONS
from perpend.collectors.azure.cloud import TABLES
from perpend.inventory.snapshots.store import Store
from perpend.language.syntax.repository import open_repository
from tests.servers.azure.collected import collected
from tests.servers.azure.double import IDENTITY, IDENTITY_HEADER, Azure, routes_of, subscription_id
from tests.servers.azure.planting import Planter
from tests.servers.long import done_in, tables
from tests.servers.rest import Asked, Fault, body_of, serving

TYPES = tuple(row.type_name for row in TABLES.all_types)
_FIRST = subscription_id(1)
_ROOT = Path(__file__).parents[3]
_DETAILS = {detail for row in TABLES.all_types for detail in row.details}


class Copies(Azure):
    """A double whose subscriptions are all like the first. ``answered`` are the requests; ``told`` is called after each."""

    def __init__(self, subscriptions: int, objects: int) -> None:
        super().__init__(routes_of([*TABLES.all_calls, SUBSCRIPTIONS, DESCENDANTS]))
        self.answered: list[Asked] = []
        self.told: Callable[[], None] = lambda: None
        self._bodies: dict[tuple[str, str], Fault] = {}
        for number in range(1, subscriptions + 1):
            self.subscribe(subscription_id(number))
        planter = Planter(self, TABLES, open_repository())
        types = [name for name in TYPES if name not in TABLES.cloud.account_types]
        for number in range(objects):
            name = types[number % len(types)]
            planter.record(name, _FIRST, f"{name.removesuffix('__c').rpartition('Azure')[2]}-{number}")

    def usual(self, asked: Asked) -> Fault:
        """Return the first subscription's answer with another id."""
        steps = asked.path.split("/")
        if asked.host == IDENTITY or len(steps) < 4:
            return super().usual(asked)
        subscription = steps[2]
        key = "/".join(steps[3:]), asked.query.get("$skiptoken", "")
        answer = self._bodies.get(key)
        if answer is None:
            path = asked.path.replace(subscription, _FIRST)
            answer = super().usual(asked._replace(path=path))
            self._bodies[key] = answer = answer._replace(body=body_of(answer))
        return answer._replace(body=answer.body.replace(_FIRST.encode(), subscription.encode()))

    def answer(self, asked: Asked) -> Fault:
        """Return the answer to a request, and note the request."""
        answer = super().answer(asked)
        self.answered.append(asked)
        self.told()
        return answer


class Process:
    """A collection of what lists show in a process of its own. ``memory`` is its peak in MB, ``seconds`` those of its processors."""

    def __init__(self, azure: Copies, store: Path, *options: str) -> None:
        known = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "IDENTITY_", "MSI_"))}
        own = {"IDENTITY_ENDPOINT": f"{azure.url}/{IDENTITY}/token", "IDENTITY_HEADER": IDENTITY_HEADER}
        words = ["-m", "tests.servers.azure.long", "--into", str(store), "--endpoint-url", azure.url, *options]
        self._process = subprocess.Popen(
            [sys.executable, *words], env={**known, **own}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=_ROOT
        )
        self._azure = azure
        self._began = time.monotonic()
        self.output, self.code, self.memory, self.seconds, self.wall = b"", 0, 0.0, 0.0, 0.0

    def kill_after(self, requests: int) -> None:
        """End the process at once, wherever it is, when so many requests were answered."""
        once = threading.Lock()

        def told() -> None:
            if len(self._azure.answered) >= requests and once.acquire(blocking=False):
                # Not by Popen, which looks first whether the process has ended, and takes its end away from `wait`.
                os.kill(self._process.pid, signal.SIGKILL)

        self._azure.told = told

    def wait(self) -> Process:
        """Wait for the end."""
        assert self._process.stdout is not None
        self.output = self._process.stdout.read()
        _, status, used = os.wait4(self._process.pid, 0)
        self.wall = time.monotonic() - self._began
        self.code, self.memory = os.waitstatus_to_exitcode(status), used.ru_maxrss / 1024
        self.seconds = used.ru_utime + used.ru_stime
        self._process.returncode = self.code
        return self


@contextmanager
def copies(subscriptions: int, objects: int) -> Iterator[Copies]:
    """Yield a server of many subscriptions with so many objects each."""
    with serving(Copies(subscriptions, objects)) as azure:
        yield azure


def asked_again(asked: Collection[Asked], azure: Azure, done: Collection[tuple[str, str, str]]) -> list[str]:
    """Return the requests for lists that were done before. A list that is a detail of another object may be read again."""
    return [one.path for one in asked if _cell(one, azure) in done and azure.call_of(one) not in _DETAILS]


def _cell(asked: Asked, azure: Azure) -> tuple[str, str, str]:
    steps = asked.path.split("/")
    return (steps[2] if len(steps) > 2 else "", "", azure.call_of(asked))


def killed(azure: Copies, store: Path, kills: int, *, requests: int, drawn: random.Random) -> tuple[int, int]:
    """Collect with so many kills, each behind a random number of requests; return kills that struck, and lists read twice."""
    done: set[tuple[str, str, str]] = set()
    struck = twice = 0
    while True:
        azure.answered.clear()
        process = Process(azure, store, *(["--resume"] if done else []))
        if struck < kills:
            process.kill_after(drawn.randint(1, max(2, 3 * requests // (2 * kills + 2))))
        process.wait()
        azure.told = lambda: None
        twice += len(asked_again(azure.answered, azure, done))
        if process.code == -signal.SIGKILL:
            struck += 1
            done |= done_in(store)
            continue
        assert process.code == 0, process.output.decode()
        return struck, twice


def measured(subscriptions: int, objects: int, kills: int, seed: int = 1) -> dict[str, Any]:
    """Return the figures of a run without a disturbance, and of one with kills if there are any."""
    with copies(subscriptions, objects) as azure, tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "whole"
        process = Process(azure, store).wait()
        assert process.code == 0, process.output.decode()
        requests = len(azure.answered)
        rows = sum(table.rows for table in Store(store).snapshot().tables.by_name.values())
        figures = {
            "subscriptions": subscriptions,
            "requests": requests,
            "rows": rows,
            "memory": round(process.memory),
            "seconds": round(process.seconds, 1),
            "wall": round(process.wall, 1),
        }
        if kills:
            other = Path(folder) / "killed"
            struck, twice = killed(azure, other, kills, requests=requests, drawn=random.Random(seed))
            figures |= {"kills": struck, "twice": twice, "same": tables(store) == tables(other)}
    return figures


def main(arguments: list[str] | None = None) -> None:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.azure.long")
    parser.add_argument("--into", type=Path, help="collect into this store, and measure nothing")
    parser.add_argument("--endpoint-url", help="the address of the double to collect from")
    parser.add_argument("--resume", action="store_true")
    for name, number in (("subscriptions", 200), ("objects", 500), ("kills", 0), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=number)
    wanted = parser.parse_args(arguments)
    if wanted.into:
        result = collected(wanted.endpoint_url, wanted.into, resume=wanted.resume)
        sys.exit(0 if result.is_complete else 3)
    figures = measured(wanted.subscriptions, wanted.objects, wanted.kills, wanted.seed)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
