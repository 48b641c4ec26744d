"""The rates of calls to AWS at the beginning: one limit per account, region and service."""

from __future__ import annotations

from typing import Final

RATES: Final = {"iam": 15.0, "ec2": 20.0, "kms": 50.0, "s3": 50.0, "sts": 20.0, "organizations": 5.0}
"""Calls per second by service at the beginning. They are well below known limits; AWS publishes few limits."""

USUAL: Final = 10.0
"""Calls per second to any other service."""


def rate_of(service: str) -> float:
    """Return the calls per second to a service at the beginning, in one region of one account."""
    return RATES.get(service, USUAL)
