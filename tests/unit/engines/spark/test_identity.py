"""Why Spark does not start is told: no name for its user, as in a container with a random user id, or the JVM's own reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.differential.on_spark import SMALL_OPTIONS, why_not
from tests.nameless import UNKNOWN, has_wrapper, may_be_nameless, nameless

REPORT = Path(__file__).parents[4] / "examples" / "credential-report.csv"

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")


@pytest.mark.skipif(not may_be_nameless(), reason="no user namespaces here")
@pytest.mark.skipif(has_wrapper(), reason="a name is lent here, with which test_spark_check runs a command")
def test_a_user_without_a_name_is_told() -> None:
    command = ("check", str(REPORT), "--policy", "root-user-mfa", "--snapshot-time", "2026-11-20", "--engine", "spark")
    ran = nameless(*command, *SMALL_OPTIONS)
    assert 2 == ran.returncode
    assert f"user id {UNKNOWN} has no name here" in ran.stderr


def test_the_reason_of_a_jvm_that_does_not_start_is_its_own() -> None:
    from perpend.engines.spark.errors import SparkFailed
    from perpend.engines.spark.session import spark_session

    with (
        pytest.raises(SparkFailed, match=r"ended at its start: The Java thread stack size"),
        spark_session(conf={"spark.driver.extraJavaOptions": "-Xss1k"}),
    ):
        raise AssertionError
