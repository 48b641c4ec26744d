"""DuckDB's table of primitives. A Python function replaces DuckDB's own if they differ on rare values."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.sql import COMMON, Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SPACES: Final = ("' '", *(f"chr({code})" for code in (9, 10, 11, 12, 13)))
_RUNS: Final = "'[ \\t\\n\\r\\f\\v]+'"
_KNOWN_TIME: Final = "'[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+]00:00)?)?'"
_TYPES: Final = {
    Kind.TEXT: "VARCHAR",
    Kind.NUMBER: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.WHOLE: "BIGINT",
    Kind.TEXTS: "VARCHAR[]",
}


def type_of(kind: Kind) -> str:
    """Return the DuckDB type of a kind."""
    return _TYPES[kind]


def quoted(name: str) -> str:
    """Return a name, quoted, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """Return a text as an SQL literal. A zero byte would end the statement, so it is written as a function call."""
    parts = ["'" + part.replace("'", "''") + "'" for part in text.split("\0")]
    return parts[0] if len(parts) == 1 else f"({' || chr(0) || '.join(parts)})"


def literal(value: Any, kind: Kind) -> str:
    """Return a constant."""
    if value is None:
        return f"CAST(NULL AS {type_of(kind)})"
    match kind:
        case Kind.BOOLEAN:
            return "TRUE" if value else "FALSE"
        case Kind.NUMBER:
            return f"CAST({float(value)!r} AS DOUBLE)" if math.isfinite(value) else f"CAST('{float(value)}' AS DOUBLE)"
        case Kind.WHOLE:
            return str(value)
        case Kind.TEXTS:
            return f"CAST([{', '.join(map(text_literal, value))}] AS VARCHAR[])"
    return text_literal(value)


def _norm(text: str) -> str:
    """Return the normal form of a text. Most texts need lower case only, so white space is tested before it is replaced."""
    plain = f"lower(trim(regexp_replace({text}, {_RUNS}, ' ', 'g'), ' '))"
    return (
        f"(CASE WHEN {text} IS NULL THEN '' WHEN NOT {_ascii(text)} THEN perpend_norm({text}) "
        f"WHEN {_has_space(text)} THEN {plain} ELSE lower({text}) END)"
    )


def _has_space(text: str) -> str:
    """Return the condition that a text has ASCII white space. DuckDB evaluates ``contains`` once per distinct value."""
    return " OR ".join(f"contains({text}, {character})" for character in _SPACES)


def _ascii(text: str) -> str:
    return f"strlen({text}) = length({text})"


def _is(text: str, *forms: str) -> str:
    """Return the condition that the normal form of a text is one of some."""
    if not all(map(str.isascii, forms)):
        return f"({_norm(text)} IN ({', '.join(map(text_literal, forms))}))"
    # RE2 matches the long s as an s, so Python lowers texts with letters beyond ASCII.
    others = f"WHEN NOT {_ascii(text)} THEN perpend_norm({text}) IN ({', '.join(map(text_literal, forms))})"
    matches = f"coalesce(regexp_full_match({text}, {text_literal(_pattern(forms))}), {'TRUE' if '' in forms else 'FALSE'})"
    return f"(CASE {others} ELSE {matches} END)"


def _pattern(forms: Sequence[str]) -> str:
    """Return the pattern of all texts that have one of some normal forms."""
    space = "[ \\t\\n\\r\\f\\v]"
    words = (f"{space}+".join("".join(map(_letter, word)) for word in phrase.split(" ")) for phrase in forms)
    return f"{space}*(?:{'|'.join(words)}){space}*"


def _letter(letter: str) -> str:
    """Return the pattern of an ASCII letter in both cases."""
    if not letter.isalpha():
        return re.escape(letter) if letter.isprintable() else f"\\x{ord(letter):02x}"
    return f"[{letter}{letter.upper()}]"


def _lower(text: str) -> str:
    return f"(CASE WHEN {_ascii(text)} THEN lower({text}) ELSE perpend_lower({text}) END)"


def _instant(text: str) -> str:
    """Return the milliseconds of a text: in the form that AWS writes, in another common form, or by the Python function.

    Texts that sort after the digits are not dates. Null is tested first, because most objects were never deleted.
    """
    usual = f"strlen({text}) = 25 AND {text} >= '0001' AND ends_with({text}, '+00:00')"
    quick = f"CASE WHEN {usual} THEN epoch_ms(try_strptime({text}, '%Y-%m-%dT%H:%M:%S+00:00')) END"
    known = f"{text} >= '0001' AND regexp_full_match({text}, {_KNOWN_TIME})"
    digits = f"rpad(regexp_extract({text}, '[.]([0-9]+)', 1), 3, '0')"
    fraction = f"(CASE WHEN substr({text}, 20, 1) = '.' THEN CAST(left({digits}, 3) AS BIGINT) ELSE 0 END)"
    moment = f"epoch_ms(TRY_CAST(left({text}, 19) AS TIMESTAMP)) + {fraction}"
    slow = f"CASE WHEN {known} THEN {moment} ELSE perpend_instant({text}) END"
    return f"(CASE WHEN {text} IS NULL OR {text} >= ':' THEN NULL ELSE coalesce({quick}, {slow}) END)"


def _path(key: str) -> str:
    return text_literal(f'$."{key}"')


def _members(document: str, *keys: str) -> str:
    return f"json_transform({document}, {text_literal(json.dumps(dict.fromkeys(keys, 'JSON')))})"


def _pick(members: str, key: str) -> str:
    return f"nullif(CAST({members}.{quoted(key)} AS VARCHAR), 'null')"


PRIMITIVES: Final[Mapping[str, Callable[..., str]]] = {
    **COMMON,
    "same": lambda left, right: f"({left} IS NOT DISTINCT FROM {right})",
    "norm": _norm,
    "is": _is,
    "spaced": lambda text: f"coalesce({text} = '' OR {_has_space(text)}, FALSE)",
    "lower": _lower,
    "contains": lambda hay, needle: f"contains({hay}, {needle})",
    "starts": lambda hay, needle: f"starts_with({hay}, {needle})",
    "ends": lambda hay, needle: f"ends_with({hay}, {needle})",
    "instant": _instant,
    "member": lambda document, key: f"nullif(CAST(json_extract({document}, {_path(key)}) AS VARCHAR), 'null')",
    "members": _members,
    "pick": _pick,
    "quoted": lambda token: f"coalesce(starts_with({token}, '\"'), TRUE)",
    "unquoted": lambda token: f"substr({token}, 2, length({token}) - 2)",
    "numeric": lambda token: f"coalesce(left({token}, 1) IN ('-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'), TRUE)",
    "number": lambda text: f"TRY_CAST({text} AS DOUBLE)",
    "rest": lambda text: f"substr({text}, 2)",
    "size": lambda texts: f"coalesce(len({texts}), 0)",
    "has": lambda texts, text: f"coalesce(list_contains({texts}, {text}), FALSE)",
    "first": lambda texts: f"{texts}[1]",
    "last": lambda texts: f"{texts}[-1]",
    "part": lambda texts, place: f"{texts}[{place + 1}]",
}
"""The SQL of each primitive. The planner prints natives, literals, columns and ``if`` for all engines."""


class DuckDbSql(Dialect):
    """DuckDB's dialect."""

    name = "DuckDB"
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
        return f"list_sort(list(DISTINCT {column}) FILTER (WHERE {column} IS NOT NULL))"
