"""A plan is of one cloud: policies of another one are left out, and are an error only if nothing else is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.collectors.registry import load
from perpend.collectors.runs.request import CollectionRequest, NothingServed, request_for
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository

STORAGE = "CA10__CaAzureStorageAccount__c"


def request_of_azure(*, only_types: bool) -> CollectionRequest:
    """Return the plan for storage accounts of Azure, and for a policy over AWS accounts."""
    analyzer = Analyzer(open_repository())

    def programs() -> Any:
        return select_policies(analyzer, ("root-user-mfa",)).programs

    api: Any = None
    return request_for(load("azure"), lambda: api, analyzer, programs, [STORAGE], only_types=only_types)


def test_types_need_no_policy_of_their_cloud() -> None:
    request = request_of_azure(only_types=True)
    assert ((), {}) == (request.programs, request.programs_by_label())
    assert STORAGE in request.plan.types


def test_policies_of_another_cloud_alone_are_refused() -> None:
    with pytest.raises(NothingServed, match=r"^all these policies are over objects of AWS, not of Azure$"):
        request_of_azure(only_types=False)
