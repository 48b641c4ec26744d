"""What engines once disagreed about ends alike on all of them; what they will disagree about is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.engines.nested import indexes_of
from tests.regressions import FILES, Counterexample, check_agreement, read, reference
from tests.repositories import logic, policy_files, program_of, temporary_analyzer

pytestmark = pytest.mark.usefixtures("shared_database")

EMPTY = policy_files(logic({"IS_EMPTY": {"arg": {"FIELD": {"path": "CA10__text__c"}}}}))


@pytest.mark.parametrize("file", FILES)
def test_engines_agree_now(file: str) -> None:
    found = read(file)
    with temporary_analyzer(found.files) as analyzer, duck_db() as engine:
        program = program_of(analyzer)
        assert found.indexes == reference(program, found.objects, found.time, complete=found.complete)
        assert [found.indexes] == indexes_of(engine, [program], found.objects, found.time, complete=found.complete)


@pytest.mark.medium
def test_the_smallest_counterexample_is_kept(tmp_path: Path) -> None:
    """An engine that takes every object with an ``x`` in its text for empty."""

    with temporary_analyzer(EMPTY) as analyzer:
        program = program_of(analyzer)

    @settings(
        max_examples=200,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(st.fixed_dictionaries({"Id": st.text(max_size=3), "CA10__text__c": st.text("xyz ", max_size=8)}), min_size=1)
    )
    def compare(objects: list[dict[str, Any]]) -> None:
        indexes = reference(program, objects, 0, complete=True)
        found = [199 if "x" in one["CA10__text__c"] else index for one, index in zip(objects, indexes, strict=True)]
        check_agreement("wrong", Counterexample(EMPTY, objects, True, 0, indexes), found, directory=tmp_path)

    with pytest.raises(AssertionError, match="wrong ends otherwise on 1 objects"):
        compare()
    (path,) = tmp_path.iterdir()
    assert "wrong-test-the-smallest-counterexample-is-kept.json" == path.name
    kept = read(path.name, tmp_path)
    assert ([{"Id": "", "CA10__text__c": "x"}], [200]) == (kept.objects, kept.indexes)
    assert EMPTY == kept.files
