"""Changes of what is said of files beside their rows: what they hold in full, when they were true, whether they can be read.

What goes, goes with the claim that it was all there is: to leave it out of a complete input would be to say that it is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.property.metamorphic.damage import Changed, Inputs
from tests.property.metamorphic.estates import USERS
from tests.property.metamorphic.roads import Input
from tests.property.metamorphic.worlds import Fields, Pool, account_of, declared, world_of

REPORTS = frozenset({"report", "answer"})
STRANGERS = 900_000
"""From which number on worlds are none of the estate at hand."""

_UNREADABLE: Sequence[bytes] = (
    b"",
    b"PK\x03\x04 a workbook",
    "[]\n".encode("utf-16"),
    b"\x1f\x8b\x08\x00 cut",
    b"\0\0\0\0",
    b"  \n",
)
"""What no input of any form looks like."""


def children_gone(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Leave out all children of some worlds' objects, of one type or of all, and no longer claim that there are no others."""
    children = {child for one in inputs for child, _ in declared(one.type_name or "").children.values()} - {pool.type_name}
    there = sorted(children & {one.type_name for one in inputs})
    if not there:
        return None
    gone = set(there) if random.random() < 0.5 else {random.choice(there)}
    parents = {_world(row) for one in inputs if one.type_name in gone for row in one.rows}
    if not parents:
        return None
    worlds = _some(sorted(parents), random)
    found = [
        replace(
            one.with_rows([row for row in one.rows if _world(row) not in worlds]),
            complete=_without(one.complete, inputs, worlds),
        )
        if one.type_name in gone
        else one
        for one in inputs
    ]
    # A table without a row is no table: it was not collected.
    return Changed(tuple(one for one in found if one.rows), len(worlds), ", ".join(sorted(gone)), frozenset(worlds))


def claims_withdrawn(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Leave all rows where they are, and no longer claim that they are all there are of some worlds'."""
    claimed = sorted({one.type_name or "" for one in inputs if one.complete})
    if not claimed:
        return None
    types = set(claimed) if random.random() < 0.5 else {random.choice(claimed)}
    worlds = _some(_worlds(inputs), random)
    found = [replace(one, complete=_without(one.complete, inputs, worlds)) if one.type_name in types else one for one in inputs]
    return Changed(tuple(found), len(worlds), ", ".join(sorted(types)))


def reports_missing(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Leave out the reports of some accounts that are known otherwise, or put those of other accounts in their place."""
    worlds = _some(_worlds(inputs), random)
    foreign = random.random() < 0.5

    def change(row: Fields) -> Fields | None:
        if _world(row, "arn") not in worlds:
            return row
        return _foreign(row, _world(row, "arn")) if foreign else None

    found = [one.with_rows([made for row in one.rows if (made := change(row))]) if _is_report(one) else one for one in inputs]
    if not all(one.rows for one in found):
        return None
    where = "another account's in its place" if foreign else "no report"
    return Changed(tuple(found), len(worlds), where, _said_once(inputs))


def foreign_report(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Add the report of accounts that nothing else is known of."""
    found = next(one for one in inputs if _is_report(one))
    worlds = _some(_worlds(inputs), random)
    rows = [_foreign(row, world) for row in found.rows if (world := _world(row, "arn")) in worlds]
    added = Input(f"{random.choice('az')}-foreign.csv", None, "report", tuple(rows), packed=random.random() < 0.3)
    return Changed((*inputs, added), len(rows), added.name) if rows else None


def unusable_beside(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Add an input that cannot be used, and go on without it: it may have held anything."""
    content = random.choice(_UNREADABLE)
    form, type_name = random.choice([(one.form, one.type_name) for one in inputs])
    added = Input(f"{random.choice('az')}-unusable.{form}", type_name, form, (), damage=lambda _: content)
    return Changed((*inputs, added), 1, str(content), keep_going=True)


def unusable_part(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Divide an input by worlds, make one part of it unusable, and go on without that."""
    place, content = random.randrange(len(inputs)), random.choice(_UNREADABLE)
    one = inputs[place]
    worlds = _some(_worlds(inputs), random)
    key = "arn" if _is_report(one) else "Id"
    lost = [row for row in one.rows if _world(row, key) in worlds]
    kept = [row for row in one.rows if _world(row, key) not in worlds]
    if not lost or not kept:
        return None
    bad = replace(one.with_rows(lost), name=f"{random.choice('az')}-part.{one.form}", damage=lambda _: content)
    found = (*inputs[:place], one.with_rows(kept), bad, *inputs[place + 1 :])
    return Changed(found, len(lost), one.name, _said_once(inputs), keep_going=True)


def observed(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Say of each file when it was true; a report says it in the answer that it came in."""
    found = [
        replace(one, observed_at=_time(random), form="answer" if _is_report(one) else one.form, name=f"{place}-{one.name}")
        for place, one in enumerate(inputs)
    ]
    return Changed(tuple(found), len(found), ", ".join(str(one.observed_at) for one in found))


def older_rows(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Add an older file, in which some objects lack something or something else is said of them."""
    newer = [replace(one, observed_at="2026-03-30T00:00:00Z") for one in inputs]
    one = random.choice(inputs)
    worlds = _some(_worlds(inputs), random)
    rows = [made for row in one.rows if _world(row) in worlds and (made := _otherwise(row, random))]
    older = replace(
        one.with_rows(rows), name=f"{random.choice('az')}-older-{one.name}", observed_at=_time(random), complete=None
    )
    return Changed((*newer, older), len(rows), one.name) if rows else None


def _otherwise(row: Fields, random: Random) -> Fields | None:
    """Return a row with one value taken out or replaced, or one that says nothing but which object it is."""
    names = [name for name in row if name != "Id" and row[name] not in (None, "")]
    if not names:
        return None
    name, what = random.choice(names), random.random()
    if what < 0.2:
        return {"Id": row["Id"]}
    if what < 0.5:
        return {key: value for key, value in row.items() if key != name}
    values: tuple[Any, ...] = (None, "", "x", "2001-01-01T00:00:00Z", "true", "false", random.choice(list(row.values())))
    return {**row, name: random.choice(values)}


def _foreign(row: Fields, world: int) -> Fields:
    """Return the row of a report as it could stand in that of another account."""
    own, other = account_of(world), account_of(STRANGERS + world % 1000)
    return {name: value.replace(own, other) if isinstance(value, str) else value for name, value in row.items()}


def _is_report(one: Input) -> bool:
    return one.form in REPORTS


def _time(random: Random) -> str:
    return f"20{random.randint(19, 25)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}T0{random.randint(0, 9)}:00:00Z"


def _world(row: Fields, key: str = "Id") -> int:
    return world_of(str(row.get(key)))[0]


def _worlds(inputs: Inputs) -> list[int]:
    """Return the numbers of the worlds that inputs hold something of."""
    found = {_world(row, "arn" if _is_report(one) else "Id") for one in inputs for row in one.rows}
    return sorted(one for one in found if 0 <= one < STRANGERS)


def _said_once(inputs: Inputs) -> frozenset[int]:
    """Return the worlds that do not list users themselves: a report that goes may have been what spoke against a list."""
    stating = {_world(row) for one in inputs for row in one.rows if USERS in row}
    return frozenset({*_worlds(inputs)} - stating)


def _some(worlds: list[int], random: Random) -> set[int]:
    """Return one world, some of them or all."""
    choose: Callable[[], list[int]] = random.choice(
        (
            lambda: [random.choice(worlds)],
            lambda: [one for one in worlds if random.random() < 0.5] or worlds[:1],
            lambda: worlds,
        )
    )
    return set(choose())


def _without(claim: str | None, inputs: Inputs, worlds: set[int]) -> str | None:
    """Return a claim without the accounts of some worlds."""
    if claim is None:
        return None
    accounts = [account_of(one) for one in _worlds(inputs)] if claim == "all" else claim.split(",")
    return ",".join(sorted({*accounts} - {account_of(one) for one in worlds})) or None
