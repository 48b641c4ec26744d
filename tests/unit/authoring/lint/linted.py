"""Logic files for the tests of lint rules, and what a rule says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.authoring.lint.check import lint_repository
from perpend.language.syntax.repository import open_repository
from tests.repositories import logic, policy_files, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perpend.core.diagnostics.model import Diagnostic

TYPE = "CA10__CaThing__c"


def found(root: Path, code: str, document: Any, files: Mapping[str, Any] | None = None) -> list[Diagnostic]:
    """Return what one rule says of a repository whose production logic is the given document; see that it has no other error."""
    write(root, {**policy_files(document), **(files or {})})
    diagnostics = lint_repository(open_repository(root))
    assert [] == [each.message for each in diagnostics if each.severity.value == "error" and each.code != code]
    return [each for each in diagnostics if each.code == code]


def messages(root: Path, code: str, *checks: Any, files: Mapping[str, Any] | None = None, **more: Any) -> list[str]:
    """Return what one rule says of conditions."""
    return [each.message for each in found(root, code, logic(*checks, **more), files)]


def field(name: str, **checks: Any) -> dict[str, Any]:
    """Return a read of a field."""
    return {"FIELD": {"path": name, **({"undeterminedIf": checks} if checks else {})}}


def equal(left: Any, right: Any) -> dict[str, Any]:
    """Return a comparison; a bare right side is a Text."""
    return {"IS_EQUAL": {"left": left, "right": {"TEXT": right} if isinstance(right, str) else right}}


def both(*args: Any) -> dict[str, Any]:
    """Return a conjunction."""
    return {"AND": {"args": list(args)}}


def either(*args: Any) -> dict[str, Any]:
    """Return a disjunction."""
    return {"OR": {"args": list(args)}}


def no(arg: Any) -> dict[str, Any]:
    """Return a negation."""
    return {"NOT": {"arg": arg}}


def query(expression: str, *, name: str = "JSON_QUERY_TEXT", arg: Any = None, **checks: str) -> dict[str, Any]:
    """Return a query of a document."""
    document = {"JSON_FROM": {"arg": field("document__c"), "undeterminedIf": {"isInvalid": "no JSON"}}}
    wanted = {"evaluationError": "it failed", "resultTypeMismatch": "another type", **checks}
    return {name: {"arg": arg or document, "expression": expression, "undeterminedIf": wanted}}
