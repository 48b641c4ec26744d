"""SQL functions for Spark that return the same as Python's own text and date functions, for every character.

Spark would evaluate a Python function on every row, also inside CASE; these functions cost nothing on plain ASCII texts.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Final

from perpend.core.values.values import DAY, WHITE_SPACE
from perpend.evaluation.engines.spark.sql import SPACE, is_ascii, text_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SIGMA, _FINAL_SIGMA, _DOTTED_I = "\u03a3", "\u03c2", "\u0130"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
_OFFSET: Final = r"[+-](?:(?:0[0-9]|1[0-7])(?::?[0-5][0-9])?|18(?::?00)?)"
_INSTANT: Final = rf"\A(?!0000)[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:[Tt ]{_TIME}(?:[Zz]|{_OFFSET})?)?\z"
_COMMON: Final = (
    r"\A(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|\+00:00)?)?\z"
)
_FIRST: Final = -62_135_596_800_000
_LAST: Final = 253_402_300_799_999


def functions() -> Iterator[str]:
    """Yield the statements that create the functions in a session."""
    yield _function("perpend_lower_of_any", "STRING", "STRING", _lower_of_any("x"))
    yield _function(
        "perpend_lower", "STRING", "STRING", f"CASE WHEN {is_ascii('x')} THEN lower(x) ELSE perpend_lower_of_any(x) END"
    )
    shrunk = f"btrim(regexp_replace(x, {text_literal(f'{SPACE}+')}, ' '), ' ')"
    spaced = f"x RLIKE {text_literal(SPACE)}"
    yield _function(
        "perpend_norm", "STRING", "STRING", f"coalesce(perpend_lower(CASE WHEN {spaced} THEN {shrunk} ELSE x END), '')"
    )
    yield _function("perpend_in_years", "BIGINT", "BIGINT", f"CASE WHEN x BETWEEN {_FIRST} AND {_LAST} THEN x END")
    moment = f"CASE WHEN x RLIKE {text_literal(_INSTANT)} THEN {_moment('x')} END"
    yield _function("perpend_moment", "STRING", "BIGINT", f"perpend_in_years({moment})")
    # Spark computes arguments on every row, so a text in a common form is replaced by null.
    rare = f"perpend_moment(CASE WHEN common THEN CAST(NULL AS STRING) ELSE btrim(x, {text_literal(WHITE_SPACE)}) END)"
    either = f"CASE WHEN common THEN {_common_moment('x')} ELSE {rare} END"
    yield _function("perpend_instant_of", "STRING", "BIGINT", either, "common BOOLEAN")
    yield _function("perpend_instant", "STRING", "BIGINT", f"perpend_instant_of(x, x RLIKE {text_literal(_COMMON)})")


def _function(name: str, takes: str, gives: str, body: str, *more: str) -> str:
    parameters = ", ".join((f"x {takes}", *more))
    return f"CREATE OR REPLACE TEMPORARY FUNCTION {name}({parameters}) RETURNS {gives} RETURN {body}"


def _lower_of_any(text: str) -> str:
    """Return the lower case of a text by Python's tables: letter by letter, but for the dotted I and the final sigma."""
    upper, lower = _letters()
    cased, ignorable = _contexts()
    final = f"([{cased}][{ignorable}]*){_SIGMA}(?![{ignorable}]*[{cased}])"
    with_final_sigma = f"regexp_replace({text}, {text_literal(final)}, {text_literal(f'$1{_FINAL_SIGMA}')})"
    known = f"CASE WHEN contains({text}, '{_SIGMA}') THEN {with_final_sigma} ELSE {text} END"
    dotted = f"replace({known}, '{_DOTTED_I}', {text_literal(_DOTTED_I.lower())})"
    return f"translate({dotted}, {text_literal(upper)}, {text_literal(lower)})"


@cache
def _letters() -> tuple[str, str]:
    """Return all letters whose lower case is one other letter, and these lower cases."""
    pairs = [(letter, letter.lower()) for letter in _all_letters() if letter != letter.lower()]
    assert {letter for letter, lower in pairs if len(lower) != 1} == {_DOTTED_I}, "Unicode has a new letter of this kind"
    return "".join(letter for letter, lower in pairs if len(lower) == 1), "".join(
        lower for _, lower in pairs if len(lower) == 1
    )


@cache
def _contexts() -> tuple[str, str]:
    """Return two character classes for the rule of the final sigma: cased letters, and ignorable ones.

    A sigma is final after a cased letter and not before one; ignorable characters between them do not count.
    """
    ignorable = {
        letter for letter in _all_letters() if f"a{letter}{_SIGMA}".lower()[-1] == _FINAL_SIGMA and not _is_cased(letter)
    }
    ignorable |= {letter for letter in _all_letters() if _is_cased(letter) and f"a{_SIGMA}{letter}".lower()[1] == _FINAL_SIGMA}
    cased = {letter for letter in _all_letters() if _is_cased(letter)} - ignorable
    return _class(cased), _class(ignorable)


def _is_cased(letter: str) -> bool:
    return f"{letter}{_SIGMA}".lower()[-1] == _FINAL_SIGMA


def _all_letters() -> Iterable[str]:
    return (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)


def _class(letters: set[str]) -> str:
    """Return the ranges of a character class in the syntax of Java patterns."""
    codes = sorted(map(ord, letters))
    starts = [code for code in codes if chr(code - 1) not in letters] if codes else []
    changed = [code for code in codes if chr(code + 1) not in letters]
    return "".join(f"\\x{{{start:x}}}-\\x{{{end:x}}}" for start, end in zip(starts, changed, strict=True))


def _common_moment(text: str) -> str:
    """Return the milliseconds since 1970 of a UTC text in a common form, null if there is no such day."""
    pattern = text_literal("[.]([0-9]{1,3})")
    digits = f"regexp_extract({text}, {pattern}, 1)"
    fraction = f"(CASE WHEN substr({text}, 20, 1) = '.' THEN {_milliseconds(digits)} ELSE 0L END)"
    return f"unix_millis(try_cast(left({text}, 19) AS TIMESTAMP)) + {fraction}"


def _milliseconds(digits: str) -> str:
    return _whole(f"rpad({digits}, 3, '0')")


def _moment(text: str) -> str:
    """Return the milliseconds since 1970 of a text that has the form of an ISO 8601 time; null if there is no such day."""
    zone = f"substr({text}, 17)"
    offset = text_literal(r"([+-])([0-9]{2}):?([0-9]{2})?\z")
    fraction = text_literal("[.,]([0-9]{1,3})")
    digits = f"regexp_extract({zone}, {fraction}, 1)"
    seconds = f"(CASE WHEN substr({text}, 17, 1) = ':' THEN {_whole(f'substr({text}, 18, 2)')} ELSE 0 END)"
    direction = f"(CASE WHEN regexp_extract({zone}, {offset}, 1) = '-' THEN -1 ELSE 1 END)"
    hours, minutes = (_whole(f"regexp_extract({zone}, {offset}, {group})") for group in (2, 3))
    parts = (
        f"unix_date(try_cast(left({text}, 10) AS DATE)) * {DAY}L",
        f"{_whole(f'substr({text}, 12, 2)')} * 3600000L",
        f"{_whole(f'substr({text}, 15, 2)')} * 60000L",
        f"{seconds} * 1000L",
        f"(CASE WHEN {digits} = '' THEN 0L ELSE {_milliseconds(digits)} END)",
    )
    return f"{' + '.join(parts)} - {direction} * ({hours} * 60 + {minutes}) * 60000L"


def _whole(digits: str) -> str:
    return f"coalesce(try_cast({digits} AS BIGINT), 0L)"
