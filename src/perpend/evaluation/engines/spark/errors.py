"""Turn Spark's errors into one-sentence messages that name the cause."""

from __future__ import annotations

import re
from typing import Final

from perpend.core.diagnostics.extras import command_to_add
from perpend.core.errors import PerpendError


class SparkFailed(PerpendError):
    """Spark could not be reached, could not start, or failed; the text gives the reason."""


try:
    import pyarrow  # noqa: F401 - Spark asks for it only when a function runs
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.functions import arrow_udf  # noqa: F401 - since Spark 4.1
except ImportError:
    raise SparkFailed(f"Spark 4.1 or newer is not installed here: {command_to_add('spark')}") from None

FAILURES: Final = (PySparkException, Py4JError, OSError, EOFError)
"""The exceptions of Spark, of its bridge to the JVM, and of a lost connection to the JVM."""

LOST: Final = "Spark lost workers during the run, and too few are left; nothing was written"

_SET: Final = "set `spark.pyspark.python` to theirs"
_KNOWN: Final = (
    (r"No space left on device|Disk quota exceeded", "no space is left on a disk that Spark writes to"),
    (r"UnsupportedClassVersionError", "Spark needs Java 17 or newer; the one found is older"),
    (
        r"PYTHON_VERSION_MISMATCH",
        f"Spark's workers run another version of Python than this one; {_SET}",
    ),
    (r"No module named '?(\w+)", "the Python of Spark's workers lacks the package `{0}`"),
    (
        r"Cannot run program \"([^\"]+)\"",
        f"Spark's workers have no Python named `{{0}}`; {_SET}",
    ),
    (r"OutOfMemoryError|GC overhead", "Spark ran out of memory; `spark.driver.memory` and `spark.executor.memory` set it"),
    (r"ExecutorLostFailure|heartbeat timed out|Worker lost|Master removed|masters are unresponsive|FetchFailed", LOST),
    (r"SparkContext (?:was|has been) (?:shut down|stopped)|cancelled part of cancelled job group", LOST),
    (r"PATH_NOT_FOUND|FileNotFoundException|FAILED_READ_FILE", "Spark cannot read an input file: {0}"),
    (r"Connection refused|Connection reset|Answer from Java side is empty", "the Java process of Spark has ended"),
)


def spark_failure(error: BaseException | None, log: str = "") -> SparkFailed:
    """Return an error as one sentence. ``log`` is the output of the JVM, used if the error itself names no cause."""
    text = f"{error}\n{log}"
    for pattern, sentence in _KNOWN:
        match = re.search(pattern, text)
        if match:
            return SparkFailed(sentence.format(*match.groups(), _first_line(text)) if "{" in sentence else sentence)
    inner = re.findall(r"^\w*(?:Error|Exception): .+", text, re.MULTILINE) if "Python worker" in text else []
    if "JAVA_GATEWAY_EXITED" in text:
        return SparkFailed(f"the Java process of Spark ended at its start: {_jvm_reason(log)}")
    return SparkFailed(f"Spark failed: {_first_line(inner[-1] if inner else text)}")


def _jvm_reason(log: str) -> str:
    """Return the reason from a JVM's log: its last cause, else its exception, else its first line that is not a warning."""
    causes = re.findall(r"^Caused by: (.+)", log, re.MULTILINE)
    exceptions = re.findall(r"^Exception in thread \"main\" (.+)", log, re.MULTILINE)
    other_lines = [line for line in log.splitlines() if line.strip() and not re.match(r"WARNING|Using |\S+ \S+ WARN ", line)]
    return _first_line((causes[-1:] or exceptions or other_lines or [""])[0])


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and line.strip() != "None"]
    return "".join(one if one.isprintable() else " " for one in (lines or ["it gave no reason"])[0])[:300]
