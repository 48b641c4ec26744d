"""What is judged, and the ways in which it is written by hand. Imports nothing: the process that measures stays small."""

from __future__ import annotations

from typing import Final

WORKLOADS: Final = ("library", "1", "20", "200", "related")
"""The library's seed policy; so many generated ones; one over a lookup and a related list."""

PARSES: Final = ("struct", "list", "strings")
"""How a document is parsed once for all keys. ``strings``, the study's form, cannot tell texts from other values."""

GATES: Final = ("valid", "marked")
"""How bad documents are kept out: by ``json_valid``, or by the store's mark first."""

LOOPED: Final = 200_000
"""How many users a loop or c7n reads at most; they are scaled to all users."""


def policies_of(workload: str) -> int:
    """Return how many policies a workload has."""
    return int(workload) if workload.isdecimal() else 1


def varieties(workload: str) -> list[str]:
    """Return the ways in which a workload is written by hand."""
    if workload == "related":
        return ["in", "counted"]
    return [f"{parse}-{gate}" for gate in GATES for parse in PARSES if (parse, gate) != ("strings", "marked")]
