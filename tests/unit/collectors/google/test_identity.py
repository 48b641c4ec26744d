"""A refusal of Google's identity service is a code; no text of the SDK goes anywhere."""

from __future__ import annotations

import pytest

pytest.importorskip("google.auth", reason="the extra google is not installed")

from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError

from perpend.collectors.google.identity import NO_CONNECTION, NO_CREDENTIALS, UNGRANTED, code_of

WORDS = "a secret text"
REFUSED = '{"error": {"code": 403, "message": "a secret text", "status": "PERMISSION_DENIED"}}'


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DefaultCredentialsError(WORDS), NO_CREDENTIALS),
        (TransportError(WORDS), NO_CONNECTION),
        (RefreshError(f"invalid_grant: {WORDS}", {"error": "invalid_grant", "error_description": WORDS}), "invalid_grant"),
        (RefreshError(f"Reauthentication is needed: invalid_rapt {WORDS}"), "invalid_rapt"),
        (RefreshError("Unable to acquire impersonated credentials", REFUSED), "PERMISSION_DENIED"),
        (RefreshError(WORDS), UNGRANTED),
        (ValueError(WORDS), UNGRANTED),
    ],
)
def test_an_error_is_a_code(error: Exception, code: str) -> None:
    assert code == code_of(error)
