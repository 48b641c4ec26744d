"""The account and the region of planned resources, from their provider's configuration and from what exists already.

Of a provider's configuration only four expressions are read: region, alias, allowed_account_ids and assume_role.role_arn.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.inventory.readers.terraform.values import Mark, known_text
from perpend.inventory.readers.tools.contents import account_of_arn, is_account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.inventory.readers.terraform.configuration import Configuration
    from perpend.inventory.readers.terraform.document import Document, Resource

_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")
_ARN: Final = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):([0-9]{12}):.+", re.DOTALL)
_ZONE: Final = re.compile(r"[a-z]$")
_PARTITIONS: Final = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso-", "aws-iso"), ("us-isob-", "aws-iso-b"))
NO_ACCOUNT: Final = "is not known: a plan does not say of which account it is; --planned-account does"
NO_REGION: Final = "is not known: neither the resource nor its provider's configuration says of which region it is"


class Facts(NamedTuple):
    """The account and region of a resource, empty if they are not known."""

    account: str = ""
    region: str = ""

    @property
    def partition(self) -> str:
        """The partition of the region, empty if that is not known."""
        if not self.region:
            return ""
        return next((name for start, name in _PARTITIONS if self.region.startswith(start)), "aws")


class Providers:
    """The configurations of the AWS provider in a document, by key. ``planned_account`` is the account if nothing says it."""

    def __init__(self, document: Document, configuration: Configuration, planned_account: str) -> None:
        self._document = document
        self._configuration = configuration
        self._given = planned_account
        self._stated: Mapping[str, Any] = document.configuration.get("provider_config") or {}
        self._known: dict[str, Facts] = {}
        self._of_arns: dict[str, set[tuple[str, str]]] = {}
        for one in document.resources:
            if (named := _account_and_region(one)) is not None:
                self._of_arns.setdefault(self._key(one), set()).add(named)

    def facts(self, resource: Resource) -> Facts:
        """Return the account and region of a resource."""
        key = self._key(resource)
        if key not in self._known:
            self._known[key] = Facts(self._account(key), self._region(key))
        facts = self._known[key]
        expressions = self._configuration.expressions(resource.place.module, resource.place.resource) or {}
        if "region" in expressions and isinstance(resource.values.get("region"), Mark):
            return facts._replace(region="")
        own = known_text(resource.values, "region") or known_text(resource.values, "bucket_region")
        own = own or known_text(resource.former, "region")
        if own and _REGION.fullmatch(own):
            return facts._replace(region=own)
        named = _account_and_region(resource)
        return facts._replace(region=named[1]) if named and named[1] else facts

    def _key(self, resource: Resource) -> str:
        node = self._configuration.node(resource.place.module, resource.place.resource)
        return str(node.get("provider_config_key", "")) if node else ""

    def _account(self, key: str) -> str:
        read = {str(values.get("account_id")) for name, values in self._document.read if name == "aws_caller_identity"}
        accounts = {one for one in read if is_account(one)} or {account for account, _ in self._of_arns.get(key, ())}
        if not accounts:
            expressions = self._expressions(key)
            allowed = _constant(expressions.get("allowed_account_ids"), self._document.variables)
            role = expressions.get("assume_role")
            first = role[0] if isinstance(role, list) and len(role) == 1 and isinstance(role[0], dict) else {}
            arn = account_of_arn(_constant(first.get("role_arn"), self._document.variables))
            accounts = (
                {str(one) for one in allowed} if isinstance(allowed, list) and len(allowed) == 1 else {arn} if arn else set()
            )
        known = [one for one in accounts if is_account(one)]
        return known[0] if len(known) == len(accounts) == 1 else "" if accounts else self._given

    def _region(self, key: str) -> str:
        value = _constant(self._expressions(key).get("region"), self._document.variables)
        if isinstance(value, str) and _REGION.fullmatch(value):
            return value
        if value is None and "region" not in self._expressions(key):
            read = {str(values.get("name")) for name, values in self._document.read if name == "aws_region"}
            regions = {one for one in read if _REGION.fullmatch(one)} or {
                region for _, region in self._of_arns.get(key, ()) if region
            }
            return regions.pop() if len(regions) == 1 else ""
        return ""

    def _expressions(self, key: str) -> Mapping[str, Any]:
        stated = self._stated.get(key) if isinstance(self._stated, dict) else None
        expressions = stated.get("expressions") if isinstance(stated, dict) else None
        return expressions if isinstance(expressions, dict) else {}


def _account_and_region(resource: Resource) -> tuple[str, str] | None:
    match = _ARN.fullmatch(known_text(resource.former, "arn") or known_text(resource.values, "arn") or "")
    return (match[4], match[3]) if match else None


def _constant(expression: Any, variables: Mapping[str, Any]) -> Any:
    """Return the value of a constant, or of a root variable; None for any other expression."""
    if not isinstance(expression, dict):
        return None
    if "constant_value" in expression:
        return expression["constant_value"]
    references = expression.get("references")
    if isinstance(references, list) and len(references) == 1 and str(references[0]).startswith("var."):
        stated = variables.get(str(references[0])[4:])
        return stated.get("value") if isinstance(stated, dict) else None
    return None
