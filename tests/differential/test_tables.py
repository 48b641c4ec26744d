"""Tables joined by keys, some of which lead nowhere or are missing, with claims of what was read in full: DuckDB says of each
row what the interpreter says of the same row nested again, and what it says of the same objects out of files."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from perpend.core.objects.claims import Claim, Scope
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.inventory.snapshots.read_objects import nested
from perpend.language.program.program import Program
from perpend.language.program.required_columns import required_fields
from tests.differential.mixing import EXAMPLES, TIME
from tests.differential.stores import NOW, estate_of, names_of, over_things, stored_estate
from tests.estates import OWNER, PART, PARTS, THING, record, repositories, repositories_with_logic
from tests.reference import evaluate_objects
from tests.regressions import Counterexample, check_agreement, reference
from tests.repositories import program_of, temporary_analyzer
from tests.strategies import Draw

MISSING = object()


def _rows(draw: Draw, prefix: str, most: int, key: str = "", keys: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
    """Draw the rows of a table: Ids of their own, keys that another table may have or not."""
    found = []
    for number in range(draw(st.integers(0, most))):
        row = {**draw(record(loose=draw(st.booleans()))), "Id": f"{prefix}{number}"}
        leads_to = draw(st.sampled_from(keys)) if key else MISSING
        found.append(row if leads_to is MISSING else {**row, key: leads_to})
    return found


@st.composite
def tables(draw: Draw) -> dict[str, list[dict[str, Any]]]:
    """Draw things, their owners and their parts; a key may be missing or null, or lead to what was not collected."""
    odd = draw(st.sampled_from([(), (), (MISSING,), ("T0 ", " "), ("t00",)]))
    found = {
        THING: [{"Id": "t"}, *_rows(draw, "t", 5, "CA10__owner__c", ("o0", "o0", "o1", "gone", None, MISSING))],
        OWNER: _rows(draw, "o", 2),
        PART: _rows(draw, "p", 6, "CA10__thing__c", ("t0", "t0", "t1", "t1", "gone", None, *odd)),
    }
    return {name: rows for name, rows in found.items() if rows or draw(st.booleans())}


CLAIMS = st.lists(
    st.builds(
        Claim,
        st.sampled_from([PART, PART, OWNER, ""]),
        st.sampled_from([Scope(), Scope("t0"), Scope("t"), Scope("t1", "r")]),
        st.sampled_from([None, None, None, "denied"]),
        st.sampled_from(["", "", PARTS]),
    ),
    max_size=3,
)


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=repositories() | repositories_with_logic(), drawn=tables(), claims=CLAIMS)
def test_rows_joined_by_keys_end_as_the_interpreter_says(
    files: dict[str, Any], drawn: dict[str, list[dict[str, Any]]], claims: list[Claim]
) -> None:
    assume(all(name.isascii() and name.isprintable() and name for rows in drawn.values() for name in names_of(rows)))
    with temporary_analyzer(files) as analyzer, TemporaryDirectory() as directory:
        program = program_of(analyzer)
        selection = over_things(analyzer, program)
        inventory = estate_of(analyzer, drawn, claims)
        snapshot = stored_estate(Path(directory), analyzer, inventory)
        numbers = range(len(drawn[THING]))
        objects = nested(snapshot, THING, numbers, required_fields([program]))
        indexes = reference(program, objects, TIME, complete=False)
        with evaluate_snapshot(snapshot, selection, snapshot_time=NOW) as evaluation:
            found = {one.object.id: one.condition_index for one in evaluation.findings()}
        of_files = evaluate_objects(inventory, selection, snapshot_time=NOW).findings()
    asked = Counterexample(files, objects, False, TIME, indexes)
    check_agreement("stored", asked, [found[one["Id"]] for one in objects])
    # Files do not follow keys to other objects: what lies behind a lookup, a store may know and files not.
    known = {one.object.id: one.condition_index for one in of_files if one.condition_index or not _follows(program)}
    assert known == {one: found[one] for one in known}


def _follows(program: Program) -> bool:
    return bool(required_fields([program]).lookups)
