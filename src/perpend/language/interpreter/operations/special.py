"""Evaluate operations with one purpose: disappearance, access policies, ranges of addresses, log filters."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from perpend.core.addresses import NotARange, are_open_to_internet
from perpend.core.iam.access_policy import AccessLevel, AccessPolicy, AccessPolicyError
from perpend.core.values.logging_query import logging_query_matches, parse_logging_query
from perpend.core.values.types import ValueType
from perpend.core.values.values import is_empty_text, json_from_text
from perpend.language.interpreter.context import CheckTriggered, EvaluationContext, InvalidData, field_reader
from perpend.language.operations.special import IP_VERSIONS

if TYPE_CHECKING:
    from perpend.language.interpreter.use import Closure, Compilers, Use


def is_disappeared(_: Use) -> Closure:
    return EvaluationContext.has_disappeared


def access_policy_allows(use: Use) -> Closure:
    read, field = field_reader(use.constant("policyExtField"), ValueType.ANY), use.constant("policyExtField")
    actions, widest = use.constant("actions"), AccessLevel[use.constant("widestAcceptableAccessLevel")]

    def run(frame: EvaluationContext) -> bool:
        document = read(frame)
        try:
            if document is None or (isinstance(document, str) and is_empty_text(document)):
                return False
            policy = _access_policy(document) if isinstance(document, str) else AccessPolicy(document)
            return policy.allows(actions, widest)
        except (AccessPolicyError, ValueError) as error:
            raise InvalidData(f"{field} is no extended policy document: {error}") from None

    return run


@lru_cache(maxsize=8)
def _access_policy(text: str) -> AccessPolicy:
    """Return the policy document in a text. The last documents are kept, because all policies read an object in turn."""
    return AccessPolicy(json_from_text(text))


def is_open_to_internet(use: Use) -> Closure:
    arg, invalid, version = use["arg"], use.slot("isInvalid"), IP_VERSIONS.get(use.constant("version"))

    def run(frame: EvaluationContext) -> bool:
        try:
            return are_open_to_internet(arg(frame), version)
        except NotARange as error:
            raise (InvalidData(str(error)) if invalid is None else CheckTriggered(invalid)) from None

    return run


def logging_query_match(use: Use) -> Closure:
    arg, wanted = use["arg"], parse_logging_query(use.constant("value"))
    return lambda frame: logging_query_matches(arg(frame), wanted)


COMPILERS: Compilers = {
    "IS_DISAPPEARED": is_disappeared,
    "AWS_POLICY_ALLOWS": access_policy_allows,
    "IS_OPEN_TO_INTERNET": is_open_to_internet,
    "GCP_LOGGING_QUERY_MATCH": logging_query_match,
}
