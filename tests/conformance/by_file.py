"""All vectors of a file in one test, analysed anew by each: what faults are asked (`tests/mutants.md`).

pytest does not collect this by itself: a test for each vector says more, but shares what was analysed with its neighbours.
"""

from __future__ import annotations

import json

import pytest

from perpend.interpret.interpreter import Interpreter
from perpend.meaning.values import json_from_text
from tests.vectors import FILES, analyzed, snapshot, vectors


@pytest.mark.parametrize("file", FILES)
def test_every_vector_of_a_file_ends_as_expected(file: str) -> None:
    for vector, (result, codes) in zip(vectors(file), analyzed.__wrapped__(file), strict=True):
        expected = vector["expect"]
        if "diagnostic" in expected:
            assert expected["diagnostic"] in codes, vector["name"]
            continue
        assert result.program is not None, vector["name"]
        fields = json_from_text(json.dumps(vector.get("object", {})))
        index, error = Interpreter([result.program]).judge(fields, snapshot(vector))[0]
        verdict = result.program.verdicts[index]
        actual = {
            "value": {199: True, 200: False}.get(index),
            "index": index,
            "status": verdict.status.value,
            "text": verdict.text,
            "error": error is not None,
        }
        assert {"error": False, **expected} == {key: actual[key] for key in ("error", *expected)}, vector["name"]
