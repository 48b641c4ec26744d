"""Field names that tables reserve are rejected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.errors import PerpendError
from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.engines.nested import indexes_of
from tests.repositories import analyzer_of, logic, policy_files, program_of


@pytest.mark.parametrize("path", ["perpend_row", "CA10__a__c#unread", "o__r.perpend_owner"])
def test_names_that_tables_use_themselves_are_refused(tmp_path: Path, path: str) -> None:
    program = program_of(analyzer_of(tmp_path, policy_files(logic({"IS_EMPTY": {"arg": {"FIELD": {"path": path}}}}))))
    judged: list[dict[str, Any]] = [{"Id": "a", "perpend_row": 5}]
    with duck_db() as engine, pytest.raises(PerpendError, match=f"field `{path.rpartition('.')[2]}`"):
        indexes_of(engine, [program], judged, 0)
