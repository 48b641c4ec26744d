"""A message says why Spark does not start: its user has no name, as in some containers, or the JVM's own reason."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.differential.on_spark import SMALL_OPTIONS, why_not
from tests.nameless import UNKNOWN, has_wrapper, may_be_nameless, nameless

REPORT = Path(__file__).parents[5] / "examples" / "credential-report.csv"

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")


@pytest.mark.skipif(not may_be_nameless(), reason="no user namespaces here")
@pytest.mark.skipif(has_wrapper(), reason="a name is lent here, with which test_spark_check runs a command")
def test_a_user_without_a_name_is_told() -> None:
    command = ("check", str(REPORT), "--policy", "root-user-mfa", "--snapshot-time", "2026-11-20", "--engine", "spark")
    ran = nameless(*command, *SMALL_OPTIONS)
    assert 2 == ran.returncode
    assert f"user id {UNKNOWN} has no name here" in ran.stderr


def test_the_reason_of_a_jvm_that_does_not_start_is_its_own() -> None:
    from perpend.evaluation.engines.spark.errors import SparkFailed
    from perpend.evaluation.engines.spark.session import spark_session

    with (
        pytest.raises(SparkFailed, match=r"ended at its start: The Java thread stack size"),
        spark_session(conf={"spark.driver.extraJavaOptions": "-Xss1k"}),
    ):
        raise AssertionError


def no_name(number: int) -> None:
    raise KeyError(number)


def no_library(name: str) -> None:
    raise OSError(name)


def test_a_name_is_lent_to_processes_that_start_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from perpend.evaluation.engines.spark import session

    monkeypatch.setattr(session.pwd, "getpwuid", no_name)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: None)
    for former, preloaded in ((None, "libnss_wrapper.so"), ("other.so", "libnss_wrapper.so other.so")):
        if former is None:
            monkeypatch.delenv("LD_PRELOAD", raising=False)
        else:
            monkeypatch.setenv("LD_PRELOAD", former)
        with session.identity(tmp_path):
            assert preloaded == os.environ["LD_PRELOAD"]
            users, groups = (Path(os.environ[f"NSS_WRAPPER_{name}"]).read_text() for name in ("PASSWD", "GROUP"))
        assert f"perpend:x:{os.getuid()}:{os.getgid()}::{tmp_path}:/bin/false\n" == users
        assert f"perpend:x:{os.getgid()}:\n" == groups
        assert former == os.environ.get("LD_PRELOAD")
        assert not [name for name in os.environ if name.startswith("NSS_WRAPPER")]


def test_where_no_name_can_be_lent_it_is_told_what_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from perpend.evaluation.engines.spark import session
    from perpend.evaluation.engines.spark.errors import SparkFailed

    monkeypatch.setattr(session.pwd, "getpwuid", no_name)
    monkeypatch.setattr(ctypes, "CDLL", no_library)
    with pytest.raises(SparkFailed, match=r"has no name here.*apt-get install libnss-wrapper"), session.identity(tmp_path):
        raise AssertionError


def test_who_has_a_name_is_lent_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from perpend.evaluation.engines.spark import session

    monkeypatch.setattr(session.pwd, "getpwuid", lambda number: SimpleNamespace(pw_name="somebody"))
    monkeypatch.setattr(ctypes, "CDLL", no_library)
    before = dict(os.environ)
    with session.identity(tmp_path):
        assert before == dict(os.environ)
