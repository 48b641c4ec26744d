"""A long run by command: many subscriptions are collected from the double, killed at random points, and gone on with.

``python -m tests.servers.azure.long --subscriptions 200 --objects 500 --kills 10`` prints requests, rows, seconds and the peak of
memory of a run that nobody disturbs, and what differs from it in one that is killed: nothing.
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

from perpend.collectors.azure.api import DESCENDANTS, SUBSCRIPTIONS
from perpend.collectors.azure.cloud import TABLES
from perpend.inventory.snapshots.store import Store
from perpend.language.syntax.repository import open_repository
from tests.servers.azure.collected import collected
from tests.servers.azure.double import IDENTITY, IDENTITY_HEADER, Azure, routes_of, subscription_id
from tests.servers.azure.planting import Planter
from tests.servers.killing import Cell, Process, killed, tables
from tests.servers.rest import Asked, Fault, body_of, serving

TYPES = tuple(row.type_name for row in TABLES.all_types)
_FIRST = subscription_id(1)
_DETAILS = {detail for row in TABLES.all_types for detail in row.details}


class Copies(Azure):
    """A double whose subscriptions are all like the first. ``answered`` are the requests; ``after_each`` is called after each."""

    def __init__(self, subscriptions: int, objects: int) -> None:
        super().__init__(routes_of([*TABLES.all_calls, SUBSCRIPTIONS, DESCENDANTS]))
        self.answered: list[Asked] = []
        self.after_each: Callable[[], None] = lambda: None
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
        self.after_each()
        return answer


def collecting(azure: Copies, store: Path, *options: str) -> Process:
    """Begin to collect what lists show in a process of its own."""
    others = ("AZURE_", "IDENTITY_", "MSI_")
    own = {"IDENTITY_ENDPOINT": f"{azure.url}/{IDENTITY}/token", "IDENTITY_HEADER": IDENTITY_HEADER}
    words = ["tests.servers.azure.long", "--into", str(store), "--endpoint-url", azure.url, *options]
    return Process(azure, words, {name: value for name, value in os.environ.items() if not name.startswith(others)} | own)


@contextmanager
def copies(subscriptions: int, objects: int) -> Iterator[Copies]:
    """Yield a server of many subscriptions with so many objects each."""
    with serving(Copies(subscriptions, objects)) as azure:
        yield azure


def asked_again(azure: Copies, done: Collection[Cell]) -> list[str]:
    """Return the requests for lists that were done before. A list that is a detail of another object may be read again."""
    return [one.path for one in azure.answered if _cell(one, azure) in done and azure.call_of(one) not in _DETAILS]


def _cell(asked: Asked, azure: Azure) -> Cell:
    steps = asked.path.split("/")
    return (steps[2] if len(steps) > 2 else "", "", azure.call_of(asked))


def measured(subscriptions: int, objects: int, kills: int, seed: int = 1) -> dict[str, Any]:
    """Return the figures of a run without a disturbance, and of one with kills if there are any."""
    with copies(subscriptions, objects) as azure, tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "whole"
        process = collecting(azure, store).wait()
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
            struck, twice = killed(
                azure,
                partial(collecting, azure),
                other,
                kills,
                requests=requests,
                asked_again=partial(asked_again, azure),
                drawn=random.Random(seed),
            )
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
