"""Policy documents in a plan: known texts, and those that a data source will write.

A document that names what does not exist yet is known after apply. If ``data.aws_iam_policy_document`` writes it, the plan has
its statements. Who gets in does not rest on resources, so unknown ones get a text that stands for them. Unknown principals,
actions and conditions leave the document unknown.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.core.iam.access_policy import AccessPolicyError
from perpend.core.iam.levels import PolicyKind, extended_document
from perpend.core.iam.surroundings import Surroundings
from perpend.inventory.readers.errors import UnusableContent
from perpend.inventory.readers.json_text import read_value
from perpend.inventory.readers.terraform.configuration import expression_at
from perpend.inventory.readers.terraform.values import LATER, Mark, mark_in, steps_of
from perpend.inventory.readers.tools.values import UnknownValue, json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perpend.inventory.readers.terraform.configuration import Configuration
    from perpend.inventory.readers.terraform.document import Resource

_DATA: Final = "data.aws_iam_policy_document."
_STAND_IN: Final = "arn:aws:unknown:::(known after apply)"
_OTHERS: Final = ("source_json", "override_json", "source_policy_documents", "override_policy_documents")
_LONGEST: Final = 1 << 18


class Rebuilt(dict[str, Any]):
    """A document with texts that stand for unknown resources: only who gets in can be read of it."""


class PlannedDocuments:
    """The policy documents that data sources write during apply."""

    def __init__(self, data: Sequence[Resource], configuration: Configuration) -> None:
        self._by_place = {one.place: one for one in data}
        self._configuration = configuration

    def document(self, resource: Resource, path: str, value: Any) -> Mapping[str, Any] | None:
        """Return the document at a path of a resource, None for none. Raises UnknownValue if it is not known."""
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return _parsed(value)
        if value is not LATER:
            raise UnknownValue(value.reason if isinstance(value, Mark) else "holds no document")
        expressions = self._configuration.expressions(resource.place.module, resource.place.resource)
        target = self._configuration.target(resource.place, expression_at(expressions, steps_of(path)))
        written = self._by_place.get(target.place) if target else None
        if target is None or written is None or target.attribute != "json" or not target.place.resource.startswith(_DATA):
            raise UnknownValue(LATER.reason)
        return self._rebuilt(written)

    def _rebuilt(self, data: Resource) -> Rebuilt:
        expressions = self._configuration.expressions(data.place.module, data.place.resource) or {}
        if any(name in expressions or data.values.get(name) for name in _OTHERS):
            raise UnknownValue(f"is known after apply: {data.address} adds other documents")
        statements, named = data.values.get("statement"), expressions.get("statement")
        if not isinstance(statements, list) or not isinstance(named, list) or len(named) != len(statements):
            raise UnknownValue(f"is known after apply: the statements of {data.address} are not all known")
        return Rebuilt({"Version": "2012-10-17", "Statement": [_statement(one, data.address) for one in statements]})


def _statement(stated: Mapping[str, Any], address: str) -> dict[str, Any]:
    if isinstance(stated, Mark):
        raise UnknownValue(f"is known after apply: a statement of {address} {stated.reason}")
    for name in ("effect", "actions", "not_actions", "principals", "not_principals", "condition"):
        if (mark := mark_in(stated.get(name))) is not None:
            raise UnknownValue(f"is known after apply: `{name}` of a statement of {address} {mark.reason}")
    statement: dict[str, Any] = {"Effect": stated.get("effect") or "Allow"}
    for name, member in (("actions", "Action"), ("not_actions", "NotAction")):
        if stated.get(name):
            statement[member] = list(stated[name])
    for name, member in (("resources", "Resource"), ("not_resources", "NotResource")):
        listed = stated.get(name)
        if mark_in(listed) is not None:
            statement[member] = [_STAND_IN]
        elif listed:
            statement[member] = list(listed)
    for name, member in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if stated.get(name):
            statement[member] = _principals(stated[name])
    conditions: dict[str, dict[str, Any]] = {}
    for one in stated.get("condition") or ():
        conditions.setdefault(str(one.get("test")), {})[str(one.get("variable"))] = list(one.get("values") or ())
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principals(stated: Sequence[Mapping[str, Any]]) -> Any:
    principals: dict[str, list[str]] = {}
    for one in stated:
        identifiers = list(one.get("identifiers") or ())
        if one.get("type") == "*":
            return "*"
        principals.setdefault(str(one.get("type")), []).extend(map(str, identifiers))
    return principals


def _parsed(text: str) -> Mapping[str, Any]:
    if len(text) > _LONGEST:
        raise UnknownValue(f"holds a document of more than {_LONGEST:,} characters")
    try:
        value = read_value(text.encode())
    except (UnusableContent, UnicodeError):
        raise UnknownValue("holds no JSON") from None
    if not isinstance(value, dict):
        raise UnknownValue("holds no JSON object")
    return value


def _whole(document: Mapping[str, Any], account: str) -> str:
    if isinstance(document, Rebuilt):
        raise UnknownValue("is known after apply: it names resources that are")
    return json_text(dict(document))


def _extended(kind: PolicyKind, *, may_be_rebuilt: bool) -> Callable[[Mapping[str, Any], str], str]:
    def read(document: Mapping[str, Any], account: str) -> str:
        if isinstance(document, Rebuilt) and not may_be_rebuilt:
            raise UnknownValue("is known after apply: it names resources that are")
        surroundings = Surroundings(account=account or None, collected_accounts=frozenset((account,) if account else ()))
        try:
            return json.dumps(extended_document(dict(document), kind, surroundings), ensure_ascii=False, separators=(",", ":"))
        except AccessPolicyError as error:
            raise UnknownValue(f"has a document whose access levels are not known: {error}") from None

    return read


DOCUMENT_FORMS: Final[Mapping[str, Callable[[Mapping[str, Any], str], str]]] = {
    "document": _whole,
    "identity_document": _extended(PolicyKind("identity"), may_be_rebuilt=False),
    "trust_document": _extended(PolicyKind("trust"), may_be_rebuilt=False),
    "resource_document": _extended(PolicyKind("resource"), may_be_rebuilt=True),
}
"""The conversions of documents by name: as they are, and with access levels."""
