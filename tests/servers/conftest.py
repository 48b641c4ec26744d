"""One moto for all tests of a process that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.aws import moto


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    """Yield the address of a moto server. What a module makes in it must not be in the way of others."""
    with moto() as address:
        yield address
