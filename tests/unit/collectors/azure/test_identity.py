"""A token is asked for once and stays in memory; an error of azure-identity becomes a code, and none of its text is seen."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from perpend.collectors.azure import identity
from perpend.collectors.azure.identity import AzureTokens
from perpend.collectors.failures import FailureKind
from perpend.collectors.rest.errors import CallRefused
from tests.servers.clock import Clock
from tests.servers.rest import Fault, RestServer
from tests.servers.subscriptions import HOST, IDENTITY, SECRET, TENANT, TOKEN, azure, environment

PAGE = f"""DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: Authentication failed: AADSTS7000215: Invalid client secret {SECRET} provided. Trace ID: 5.
To mitigate this issue, please refer to the troubleshooting guidelines."""


class Credential:
    """A credential that returns tokens, or raises an error, and counts."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def get_token(self, scope: str, **more: Any) -> Any:
        self.asked.append((scope, more))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(token=answer[0], expires_on=answer[1])


def tokens(monkeypatch: pytest.MonkeyPatch, credential: Credential, tenant: str | None = None) -> AzureTokens:
    monkeypatch.setattr(identity, "DefaultAzureCredential", lambda **options: credential)
    return AzureTokens(tenant)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RestServer]:
    with azure() as server:
        for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_", "MSI_"))]:
            monkeypatch.delenv(name)
        for name, value in environment(server, {}).items():
            monkeypatch.setenv(name, value)
        yield server


def test_a_token_comes_from_a_managed_identity_and_is_asked_for_once(server: RestServer) -> None:
    one = AzureTokens()
    assert [TOKEN] * 3 == [one.token(HOST) for _ in range(3)]
    [asked] = server.asked
    assert (IDENTITY, f"https://{HOST}") == (f"{asked.host}{asked.path}", asked.query["resource"])


def test_nothing_of_a_token_or_an_error_is_logged(server: RestServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    AzureTokens().token(HOST)
    server.fault = lambda asked, number: Fault(400, {"error": "invalid_scope", "error_description": SECRET})
    with pytest.raises(CallRefused) as refused:
        AzureTokens().token(HOST)
    assert (FailureKind.CREDENTIALS, "NoCredentials") == (refused.value.kind, refused.value.code)
    assert not [text for text in (TOKEN, SECRET) if text in f"{caplog.text}{refused.value}"]


def test_each_host_has_a_token_of_its_own_and_one_that_ends_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(time.time())
    credential = Credential(("a", now + 3_600), ("b", now + 200), ("c", now + 3_600))
    one = tokens(monkeypatch, credential, TENANT)
    assert ["a", "b", "c", "c", "a"] == [
        one.token(host) for host in ("x.example", "y.example", "y.example", "y.example", "x.example")
    ]
    assert ("https://x.example/.default", {"tenant_id": TENANT}) == credential.asked[0]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClientAuthenticationError(PAGE), "AADSTS7000215"),
        (ClientAuthenticationError("ManagedIdentityCredential authentication unavailable, no response."), "NoCredentials"),
        (ClientAuthenticationError(PAGE.replace("AADSTS7000215: ", "")), "NoToken"),
        (ClientAuthenticationError(PAGE.replace("AADSTS7000215: ", "Failed to resolve 'x' ")), "ConnectionFailed"),
        (ServiceRequestError(f"cannot resolve {SECRET}"), "ConnectionFailed"),
        (ValueError("Invalid tenant id"), "NoCredentials"),
    ],
)
def test_an_error_becomes_a_code(monkeypatch: pytest.MonkeyPatch, error: Exception, code: str) -> None:
    with pytest.raises(CallRefused) as refused:
        tokens(monkeypatch, Credential(error)).token(HOST)
    assert (FailureKind.CREDENTIALS, code, True) == (refused.value.kind, refused.value.code, SECRET not in str(refused.value))


def test_a_refusal_counts_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(identity, "time", SimpleNamespace(monotonic=clock.monotonic, time=time.time))
    credential = Credential(ClientAuthenticationError(PAGE), ("a", time.time() + 3_600))
    one = tokens(monkeypatch, credential)
    for _ in range(3):
        with pytest.raises(CallRefused, match="AADSTS7000215"):
            one.token(HOST)
    assert 1 == len(credential.asked)
    clock.sleep(61)
    assert "a" == one.token(HOST)
