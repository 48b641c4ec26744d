"""Compiled policies are kept between commands, and no command answers otherwise because of that."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import EXAMPLE, TIME, spawn
from tests.repositories import logic, policy_files, write

pytestmark = pytest.mark.medium

USER = "CA10__CaAwsUser__c"


def _check(tmp_path, *arguments, **environment):
    return spawn("check", EXAMPLE, *TIME, *arguments, XDG_CACHE_HOME=str(tmp_path / "caches"), **environment)


def _kept(tmp_path):
    return sorted((tmp_path / "caches" / "perpend" / "programs").iterdir())


def test_the_second_check_answers_as_the_first(tmp_path):
    arguments = ("--format", "json")
    first = _check(tmp_path, *arguments)
    (kept,) = _kept(tmp_path)
    written = kept.stat().st_ino
    assert _check(tmp_path, *arguments) == first
    assert [path.stat().st_ino for path in _kept(tmp_path)] == [written]
    assert first == spawn("check", EXAMPLE, *TIME, *arguments)


def test_a_changed_policy_is_evaluated(tmp_path):
    def status(wanted):
        check = {"IS_EQUAL": {"left": {"FIELD": {"path": "Id"}}, "right": {"FIELD": {"path": "Id"}}}}
        write(tmp_path / "policies", policy_files(logic(check, statuses=(wanted,), input_type=USER)))
        done = _check(tmp_path, "--repo", tmp_path / "policies", "--format", "ndjson")
        return {json.loads(line)["status"] for line in done.out.splitlines()}

    assert [status(wanted) for wanted in ("COMPLIANT", "INCOMPLIANT", "COMPLIANT")] == [
        {"COMPLIANT"},
        {"INCOMPLIANT"},
        {"COMPLIANT"},
    ]
    assert len(_kept(tmp_path)) == 2
