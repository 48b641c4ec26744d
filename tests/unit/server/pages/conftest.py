"""Clients that ask the pages of a small store with hostile names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from perpend.server.served_store import ServedStore
from tests.unit.server.pages.buckets import AUTHORIZED, application, made_store, served_store


@pytest.fixture(scope="package")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the store, and the directory of waivers beside it."""
    directory = tmp_path_factory.mktemp("buckets")
    made_store(directory)
    return directory


@pytest.fixture(scope="package")
def store(directory: Path) -> Iterator[ServedStore]:
    store = served_store(directory)
    yield store
    store.close()


@pytest.fixture(scope="package")
def client(store: ServedStore) -> TestClient:
    """A client that sees all accounts."""
    return TestClient(application(store), base_url="http://127.0.0.1:8080", headers=AUTHORIZED, follow_redirects=False)


@pytest.fixture(scope="package")
def html(client: TestClient) -> Callable[..., str]:
    """Return a function that returns the text of a page, which must have a status."""

    def text(address: str, status: int = 200) -> str:
        answer = client.get(address)
        assert status == answer.status_code, answer.text
        return answer.text

    return text
