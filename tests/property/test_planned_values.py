"""A value of a plan that becomes unknown makes nothing known, changes no known field, and leads no verdict to pass or fail."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.core.objects.status import Status
from tests.property.planned_changes import Change, Judge, changed, changes, drawn
from tests.terraform_plans import ACCOUNT, PLANS, by_address, plan, read

NUMBER = 400 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 12
"""How many changes of each plan are judged; ``python -m tests.property.planned_changes`` makes more."""


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
            same = [(one, ids.get(one["Id"], one["Id"])) for one in value]
            renamed = [identity for _, identity in same if identity not in children]
            if len(value) != len(children) or not all(one.startswith("terraform:") for one in renamed):
                return name
            inner = (more_than(one, children[identity], ids) for one, identity in same if identity in children)
            if (wrong := next(filter(None, inner), None)) is not None:
                return f"{name}.{wrong}"
        elif ids.get(value, value) != before[name]:
            return name
    return None


def check(name: str, chosen: list[Change]) -> None:
    before, now = objects(plan(name)), objects(changed(name, tuple(chosen)))
    single = {key for key in now if len(now[key]) == len(before.get(key, ())) == 1}
    ids = {now[key][0]["Id"]: before[key][0]["Id"] for key in single}
    wrong = {key: more_than(now[key][0], before[key][0], ids) for key in single}
    assert {key: field for key, field in wrong.items() if field} == {}, chosen


@pytest.mark.parametrize("name", PLANS)
def test_one_value_that_becomes_unknown_makes_nothing_known(name: str) -> None:
    listed = changes(name)
    assert listed
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


@pytest.mark.usefixtures("shared_database")
@pytest.mark.parametrize("name", PLANS)
def test_an_unknown_value_neither_passes_nor_fails(name: str, tmp_path: Path) -> None:
    judge, random, figures = Judge(tmp_path), Random(name), Counter[tuple[str, str]]()
    statuses = set().union(*judge.before(name).values())
    assert statuses & {Status.COMPLIANT, Status.INCOMPLIANT}
    violations = [one for _ in range(NUMBER) for one in judge.violations(*drawn(random, (name,)), figures)]
    assert violations == []
    assert figures["COMPLIANT", "UNDETERMINED"] + figures["INCOMPLIANT", "UNDETERMINED"] > 0


def test_nothing_sensitive_is_read() -> None:
    document = plan("created") | plan("provider-6") | {"resource_changes": []}
    document["resource_changes"] = [*plan("created")["resource_changes"], *plan("provider-6")["resource_changes"]]
    shown = json.dumps([[one.fields, one.fields.reasons] for one in by_address(read(document)).values()])  # type: ignore[attr-defined]
    for secret in ("password-of-the-database", "secret-of-the-provider", "key-of-the-provider", "SECRET-NAME"):
        assert secret not in shown
