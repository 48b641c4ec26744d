"""Runs the tests of whole policy repositories through Spark: `PERPEND_CORPUS=DIR[:DIR…] python -m tests.differential.corpus_spark`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from perpend.evaluation.engines.spark.engine import spark
from tests.differential.on_spark import SMALL, report_of


def main() -> int:
    wrong = 0
    with spark("local[2]", SMALL) as engine:
        for root in os.environ["PERPEND_CORPUS"].split(os.pathsep):
            start = time.monotonic()
            report = report_of(engine, Path(root))
            seconds = time.monotonic() - start
            print(f"{root}: {report.executions} executions in {seconds:.0f} s, matches {dict(report.matches)}")  # noqa: T201
            for failure in report.failures:
                print(f"  {failure}")  # noqa: T201
            wrong += sum(failure.field in ("status", "conditionIndex") for failure in report.failures) + len(report.refused)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
