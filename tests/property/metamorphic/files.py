"""Changes of inputs as a whole: of files, tables, columns, rows and their keys, and of bytes.

Each takes inputs and returns what became of them, or None where it found no place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.property.metamorphic.changes import RESERVED, belongs_to_none, tells_existence
from tests.property.metamorphic.claims import (
    STRANGERS,
    children_gone,
    claims_withdrawn,
    foreign_report,
    observed,
    older_rows,
    reports_missing,
    unusable_beside,
    unusable_part,
)
from tests.property.metamorphic.damage import Changed, Inputs, cut, flipped, kept_flipped, store_flipped
from tests.property.metamorphic.roads import NAMES, Input, Way
from tests.property.metamorphic.worlds import ACCOUNT, LIBRARY, Fields, Pool, as_own, declared, tables_of

TABLES = frozenset({"ndjson", "csv", "parquet"})
REPORT = frozenset({"report"})
MIXED = REPORT | {"json"}


@dataclass(frozen=True, slots=True)
class FileChange:
    """A kind of change to inputs. ``same``: it may change no verdict at all, or the command refuses.

    ``takes`` objects with it: those that are not there any more are not compared. ``mends``: an odd row may go that kept
    others from being known, so that what was UNDETERMINED is not compared, but in the worlds that are told.
    """

    name: str
    apply: Callable[[Inputs, Pool, Random], Changed | None]
    same: bool = False
    takes: bool = False
    mends: bool = False
    needs: frozenset[str] = frozenset()
    forms: frozenset[str] = TABLES | {"json", "report"}
    stored: bool | None = None

    def fits(self, inputs: Inputs, way: Way) -> bool:
        """Whether the change can be made on the way that inputs go."""
        there = {one.form for one in inputs}
        return self.stored in (None, way.stored) and there <= self.forms and self.needs <= there


def _split(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    found: list[Input] = []
    for place, one in enumerate(inputs):
        # A column of Parquet has one form for all of its rows: of fewer rows it may be another one.
        if len(one.rows) < 2 or one.form == "parquet":
            found.append(one)
            continue
        cut = random.randint(1, len(one.rows) - 1)
        order = _of_all_columns(one.rows) if one.form == "csv" else list(one.rows)
        random.shuffle(order)
        found += [
            replace(one.with_rows(part), name=f"{place}-{half}-{one.name}")
            for half, part in enumerate((order[:cut], order[cut:]))
        ]
    return Changed(tuple(found), len(found) - len(inputs), "all files") if len(found) > len(inputs) else None


def _of_all_columns(rows: Sequence[Fields]) -> list[Fields]:
    """Return rows that all have the columns of all: a file without a column says nothing of it."""
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in columns} for row in rows]


def _shuffle(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    found = [one.with_rows(random.sample(one.rows, len(one.rows))) for one in inputs]
    random.shuffle(found)
    return Changed(tuple(found), len(found), "rows and files")


def _rename(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    names = [
        f"{random.choice('zmaA_')}{place}{random.choice(('', ' x', '-ü', '.part'))}.{NAMES[one.form]}"
        for place, one in enumerate(inputs)
    ]
    return Changed(
        tuple(replace(one, name=name) for one, name in zip(inputs, names, strict=True)), len(names), ", ".join(names)
    )


def _pack(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    return Changed(tuple(replace(one, packed=not one.packed) for one in inputs), len(inputs), "all files")


def _again(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    one = random.choice(inputs)
    if not one.rows or one.form == "parquet":
        return None
    rows = random.sample(one.rows, random.randint(1, len(one.rows)))
    return Changed((*inputs, replace(one.with_rows(rows), name=f"again-{one.name}")), len(rows), one.name)


def _repeat(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    return _with_some_rows(inputs, random, lambda row, _: [row, row])


def _contradict(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Give objects a second row that lacks something, or says something else."""

    def twice(row: Fields, _: str | None) -> list[Fields] | None:
        names = [name for name in row if name not in ("Id", "arn")]
        if not names:
            return None
        other = {**row, random.choice(names): random.choice((None, "", "x", 7))}
        return [row, other] if random.random() < 0.5 else [other, row]

    return _with_some_rows(inputs, random, twice)


def _with_some_rows(
    inputs: Inputs, random: Random, change: Callable[[Fields, str | None], list[Fields] | None]
) -> Changed | None:
    """Put rows in place of some, by what a row and its type are."""
    place = random.randrange(len(inputs))
    share = random.choice((0.05, 0.3, 1.0))
    rows: list[Fields] = []
    number = 0
    for row in inputs[place].rows:
        made = change(row, inputs[place].type_name) if random.random() < share else None
        rows += [row] if made is None else made
        number += made is not None
    if not number:
        return None
    found = (*inputs[:place], inputs[place].with_rows(rows), *inputs[place + 1 :])
    return Changed(found, number, inputs[place].name)


def _emptied(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Say beside rows of children that a list of them is empty, nested in their parent."""
    for place, one in enumerate(inputs):
        children = declared(one.type_name or "").children
        there = [name for name in children if any(other.type_name == children[name][0] for other in inputs)]
        if there and one.rows:
            name = random.choice(there)
            child, key = children[name]
            parents = {row.get(key) for other in inputs if other.type_name == child for row in other.rows}
            rows = [{**row, name: []} if row["Id"] in parents else row for row in one.rows]
            number = sum(row["Id"] in parents for row in rows)
            return Changed((*inputs[:place], one.with_rows(rows), *inputs[place + 1 :]), number, name)
    return None


def _emptied_again(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Add second readings of objects whose lists are empty."""
    one = random.choice(inputs)
    children = declared(one.type_name or "").children
    lists = [
        [name for name, value in row.items() if isinstance(value, list) and value and name in children] for row in one.rows
    ]
    rows = [{**row, **{name: [] for name in names}} for row, names in zip(one.rows, lists, strict=True) if names]
    if not rows:
        return None
    other = replace(one.with_rows(rows), name=f"{random.choice('az')}-{one.name}")
    return Changed((*inputs, other), len(rows), one.name)


def _strangers(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Add rows of another account, of some of the types that the estate has and of others."""
    if inputs[0].form == "report":
        return None
    others = [as_own(random.choice(pool.objects), pool.type_name, STRANGERS + number) for number in range(5)]
    form = inputs[0].form
    if form == "json":
        added = [Input("strangers.json", pool.type_name, form, tuple(others))]
    else:
        tables = tables_of(others, pool.type_name)
        added = [
            Input(f"strangers-{name}.{form}", name, form, tuple(rows)) for name, rows in tables.items() if random.random() < 0.8
        ]
    return (
        Changed((*inputs, *added), sum(len(one.rows) for one in added), ", ".join(one.name for one in added)) if added else None
    )


def _foreign_types(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Add tables of types that the estate has no rows of: of another account, or with nothing but a header."""
    there = {one.type_name for one in inputs}
    missing = [path.name for path in sorted((LIBRARY / "types").iterdir()) if path.name not in there]
    added = []
    for name in random.sample(missing, min(len(missing), random.randint(1, 4))):
        keys = {key for _, key in declared(name).lookups.values()}
        row = {"Id": f"other-{name}-w{STRANGERS}", **dict.fromkeys(sorted(keys), f"0{STRANGERS}00001")}
        if random.random() < 0.5:
            added.append(Input(f"foreign-{name}.ndjson", name, "ndjson", (row,)))
        else:
            header = ",".join(row).encode() + b"\n"
            added.append(Input(f"foreign-{name}.csv", name, "csv", (row,), damage=lambda content, header=header: header))
    return Changed((*inputs, *added), len(added), ", ".join(one.name for one in added)) if added else None


def _without_input(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    found = [one for one in inputs if one.type_name != pool.type_name]
    if not found:
        return None
    gone = random.choice(found)
    return Changed(tuple(one for one in inputs if one is not gone), len(gone.rows), gone.name)


def _without_rows(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Leave rows out, and the claim that they are all: to leave rows out of a complete table would be to say they are gone."""
    found = [place for place, one in enumerate(inputs) if one.type_name != pool.type_name and len(one.rows) > 1]
    if not found:
        return None
    place = random.choice(found)
    one = inputs[place]
    kept = [row for row in one.rows if random.random() < 0.5] or list(one.rows[:1])
    fewer = replace(one.with_rows(kept), complete=None)
    return Changed((*inputs[:place], fewer, *inputs[place + 1 :]), len(one.rows) - len(kept), one.name)


def _without_column(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    def change(row: Fields, name: str) -> Fields:
        return {key: value for key, value in row.items() if key != name}

    return _with_column(inputs, random, change)


def _with_column(inputs: Inputs, random: Random, change: Callable[[Fields, str], Fields]) -> Changed | None:
    place = random.randrange(len(inputs))
    one = inputs[place]
    named = {name for row in one.rows for name in row} - {"Id", "arn", "user", "additional_credentials_info"}
    names = sorted(name for name in named if not tells_existence(name))
    if not names:
        return None
    name = random.choice(names)
    rows = [change(row, name) for row in one.rows]
    number = sum(row != other for row, other in zip(rows, one.rows, strict=True))
    return (
        Changed((*inputs[:place], one.with_rows(rows), *inputs[place + 1 :]), number, f"{name} of {one.name}")
        if number
        else None
    )


def _spelled_column(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    spell = random.choice((str.upper, str.lower, str.swapcase, lambda name: f"{name} ", lambda name: f" {name}"))

    def change(row: Fields, name: str) -> Fields:
        return {spell(key) if key == name else key: value for key, value in row.items()}

    return _with_column(inputs, random, change)


def _reserved_column(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    def change(row: Fields, name: str) -> Fields:
        return {**row, marked: value}

    place = random.randrange(len(inputs))
    columns = [*{name for row in inputs[place].rows for name in row}, *declared(inputs[place].type_name or "").children]
    suffix = random.choice(("#unread", "#unfollowed", "#plain", "#cache"))
    marked = random.choice((*RESERVED, *(f"{one}{suffix}" for one in columns)))
    marked = random.choice((marked, marked.upper(), marked.title(), marked.swapcase()))
    value = random.choice((None, "", "x"))
    found = (*inputs[:place], inputs[place].with_rows([change(row, "") for row in inputs[place].rows]), *inputs[place + 1 :])
    return Changed(found, len(inputs[place].rows), f"{marked} in {inputs[place].name}")


def _spelled_keys(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Write Ids, and keys that lead to them, as spreadsheets and tools do that think them numbers, names or nothing."""

    def change(row: Fields, type_name: str | None) -> list[Fields] | None:
        names = [name for name in row if name in keys and isinstance(row[name], str) and row[name]]
        if not names:
            return None
        name = random.choice(names)
        made = random.choice(_SPELLINGS)(row[name])
        return None if made == row[name] or not made else [{**row, name: made}]

    keys = {"Id", *(key for one in inputs for _, key in declared(one.type_name or "").lookups.values())}
    return _with_some_rows(inputs, random, change)


_SPELLINGS: Sequence[Callable[[str], Any]] = (
    str.upper,
    str.swapcase,
    lambda key: f"{key} ",
    lambda key: f" {key}",
    lambda key: f"{key}\t",
    lambda key: f"{key}\u00a0",
    lambda key: key.lstrip("0"),
    lambda key: int(key) if key.isdigit() else key,
)


def _lost_keys(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Put keys that lead nowhere in place of others."""

    def change(row: Fields, type_name: str | None) -> list[Fields] | None:
        names = [name for name in row if name in keys]
        if not names:
            return None
        name = random.choice(names)
        blank = () if belongs_to_none(name, declared(type_name or "").forms.get(name)) else (None, "")
        return [{**row, name: random.choice(("nobody", "N/A", "999999999999", *blank))}]

    keys = {key for one in inputs for _, key in declared(one.type_name or "").lookups.values()}
    return _with_some_rows(inputs, random, change)


def _contradicted_keys(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Let keys lead nowhere beside the object, under the lookup, that they led to."""

    def change(row: Fields, type_name: str | None) -> list[Fields] | None:
        names = [name for name in row if name in lookups and isinstance(row[name], str) and row[name].strip()]
        if not names:
            return None
        name = random.choice(names)
        return [{**row, name: "999999999999", lookups[name]: {"Id": row[name]}}]

    known = (declared(one.type_name or "").lookups for one in inputs)
    lookups = {key: name for found in known for name, (_, key) in found.items()}
    return _with_some_rows(inputs, random, change)


def _elsewhere(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Add a file that holds some other object only: an account that nothing is known of."""
    name = ACCOUNT if pool.root == LIBRARY else pool.type_name
    identity = f"0{STRANGERS}00001"
    row: Fields = {"Id": identity, "CA10__accountId__c": identity}
    if inputs[0].form == "json" and name != pool.type_name:
        return None
    form = "json" if inputs[0].form == "json" else "ndjson"
    return Changed((*inputs, Input(f"elsewhere.{form}", name, form, (row,))), 1, name)


CLAIM_CHANGES = (
    FileChange("all children gone", children_gone, takes=True, mends=True, forms=TABLES),
    FileChange("claims withdrawn", claims_withdrawn, forms=TABLES | {"json"}),
    FileChange(
        "reports missing or of other accounts", reports_missing, takes=True, mends=True, needs=REPORT | {"json"}, forms=MIXED
    ),
    FileChange("another account's report added", foreign_report, same=True, needs=REPORT, forms=MIXED),
    FileChange("an unusable input beside", unusable_beside),
    FileChange("a part that is unusable", unusable_part, takes=True, mends=True),
    FileChange("files of different times", observed, same=True, stored=True),
    FileChange("reports of different times", observed, same=True, stored=False, forms=REPORT),
    FileChange("older rows that say otherwise", older_rows, forms=TABLES),
)
FILE_CHANGES = (
    FileChange("rows split over files", _split, same=True),
    FileChange("rows and files in another order", _shuffle, same=True),
    FileChange("files renamed", _rename, same=True),
    FileChange("files packed or unpacked", _pack, same=True, forms=frozenset({"json", "ndjson", "csv", "report"})),
    FileChange("rows in a second file too", _again, same=True),
    FileChange("rows repeated", _repeat, same=True, forms=TABLES),
    FileChange("rows that contradict each other", _contradict, forms=TABLES | {"json"}),
    FileChange("an empty list beside rows", _emptied, forms=frozenset({"ndjson"})),
    FileChange("an empty list in a second reading", _emptied_again, forms=frozenset({"json"})),
    FileChange("rows of another account added", _strangers, forms=TABLES | {"json"}),
    FileChange("tables of foreign types added", _foreign_types, stored=True),
    FileChange("an object from elsewhere added", _elsewhere, forms=TABLES | {"json"}),
    FileChange("a file removed", _without_input, takes=True, mends=True, forms=TABLES),
    FileChange("rows removed", _without_rows, takes=True, mends=True, forms=TABLES),
    FileChange("a column removed", _without_column, forms=TABLES | {"report"}),
    FileChange("a column spelled otherwise", _spelled_column, forms=TABLES | {"report"}),
    FileChange("a column with a reserved name", _reserved_column, forms=TABLES),
    FileChange("keys spelled otherwise", _spelled_keys, forms=TABLES),
    FileChange("keys that lead nowhere", _lost_keys, forms=TABLES),
    FileChange("keys that an object beside speaks against", _contradicted_keys, forms=frozenset({"ndjson"})),
    FileChange("a byte changed under a checksum", flipped, same=True),
    FileChange("a file cut off", cut, same=True),
    FileChange("a byte of the store changed", store_flipped, same=True, stored=True),
    FileChange("what the store keeps damaged", kept_flipped, same=True, stored=True),
    *CLAIM_CHANGES,
)


def copied(inputs: Inputs) -> Inputs:
    """Return inputs whose rows may be changed."""
    return tuple(one.with_rows(json.loads(json.dumps(one.rows))) for one in inputs)
