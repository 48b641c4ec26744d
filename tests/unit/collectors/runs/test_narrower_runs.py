"""No run passes what nobody has read: each row is as one run saw it, and a list is known in the regions that were read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.collectors.protocol import CollectedRow, Completeness
from perpend.collectors.runs.snapshot_writer import store_collected
from perpend.core.objects.claims import NOT_ASKED, Claim, Scope
from perpend.core.objects.inventory import Source
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.selection import Selection, select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.inventory.snapshots.store import Store
from tests.repositories import NAMES, analyzer_of, logic

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

ACCOUNT, KEY, A = "CA10__CaAwsAccount__c", "CA10__CaAwsKmsKey__c", "111122223333"
EAST, WEST, NOON = "us-east-1", "eu-west-1", datetime(2026, 11, 20, 12, tzinfo=UTC)
FULL, DENIED, LEFT_OUT = "full", "denied", "not asked"
BAD = 9
_LARGE = {"GREATER_THAN": {"left": {"FIELD": {"path": "CA10__size__c"}}, "right": {"NUMBER": 5.0}}}
_HAS_LARGE = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "CA10__keys__r"}}
_ID = {"name": "Id", "type": "id", "label": "Id"}
FILES = {
    f"types/{ACCOUNT}/type.yaml": {
        "label": "Account",
        "fields": [_ID],
        "children": [{"name": "CA10__keys__r", "type": KEY, "key": "CA10__account__c"}],
    },
    f"types/{KEY}/type.yaml": {
        "label": "Key",
        "fields": [
            _ID,
            {"name": "CA10__account__c", "type": "masterDetail", "label": "Account"},
            {"name": "CA10__size__c", "type": "number", "label": "Size"},
        ],
        "lookups": [{"name": "CA10__account__r", "target": ACCOUNT, "key": "CA10__account__c"}],
        "master": "CA10__account__r",
    },
    "ce/key/policy.yaml": {"names": NAMES},
    "ce/key/prod.logic.yaml": logic(_LARGE, input_type=KEY),
    "ce/list/policy.yaml": {"names": NAMES},
    "ce/list/prod.logic.yaml": logic(
        _HAS_LARGE,
        input_type=ACCOUNT,
        relatedLists=[
            {
                "relationshipName": "CA10__keys__r",
                "conditions": [
                    {"status": "INCOMPLIANT", "currentStateMessage": "m", "remediationMessage": "r", "check": _LARGE}
                ],
                "otherwise": {"status": "COMPLIANT", "currentStateMessage": "m"},
            }
        ],
    ),
}

Run = dict[str, tuple[str, dict[str, int | None]]]
"""By region: how it was read, and the sizes of its keys, None if the size was not read."""

_SIZES = st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, BAD, None]), max_size=2)
_READ = st.tuples(st.sampled_from([FULL, DENIED, LEFT_OUT]), _SIZES)
RUNS = st.lists(st.fixed_dictionaries({EAST: _READ, WEST: _READ}), min_size=1, max_size=3)


def arn(region: str, key: str) -> str:
    return f"arn:aws:kms:{region}:{A}:key/{key}"


@pytest.fixture(scope="module")
def selection(tmp_path_factory: pytest.TempPathFactory) -> Selection:
    return select_policies(analyzer_of(tmp_path_factory.mktemp("repository"), FILES))


@settings(max_examples=40)
@given(runs=RUNS)
def test_no_narrower_run_passes_what_no_run_has_read(selection: Selection, runs: list[Run]) -> None:
    with TemporaryDirectory() as place:
        store = Store(Path(place))
        for number, run in enumerate(runs):
            collect(store, run, number, selection)
        with evaluate_snapshot(store.snapshot(), selection, snapshot_time=NOON + timedelta(days=9)) as evaluation:
            passed = {one.object.id for one in evaluation.findings() if one.status is Status.COMPLIANT}
    newest = {
        arn(region, key): size
        for run in runs
        for region, (how, keys) in run.items()
        for key, size in keys.items()
        if how == FULL
    }
    assert {1} >= {newest[key] for key in passed - {A}}
    if A in passed:
        for region in (EAST, WEST):
            how, keys = next((run[region] for run in reversed(runs) if run[region][0] != LEFT_OUT), (DENIED, {}))
            assert FULL == how and set(keys.values()) <= {1}


def collect(store: Store, run: Run, number: int, selection: Selection) -> None:
    """Store the rows and claims of a run as the collector makes them."""
    rows = [
        CollectedRow(ACCOUNT, {"Id": A}, {}, 0),
        *(
            CollectedRow(
                KEY,
                {"Id": arn(region, key), "CA10__account__c": A} | ({"CA10__size__c": size} if size else {}),
                {} if size else {"CA10__size__c": "was not read: denied"},
                0,
            )
            for region, (how, keys) in run.items()
            for key, size in keys.items()
            if how == FULL
        ),
    ]
    source = Source(f"aws {A}", "aws", NOON + timedelta(days=number), len(rows), (A,), tuple(claims_of(run)))
    found = Completeness((source,), (), ((A, "aws"),))
    store_collected(store, rows, lambda _: found, types=(ACCOUNT, KEY), declared=selection.types.get)


def claims_of(run: Run) -> Iterator[Claim]:
    if all(how == FULL for how, _ in run.values()):
        yield Claim(KEY, Scope(A))
        return
    for region, (how, _) in run.items():
        lacking = {FULL: None, DENIED: "denied kms:ListKeys", LEFT_OUT: f"{NOT_ASKED} kms:ListKeys"}[how]
        yield Claim(KEY, Scope(A, region), lacking)
