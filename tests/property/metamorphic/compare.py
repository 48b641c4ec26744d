"""Verdicts before and after changes in, what must not have become of them out; and the figures of many such passes."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from tests.property.metamorphic.changes import OBJECT_CHANGES, Change
from tests.property.metamorphic.contradictions import contradictions, settled
from tests.property.metamorphic.damage import Inputs
from tests.property.metamorphic.estates import USER, USERS, WITH_REPORTS, Inventory, inventory, roads_of
from tests.property.metamorphic.files import CLAIM_CHANGES, FILE_CHANGES, FileChange, copied
from tests.property.metamorphic.judging import verdicts_of
from tests.property.metamorphic.roads import Crashed, EvaluationOutcome, Refused, Verdicts, Way
from tests.property.metamorphic.worlds import ACCOUNT, LIBRARY, Pool, account_of, pools, world_of

KNOWN_FAULT = frozenset({"UNDETERMINED", "INCOMPLIANT"})
PASS = frozenset({"COMPLIANT", "INAPPLICABLE", "DISAPPEARED"})
ROWS = frozenset({"json", "ndjson"})
"""Forms whose rows can be changed like objects."""

_OF_FILES, _OF_ALL_KINDS, _OF_FILES_ALONE = 2, 10, 8
"""How many changes of files an estate is judged with, one after the other, and how often with changes of its objects.

Where only files can be changed, more of them are.
"""

_WORLDS, _MANY_WORLDS = (3, 128, 256), (3, 512, 1024)
_SHARES = (0.05, 1.0, 1.0, 1.0)
"""How many worlds an estate can have, and how large a share of their objects is changed at once.

Engines are given more worlds than the interpreter: their passes cost nearly the same. Small shares are for what is odd in
one object and might hide others.
"""

_FIRST, _TIMES = ((ACCOUNT, f"files{WITH_REPORTS}", 24), (USER, "ndjson tables", 96)), 3
"""Estates that a run begins with, as types, roads and how many worlds, and how often each kind of claims is changed there."""

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
    before: tuple[EvaluationOutcome, ...]
    after: tuple[EvaluationOutcome, ...]
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


@dataclass(slots=True)
class Made:
    """Inputs in which objects were changed: how many by kind, which kinds and where by world, and whether one may have mended."""

    inputs: Inputs
    numbers: Counter[str] = field(default_factory=Counter)
    changes: defaultdict[int, list[tuple[Change, str, bool]]] = field(default_factory=lambda: defaultdict(list))


def changed_object_rows(changes: Sequence[Change], inputs: Inputs, random: Random, share: float, *, reported: bool) -> Made:
    """Return inputs in which a share of the objects was changed, each in one of several ways.

    Something odd may be gone: from a document, of two statements one that the other spoke against, or a list of users that
    the account's report did (``reported``).
    """
    made, found = Made(inputs), []
    for one in copied(inputs):
        if one.form in ROWS:
            for row in one.rows:
                if random.random() < share:
                    change = random.choice(changes)
                    # The object is told by the Id that it has before it is changed.
                    world = world_of(str(row.get("Id")))[0]
                    before = contradictions(row, one.type_name, reported=reported)
                    said = change.apply(row, one.type_name, random)
                    if said:
                        after = contradictions(row, one.type_name, reported=reported)
                        mends = change.mends or settled(before, after, said) or (reported and said.startswith(USERS))
                        made.numbers[change.name] += 1
                        made.changes[world].append((change, said, mends))
        found.append(one)
    made.inputs = tuple(found)
    return made


def violations_of(
    before: Verdicts,
    after: Verdicts,
    *,
    same: bool = False,
    takes: Callable[[str, str], bool] = lambda policy, name: False,
    mends: Callable[[int], bool] = lambda world: False,
) -> Iterator[tuple[tuple[str, int, str], tuple[EvaluationOutcome, ...]]]:
    """Yield the verdicts that a change must not have brought about. ``same``: none may have changed.

    ``takes`` says of which policies which objects may be gone, ``mends`` of which worlds what was UNDETERMINED may be known now.
    What has no Id is all of one name: no more of it may pass than did, and than those that have lost their Ids.
    """
    lost = Counter(key[0] for key, ends in before.items() if key not in after for end in ends if end.status in PASS)
    for key, ends in before.items():
        then = after.get(key, ())
        if not then and takes(key[0], key[2]):
            continue
        if not key[2] and not same:
            if not then or _passes(then) > _passes(ends) + lost[key[0]]:
                yield key, then
            continue
        faults = KNOWN_FAULT - ({"UNDETERMINED"} if mends(key[1]) else set())
        if (same and set(then) != set(ends)) or (
            all(end.status in faults for end in ends) and (not then or any(end.status in PASS for end in then))
        ):
            yield key, then


def _passes(ends: Sequence[EvaluationOutcome]) -> int:
    return sum(end.status in PASS for end in ends)


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
    """Yield the figures of one changed estate after another, of all kinds of changes, or ``only`` of one.

    The library's begin with small estates in which claims are changed: of accounts with their reports as files, and of
    users as tables of a store: there, lists are read that must be empty.
    """
    every = [one for one in pools(root) if root == LIBRARY or len(one.objects) > _FEW]
    for type_name, road, worlds in _FIRST if root == LIBRARY and only is None else ():
        first = inventory(next(one for one in every if one.type_name == type_name), road, random, worlds)
        yield from changed(first, [one for one in CLAIM_CHANGES if one.fits(first.inputs, first.way)] * _TIMES, random)
    while True:
        pool = random.choices(every, [len(one.objects) for one in every])[0]
        road = _road(pool, random)
        asked = inventory(
            pool, road, random, random.choice(_WORLDS if road.removesuffix(WITH_REPORTS) == "files" else _MANY_WORLDS)
        )
        found = [one for one in fitting(asked) if only in (None, one.name)]
        of_files = [one for one in found if isinstance(one, FileChange)]
        number = _OF_FILES if any(isinstance(one, Change) for one in found) else _OF_FILES_ALONE
        chosen = random.sample(of_files, min(len(of_files), number))
        yield from changed(asked, [*chosen, *_mixed([one for one in found if isinstance(one, Change)], asked, random)], random)


def _road(pool: Pool, random: Random) -> str:
    """Return one of a pool's roads, seldom tables on which only files can be changed: few changes are made there at once."""
    roads = roads_of(pool)
    return random.choices(roads, [1 if road.startswith(("csv", "parquet")) else 4 for road in roads])[0]


def _mixed(changes: Sequence[Change], asked: Inventory, random: Random) -> list[list[Change]]:
    """Return kinds of changes to objects, so many that each object of an estate can be changed in another way, and one alone."""
    together = [one for one in changes if not (one.alone and asked.way.stored)]
    return [*([together] * _OF_ALL_KINDS if together else []), *([[random.choice(changes)]] if changes else [])]


def fitting(asked: Inventory) -> list[Change | FileChange]:
    """Return the kinds of changes that can be made to an estate."""
    found: list[Change | FileChange] = [one for one in FILE_CHANGES if one.fits(asked.inputs, asked.way)]
    return [*found, *(one for one in OBJECT_CHANGES if _can_be_made(one, asked))]


def _can_be_made(change: Change, asked: Inventory) -> bool:
    return any(one.form in ROWS for one in asked.inputs) and (change.universal or asked.pool.root == LIBRARY)


def changed(asked: Inventory, changes: Sequence[list[Change] | FileChange], random: Random) -> Iterator[Figures]:
    """Judge an estate, then once more with each of several changes; yield what came of each."""
    before = verdicts_of(asked.pool, asked.inputs, asked.way)
    for change in changes:
        made = _of_files(asked, change, random) if isinstance(change, FileChange) else _of_objects(asked, change, random)
        if made is not None:
            yield compared(asked, before, made)


@dataclass(frozen=True, slots=True)
class Pass:
    """An estate that is to be judged again: what it became, how many changes of each kind, what they were by world."""

    inputs: Inputs
    way: Way
    numbers: Counter[str]
    told: Callable[[int], tuple[str, str]]
    mends: Callable[[int], bool]
    takes: Callable[[str, str], bool]
    same: bool = False


def _of_objects(asked: Inventory, changes: Sequence[Change], random: Random) -> Pass | None:
    reported = asked.road.endswith(WITH_REPORTS)
    made = changed_object_rows(changes, asked.inputs, random, random.choice(_SHARES), reported=reported)

    def told(world: int) -> tuple[str, str]:
        found = made.changes.get(world, [])
        names = sorted({change.name for change, _, _ in found})
        return " + ".join(names) or "others changed", "; ".join(where for _, where, _ in found)

    def mends(world: int) -> bool:
        return any(mended for _, _, mended in made.changes.get(world, ()))

    return Pass(made.inputs, asked.way, made.numbers, told, mends, _nested(asked)) if made.numbers else None


def _nested(asked: Inventory) -> Callable[[str, str], bool]:
    """Return whether an object that a policy judges is nested in others, and may go with a list that is denied.

    Files are not asked for it at all; only a store makes rows of it.
    """
    nested = any(one.form == "json" for one in asked.inputs)
    standing = {str(row.get("Id")) for one in asked.inputs if one.form == "json" for row in one.rows}
    return lambda policy, name: nested and (policy not in asked.pool.policies or name not in standing)


def _of_files(asked: Inventory, change: FileChange, random: Random) -> Pass | None:
    made = change.apply(copied(asked.inputs), asked.pool, random)
    if made is None or not made.number:
        return None
    way = replace(asked.way, store_damage=made.store_damage, judged_before=made.judged_before, keep_going=made.keep_going)

    def mends(world: int) -> bool:
        return change.mends and world not in made.still_open

    numbers = Counter({change.name: made.number})
    return Pass(made.inputs, way, numbers, lambda _: (change.name, made.where), mends, lambda *_: change.takes, change.same)


def compared(asked: Inventory, before: Verdicts, made: Pass) -> Figures:
    """Judge an estate again and compare."""
    found = Figures()
    found.passes, found.verdicts = 1, len(before)
    found.changes.update(made.numbers)
    found.roads[asked.road] += made.numbers.total()
    try:
        after = verdicts_of(asked.pool, made.inputs, made.way)
    except Refused:
        found.refused.update(made.numbers)
        return found
    except Crashed as error:
        found.crashes.append(f"{', '.join(made.numbers)}, {asked.road}: {error}")
        return found
    for key, ends in before.items():
        for one, other in zip(ends, after.get(key, ()), strict=False):
            found.transitions[one.status, other.status] += 1
    for key, then in violations_of(before, after, same=made.same, takes=made.takes, mends=made.mends):
        policy, world, identity = key
        change, where = made.told(world)
        rows = _rows_of(asked.inputs, made.inputs, world)
        found.violations.append(Violation(change, asked.road, where, policy, world, identity, before[key], then, rows))
    return found


def _rows_of(before: Inputs, after: Inputs, world: int) -> str:
    """Return the rows of one world before and after, as text."""

    def of(inputs: Inputs) -> str:
        marks = (f'-w{world}"', account_of(world))
        rows = [text for one in inputs for text in map(json.dumps, one.rows) if any(mark in text for mark in marks)]
        return "\n    ".join(rows)[:1500]

    return f"before {of(before)}\n  after  {of(after)}"
