"""``perpend check --store --engine spark`` comes to what the interpreter says of the files, to the byte.

A few policies will do: `test_spark` judges by all of them. Where a user without a name can be lent one, it is such a user's
command, as in a container with a random user id.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Run, run, spawn
from tests.differential.on_spark import SMALL_OPTIONS, why_not
from tests.nameless import has_wrapper, may_be_nameless, nameless

__all__ = ["run"]

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

POLICIES = (KEY_POLICY, "root-user-mfa")


def test_a_store_comes_to_what_its_files_come_to(run: Run, tmp_path: Path) -> None:
    asked = [word for policy in POLICIES for word in ("--policy", policy)]
    expected = run("check", EXAMPLE, *TIME, *asked, "--engine", "interpreter", "--format", "ndjson")
    assert (1, "") == (expected.code, expected.err)
    spark = (*TIME, *asked, "--engine", "spark", *SMALL_OPTIONS, "--format", "ndjson")
    assert 0 == run("import", EXAMPLE, "--store", tmp_path / "store").code
    command = ("check", "--store", str(tmp_path / "store"), *spark)
    if may_be_nameless() and has_wrapper():
        ran = nameless(*command)
        assert expected == (ran.returncode, ran.stdout, ran.stderr)
    else:
        assert expected == spawn(*command, seconds=600)
