"""What the ids of entities say of them. An id is the absolute path from the repository's root."""

from __future__ import annotations

from typing import Final

PRODUCTION: Final = "prod.logic.yaml"
"""The name of the logic file that judges an estate; others of the same policy are tried in its tests only."""


def production_of(policy_id: str) -> str:
    """Return the id of a policy's production logic."""
    return f"{policy_id}/{PRODUCTION}"


def is_production(logic_id: str) -> bool:
    """Whether a logic file is its policy's production logic."""
    return logic_id.rpartition("/")[2] == PRODUCTION


def type_of_extracts(extracts_id: str) -> str:
    """Return the object type that a file of extracts is of: ``/types/TYPE/NAME.extracts.yaml``."""
    return extracts_id.split("/")[2]


def service_of(policy_id: str) -> str:
    """Return the folder of the service that a policy belongs to: the fourth part of its id, or the folder that holds it."""
    parts = policy_id.split("/")
    return "/".join(parts[:5]) if len(parts) > 5 else policy_id.rpartition("/")[0]


def framework_of(section_id: str) -> str:
    """Return the id of the framework that a section is of, or the id itself if it is a framework's: ``/frameworks/NAME``."""
    return "/".join(section_id.split("/")[:3])
