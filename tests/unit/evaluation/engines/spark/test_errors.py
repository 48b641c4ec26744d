"""Failures of Spark, its JVM and its workers become one sentence each that names the cause."""

from __future__ import annotations

import pytest

from tests.differential.on_spark import why_not

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

LOST = "Spark lost workers during the run, and too few are left; nothing was written"
THEIRS = "set `spark.pyspark.python` to theirs"
WORKER = "Python worker failed:\nTraceback (most recent call last):\n  File x\nKeyError: 'a'\nValueError: no such thing\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("java.io.IOException: No space left on device", "no space is left on a disk that Spark writes to"),
        ("java.lang.UnsupportedClassVersionError: 61.0", "Spark needs Java 17 or newer; the one found is older"),
        ("[PYTHON_VERSION_MISMATCH] 3.9", f"Spark's workers run another version of Python than this one; {THEIRS}"),
        ("ModuleNotFoundError: No module named 'numpy'", "the Python of Spark's workers lacks the package `numpy`"),
        ('Cannot run program "python9": error=2', f"Spark's workers have no Python named `python9`; {THEIRS}"),
        (
            "java.lang.OutOfMemoryError: Java heap space",
            "Spark ran out of memory; `spark.driver.memory` and `spark.executor.memory` set it",
        ),
        ("ExecutorLostFailure (executor 0 exited)", LOST),
        ("SparkContext was shut down", LOST),
        ("\nNone\n[PATH_NOT_FOUND] file:/a\nmore", "Spark cannot read an input file: [PATH_NOT_FOUND] file:/a"),
        ("Answer from Java side is empty", "the Java process of Spark has ended"),
        (WORKER, "Spark failed: ValueError: no such thing"),
        ("KeyError: 'a'", "Spark failed: KeyError: 'a'"),
        ("one\x1b[31m\tline\nanother", "Spark failed: one [31m line"),
        ("x" * 1_000, f"Spark failed: {'x' * 300}"),
        ("", "Spark failed: it gave no reason"),
    ],
)
def test_an_error_is_one_sentence(text: str, expected: str) -> None:
    from perpend.evaluation.engines.spark.errors import spark_failure

    assert expected == str(spark_failure(OSError(text)))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("WARNING: Using incubator modules\nInvalid heap size: -Xmxabc\nmore", "Invalid heap size: -Xmxabc"),
        ('Exception in thread "main" java.lang.IllegalArgumentException: no\n\tat x', "java.lang.IllegalArgumentException: no"),
        ('Exception in thread "main" a.B: b\nCaused by: c.D: one\nCaused by: e.F: the last\n', "e.F: the last"),
        ("Using Spark's default log4j profile\n", "it gave no reason"),
    ],
)
def test_a_jvm_that_ended_at_its_start_says_why(said: str, reason: str) -> None:
    from perpend.evaluation.engines.spark.errors import spark_failure

    assert f"the Java process of Spark ended at its start: {reason}" == str(
        spark_failure(OSError("[JAVA_GATEWAY_EXITED] ended"), said)
    )


def test_without_an_error_what_the_jvm_said_counts() -> None:
    from perpend.evaluation.engines.spark.errors import spark_failure

    assert "Spark needs Java 17 or newer; the one found is older" == str(spark_failure(None, "UnsupportedClassVersionError"))
