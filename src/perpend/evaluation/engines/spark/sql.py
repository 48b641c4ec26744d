"""Spark's table of primitives. SQL functions replace Spark's own if they differ on rare values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from perpend.core.values.values import WHITE_SPACE
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.sql import COMMON, Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPACE: Final = r"[ \t\n\r\f\x0B]"
"""The pattern of a white space in Java, where ``\\v`` would match more characters."""

_SPACED: Final = rf"\A\z|{SPACE}"
_TYPES: Final = {
    Kind.TEXT: "STRING",
    Kind.NUMBER: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.WHOLE: "BIGINT",
    Kind.TEXTS: "ARRAY<STRING>",
}
_ESCAPED: Final = re.compile(r"[\x00-\x1f\\'\"$\x7f]")


def type_of(kind: Kind) -> str:
    """Return the Spark type of a kind."""
    return _TYPES[kind]


def quoted(name: str) -> str:
    """Return a name, quoted, whatever characters it has."""
    return "`" + name.replace("`", "``") + "`"


def text_literal(text: str) -> str:
    """Return a text as an SQL literal, with an escape for each character that Spark's parser or variables interpret."""
    return "'" + _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "'"


def literal(value: Any, kind: Kind) -> str:
    """Return a constant."""
    if value is None:
        return f"CAST(NULL AS {type_of(kind)})"
    match kind:
        case Kind.BOOLEAN:
            return "TRUE" if value else "FALSE"
        case Kind.NUMBER:
            return f"CAST('{float(value)!r}' AS DOUBLE)"
        case Kind.WHOLE:
            return f"CAST({value} AS BIGINT)"
        case Kind.TEXTS:
            return f"CAST(array({', '.join(map(text_literal, value))}) AS ARRAY<STRING>)"
    return text_literal(value)


def is_ascii(text: str) -> str:
    """Return the condition that a text has ASCII characters only."""
    return f"octet_length({text}) = char_length({text})"


def _is(text: str, *forms: str) -> str:
    words = [word for word in forms if word]
    parts = [f"coalesce(btrim({text}, {text_literal(WHITE_SPACE)}) = '', TRUE)"] if "" in forms else []
    if not all(map(str.isascii, words)):
        parts.append(f"(perpend_norm({text}) IN ({', '.join(map(text_literal, words))}))")
    elif words:
        patterns = (f"{SPACE}+".join("".join(map(_letter, word)) for word in phrase.split(" ")) for phrase in words)
        whole = rf"\A{SPACE}*(?:{'|'.join(patterns)}){SPACE}*\z"
        matches = f"{text} RLIKE {text_literal(whole)}"
        same = f"WHEN {text} IN ({', '.join(map(text_literal, words))}) THEN TRUE"
        cases = f"{same} WHEN octet_length({text}) < {min(map(len, words))} THEN FALSE ELSE {matches}"
        parts.append(f"coalesce(CASE {cases} END, FALSE)")
    return f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0]


def _letter(letter: str) -> str:
    """Return the pattern of all letters with this lower case. The Kelvin sign is one for k."""
    if not letter.isalpha():
        return letter if letter.isdigit() else f"\\x{ord(letter):02x}"
    return f"[{letter}{letter.upper()}{chr(0x212A) if letter == 'k' else ''}]"


def _members(document: str, *keys: str) -> str:
    schema = ", ".join(f"{quoted(key)}: VARIANT" for key in keys)
    return f"from_json({document}, {text_literal(f'STRUCT<{schema}>')})"


def _pick(members: str, key: str) -> str:
    return f"nullif(to_json({members}.{quoted(key)}), 'null')"


_QUOTE: Final = text_literal('"')

PRIMITIVES: Final[Mapping[str, Callable[..., str]]] = {
    **COMMON,
    "same": lambda left, right: f"({left} <=> {right})",
    "norm": lambda text: f"perpend_norm({text})",
    "is": _is,
    "spaced": lambda text: f"coalesce({text} RLIKE {text_literal(_SPACED)}, FALSE)",
    "lower": lambda text: f"perpend_lower({text})",
    "contains": lambda hay, needle: f"contains({hay}, {needle})",
    "starts": lambda hay, needle: f"startswith({hay}, {needle})",
    "ends": lambda hay, needle: f"endswith({hay}, {needle})",
    "instant": lambda text: f"perpend_instant({text})",
    "member": lambda document, key: _pick(_members(document, key), key),
    "members": _members,
    "pick": _pick,
    "quoted": lambda token: f"coalesce(startswith({token}, {_QUOTE}), TRUE)",
    "unquoted": lambda token: (
        f"(CASE WHEN startswith({token}, {_QUOTE}) THEN substr({token}, 2, char_length({token}) - 2) END)"
    ),
    "numeric": lambda token: f"coalesce({token} RLIKE '^[-0-9]', TRUE)",
    "number": lambda text: f"try_cast({text} AS DOUBLE)",
    "rest": lambda text: f"substr({text}, 2)",
    "size": lambda texts: f"CAST(greatest(size({texts}), 0) AS BIGINT)",
    "has": lambda texts, text: f"coalesce(array_contains({texts}, {text}), FALSE)",
    "first": lambda texts: f"get({texts}, 0)",
    "last": lambda texts: f"try_element_at({texts}, -1)",
    "part": lambda texts, place: f"get({texts}, {place})",
}
"""The SQL of each primitive. The planner prints natives, literals, columns and ``if`` for all engines."""


class SparkSql(Dialect):
    """Spark's dialect."""

    name = "Spark"
    calls_natives = True
    primitives = PRIMITIVES

    def identifier(self, name: str) -> str:
        """Return a name, quoted."""
        return quoted(name)

    def literal(self, value: Any, kind: Kind) -> str:
        """Return a constant."""
        return literal(value, kind)

    def texts_of(self, column: str) -> str:
        """Return the aggregate that lists the different texts of a column in their order."""
        return f"sort_array(collect_set({column}))"
