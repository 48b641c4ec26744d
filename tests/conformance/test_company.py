"""Every vector's object where less is known, and beside one whose values have other forms: DuckDB says what the interpreter says.

Columns hold JSON as soon as two rows differ in form. A file at a time: what is asked here is many small questions.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from perpend.core.objects.object_types import is_deletion_field
from perpend.evaluation.engines.duckdb.engine import DuckDb, duck_db
from perpend.evaluation.engines.nested import indexes_of
from tests.regressions import reference
from tests.vectors import FILES, Case, analyzed, by_form, fields_of, snapshot, vectors

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDb]:
    with duck_db(threads=1) as engine:
        yield engine


def otherwise_formed(value: Any) -> Any:
    """Return a value of another form; of an object, all values but those that say whether it has disappeared."""
    if isinstance(value, dict):
        return {name: one if is_deletion_field(name) else otherwise_formed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [otherwise_formed(one) for one in value] if any(isinstance(one, dict) for one in value) else "odd"
    return 1.5 if isinstance(value, str) else "odd"


STEP = int(os.environ.get("PERPEND_COMPANY_STEP", "3"))
"""Of how many forms of objects each test asks one, and not the same; both ask all where it is 1."""


def groups(file: str, start: int) -> Iterator[dict[str, Case]]:
    """Yield vectors of objects of one form by name: one plan judges them."""
    cases = {
        vector["name"]: Case(result.program, fields_of(vector), snapshot(vector))
        for vector, (result, _) in zip(vectors(file), analyzed(file), strict=True)
        if result.program is not None
    }
    names, asked = [*cases], by_form([*cases.values()])
    for places in asked[start % STEP :: STEP]:
        yield {names[place]: cases[names[place]] for place in places}


@pytest.mark.parametrize("file", FILES)
def test_an_object_beside_one_of_other_forms(duckdb: DuckDb, file: str) -> None:
    for cases in groups(file, 0):
        check(duckdb, cases, [*objects_of(cases), otherwise_formed(objects_of(cases)[0])], complete=True)


@pytest.mark.parametrize("file", FILES)
def test_an_object_of_which_only_what_stands_there_is_known(duckdb: DuckDb, file: str) -> None:
    for cases in groups(file, 1):
        check(duckdb, cases, objects_of(cases), complete=False)


def objects_of(cases: dict[str, Case]) -> list[dict[str, Any]]:
    """Return what cases judge, each object once."""
    return [*{json.dumps(case.fields): case.fields for case in cases.values()}.values()]


def check(duckdb: DuckDb, cases: dict[str, Case], judged: list[dict[str, Any]], *, complete: bool) -> None:
    programs, time = [case.program for case in cases.values()], next(iter(cases.values())).snapshot
    expected = {name: reference(case.program, judged, time, complete=complete) for name, case in cases.items()}
    assert expected == dict(zip(cases, indexes_of(duckdb, programs, judged, time, complete=complete), strict=True))
