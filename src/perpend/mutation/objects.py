"""An object and where a program ends on it in, the test object that says so out: JSON to paste into a file of test data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perpend.interpret.interpreter import Interpreter

if TYPE_CHECKING:
    from perpend.ir.program import Program
    from perpend.mutation.judging import Specimen


def test_object(program: Program, specimen: Specimen, name: str) -> str:
    """Return the text of a test object of a name that expects what the program says now."""
    ((index, error),) = Interpreter([program]).judge({**specimen.fields, "Id": name}, specimen.time)
    verdict = program.verdicts[index]
    written = {
        "expectedResult": {
            "status": verdict.status.value,
            "conditionIndex": str(index),
            "conditionText": verdict.text,
            "runtimeError": error,
        },
        "context": {"snapshotTime": datetime.fromtimestamp(specimen.time / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        "Id": name,
        **{key: value for key, value in specimen.fields.items() if key != "Id"},
    }
    return json.dumps(written, ensure_ascii=False, indent=2)
