"""A refusal of Google's identity service is a code; no text of the SDK goes anywhere."""

from __future__ import annotations

import pytest

pytest.importorskip("google.auth", reason="the extra google is not installed")

from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError

from perpend.collectors.google.identity import NO_CONNECTION, NO_CREDENTIALS, UNGRANTED, code_of

SECRET = "a secret text"
REFUSED = '{"error": {"code": 403, "message": "a secret text", "status": "PERMISSION_DENIED"}}'


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DefaultCredentialsError(SECRET), NO_CREDENTIALS),
        (TransportError(SECRET), NO_CONNECTION),
        (RefreshError(f"invalid_grant: {SECRET}", {"error": "invalid_grant", "error_description": SECRET}), "invalid_grant"),
        (RefreshError(f"Reauthentication is needed: invalid_rapt {SECRET}"), "invalid_rapt"),
        (RefreshError("Unable to acquire impersonated credentials", REFUSED), "PERMISSION_DENIED"),
        (RefreshError(SECRET), UNGRANTED),
        (ValueError(SECRET), UNGRANTED),
    ],
)
def test_an_error_is_a_code(error: Exception, code: str) -> None:
    assert code == code_of(error)
