"""``perpend check --store --engine spark`` comes to what the interpreter says of the files, to the byte.

A few policies will do: `test_spark` judges by all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Run, run, spawn
from tests.differential.on_spark import SMALL_OPTIONS, why_not

__all__ = ["run"]

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

POLICIES = (KEY_POLICY, "root-user-mfa", "user-access-keys-are-not-rotated-every-90-days")


def test_a_store_comes_to_what_its_files_come_to(run: Run, tmp_path: Path) -> None:
    asked = [word for policy in POLICIES for word in ("--policy", policy)]
    expected = run("check", EXAMPLE, *TIME, *asked, "--engine", "interpreter", "--format", "ndjson")
    assert (1, "") == (expected.code, expected.err)
    spark = (*TIME, *asked, "--engine", "spark", *SMALL_OPTIONS, "--format", "ndjson")
    assert 0 == run("import", EXAMPLE, "--store", tmp_path / "store").code
    assert expected == spawn("check", "--store", tmp_path / "store", *spark, seconds=600)
