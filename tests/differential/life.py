"""Random histories: runs with partial and incomplete scopes, late ones and late parts, replaced objects, edited and retired
policies.

Each is committed, and told to the reference step pair by pair; after every run the two must know the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from perpend.core.objects.claims import Claim, Scope
from perpend.findings.history.maintenance import problems_of
from perpend.findings.history.model import Event, FindingState, State, status_of, value_of
from perpend.findings.history.state_machine import Observation, step
from perpend.findings.history.write.changes import lives_query
from perpend.findings.history.write.commit import commit_run
from perpend.findings.history.write.counts import COUNTED
from tests.histories import BEGIN, CODES, Inventory, Thing, program

Pair = tuple[str, str, int]
"""A policy, an object's Id, and which object of that Id it is."""

BEFORE = -99
"""A day before all others."""

LIFE = ("value", "status_run", "inc_start", "inc_end", "life", "open_since", "ended", "episodes", "known_at")


@dataclass(slots=True)
class Told:
    """What the reference knows: pairs, who goes by each Id now, in which account, and when accounts and objects were looked at.

    Accounts by days of runs, objects by those of the sources that told of them.
    """

    known: dict[Pair, FindingState] = field(default_factory=dict)
    things: dict[str, tuple[Thing, int]] = field(default_factory=dict)
    first: dict[tuple[str, int], int] = field(default_factory=dict)
    looked_at: dict[str, int] = field(default_factory=dict)
    seen: dict[tuple[str, int], int] = field(default_factory=dict)
    policies: dict[str, int] = field(default_factory=dict)
    steps: int = 0
    events: Counter[Event] = field(default_factory=Counter)

    def gone(self, before: dict[str, tuple[Thing, int]], run: RunWriter, late: set[str]) -> set[tuple[str, int]]:
        """Return who would be gone, were they not there: accounts were read in full since these were looked at."""
        return {
            (identity, incarnation)
            for identity, (thing, incarnation) in before.items()
            if (account := thing.account or "") in run.complete - late
            and run.seen.get(account, run.day) >= self.seen.get((identity, incarnation), BEFORE)
        }


@dataclass(frozen=True, slots=True)
class RunWriter:
    """One random run."""

    number: int
    day: int
    things: dict[Thing, list[int]]
    policies: list[str]
    versions: dict[str, int]
    complete: frozenset[str]
    retired: frozenset[str]
    seen: dict[str, int]
    """The days of the sources that tell of accounts, where these are before the run's."""


def drawn(random: Random, number: int, objects: int, policies: list[str], before: Told) -> RunWriter:
    """Draw a run: which accounts it looks at and knows all of, which policies it asks, who is there and how it ends."""
    accounts = [str(one) for one in range(4)]
    covered = [one for one in accounts if random.random() < 0.8]
    complete = frozenset(one for one in covered if random.random() < 0.7)
    retired = frozenset(one for one in policies if random.random() < 0.03)
    asked = [one for one in policies if random.random() < 0.85 and one not in retired] or [policies[0]]
    asked = [one for one in asked if one not in retired]
    day = number * 2 - (3 if random.random() < 0.1 else 0)
    things: dict[Thing, list[int]] = {}
    for place in range(objects):
        identity, account = f"o{place}", accounts[place % 4]
        if account not in covered or random.random() < 0.15:
            continue
        held = before.things.get(identity)
        born = held[0].created if held and random.random() < 0.93 else f"{BEGIN + timedelta(random.randrange(-9, day + 3)):%F}"
        things[Thing(identity, account, None, f"n{place}", born)] = [
            random.choices(list(CODES), [6, 2, 2, 2, 9, 3, 1])[0] for _ in asked
        ]
    versions = {one: 1 + (random.random() < 0.1) for one in asked}
    seen = {account: day - random.randrange(1, 6) for account in accounts if random.random() < 0.2}
    return RunWriter(number, day, things, asked, versions, complete, retired, seen)


def born_on(thing: Thing) -> int:
    """Return the day on which a thing was made."""
    assert thing.created is not None
    return (datetime.fromisoformat(thing.created).replace(tzinfo=UTC) - BEGIN).days


def tell(told: Told, run: RunWriter) -> Counter[str]:
    """Tell a run to the reference, pair by pair; return what happened."""
    late = {account for account, day in told.looked_at.items() if day > run.day}
    number = run.number
    there: dict[tuple[str, int], list[int]] = {}
    replaced: set[tuple[str, int]] = set()
    aside: set[tuple[str, int]] = set()
    before = dict(told.things)
    for thing, codes in run.things.items():
        account = thing.account or ""
        if account in late:
            continue
        held, incarnation = told.things.get(thing.id, (None, 0))
        if run.seen.get(account, run.day) < told.seen.get((thing.id, incarnation), BEFORE):
            aside.add((thing.id, incarnation))
            continue
        since, looked = told.seen.get((thing.id, incarnation), BEFORE), run.seen.get(account, run.day)
        if held is None or (held.created != thing.created and since < born_on(thing) <= looked + 1):
            if held is not None:
                replaced.add((thing.id, incarnation))
            incarnation += 1
            told.first[thing.id, incarnation] = number
        told.things[thing.id] = (thing, incarnation)
        there[thing.id, incarnation] = codes
    gone = told.gone(before, run, late) - {*there, *aside, *replaced}
    for policy in run.policies:
        told.policies.setdefault(policy, number)
    happened: Counter[str] = Counter()
    candidates = {*there, *((identity, incarnation) for identity, (_, incarnation) in before.items())}
    for policy in told.policies:
        place = run.policies.index(policy) if policy in run.policies else None
        for thing_id, incarnation in candidates:
            pair = (policy, thing_id, incarnation)
            account = told.things[thing_id][0].account or ""
            codes_of = there.get((thing_id, incarnation))
            said = Observation(
                value_of(codes_of[place], CODES[codes_of[place]]) if codes_of and place is not None else None,
                is_evaluated=place is not None and account not in late and (thing_id, incarnation) not in aside,
                complete=(thing_id, incarnation) in {*gone, *replaced},
                retired=policy in run.retired,
            )
            known, event = step(told.known.get(pair), said, number)
            told.steps += 1
            if known is not None:
                told.known[pair] = known
            if event is not None:
                happened[event.value] += 1
        for pair, known in [one for one in told.known.items() if one[0][0] == policy and policy in run.retired]:
            if (pair[1], pair[2]) not in candidates:
                after, event = step(known, Observation(None, retired=True), number)
                assert after is not None
                told.known[pair] = after
                happened.update([event.value] if event else [])
    accounts = {one: told.things[one[0]][0].account or "" for one in {*there, *gone}}
    if run.policies:
        told.looked_at |= dict.fromkeys(accounts.values(), run.day)
        told.seen |= {one: run.seen.get(account, run.day) for one, account in accounts.items()}
    return happened


Counts = dict[tuple[str, str | None], list[int]]
"""By policy and account: how many objects of each status, how many of them are unconfirmed, how many were judged in the run."""


def found(inventory: Inventory, told: Told) -> tuple[dict[Pair, tuple[Any, ...]], dict[Pair, FindingState], Counts, Counts]:
    """Return what the history knows of each pair: value and last run; and the pairs that have a row of their own.

    Then how many there are by policy and account, as the history's ledger says, and counted one by one.
    """
    head = inventory.place.head()
    known = head.types["Thing"]
    names = {one.number: one.lineage for one in head.policies}
    with duckdb.connect() as connection:
        files = [f"'{path}'" for path in inventory.place.paths(known.objects)]
        connection.execute(
            f"CREATE VIEW registry AS SELECT * FROM read_parquet([{', '.join(files)}]) "
            "QUALIFY row_number() OVER (PARTITION BY object_no ORDER BY version DESC) = 1"
        )
        called, accounts = {}, {}
        for number, identity, life, account in connection.sql(
            "SELECT object_no, id, incarnation, account FROM registry"
        ).fetchall():
            called[number], accounts[identity, life] = (identity, life), account
        assert known.known is not None
        wide = connection.sql(f"FROM '{inventory.place.path(known.known)}'")
        values: dict[Pair, tuple[Any, ...]] = {}
        for row in wide.fetchall():
            cells = dict(zip(wide.columns, row, strict=True))
            for number, group in known.policies.items():
                if cells[f"v{number}"] is not None:
                    values[names[number], *called[cells["object_no"]]] = (cells[f"v{number}"], cells[group])
        changes = [f"'{path}'" for path in inventory.place.paths(known.changes)]
        lives = lives_query(f"'{inventory.place.path(known.lives)}'" if known.lives else None, changes)
        rows: dict[Pair, FindingState] = {}
        for number, thing, *life in connection.sql(f"SELECT policy_no, object_no, {', '.join(LIFE)} FROM ({lives})").fetchall():
            cells = dict(zip(LIFE, life, strict=True))
            pair = (names[number], *called[thing])
            rows[pair] = FindingState(seen=told.known[pair].seen, **{**cells, "life": State(cells["life"])})
        files = [f"'{path}'" for path in inventory.place.paths(head.ledger)]
        newest = (
            f"SELECT * EXCLUDE run FROM (FROM read_parquet([{', '.join(files)}]) "
            "QUALIFY row_number() OVER (PARTITION BY policy_no, account ORDER BY run DESC) = 1) "
            f"WHERE {' + '.join(status.value.lower() for status in COUNTED)} > 0"
        )
        ledger = {(names[number], account): counts for number, account, *counts in connection.sql(newest).fetchall()}
    return values, rows, ledger, counted(values, rows, accounts, head.runs[-1].number)


def counted(
    values: dict[Pair, tuple[Any, ...]], rows: dict[Pair, FindingState], accounts: dict[tuple[str, int], str | None], run: int
) -> Counts:
    """Count pairs by policy and account."""
    counts: Counts = {}
    for pair, (value, seen) in values.items():
        status = status_of(value)
        if status in COUNTED:
            row = counts.setdefault((pair[0], accounts[pair[1], pair[2]]), [0] * (len(COUNTED) + 2))
            row[COUNTED.index(status)] += 1
            row[-2] += pair in rows and rows[pair].life is State.UNCONFIRMED
            row[-1] += seen == run
    return counts


def compare(inventory: Inventory, told: Told) -> None:
    """Raise AssertionError where the history knows anything else than the reference."""
    values, rows, ledger, counts = found(inventory, told)
    assert counts == ledger
    assert {pair: (one.value, one.seen) for pair, one in told.known.items()} == values
    for pair, one in told.known.items():
        first = max(told.first[pair[1], pair[2]], told.policies[pair[0]])
        plain = FindingState(one.value, one.seen, first)
        assert one == rows.get(pair, plain), (pair, one, rows.get(pair, plain))
        must_hold(one)


def must_hold(one: FindingState) -> None:
    """Raise AssertionError where what is known of a pair contradicts itself."""
    is_open = one.life in (State.OPEN, State.UNCONFIRMED)
    assert is_open == (one.open_since is not None and one.ended is None)
    assert (one.episodes > 0) == (one.inc_start is not None)
    assert one.inc_start is None or one.inc_start <= one.seen or one.life is State.POLICY_REMOVED


def run_history(
    directory: Path,
    seed: int,
    *,
    objects: int,
    policies: int,
    runs: int,
    trying: Callable[[Callable[[], object]], None] | None = None,
) -> Told:
    """Commit a random history and compare it with the reference after every run; return what the reference was told.

    ``trying`` is called before each commit with what would make it, and may do so, in part or as a whole.
    """
    random, told, inventory = Random(seed), Told(), Inventory(directory)
    names = [f"/ce/p{number}" for number in range(policies)]
    for _ in range(runs):
        number = len(inventory.place.head().runs) + 1
        run = drawn(random, number, objects, names, told)
        claims = [Claim("Thing", Scope(account)) for account in sorted(run.complete)]
        programs = [program(policy, run.versions[policy]) for policy in run.policies]
        time = BEGIN + timedelta(days=run.day)
        seen = {account: BEGIN + timedelta(days=day) for account, day in run.seen.items()}
        judged = inventory.judged(run.things, programs, time=time, claims=claims, seen=seen, retired=run.retired)
        if trying is not None:
            trying(lambda judged=judged: commit_run(inventory.place, judged))
            assert [] == list(problems_of(inventory.place))
        if len(inventory.place.head().runs) < number and commit_run(inventory.place, judged) is None:
            continue
        found = inventory.place.head().runs
        assert number == len(found)
        happened = tell(told, run)
        assert dict(happened) == dict(found[-1].events), (number, happened, found[-1].events)
        compare(inventory, told)
        told.events.update({Event(event): count for event, count in happened.items()})
    return told
