"""How the operations of one purpose are evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.interpret.frame import Frame, Unreadable, field_reader
from perpend.meaning.access_policy import AccessLevel, AccessPolicyError, policy_allows
from perpend.meaning.logging_query import logging_query_matches, parse_logging_query
from perpend.meaning.types import ValueType
from perpend.meaning.values import is_empty_text, json_from_text

if TYPE_CHECKING:
    from perpend.interpret.use import Closure, Compilers, Use


def is_disappeared(_: Use) -> Closure:
    return Frame.has_disappeared


def access_policy_allows(use: Use) -> Closure:
    read, field = field_reader(use.constant("policyExtField"), ValueType.ANY), use.constant("policyExtField")
    actions, widest = use.constant("actions"), AccessLevel[use.constant("widestAcceptableAccessLevel")]

    def run(frame: Frame) -> bool:
        document = read(frame)
        try:
            if document is None or (isinstance(document, str) and is_empty_text(document)):
                return False
            return policy_allows(json_from_text(document) if isinstance(document, str) else document, actions, widest)
        except (AccessPolicyError, ValueError) as error:
            raise Unreadable(f"{field} is no extended policy document: {error}") from None

    return run


def logging_query_match(use: Use) -> Closure:
    arg, wanted = use["arg"], parse_logging_query(use.constant("value"))
    return lambda frame: logging_query_matches(arg(frame), wanted)


COMPILERS: Compilers = {
    "IS_DISAPPEARED": is_disappeared,
    "AWS_POLICY_ALLOWS": access_policy_allows,
    "GCP_LOGGING_QUERY_MATCH": logging_query_match,
}
