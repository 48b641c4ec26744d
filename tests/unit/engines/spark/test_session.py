"""What is said while a session of Spark ends."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

pytest.importorskip("pyspark")

from perpend.engines.spark.session import is_none_of_py4j


@pytest.fixture
def root() -> logging.Logger:
    return logging.Logger("root")


def said(root: logging.Logger, path: str) -> list[str]:
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
    assert ["lost the JVM"] == said(root, path)
    root.addFilter(is_none_of_py4j)
    assert [] == said(root, path)


def test_everybody_else_is_heard(root: logging.Logger) -> None:
    root.addFilter(is_none_of_py4j)
    assert ["lost the JVM"] == said(root, str(Path("py4j_like", "mine.py")))
