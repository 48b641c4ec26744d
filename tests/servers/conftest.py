"""One moto for all tests of a process that need one, and new for each file of them."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from tests.servers.aws import moto


@pytest.fixture(scope="session")
def moto_process() -> Iterator[str]:
    """Yield the address of a moto server."""
    with moto() as address:
        yield address


@pytest.fixture(scope="module")
def moto_address(moto_process: str) -> str:
    """Return the address of a moto server that holds nothing."""
    request = urllib.request.Request(f"{moto_process}/moto-api/reset", method="POST")  # noqa: S310 - loopback
    urllib.request.urlopen(request).close()  # noqa: S310 - loopback
    return moto_process
