"""Numbers and texts beyond what all engines read are not plain."""

from __future__ import annotations

import pytest

from perpend.store.database import opened, rows_of
from perpend.store.plain_sql import is_plain, teach
from perpend.tables.plain_json import MOST, is_plain_json

CASES = [
    ('{"a": 1}', True),
    (f'{{"a": {"9" * 300}}}', True),
    (f'{{"a": {"9" * 301}}}', False),
    (f'{{"a": {"9" * 4300}}}', False),
    ('{"a": 1e999}', False),
    (f'{{"a": "{"x" * (MOST - 9)}"}}', True),
    (f'{{"a": "{"x" * MOST}"}}', False),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=range(len(CASES)))
def test_bounds_hold_in_python_and_in_sql(text: str, expected: bool) -> None:
    assert expected == is_plain_json(text)
    with opened() as connection:
        teach(connection)
        connection.execute("CREATE TABLE t AS SELECT unnest(?) AS x", [[text]]).fetchall()
        assert [(expected,)] == rows_of(connection, f"SELECT {is_plain('x')} FROM t")
