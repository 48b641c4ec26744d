"""The small served store, with a framework and policies that have logic, and a snapshot with failed calls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from perpend.core.objects.claims import Claim, FailedCall, Scope
from perpend.findings.severity.active import ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers
from perpend.inventory.snapshots.manifest import Failure, StoredSource
from perpend.inventory.snapshots.store import Store
from perpend.language.syntax.repository import Repository
from perpend.server.views.run_state import HistoryOfRun, RunState
from tests.histories import BEGIN, Inventory
from tests.repositories import write
from tests.served import NAMES, POLICIES, served_repository

ONE, OTHER = "222222222222", "111111111111"
FRAMEWORK = "/frameworks/rules-v1.0.0"

_LOGIC = {
    "inputType": "Thing",
    "conditions": [
        {
            "status": "INCOMPLIANT",
            "currentStateMessage": "No name.",
            "check": {"IS_EMPTY": {"arg": {"FIELD": {"path": "name"}}}},
        }
    ],
    "otherwise": {"status": "COMPLIANT", "currentStateMessage": "A name."},
}


def repository_with_framework(root: Path, **more: Any) -> Repository:
    """Return the served repository with logic, two requirements of which one is only inherited, and further files."""
    served_repository(root)
    files: dict[str, Any] = {
        "frameworks/rules-v1.0.0/section.yaml": {"name": "Rules"},
        "frameworks/rules-v1.0.0/1/section.yaml": {"name": "Direct"},
        "frameworks/rules-v1.0.0/2/section.yaml": {
            "name": "Inherits",
            "similar": {"sections": ["/frameworks/others-v1.0.0/1"]},
        },
        "frameworks/others-v1.0.0/section.yaml": {"name": "Others"},
        "frameworks/others-v1.0.0/1/section.yaml": {"name": "One"},
    }
    for policy, section in zip(POLICIES, ("/frameworks/rules-v1.0.0/1", "/frameworks/others-v1.0.0/1"), strict=True):
        title = f"Thing is {policy[4:]}"
        files[f"{policy[1:]}/policy.yaml"] = {
            "names": {"full": f"AWS {title}", "contextual": title},
            "description": "What it asks.",
            "frameworkMappings": [section],
        }
        files[f"{policy[1:]}/prod.logic.yaml"] = _LOGIC
    return Repository(write(root, {**files, **more}))


def state_of(inventory: Inventory, repository: Repository, head: Any = None) -> RunState:
    """Return the last run of a store as a server reads it."""
    place = inventory.place
    return RunState(
        HistoryOfRun(place, head or place.head()),
        repository,
        ActiveWaivers.here(repository, None, none=False),
        ActiveSeverities.here(repository, None),
        NAMES,
    )


def with_snapshot(inventory: Inventory, repository: Repository) -> RunState:
    """Return the last run with a stored snapshot: a source of each account, one of both, and calls that failed."""
    early, late = BEGIN.replace(day=3), BEGIN.replace(day=4)
    store = Store(inventory.directory)
    with store.writing() as run:
        run.sources += [
            StoredSource(f"aws {OTHER}", "aws", late, 7, (OTHER,), coverage=(Claim("Thing", Scope(OTHER)), _cut(OTHER))),
            StoredSource(
                f"aws {ONE}", "aws", early, 8, (ONE,), coverage=(Claim("Thing", Scope(ONE), "denied x:ListThings"), _cut(ONE))
            ),
            StoredSource(f"old {OTHER}", "aws", BEGIN, 2, (OTHER, ONE)),
        ]
        run.calls += [
            FailedCall(ONE, "eu-west-1", "x", "ListThings", "x:ListThings", "denied", "AccessDenied"),
            FailedCall(OTHER, "", "x", "GetThing", "x:GetThing", "denied", "AccessDenied", 3),
            FailedCall(OTHER, "", "x", "GetName", "x:GetName", "throttled out:", "Throttling", 1),
        ]
        run.failures.append(Failure("broken.json", "is not JSON"))
        snapshot = run.commit("made")
    head = inventory.place.head()
    runs = (*head.runs[:-1], replace(head.runs[-1], snapshot=snapshot.id))
    return state_of(inventory, repository, replace(head, runs=runs))


def _cut(account: str) -> Claim:
    return Claim("Link", Scope(account), "failed x:ListLinks")
