"""Lines and columns of the objects of a JSON array."""

from __future__ import annotations

import pytest

from perpend.language.syntax.json_positions import JsonPlaces

TEXT = """\
[
  {"Id": "a \\" } ]", "expectedResult": {"status": 1e5}},
  7, {}, {"expectedResult" : [1, {"status": 2}], "Id": "b",
   "\\u0065xpectedResult": {"x": "status", "status": -Infinity}}
]
"""


@pytest.mark.parametrize(
    ("number", "keys", "place"),
    [
        (0, (), (2, 3, 4)),
        (1, (), (3, 3, 4)),
        (2, (), (3, 6, 7)),
        (3, (), (3, 10, 11)),
        (0, ("Id",), (2, 4, 8)),
        (0, ("expectedResult", "status"), (2, 41, 49)),
        (0, ("expectedResult", "nothing"), (2, 22, 38)),
        (0, ("nothing", "status"), (2, 3, 4)),
        (1, ("Id",), (3, 3, 4)),
        (2, ("Id",), (3, 6, 7)),
        (3, ("Id",), (3, 50, 54)),
        (3, ("expectedResult", "status"), (3, 11, 27)),
    ],
)
def test_place(number, keys, place):
    span = JsonPlaces(TEXT, "x.json").entry(number, *keys)
    assert ("x.json", *place) == (span.path, span.line, span.column, span.end_column)


def test_a_place_at_the_end_of_a_text():
    span = JsonPlaces("[\n1", "x.json").at(3)
    assert (2, 2) == (span.line, span.column)
