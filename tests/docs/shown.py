"""The policies that the documents' examples are judged by."""

from __future__ import annotations

from tests.sampled import FEW

SHOWN = (
    *(*FEW, "mfa-for-all-users-with-console-password", "root-account-used-recently"),
    *("disable-user-with-unused-credentials-45-days-and-more", "user-access-keys-are-not-rotated-every-90-days"),
    "delete-expired-server-certificate",
)
"""The policies that judge the example, and what else the documents do something with in the library that they copy."""
