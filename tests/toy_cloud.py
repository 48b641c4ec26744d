"""A cloud of tests, brought from outside: its accounts and regions may be any text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from perpend.core.clouds import registry
from perpend.core.clouds.cloud import Cloud

TOY = Cloud(
    name="toy",
    title="Toy",
    provider="Toy",
    types="Thing|Account",
    account_types=("Account",),
    account="(?s).+",
    account_words="any text",
    account_example="1",
    region="(?s).+",
    region_fields=("region",),
    accounts_of_id=(),
)


@pytest.fixture(autouse=True, scope="module")
def toy_cloud() -> Iterator[None]:
    """Register the cloud for the tests of a module."""
    registry.register(TOY)
    yield
    registry.unregister(TOY.name)


@pytest.fixture
def collected_toy() -> Iterator[None]:
    """Register the cloud with its collector, for one test."""
    registry.register(replace(TOY, collector="tests.toy_collector"))
    yield
    registry.unregister(TOY.name)
