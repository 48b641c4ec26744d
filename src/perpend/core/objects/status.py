"""The five statuses an object can have."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What a policy says of an object. Source: language specification, section 1.3."""

    COMPLIANT = "COMPLIANT"
    INCOMPLIANT = "INCOMPLIANT"
    INAPPLICABLE = "INAPPLICABLE"
    UNDETERMINED = "UNDETERMINED"
    DISAPPEARED = "DISAPPEARED"
