"""An operation that was added by CONTRIBUTING's blocks ends on Spark as in the interpreter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.added_operation import copied, python
from tests.differential.on_spark import why_not

REASON = why_not()


@pytest.mark.skipif(REASON is not None, reason=str(REASON))
def test_its_vectors_end_on_spark_as_in_the_interpreter(tmp_path: Path) -> None:
    done = python(copied(tmp_path), "-m", "tests.differential.vectors_on_spark", "ops/field-is-set.yaml")
    assert 0 == done.returncode, done.stdout + done.stderr[-2_000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["programs"] >= 6
    assert found["expected"] == found["found"]
