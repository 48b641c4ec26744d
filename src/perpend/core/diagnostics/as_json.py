"""Write diagnostics as one JSON document. Its keys are a contract: keys may be added, never renamed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from perpend.core.diagnostics.escape import encodable
from perpend.core.diagnostics.model import region_from_span, sorted_diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.core.diagnostics.model import Diagnostic


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Return the diagnostics as JSON in ASCII. ``help`` is null when absent; ends count as in :class:`Span`."""
    entries = [_entry(diagnostic) for diagnostic in sorted_diagnostics(diagnostics)]
    return json.dumps({"diagnostics": entries}, indent=2) + "\n"


def _entry(diagnostic: Diagnostic) -> dict[str, str | int | None]:
    region = region_from_span(diagnostic.span)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": encodable(diagnostic.message),
        "path": encodable(region.path),
        "line": region.line,
        "column": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
        "help": None if diagnostic.help is None else encodable(diagnostic.help),
    }
