"""A diagnostic in, all of its words out, for formats that show one text beside a line. Refuses to know the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from perpend.core.diagnostics.model import Diagnostic


def prose_from_diagnostic(diagnostic: Diagnostic) -> str:
    """Return message, label and help, each on its own line and safe to show. What is absent takes no line."""
    lines = [visible(diagnostic.message)]
    if diagnostic.label:
        lines.append(visible(diagnostic.label))
    if diagnostic.help is not None:
        lines.append(f"help: {visible(diagnostic.help)}")
    return "\n".join(lines)
