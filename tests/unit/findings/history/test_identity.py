"""What a finding is called, what a program means whatever its words, and which policy came of which."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from perpend.core.objects.object_types import Field, ObjectType
from perpend.findings.history.identity import birth_place, finding_id, finding_id_sql, lineage_of, program_hash
from perpend.language.program.program import Program
from tests.repositories import logic, policy_files, program_of, temporary_analyzer

pytestmark = pytest.mark.medium

CHECK = {"IS_EQUAL": {"left": {"FIELD": {"path": "name__c"}}, "right": {"TEXT": "a"}}}


def program(*checks: Any, **more: Any) -> Program:
    with temporary_analyzer(policy_files({**logic(*checks), **more})) as analyzer:
        return program_of(analyzer)


@pytest.mark.parametrize("incarnation", [1, 2, 11])
def test_sql_calls_a_finding_as_python_does(incarnation: int) -> None:
    names = ("/ce/a", "Thing", "ärn:'x", incarnation)
    expression = finding_id_sql("$1", "$2", "$3", "$4")
    assert finding_id(*names) == duckdb.execute(f"SELECT {expression}", list(names)).fetchall()[0][0]


def test_other_findings_have_other_ids() -> None:
    ids = [finding_id("/a", "T", "x"), finding_id("/a", "T", "x", 2), finding_id("/a", "Tx", ""), finding_id("/b", "T", "x")]
    assert 4 == len(set(ids))
    assert {32} == set(map(len, ids))


def test_words_and_order_are_no_meaning() -> None:
    plain = program(CHECK)
    other_words = program(CHECK, otherwise={"currentStateMessage": "It is fine, thank you.", "status": "COMPLIANT"})
    other_order = program({"IS_EQUAL": dict(reversed(CHECK["IS_EQUAL"].items()))})
    assert program_hash(plain) == program_hash(other_words) == program_hash(other_order)


@pytest.mark.parametrize(
    "changed",
    [
        program({"IS_EQUAL": {**CHECK["IS_EQUAL"], "right": {"TEXT": "b"}}}),
        program(CHECK, CHECK),
        program(CHECK, otherwise={"currentStateMessage": "no", "status": "INAPPLICABLE"}),
        program(CHECK, recordTypes=["x"]),
        program({"NOT_EQUAL": CHECK["IS_EQUAL"]}),
    ],
)
def test_another_question_has_another_hash(changed: Program) -> None:
    assert program_hash(program(CHECK)) != program_hash(changed)


def test_a_lineage_is_the_first_id() -> None:
    renames = {"/c": "/b", "/b": "/a", "/y": "/x", "/x": "/y"}
    assert ["/a", "/a", "/a", "/d"] == [lineage_of(one, renames) for one in ("/c", "/b", "/a", "/d")]
    assert lineage_of("/x", renames) in ("/x", "/y")


@pytest.mark.parametrize(
    ("name", "fields", "place"),
    [
        ("CA10__CaAwsUser__c", [], ("CA10__credReportAttributesJson__c", "user_creation_time")),
        ("Bucket", ["CA10__name__c", "CA10__creationDate__c"], ("CA10__creationDate__c", None)),
        ("Bucket", ["created_at"], ("created_at", None)),
        ("Bucket", ["CA10__createdBy__c", "CA10__recreationTime__c"], None),
    ],
)
def test_a_type_says_when_its_objects_were_made(name: str, fields: list[str], place: tuple[str, str | None] | None) -> None:
    assert place == birth_place(ObjectType(name, fields={one: Field(one, "text") for one in fields}))
