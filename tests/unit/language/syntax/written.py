"""Repositories written byte by byte, and what linting says of them in short."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from perpend.authoring.lint.check import lint_repository
from perpend.core.diagnostics.model import Diagnostic, Severity
from perpend.language.syntax.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

POLICY = "ce/acme/policy.yaml"
LOGIC = "ce/acme/prod.logic.yaml"
DATA = "ce/acme/test-data.json"
EXTRACTS = "types/Bucket/object.extracts.yaml"
NAMES = "names: {full: Acme, contextual: Acme}\n"
SOUND = {"ce/folder.yaml": NAMES, POLICY: f"{NAMES}description: A policy.\n"}
SECONDS = 10
"""How much processor time linting a hostile repository may take; each takes less than three."""


class VerdictRow(NamedTuple):
    """One diagnostic, as far as tests compare it."""

    code: str
    path: str
    line: int
    column: int


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a sound policy and the given files, as they are."""
    for path, content in {**SOUND, **files}.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return root


def checked(root: Path) -> list[Diagnostic]:
    """Return what linting finds, and see that it takes no longer than anybody would wait and names only sane places."""
    start = time.process_time()
    found = lint_repository(Repository(root))
    assert time.process_time() - start < SECONDS
    for diagnostic in found:
        assert not diagnostic.span.path.startswith(("/", ".."))
        assert diagnostic.span.line >= 1
        assert diagnostic.span.column >= 1
        assert len(diagnostic.message) <= 600
    return found


def errors(found: Iterable[Diagnostic]) -> list[VerdictRow]:
    """Return the errors in short."""
    return [in_short(each) for each in found if each.severity is Severity.ERROR]


def warnings(found: Iterable[Diagnostic]) -> list[VerdictRow]:
    """Return the warnings in short."""
    return [in_short(each) for each in found if each.severity is Severity.WARNING]


def in_short(found: Diagnostic) -> VerdictRow:
    """Return a diagnostic's code and place."""
    return VerdictRow(found.code, found.span.path, found.span.line, found.span.column)


def logic(check: str, *, head: str = "") -> str:
    """Return a logic file with one condition; its operation stands in line 6 (and below), from column 7 on."""
    condition = f"  - status: COMPLIANT\n    currentStateMessage: it is\n    check:\n      {check}\n"
    otherwise = "otherwise: {status: INAPPLICABLE, currentStateMessage: it is not}\n"
    return f"inputType: Bucket\n{head}conditions:\n{condition}{otherwise}"
