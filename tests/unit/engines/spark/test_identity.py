"""Spark starts for a user who has no name and no home, as in a container with a random user id; else its reason is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.differential.on_spark import SMALL_OPTIONS, why_not

UNKNOWN = 54_321
NAMELESS = ("unshare", "--user", f"--map-user={UNKNOWN}", f"--map-group={UNKNOWN}")
REPORT = Path(__file__).parents[4] / "examples" / "credential-report.csv"

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")


def may_be_nameless() -> bool:
    return shutil.which("unshare") is not None and subprocess.run([*NAMELESS, "true"], check=False).returncode == 0


def has_wrapper() -> bool:
    return any(Path("/usr/lib").glob("**/libnss_wrapper.so"))


@pytest.fixture
def homeless() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("HOME", "USER", "LOGNAME")}


@pytest.mark.skipif(not may_be_nameless(), reason="no user namespaces here")
def test_a_user_without_a_name_is_told_or_lent_one(homeless: dict[str, str]) -> None:
    asked = ("--policy", "root-user-mfa", "--format", "csv", "--snapshot-time", "2026-11-20")
    command = [sys.executable, "-m", "perpend", "check", str(REPORT), *asked]
    expected = subprocess.run(command, capture_output=True, text=True, check=False)
    ran = subprocess.run(
        [*NAMELESS, *command, "--engine", "spark", *SMALL_OPTIONS], env=homeless, capture_output=True, text=True, check=False
    )
    if has_wrapper():
        assert (1, expected.stdout, "") == (ran.returncode, ran.stdout, ran.stderr)
    else:
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
