"""Verdicts before and after changes in, what must not have become of them out; and the figures of many such passes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

from tests.property.metamorphic.changes import OBJECT_CHANGES, Change
from tests.property.metamorphic.damage import Inputs
from tests.property.metamorphic.files import FILE_CHANGES, FileChange, copied
from tests.property.metamorphic.roads import Crashed, End, Input, Refused, Verdicts, Way, verdicts_of
from tests.property.metamorphic.worlds import LIBRARY, Fields, Pool, account_of, drawn, pools, tables_of, world_of

KNOWN_FAULT = frozenset({"UNDETERMINED", "INCOMPLIANT"})
PASS = frozenset({"COMPLIANT", "INAPPLICABLE", "DISAPPEARED"})
USER = "CA10__CaAwsUser__c"
_REPORT = "CA10__credReportAttributesJson__c"
_CHANGES_OF_A_BASE = 4
_MOST_WORLDS = 128
_FEW = 3


@dataclass(frozen=True, slots=True)
class Violation:
    """A verdict that a change must not have brought about."""

    change: str
    road: str
    where: str
    policy: str
    world: int
    identity: str
    before: tuple[End, ...]
    after: tuple[End, ...]
    rows: str

    def __str__(self) -> str:
        before, after = (
            ", ".join(f"{end.status} ({end.index})" for end in ends) or "nothing" for ends in (self.before, self.after)
        )
        return f"{self.change}, {self.road}, {self.where}: {self.policy} of {self.identity}: {before} became {after}\n  {self.rows}"


@dataclass(slots=True)
class Figures:
    """What was changed and what came of it."""

    changes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    transitions: Counter[tuple[str, str]] = field(default_factory=Counter)
    roads: Counter[str] = field(default_factory=Counter)
    passes: int = 0
    verdicts: int = 0
    violations: list[Violation] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Add the figures of other passes."""
        for mine, more in ((self.changes, other.changes), (self.refused, other.refused), (self.roads, other.roads)):
            mine.update(more)
        self.transitions.update(other.transitions)
        self.passes += other.passes
        self.verdicts += other.verdicts
        self.violations += other.violations
        self.crashes += other.crashes


@dataclass(frozen=True, slots=True)
class Estate:
    """Inputs before any change, the way that they go, and what they are called together."""

    pool: Pool
    inputs: Inputs
    way: Way
    road: str


def estate(pool: Pool, road: str, random: Random, number: int) -> Estate:
    """Return an estate of so many worlds on a road."""
    spawned = random.random() < 0.01
    worlds = drawn(pool, random, number)
    if road.startswith("report"):
        inputs: Inputs = (Input("report.csv", None, "report", _report_rows(worlds)),)
        return Estate(pool, inputs, Way(road == "report store", spawned=spawned), road)
    if road in ("files", "files duckdb", "nested store"):
        engine = {"files": "interpreter", "files duckdb": "duckdb"}.get(road, "auto")
        inputs = (Input("objects.json", pool.type_name, "json", tuple(worlds)),)
        return Estate(pool, inputs, Way(road == "nested store", engine, spawned), road)
    form = road.split()[0]
    tables = tables_of(worlds, pool.type_name)
    claim = random.choice((None, "all", ",".join(account_of(one) for one in range(number))))
    inputs = tuple(Input(f"{name}.{form}", name, form, tuple(rows), complete=claim) for name, rows in tables.items())
    return Estate(pool, inputs, Way(stored=True, spawned=spawned), road)


def roads_of(pool: Pool) -> list[str]:
    """Return the roads that a pool's objects can go."""
    found = ["files", "files duckdb", "nested store"]
    if pool.root == LIBRARY:
        found += [
            "ndjson tables",
            "csv tables",
            "parquet tables",
            *(["report", "report store"] if pool.type_name == USER else []),
        ]
    return found


def _report_rows(worlds: list[Fields]) -> tuple[Fields, ...]:
    """Return rows of credential reports, two per world: what the user's document says, and a root user's."""
    columns = [*_columns()]
    rows = []
    for number, fields in enumerate(worlds):
        try:
            said = json.loads(fields.get(_REPORT) or "{}")
        except ValueError:
            said = {}
        said = (
            {name: value for name, value in said.items() if isinstance(value, str) and value.isprintable()}
            if isinstance(said, dict)
            else {}
        )
        root = said.get("arn", "").endswith(":root")
        arn = f"arn:aws:iam::{account_of(number)}:{'root' if root else f'user/u{number}'}"
        row = {name: said.get(name, "N/A") for name in columns}
        rows.append({**row, "user": "<root_account>" if root else f"u{number}", "arn": arn})
    return tuple(rows)


@cache
def _columns() -> tuple[str, ...]:
    return tuple((LIBRARY.parents[2] / "examples" / "credential-report.csv").read_text().partition("\n")[0].split(","))


def changed_object_rows(change: Change, inputs: Inputs, random: Random, share: float) -> tuple[Inputs, int, dict[int, str]]:
    """Return inputs in which some objects were changed, how many, and where by world."""
    found, number, where = [], 0, {}
    for one in copied(inputs):
        rows = list(one.rows)
        for row in rows:
            if random.random() < share:
                said = change.apply(row, one.type_name, random)
                number += said is not None
                where |= {world_of(str(row.get("Id")))[0]: said} if said else {}
        found.append(one.with_rows(rows))
    return tuple(found), number, where


def violations_of(
    before: Verdicts, after: Verdicts, *, same: bool = False, takes: bool = False, mends: bool = False
) -> Iterator[tuple[tuple[str, int, str], tuple[End, ...]]]:
    """Yield the verdicts that a change must not have brought about. ``same``: none may have changed; ``takes``: some are gone.

    ``mends``: what was UNDETERMINED may be known now.
    """
    faults = KNOWN_FAULT - ({"UNDETERMINED"} if mends else set())
    for key, ends in before.items():
        then = after.get(key, ())
        if not then and takes:
            continue
        if (same and set(then) != set(ends)) or (
            all(end.status in faults for end in ends) and (not then or any(end.status in PASS for end in then))
        ):
            yield key, then


def run(seed: str, most: int, only: str | None = None, roots: Sequence[Path] = (LIBRARY,)) -> Figures:
    """Make changes until there are enough, most to the first of several repositories; the same seed makes the same changes."""
    random = Random(seed)
    streams = [passes(root, Random(random.random()), only) for root in roots]
    found = Figures()
    while found.changes.total() < most:
        for stream in streams if random.random() < 0.3 else streams[:1]:
            found.add(next(stream))
    return found


def passes(root: Path, random: Random, only: str | None = None) -> Iterator[Figures]:
    """Yield the figures of one changed estate after another, of all kinds of changes, or ``only`` of one."""
    every = [one for one in pools(root) if root == LIBRARY or len(one.objects) > _FEW]
    while True:
        pool = random.choices(every, [len(one.objects) for one in every])[0]
        asked = estate(pool, random.choice(roads_of(pool)), random, random.choice((3, 24, 64, _MOST_WORLDS)))
        found = [one for one in fitting(asked) if only in (None, one.name)]
        if found:
            yield from changed(asked, random.sample(found, min(len(found), _CHANGES_OF_A_BASE)), random)


def fitting(asked: Estate) -> list[Change | FileChange]:
    """Return the kinds of changes that can be made to an estate."""
    found: list[Change | FileChange] = [one for one in FILE_CHANGES if one.fits(asked.inputs, asked.way)]
    return [*found, *(one for one in OBJECT_CHANGES if _can_be_made(one, asked))]


def changed(asked: Estate, changes: Sequence[Change | FileChange], random: Random) -> Iterator[Figures]:
    """Judge an estate, then once more with each of several kinds of changes; yield what came of each."""
    before = verdicts_of(asked.pool, asked.inputs, asked.way)
    for change in changes:
        yield one_pass(asked, before, change, random)


def _can_be_made(change: Change, asked: Estate) -> bool:
    if asked.inputs[0].form not in ("json", "ndjson"):
        return False
    return change.universal or asked.pool.root == LIBRARY


def one_pass(asked: Estate, before: Verdicts, change: Change | FileChange, random: Random) -> Figures:
    """Change an estate, judge it again and compare."""
    found = Figures()
    way, same, takes, mends = asked.way, False, False, isinstance(change, Change) and change.mends
    if isinstance(change, Change):
        inputs, number, places = changed_object_rows(change, asked.inputs, random, random.choice((0.02, 0.3, 1.0)))
    else:
        made = change.apply(copied(asked.inputs), asked.pool, random)
        if made is None:
            return found
        inputs, number, same, takes = made.inputs, made.number, change.same, change.takes
        mends = takes
        places = dict.fromkeys(range(-1, _MOST_WORLDS), made.where)
        way = replace(way, store_damage=made.store_damage)
    if not number:
        return found
    found.passes, found.verdicts = 1, len(before)
    found.changes[change.name] += number
    found.roads[asked.road] += number
    try:
        after = verdicts_of(asked.pool, inputs, way)
    except Refused:
        found.refused[change.name] += number
        return found
    except Crashed as error:
        found.crashes.append(f"{change.name}, {asked.road}: {error}")
        return found
    for key, ends in before.items():
        for one, other in zip(ends, after.get(key, ()), strict=False):
            found.transitions[one.status, other.status] += 1
    for key, then in violations_of(before, after, same=same, takes=takes, mends=mends):
        policy, world, identity = key
        rows = _rows_of(asked.inputs, inputs, world)
        found.violations.append(
            Violation(change.name, asked.road, places.get(world, "elsewhere"), policy, world, identity, before[key], then, rows)
        )
    return found


def _rows_of(before: Inputs, after: Inputs, world: int) -> str:
    """Return the rows of one world before and after, as text."""

    def of(inputs: Inputs) -> str:
        marks = (f'-w{world}"', account_of(world))
        rows = [text for one in inputs for text in map(json.dumps, one.rows) if any(mark in text for mark in marks)]
        return "\n    ".join(rows)[:1500]

    return f"before {of(before)}\n  after  {of(after)}"
