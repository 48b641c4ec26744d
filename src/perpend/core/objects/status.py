"""The five statuses of an object."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The result of a policy for an object. Source: language specification, section 1.3."""

    COMPLIANT = "COMPLIANT"
    INCOMPLIANT = "INCOMPLIANT"
    INAPPLICABLE = "INAPPLICABLE"
    UNDETERMINED = "UNDETERMINED"
    DISAPPEARED = "DISAPPEARED"
