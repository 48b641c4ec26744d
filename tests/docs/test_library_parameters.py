"""The parameters of the library's policies: other values decide otherwise, are named, and hold at their bounds."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.authoring.testing.executions import run_executions
from perpend.core.objects.ids import production_of
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.parameters import DeclaredParameter, value_text
from perpend.language.syntax.repository import library, open_repository

LIBRARY = library()
DECLARED = {
    (policy_id, parameter.name): parameter
    for policy_id in LIBRARY.policy_ids
    if (policy := LIBRARY.policy(policy_id).value) is not None
    for parameter in policy.parameters
}
NAMES = [f"{policy_id.rpartition('/')[2]} {name}" for policy_id, name in DECLARED]


def bounds(parameter: DeclaredParameter) -> list[Any]:
    """Return the values at the bounds of a parameter."""
    if isinstance(parameter.default, tuple):
        return [("nobody-has-this-name",), (*parameter.default, "dba", "clusteradmin", "app_owner")]
    if parameter.allowed:
        return [parameter.allowed[0], parameter.allowed[-1]]
    return [parameter.minimum, parameter.maximum]


def statuses(policy_id: str, values: dict[str, Any]) -> list[str | None]:
    """Return the statuses of a policy's test objects by values of its parameters."""
    analyzer = Analyzer(open_repository(parameters={policy_id: values} if values else None))
    logic_id = production_of(policy_id)
    assert analyzer.analyzed(logic_id).program is not None, analyzer.repository.logic(logic_id).diagnostics
    return [execution.actual.status for execution in run_executions(analyzer, [logic_id])[logic_id].outcomes]


def test_at_least_twenty_policies_have_parameters_with_bounds_and_a_direction():
    assert len({policy_id for policy_id, _ in DECLARED}) >= 20
    for parameter in DECLARED.values():
        assert parameter.looser is not None
        assert parameter.bounds or isinstance(parameter.default, tuple)
        assert parameter.description.endswith(".")


@pytest.mark.parametrize(("policy_id", "name"), DECLARED, ids=NAMES)
def test_another_value_gives_other_verdicts(policy_id, name):
    by_default = statuses(policy_id, {})
    others = [statuses(policy_id, {name: value}) for value in bounds(DECLARED[policy_id, name])]
    assert any(by_default != other for other in others)
    assert all(len(by_default) == len(other) for other in others)


@pytest.mark.parametrize(("policy_id", "name"), DECLARED, ids=NAMES)
def test_a_looser_value_finds_no_object_that_the_default_accepts(policy_id, name):
    parameter = DECLARED[policy_id, name]
    by_default = statuses(policy_id, {})
    for value in bounds(parameter):
        pairs = list(zip(by_default, statuses(policy_id, {name: value}), strict=True))
        if parameter.is_looser(value, parameter.default):
            assert ("COMPLIANT", "INCOMPLIANT") not in pairs
        else:
            assert ("INCOMPLIANT", "COMPLIANT") not in pairs


@pytest.mark.parametrize(("policy_id", "name"), DECLARED, ids=NAMES)
def test_texts_name_the_value(policy_id, name):
    parameter = DECLARED[policy_id, name]
    value = bounds(parameter)[0]
    repository = open_repository(parameters={policy_id: {name: value}})
    program = Analyzer(repository).analyzed(production_of(policy_id)).program
    assert program is not None
    assert value in [one.value for one in program.parameters if one.name == name]
    policy = repository.policy(policy_id).value
    assert policy is not None
    texts = [verdict.message for verdict in program.verdicts.values()]
    texts += [verdict.text for verdict in program.verdicts.values()]
    texts += [policy.names.full, policy.names.contextual, policy.description]
    assert not any("{{" in text for text in texts)
    shown = f"'{value[0]}'" if isinstance(value, tuple) else value_text(value)
    assert any(shown in text for text in texts)
