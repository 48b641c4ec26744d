"""Write diagnostics as GitHub workflow commands, which a job shows as annotations next to the changed lines.

Escapes as GitHub's own toolkit does: https://github.com/actions/toolkit, ``packages/core/src/command.ts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import prose_from_diagnostic, region_from_span, sorted_diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.core.diagnostics.model import Diagnostic


def render_github(diagnostics: Iterable[Diagnostic], *, names: Mapping[str, str], root: str = "") -> str:
    """Return one workflow command per line, nothing for no diagnostics. ``names`` maps codes to rule names for the titles.

    ``root`` is the path of the repository in the workspace: GitHub resolves files from the workspace.
    """
    return "".join(_command(diagnostic, names, root) + "\n" for diagnostic in sorted_diagnostics(diagnostics))


def _command(diagnostic: Diagnostic, names: Mapping[str, str], root: str) -> str:
    region = region_from_span(diagnostic.span, root)
    properties = {"file": visible(region.path), "line": region.line, "endLine": region.end_line}
    if region.line == region.end_line:  # GitHub rejects columns on an annotation of several lines
        properties |= {"col": region.column, "endColumn": region.end_column}
    properties["title"] = f"{diagnostic.code} {names.get(diagnostic.code, '')}".rstrip()
    written = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())
    return f"::{diagnostic.severity.value} {written}::{_escape_message(prose_from_diagnostic(diagnostic))}"


def workflow_command(level: str, title: str, text: str) -> str:
    """Return a command for an annotation without a file: ``level`` is error, warning or notice."""
    return f"::{level} title={_escape_property(title)}::{_escape_message(text)}\n"


def _escape_message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_message(text).replace(":", "%3A").replace(",", "%2C")
