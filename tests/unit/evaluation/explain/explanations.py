"""Explanations of verdicts on one object by one policy, for the tests of this package."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from perpend.core.objects.inventory import CloudObject
from perpend.evaluation.explain.steps import Explanation, explain_verdict
from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
from tests.repositories import program_of
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer

FLAG = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "unset"}}}
TIME = datetime.fromisoformat("2026-01-10T18:00:00+00:00")
CHECKS = {"evaluationError": "failed", "resultTypeMismatch": "mismatch"}
EXTRACTS = {
    f"types/{THING}/e.extracts.yaml": {
        "extracts": [
            {
                "name": "doc",
                "value": {"JSON_FROM": {"arg": {"FIELD": {"path": "doc"}}, "undeterminedIf": {"isInvalid": "bad"}}},
            },
            {
                "name": "mfa",
                "value": {"JSON_QUERY_TEXT": {"arg": {"EXTRACT": "doc"}, "expression": "mfa_active", "undeterminedIf": CHECKS}},
            },
        ]
    }
}
IMPORTS = {"importExtracts": [{"file": f"/types/{THING}/e.extracts.yaml"}]}
MFA = {"IS_EQUAL": {"left": {"EXTRACT": "mfa"}, "right": {"TEXT": "false"}}}


def explained(root: Path, judged: CloudObject, *checks: Any, **more: Any) -> Explanation:
    found = analyzer(root, *checks, files=EXTRACTS, **{**IMPORTS, **more})
    return explain_verdict(found, program_of(found), judged, day=EvaluationTime(TIME, given=True))
