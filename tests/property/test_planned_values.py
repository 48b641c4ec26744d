"""A value of a plan that becomes unknown makes nothing known, changes no known field, and leads no verdict to a pass."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend import Analyzer, open_repository, select_policies
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.selection import Selection
from perpend.inventory.readers.read import collect_files
from perpend.inventory.readers.terraform.mapping import aws_map
from tests.reference import evaluate_objects
from tests.terraform_plans import ACCOUNT, PLANS, Step, by_address, paths, plan, read, without

DAY = datetime(2026, 12, 1, tzinfo=UTC)
PASSES = (Status.COMPLIANT, Status.INAPPLICABLE)
STEP = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 9
"""Every how many values become unknown in turn."""

Change = tuple[int, tuple[Step, ...]]


def changes(name: str) -> list[Change]:
    """Return the places of all values that are read of a plan."""
    attributes = aws_map().attributes
    return [
        (place, path)
        for place, one in enumerate(plan(name)["resource_changes"])
        for path in paths(one["change"]["after"])
        if path[0] in attributes.get(one["type"], ()) and not _is_never_unknown(plan(name), one, path)
    ]


def _is_never_unknown(document: Mapping[str, Any], one: Mapping[str, Any], path: tuple[Step, ...]) -> bool:
    """Whether the whole list is an attribute of blocks that a dynamic block fills: Terraform shows its entries."""
    if f"{one['type']}.{path[0]}" not in aws_map().attribute_blocks or len(path) > 1:
        return False
    nodes = document["configuration"]["root_module"]["resources"]
    node = next((node for node in nodes if node["address"] == f"{one['type']}.{one['name']}"), {})
    return path[0] not in node.get("expressions", {})


def objects(document: Mapping[str, Any]) -> dict[tuple[str, int], list[Mapping[str, Any]]]:
    """Return the objects of a plan by type and resource, which are there whatever their Ids are."""
    known: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for one in read(document, account=ACCOUNT).objects:
        known.setdefault((one.type_name, one.origin.row or 0), []).append(one.fields)
    return known


def more_than(now: Mapping[str, Any], before: Mapping[str, Any], ids: Mapping[str, str]) -> str | None:
    """Return a field that is known now and was not, or has another value; None if there is none."""
    for name, value in now.items():
        if name not in before:
            return name
        if isinstance(value, list):
            children = {one["Id"]: one for one in before[name]}
            if {ids.get(one["Id"], one["Id"]) for one in value} != set(children):
                return name
            inner = (more_than(one, children[ids.get(one["Id"], one["Id"])], ids) for one in value)
            if (wrong := next(filter(None, inner), None)) is not None:
                return f"{name}.{wrong}"
        elif ids.get(value, value) != before[name]:
            return name
    return None


def check(name: str, chosen: list[Change]) -> None:
    document: Mapping[str, Any] = plan(name)
    before = objects(document)
    for place, path in chosen:
        document = without(document, place, path)
    now = objects(document)
    single = {key for key in now if len(now[key]) == len(before.get(key, ())) == 1}
    ids = {now[key][0]["Id"]: before[key][0]["Id"] for key in single}
    wrong = {key: more_than(now[key][0], before[key][0], ids) for key in single}
    assert {key: field for key, field in wrong.items() if field} == {}, chosen


@pytest.mark.parametrize("name", PLANS)
def test_one_value_that_becomes_unknown_makes_nothing_known(name: str) -> None:
    listed = changes(name)
    assert len(listed) > 40
    for one in listed:
        check(name, [one])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_several_values_that_become_unknown_make_nothing_known(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(PLANS))
    check(
        name,
        data.draw(st.lists(st.sampled_from(_TOP[name]), min_size=2, max_size=8, unique_by=lambda one: (one[0], one[1][0]))),
    )


_TOP = {name: [one for one in changes(name) if len(one[1]) < 3] for name in PLANS}


def verdicts(file: Path, document: Mapping[str, Any], selection: Selection) -> dict[tuple[str, str], Status]:
    """Return the verdicts on the objects that the plan holds, whatever their Ids are."""
    file.write_text(json.dumps(document), encoding="utf-8")
    evaluation = evaluate_objects(collect_files([str(file)]).inventory, selection, snapshot_time=DAY)
    known: dict[tuple[str, str], Status] = {}
    for one in evaluation.findings():
        known[one.policy_id, f"{one.object.type_name} {one.object.origin.row}"] = one.status
    return known


@pytest.mark.usefixtures("shared_database")
@pytest.mark.parametrize("name", PLANS)
def test_a_value_that_becomes_unknown_leads_no_verdict_to_a_pass(name: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan(name)), encoding="utf-8")
    selection = select_policies(Analyzer(open_repository()), over=collect_files([str(file)]).inventory)
    before = verdicts(file, plan(name), selection)
    assert set(before.values()) > {Status.COMPLIANT, Status.INCOMPLIANT}
    for place, path in changes(name)[::STEP]:
        now = verdicts(file, without(plan(name), place, path), selection)
        assert {key for key, one in now.items() if one in PASSES and before.get(key, one) not in PASSES} == set(), path


def test_nothing_sensitive_is_read() -> None:
    document = plan("created") | plan("provider-6") | {"resource_changes": []}
    document["resource_changes"] = [*plan("created")["resource_changes"], *plan("provider-6")["resource_changes"]]
    shown = json.dumps([[one.fields, one.fields.reasons] for one in by_address(read(document)).values()])  # type: ignore[attr-defined]
    for secret in ("password-of-the-database", "secret-of-the-provider", "key-of-the-provider", "SECRET-NAME"):
        assert secret not in shown
