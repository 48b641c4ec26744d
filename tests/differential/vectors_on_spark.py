"""A command of Perpend on Spark, and then a file of vectors in the session that it has opened, as a JVM more costs too much.

``python -m tests.differential.vectors_on_spark OUT ops/field-is-set.yaml check …`` writes to OUT how the programs of the
vectors end, and how they should, and ends as the command does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perpend.cli import app
from perpend.evaluation.engines.nested import indexes_of
from perpend.evaluation.engines.spark import engine
from perpend.language.interpreter.interpreter import Interpreter
from tests.differential.on_spark import answered
from tests.vectors import analyzed, snapshot, vectors


def main(out: str, file: str, *command: str) -> int:
    cases = [
        (result.program, vector.get("object", {}), snapshot(vector))
        for (result, _), vector in zip(analyzed(file), vectors(file), strict=True)
        if result.program is not None
    ]
    expected = [Interpreter([program]).evaluate(fields, time)[0][0] for program, fields, time in cases]
    opening = engine.spark

    @contextmanager
    def opened_for_both(*given: Any, **named: Any) -> Iterator[Any]:
        with opening(*given, **named) as opened:
            yield opened
            found = answered(
                opened, lambda asked: [indexes_of(asked, [program], [fields], time)[0][0] for program, fields, time in cases]
            )
            Path(out).write_text(json.dumps({"expected": expected, "found": found}), "utf-8")

    engine.spark = opened_for_both
    return app.main(list(command))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
