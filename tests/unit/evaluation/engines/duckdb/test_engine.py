"""An embedded DuckDB works for the thread that opened it, while it is open; other uses raise clear errors. It calls functions as planned."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from perpend.core.errors import PerpendError
from perpend.core.iam.access_policy import AccessPolicy
from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.engines.nested import indexes_of
from perpend.evaluation.planner import udfs
from tests.repositories import analyzer_of, logic, policy_files, program_of

pytestmark = pytest.mark.medium


def test_an_engine_is_used_within_its_block() -> None:
    with duck_db() as engine:
        assert [(1,)] == engine.run("SELECT 1")
    for use in (lambda: engine.run("SELECT 1"), lambda: engine.hold("t", {}, {}, rows=1)):
        with pytest.raises(PerpendError, match="used after its `with` block"):
            use()


def test_an_engine_is_used_in_one_thread() -> None:
    with duck_db() as engine, ThreadPoolExecutor(1) as others:
        with pytest.raises(PerpendError, match="in another thread: open one in each thread"):
            others.submit(engine.run, "SELECT 1").result()
        assert [(1,)] == engine.run("SELECT 1")


@pytest.mark.parametrize("limits", [{"memory_limit": "lots"}, {"memory_limit": ""}, {"threads": -3}])
def test_limits_that_duckdb_does_not_take_are_told(limits: Any) -> None:
    with pytest.raises(PerpendError, match="DuckDB cannot be started: "), duck_db(**limits):
        pass


def test_threads_are_as_asked_for() -> None:
    with duck_db(threads=1) as engine:
        assert [(1,)] == engine.run("SELECT current_setting('threads')")


def test_a_document_is_parsed_once_for_the_policies_that_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(udfs, "json_from_text", lambda text: parsed.append(text) or json.loads(text))
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(AccessPolicy, "allows", lambda _, actions, __: asked.append(actions) or True)
    own = {"IS_EQUAL": {"left": {"FIELD": {"path": "name"}}, "right": {"TEXT": "own"}}}
    programs = [
        program_of(analyzer_of(tmp_path / str(number), policy_files(logic(*checks))))
        for number, checks in enumerate(([{"NOT": {"arg": own}}, allows("s3:*")], [{"AND": {"args": [own, allows("sqs:*")]}}]))
    ]
    document = json.dumps({"Statement": {"Effect": "Deny", "Action": "*"}})
    objects = [
        {"name": name, "policy": f"{document}{' ' * number}"} for number, name in enumerate(["own", "aws", "aws", "own"])
    ]
    with duck_db() as engine:
        assert [[299, 199, 199, 299], [199, 200, 200, 199]] == indexes_of(engine, programs, objects, 0)
    assert [objects[0]["policy"], objects[3]["policy"]] == sorted(parsed)
    assert [("s3:*",)] * 2 + [("sqs:*",)] * 2 == sorted(asked)


def allows(action: str) -> dict[str, Any]:
    return {"AWS_POLICY_ALLOWS": {"policyExtField": "policy", "widestAcceptableAccessLevel": "NOBODY", "actions": [action]}}
