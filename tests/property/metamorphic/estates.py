"""Worlds in, the inputs of an estate out, one form for each road that they can go."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from random import Random

from tests.property.metamorphic.damage import Inputs
from tests.property.metamorphic.roads import Input, Way
from tests.property.metamorphic.worlds import ACCOUNT, LIBRARY, Fields, Pool, account_of, drawn, pools, tables_of, world_of

USER = "CA10__CaAwsUser__c"
_REPORT = "CA10__credReportAttributesJson__c"
USERS = "CA10__users__r"
_SPAWNED = 0.01
"""How often an estate is judged by the commands, in processes of their own."""

_NESTED = ("files", "files duckdb", "nested store")
WITH_REPORTS = " with reports"
"""How roads end on which reports stand beside accounts: of files only those claim lists that other files' objects have."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Inputs before any change, the way that they go, and what they are called together."""

    pool: Pool
    inputs: Inputs
    way: Way
    road: str


def inventory(pool: Pool, road: str, random: Random, number: int) -> Inventory:
    """Return an estate of so many worlds on a road."""
    spawned = random.random() < _SPAWNED
    worlds = drawn(pool, random, number)
    if road.startswith("report"):
        inputs: Inputs = (Input("report.csv", None, "report", _report_rows(worlds)),)
        return Inventory(pool, inputs, Way(road == "report store", spawned=spawned), road)
    if (plain := road.removesuffix(WITH_REPORTS)) in _NESTED:
        claim = random.choice((None, None, "all"))
        inputs = (Input("objects.json", pool.type_name, "json", tuple(worlds), complete=claim),)
        if plain != road:
            inputs = _with_reports(worlds, random)
        return Inventory(pool, inputs, Way(plain == "nested store", plain == "files duckdb", spawned), road)
    form = road.split()[0]
    tables = tables_of(worlds, pool.type_name)
    claim = random.choice((None, "all", ",".join(account_of(one) for one in range(number))))
    inputs = tuple(Input(f"{name}.{form}", name, form, tuple(rows), complete=claim) for name, rows in tables.items())
    return Inventory(pool, inputs, Way(stored=True, spawned=spawned), road)


def roads_of(pool: Pool) -> list[str]:
    """Return the roads that a pool's objects can go."""
    found = [*_NESTED]
    if pool.root == LIBRARY:
        found += [
            "ndjson tables",
            "csv tables",
            "parquet tables",
            *(["report", "report store"] if pool.type_name == USER else []),
            *([f"{road}{WITH_REPORTS}" for road in _NESTED] if pool.type_name == ACCOUNT else []),
        ]
    return found


def _with_reports(worlds: list[Fields], random: Random) -> Inputs:
    """Return accounts, and one file of all their credential reports, which says of them who their users are.

    Most accounts do not list users themselves. Each report has a row of the root user and none to two others.
    """
    accounts = tuple(
        fields if random.random() < 0.1 else {name: value for name, value in fields.items() if name != USERS}
        for fields in worlds
    )
    users = next(pool for pool in pools(LIBRARY) if pool.type_name == USER)
    rows = [row for one in worlds for row in _report_of(world_of(one["Id"])[0], users, random)]
    return (
        Input("accounts.json", ACCOUNT, "json", accounts),
        Input("report.csv", None, "report", tuple(rows)),
    )


def _report_of(world: int, users: Pool, random: Random) -> list[Fields]:
    rows = [_report_row(random.choice(users.objects), world, name) for name in ("u1", "u2")[: random.randint(0, 2)]]
    return [_report_row({}, world, "<root_account>"), *rows]


def _report_rows(worlds: list[Fields]) -> tuple[Fields, ...]:
    """Return rows of credential reports, one per world: what the user's document says."""
    said = [_said(fields) for fields in worlds]
    roots = [one.get("arn", "").endswith(":root") for one in said]
    names = ["<root_account>" if root else f"u{world}" for world, root in enumerate(roots)]
    return tuple(_report_row(fields, world, name) for world, (fields, name) in enumerate(zip(worlds, names, strict=True)))


def _report_row(fields: Fields, world: int, user: str) -> Fields:
    """Return the row of a user by what its document says."""
    said = _said(fields)
    resource = "root" if user == "<root_account>" else f"user/{user}"
    row = {name: said.get(name, "N/A") for name in _columns()}
    return {**row, "user": user, "arn": f"arn:aws:iam::{account_of(world)}:{resource}"}


def _said(fields: Fields) -> dict[str, str]:
    try:
        said = json.loads(fields.get(_REPORT) or "{}")
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    return {name: value for name, value in said.items() if isinstance(value, str) and value.isprintable()}


@cache
def _columns() -> tuple[str, ...]:
    return tuple((LIBRARY.parents[2] / "examples" / "credential-report.csv").read_text().partition("\n")[0].split(","))
