"""Every verdict on the test plans: ``tests/fixtures/terraform/verdicts`` has those that were compared with the configuration."""

from __future__ import annotations

import pytest

from tests.cli.conftest import RunWriter
from tests.planned_verdicts import EXPECTED, arguments, lines_of
from tests.terraform_plans import PLANS


@pytest.mark.parametrize("name", PLANS)
def test_each_verdict_is_the_one_that_follows_from_the_configuration(run: RunWriter, name: str) -> None:
    expected = (EXPECTED / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line, _ in lines_of(name, run(*arguments(name)).out)] == expected


def test_there_are_fifteen_plans() -> None:
    assert len(PLANS) == len(list(EXPECTED.iterdir())) >= 15
