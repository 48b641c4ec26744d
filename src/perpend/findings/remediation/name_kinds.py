"""Kinds of names in commands: their syntax, and the conversion of values.

A value with another syntax is rejected with the reason. Nothing is ever cut, corrected or guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds.aws import AWS
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.values.types import ValueType

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST: Final = 2_048
"""How many characters a name has at most."""


@dataclass(frozen=True, slots=True)
class NameKind:
    """The syntax of a name. ``plain``: no sign has a meaning in shorthand or JSON, so it may be part of a word.

    ``of`` is the type of fields with such names; ``example`` appears in documents.
    """

    name: str
    words: str
    pattern: re.Pattern[str]
    example: str
    plain: bool = True
    of: ValueType = ValueType.TEXT

    def refusal(self, text: str) -> str | None:
        """Return why a text is not a name of this kind, None if it is."""
        if len(text) > LONGEST:
            return f"has {len(text):,} characters, and is no {self.words}"
        if text.startswith("-"):
            return f"`{visible(text)}` begins like an option"
        if not self.pattern.fullmatch(text):
            return f"`{visible(text)}` is no {self.words}"
        return None


def _kind(name: str, words: str, pattern: str, example: str, *, plain: bool = True, of: ValueType = ValueType.TEXT) -> NameKind:
    return NameKind(name, words, re.compile(pattern), example, plain, of)


_ALL: Final = (
    _kind("aws-account", "number of an AWS account", AWS.account, AWS.account_example),
    _kind("aws-region", "AWS region", AWS.region, "eu-west-1"),
    _kind("aws-arn", "ARN", r"(?a)arn:aws[a-z-]*(:[a-z0-9-]*){3}:[\w+=,.@:/*-]+", "arn:aws:kms:eu-west-1:1:key/a", plain=False),
    _kind("aws-id", "id of AWS", r"[a-z]+(-[a-z]+)*-[0-9a-f]{8,32}", "vpc-0a1b2c3d"),
    _kind("kms-key", "id of a KMS key", r"(mrk-)?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", "1a2b3c4d-…"),
    _kind("iam-name", "name of IAM", r"(?a)[\w+=,.@-]{1,128}", "alma.brekke", plain=False),
    _kind("iam-access-key", "id of an access key", r"A[A-Z0-9]{15,31}", "AKIA…"),
    _kind("s3-bucket", "name of a bucket", r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", "reports"),
    _kind("db-name", "identifier of RDS or Redshift", r"([a-z]+:)?[A-Za-z][A-Za-z0-9-]{0,254}", "orders-1"),
    _kind("log-group", "name of a log group", r"(?a)[\w./#-]{1,512}", "/aws/lambda/orders", plain=False),
    _kind("aws-name", "name of AWS", r"(?a)[A-Za-z0-9][\w./-]{0,254}", "orders/prod"),
    _kind("url", "address that begins with https", r"(?a)https://[\w./:%~-]+", "https://sqs…/orders", plain=False),
    _kind("number", "whole number from 0 on", r"[0-9]{1,15}", "7", of=ValueType.NUMBER),
    # Command lines load a value from a file that begins with `file://` or `@`, and split one that begins with `^`.
    _kind("line", "line that begins with a letter or digit", r"(?![a-zA-Z]+://)[^\W_].*", "Orders, old", plain=False),
)

NAME_KINDS: Final[Mapping[str, NameKind]] = {kind.name: kind for kind in _ALL}
"""The kinds by their names in remedies."""


def name_of(value: Any, kind: NameKind) -> tuple[str | None, str | None]:
    """Return a field's value as a name of a kind, or the reason why it is not one; the other is None."""
    if value is None or value == "":
        return None, "is empty"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None, f"holds {_described(value)}, and no {kind.words}"
    if not isinstance(value, str):
        if kind.of is not ValueType.NUMBER or (isinstance(value, float) and not value.is_integer()):
            return None, f"holds the number {value!r}, and no {kind.words}"
        value = str(int(value))
    if not value.isprintable():
        return None, f"holds `{visible(value[:80])}`, with signs that cannot be seen"
    if (safe := visible(value)) != value:
        return None, f"holds `{safe[:80]}`, which the runner of a CI takes for a command"
    refused = kind.refusal(value)
    return (None, f"holds a text that does not fit: {refused}") if refused else (value, None)


def _described(value: Any) -> str:
    if isinstance(value, bool):
        return f"the Boolean {str(value).lower()}"
    return "a list" if isinstance(value, list) else "an object"
