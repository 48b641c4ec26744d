"""Things in two accounts and some regions, evaluated by four policies, with waivers and ratings: what a summary is made of."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot
from perpend.findings.severity.active import ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers
from perpend.inventory.importers.input import Input
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.overview import Overview, overview_of
from tests.repositories import NAMES, analyzer_of, logic

THING, OWNER = "CA10__CaThing__c", "CA10__CaOwner__c"
DAY = datetime(2026, 1, 10, tzinfo=UTC)
SAID = {"because": "A trial.", "source": "board"}
WAIVER = {"policies": ["/ce/**"], "kind": "accepted-risk", "reason": "R", "owner": "o", "until": "2999-01-01", "limit": 1_000}
ACCOUNTS, REGIONS = ("111122223333", "444455556666"), ("eu-west-1", "us-east-1", None)
POLICIES = {"iam/a": "low", "iam/b": "high", "s3/c": "high", "d": None}


def _is(name: str, value: str) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": {"FIELD": {"path": f"CA10__{name}__c"}}, "right": {"TEXT": value}}}


def files() -> dict[str, Any]:
    found: dict[str, Any] = {
        f"types/{THING}/type.yaml": {
            "label": "Thing",
            "fields": [
                *({"name": name, "type": "text"} for name in ("Name", *(f"CA10__{one}__c" for one in "abcd"))),
                {"name": "CA10__region__c", "type": "text"},
                {"name": "CA10__owner__c", "type": "masterDetail"},
            ],
            "lookups": [{"name": "CA10__owner__r", "target": OWNER, "key": "CA10__owner__c"}],
            "master": "CA10__owner__r",
            "nameField": "Name",
        },
        f"types/{OWNER}/type.yaml": {"label": "Owner", "fields": [{"name": "Id", "type": "id"}]},
        "ce/iam/folder.yaml": {"names": {"full": "Identity and Access Management", "contextual": "IAM"}},
        "ratings/a.yaml": {
            "ratings": [
                {"policies": [f"/ce/{name}"], "severity": level, **SAID}
                for name, level in POLICIES.items()
                if level is not None
            ],
            "raise": [{"scope": {"accounts": [ACCOUNTS[0]], "regions": [REGIONS[0]]}, "by": 2, **SAID}],
        },
        "waivers/a.yaml": {
            "waivers": [
                {"id": "w", **WAIVER, "scope": {"names": ["n*3"]}},
                {"id": "u", **WAIVER, "statuses": ["UNDETERMINED", "INCOMPLIANT"], "scope": {"names": ["n*4"]}},
                {"id": "over", **WAIVER, "limit": 1, "scope": {"names": ["n*5"]}},
            ]
        },
    }
    for policy in POLICIES:
        field = policy.rpartition("/")[2]
        checks = [_is(field, "fail"), _is(field, "odd"), _is(field, "fit")]
        found[f"ce/{policy}/prod.logic.yaml"] = logic(
            *checks, statuses=("INCOMPLIANT", "UNDETERMINED", "COMPLIANT"), otherwise="INAPPLICABLE"
        )
        found[f"ce/{policy}/policy.yaml"] = {"names": {**NAMES, "contextual": f"Title of {field}"}, "description": "It asks."}
    return found


def things(number: int = 120) -> list[dict[str, Any]]:
    drawn = random.Random(7)
    return [
        {
            "Id": f"id{place}",
            "Name": f"n{place}",
            "CA10__owner__c": drawn.choice(ACCOUNTS),
            "CA10__region__c": drawn.choice(REGIONS),
            **{f"CA10__{name}__c": drawn.choice(("fail", "odd", "fit", "none", 5)) for name in "abcd"},
        }
        for place in range(number)
    ]


@pytest.fixture(scope="module")
def analyzer(tmp_path_factory: pytest.TempPathFactory) -> Analyzer:
    return analyzer_of(tmp_path_factory.mktemp("repository"), files())


@pytest.fixture(scope="module")
def evaluation(analyzer: Analyzer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluation]:
    directory, inputs = tmp_path_factory.mktemp("input"), []
    for type_name, objects in ((THING, things()), (OWNER, [{"Id": number} for number in ACCOUNTS])):
        (directory / f"{type_name}.json").write_text(json.dumps(objects))
        inputs.append(Input(str(directory / f"{type_name}.json"), type_name))
    with temporary_snapshot(inputs, declared=analyzer.repository.declared_type) as read:
        assert read.snapshot is not None
        selection = select_policies(analyzer, over=read.snapshot)
        with evaluate_snapshot(read.snapshot, selection, snapshot_time=DAY, cached=False) as found:
            yield found


def overview(evaluation: Evaluation, analyzer: Analyzer, *, decided: bool = True, **more: Any) -> Overview:
    repository = analyzer.repository
    waivers = ActiveWaivers.here(repository, None, none=not decided).covered(evaluation)
    rated = (
        ActiveSeverities.here(repository, str(repository.files.root / "ratings")).rated_evaluation(evaluation, waivers)
        if decided
        else None
    )
    return overview_of(evaluation, repository, waivers=waivers, rated=rated, **more)
