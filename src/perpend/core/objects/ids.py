"""The parts of entity ids. An id is the absolute path from the repository's root."""

from __future__ import annotations

from typing import Final

PRODUCTION: Final = "prod.logic.yaml"
"""The name of the logic file that evaluates an inventory. Other logic files of a policy are only used by its tests."""


def production_of(policy_id: str) -> str:
    """Return the id of a policy's production logic."""
    return f"{policy_id}/{PRODUCTION}"


def is_production(logic_id: str) -> bool:
    """Whether a logic file is its policy's production logic."""
    return logic_id.rpartition("/")[2] == PRODUCTION


def type_of_extracts(extracts_id: str) -> str:
    """Return the object type of a file of extracts: ``/types/TYPE/NAME.extracts.yaml``."""
    return extracts_id.split("/")[2]


def service_of(policy_id: str) -> str:
    """Return the service folder of a policy: the first four parts of its id, or its parent folder."""
    parts = policy_id.split("/")
    return "/".join(parts[:5]) if len(parts) > 5 else policy_id.rpartition("/")[0]


def framework_of(section_id: str) -> str:
    """Return the framework of a section, or the id itself if it is a framework's: ``/frameworks/NAME``."""
    return "/".join(section_id.split("/")[:3])
