"""A Spark session that cannot start: no master, no Java, no PySpark, or no answer in time, each told in a sentence."""

from __future__ import annotations

import os
import socket
import sys
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from perpend.core.diagnostics.extras import command_to_add
from perpend.core.errors import PerpendError
from tests.differential.on_spark import SMALL, why_not

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


def enter(opening: AbstractContextManager[Any]) -> None:
    with opening:
        pass


@pytest.mark.parametrize("master", ["spark://127.0.0.1:1", "spark://no-such-host.invalid:7077"])
def test_a_master_that_cannot_be_reached_is_told_before_anything_is_started(
    master: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from perpend.evaluation.engines.spark import session as spark_session

    monkeypatch.setattr(spark_session, "_SessionStart", None)
    with pytest.raises(PerpendError, match="no Spark master can be reached at spark://"):
        enter(spark_session.spark_session(master))


def test_what_is_no_master_at_all_is_told() -> None:
    from perpend.evaluation.engines.spark.session import spark_session

    with pytest.raises(PerpendError, match="is not a Spark master"):
        enter(spark_session("http://127.0.0.1:1"))


def test_without_java_the_error_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from perpend.evaluation.engines.spark.session import spark_session

    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PerpendError, match="needs Java 17 or newer"):
        enter(spark_session("local[1]"))


@pytest.mark.slow
def test_a_listener_that_is_no_master_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from perpend.evaluation.engines.spark import session as spark_session

    monkeypatch.setattr(spark_session, "_START", 6.0)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(PerpendError, match="Spark"):
        enter(spark_session.spark_session(f"spark://127.0.0.1:{mute.getsockname()[1]}", SMALL, patience=5))


@pytest.mark.slow
def test_a_jvm_that_was_given_up_before_it_was_there_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark import SparkContext

    from perpend.evaluation.engines.spark import session as spark_session

    monkeypatch.setattr(spark_session, "_START", 0.1)
    with pytest.raises(PerpendError, match=r"did not start at local\[1\] within"):
        enter(spark_session.spark_session("local[1]", SMALL))
    starting = next(thread for thread in threading.enumerate() if thread.name == "perpend-spark-start")
    starting.join(60)
    assert not starting.is_alive()
    assert SparkContext._active_spark_context is None
    assert starting._gateway.proc.poll() is not None  # type: ignore[attr-defined] # it is the thread's own gateway


def test_without_pyspark_the_error_names_the_extra() -> None:
    import subprocess

    code = "import sys; sys.modules['pyspark'] = None\nfrom perpend.core.errors import PerpendError\ntry:\n import perpend.evaluation.engines.spark.engine\nexcept PerpendError as error:\n print(error)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert f"Spark 4.1 or newer is not installed here: {command_to_add('spark')}\n" == found.stdout
