"""Read ``equivalent-mutants.json`` of a policy: mutants that no test can kill, each with the reason.

It is a JSON array of objects ``{"logic": "prod.logic.yaml", "mutant": KEY, "reason": TEXT}``. A malformed file is an error.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import PerpendError
from perpend.core.values.values import json_from_text
from perpend.language.syntax.files import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.language.syntax.repository import Repository

LISTED_IN: Final = "equivalent-mutants.json"
"""The file's name, in the folder of the policy."""

_KEYS: Final = {"logic", "mutant", "reason"}
_LIMIT: Final = 1_000_000


class UnusableList(PerpendError):
    """A list of equivalent mutants that does not have its form."""


def listed_equivalents(repository: Repository, logic_id: str) -> Mapping[str, str]:
    """Return the reasons why mutants of a logic file are equivalent, by the mutants' keys."""
    folder, _, name = logic_id.lstrip("/").rpartition("/")
    path = f"{folder}/{LISTED_IN}"
    if path not in repository.tree.files:
        return {}
    try:
        entries = json_from_text(repository.files.text(path, limit=_LIMIT))
    except json.JSONDecodeError as error:
        raise UnusableList(f"{path}: JSON syntax: {error.msg} in line {error.lineno}") from None
    except (UnreadableFile, ValueError) as error:
        raise UnusableList(f"{path}: {error}") from None
    if not isinstance(entries, list) or not all(map(_is_entry, entries)):
        raise UnusableList(f"{path}: must be an array of objects, each with the texts `logic`, `mutant` and `reason`")
    return {entry["mutant"]: entry["reason"] for entry in entries if entry["logic"] == name}


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() == _KEYS
        and all(isinstance(value, str) and value.strip() for value in entry.values())
    )
