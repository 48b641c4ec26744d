"""All vectors of a file in one test, analysed anew by each: what faults are asked (`tests/mutants.md`).

pytest does not collect this by itself: a test for each vector says more, but shares what was analysed with its neighbours.
"""

from __future__ import annotations

import pytest

from perpend.interpret.interpreter import Interpreter
from tests.vectors import FILES, analyzed, fields_of, shown, snapshot, vectors


@pytest.mark.parametrize("file", FILES)
def test_every_vector_of_a_file_ends_as_expected(file: str) -> None:
    for vector, (result, codes) in zip(vectors(file), analyzed.__wrapped__(file), strict=True):
        expected = vector["expect"]
        if "diagnostic" in expected:
            assert expected["diagnostic"] in codes, vector["name"]
            continue
        assert result.program is not None, vector["name"]
        index, error = Interpreter([result.program]).judge(fields_of(vector), snapshot(vector))[0]
        actual = shown(result.program, index, error, ("error", *expected))
        assert {"error": False, **expected} == actual, vector["name"]
