"""Log records while a Spark session ends, and the packages that it sends to its workers."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark")

from perpend.evaluation.engines.spark.session import _ship, is_none_of_py4j
from perpend.evaluation.engines.spark.udfs import BINARIES


@pytest.fixture
def root() -> logging.Logger:
    return logging.Logger("root")


def records(root: logging.Logger, path: str) -> list[str]:
    """Return what the root logger hands on of what a module at a path says."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    root.handlers = [handler]
    code = compile("root.error('lost the JVM')", path, "exec")
    exec(code, {"root": root})  # noqa: S102 so that a record has a path of its own
    return heard


def test_what_py4j_says_of_a_jvm_that_ends_is_not_handed_on(root: logging.Logger) -> None:
    path = str(Path("lib", "py4j", "java_gateway.py"))
    assert ["lost the JVM"] == records(root, path)
    root.addFilter(is_none_of_py4j)
    assert [] == records(root, path)


def test_everybody_else_is_heard(root: logging.Logger) -> None:
    root.addFilter(is_none_of_py4j)
    assert ["lost the JVM"] == records(root, str(Path("py4j_like", "mine.py")))


def test_workers_are_sent_what_is_plain_python_to_import_and_binaries_to_unpack(tmp_path: Path) -> None:
    """What becomes of it is seen where workers evaluate (`test_spark`)."""
    sent: list[tuple[str, str]] = []

    class Recording:
        """Takes what a session would send."""

        def addPyFile(self, path: str) -> None:  # noqa: N802 as Spark calls it
            """Take a zip file of packages."""
            sent.append(("packages", path))

        def addArchive(self, path: str) -> None:  # noqa: N802 as Spark calls it
            """Take an archive to be unpacked, ``#`` and a directory's name."""
            sent.append(("archive", path))

    spark: Any = Recording()
    _ship(spark, tmp_path)
    [(first, packages), (second, archive)] = sent
    path, _, directory = archive.partition("#")
    assert ("packages", "archive", BINARIES) == (first, second, directory)
    with zipfile.ZipFile(packages) as plain, zipfile.ZipFile(path) as binary:
        assert {"perpend", "jmespath"} == {name.partition("/")[0] for name in plain.namelist()}
        assert {"perpend/__init__.py", "perpend/core/values/values.py"} <= set(plain.namelist())
        assert all(name.endswith(".py") for name in plain.namelist())
        assert {"re2"} == {name.partition("/")[0] for name in binary.namelist()}
        assert any(name.endswith(".so") for name in binary.namelist())
        assert not [name for name in binary.namelist() if name.endswith(".pyc")]
