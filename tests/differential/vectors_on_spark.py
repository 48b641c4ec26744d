"""The vectors of one file through Spark: ``python -m tests.differential.vectors_on_spark ops/field-is-set.yaml``.

Prints how many programs ended as in the interpreter, and as their vectors say; exits 1 where one did not.
"""

from __future__ import annotations

import json
import sys

from perpend.engines.nested import indexes_of
from perpend.engines.spark.engine import spark
from perpend.interpret.interpreter import Interpreter
from tests.differential.on_spark import SMALL, UNCOMPILED, answered
from tests.vectors import analyzed, snapshot, vectors


def main(file: str) -> int:
    cases = [
        (result.program, vector.get("object", {}), snapshot(vector))
        for (result, _), vector in zip(analyzed(file), vectors(file), strict=True)
        if result.program is not None
    ]
    expected = [Interpreter([program]).judge(fields, time)[0][0] for program, fields, time in cases]
    with spark("local[1]", {**SMALL, **UNCOMPILED}) as opened:
        found = answered(
            opened, lambda engine: [indexes_of(engine, [program], [fields], time)[0][0] for program, fields, time in cases]
        )
    print(json.dumps({"programs": len(cases), "expected": expected, "found": found}))  # noqa: T201 - what this module is for
    return int(expected != found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
