"""Plans over one type with a JSON document, for tests of cached columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perpend.core.schema.tables import Column, Form, Table, Tables
from perpend.evaluation.planner.build import Plan, plan_of
from perpend.evaluation.planner.scalar import Kind
from tests.repositories import analyzer_of, logic, policy_files, program_of

TYPE = "CA10__CaThing__c"
DOCUMENT = "CA10__json__c"
COLUMNS = {
    "Id": Column("Id", Form.TEXT),
    DOCUMENT: Column(DOCUMENT, Form.TEXT, plain=True),
    "CA10__text__c": Column("CA10__text__c", Form.TEXT),
}
TABLES = Tables({TYPE: Table(TYPE, TYPE, COLUMNS, rows=1)})
KEYS = {"perpend_row": Kind.WHOLE}


def query(key: str) -> dict[str, Any]:
    document = {
        "JSON_FROM": {"arg": {"FIELD": {"path": DOCUMENT, "returnType": "BYTES"}}, "undeterminedIf": {"isInvalid": "no"}}
    }
    checks = {"evaluationError": "no", "resultTypeMismatch": "no"}
    return {"JSON_QUERY_TEXT": {"arg": document, "expression": key, "undeterminedIf": checks}}


def equal(key: str, text: str) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": query(key), "right": {"TEXT": text}}}


def plan(root: Path, *checks: Any, tables: Tables = TABLES, time: int = 0) -> Plan:
    return plan_of([program_of(analyzer_of(root, policy_files(logic(*checks))))], tables, time)
