"""What values mean: normal forms, emptiness, equality of JSON, dates, durations, numbers as Java prints them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.core.values.types import ValueType
from perpend.core.values.values import (
    DAY,
    WHITE_SPACE,
    date_time_from_text,
    double,
    duration_from_gcp,
    duration_from_iso,
    in_utc,
    is_empty,
    iso_from_milliseconds,
    json_normal,
    milliseconds_from_datetime,
    norm,
    number_text,
)

SECOND = 1_000
INSTANTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))
OFFSETS = st.integers(-18 * 60, 18 * 60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_a_time_is_one_of_utc_and_none_without_a_zone() -> None:
    moment = datetime(2026, 11, 20, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert "2026-11-19T23:30:00+00:00" == in_utc(moment).isoformat()
    with pytest.raises(ValueError, match="the time 2026-11-20 01:30:00 has no time zone"):
        in_utc(moment.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        ("", ""),
        (" \t\r\n\f\v", ""),
        ("Prod", "prod"),
        ("  A \t\n b  ", "a b"),
        ("ÉCOLE", "école"),
        ("ß", "ß"),
        ("a\u00a0b", "a\u00a0b"),
        ("\u2003a \u2003", "\u2003a \u2003"),
        ("a\u2028 b", "a\u2028 b"),
    ],
)
def test_norm(text: str | None, expected: str) -> None:
    assert expected == norm(text)


@given(st.text(alphabet=st.sampled_from(WHITE_SPACE + "aBé\u00a0")))
def test_norm_is_its_own_normal_form_and_says_what_is_empty(text: str) -> None:
    assert norm(text) == norm(norm(text))
    assert (norm(text) == "") == is_empty(text, ValueType.TEXT)


@given(JSON)
def test_json_equals_itself_with_null_keys_added(value: Any) -> None:
    def padded(inner: Any) -> Any:
        if isinstance(inner, dict):
            return {**{key: padded(item) for key, item in inner.items()}, "\0more": None}
        return [padded(item) for item in inner] if isinstance(inner, list) else inner

    assert json_normal(value) == json_normal(padded(value))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1970-01-01t00:00:01z", SECOND),
        ("1970-01-02T00:00:00", DAY),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:59:59-00:00", -SECOND),
        ("1970-01-01T05:30:00+05:30", 0),
        ("1969-12-31T06:00:00-18:00", 0),
        ("1970-01-01T00:00:00.1Z", 100),
        ("1970-01-01T00:00:00.123456789Z", 123),
        ("1969-12-31T23:59:59.999Z", -1),
        (" 1970-01-01\n", 0),
        ("2000-02-29", 951_782_400_000),
        ("0001-01-01", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ],
)
def test_instants(text: str, expected: int) -> None:
    found = date_time_from_text(text)
    assert (expected, int) == (found, type(found))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "now", "1970", "1970-01", "19700101", "1970-1-1", "70-01-01", "01/02/1970", "1970-W01-4", "1767225600"),
        *("2023-02-29", "1900-02-29", "1970-13-01", "1970-00-01", "1970-01-32", "0000-01-01"),
        *("1970-01-01T24:00:00Z", "1970-01-01T23:60Z", "2016-12-31T23:59:60Z", "1970-01-01T", "1970-01-01Z"),
        *("1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.1234567890Z", "1970-01-01T00:00:00+18:01", "1970-01-01T00:00:00+01:60"),
        *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "１970-01-01", "1970-01-01T00:00:00\u00a0Z"),
        *("\u00a01970-01-01", "1970-01-01\u2003", "\x1f1970-01-01"),
    ],
)
def test_no_instants(text: str) -> None:
    assert date_time_from_text(text) is None


@given(INSTANTS, OFFSETS)
def test_an_instant_reads_as_python_reads_it(moment: datetime, offset: int) -> None:
    there = moment.replace(microsecond=moment.microsecond // 1_000 * 1_000, tzinfo=timezone(timedelta(minutes=offset)))
    assert milliseconds_from_datetime(there) == date_time_from_text(there.isoformat())


@given(INSTANTS)
def test_an_instant_survives_its_text(moment: datetime) -> None:
    instant = milliseconds_from_datetime(moment.replace(tzinfo=UTC))
    assert instant == date_time_from_text(iso_from_milliseconds(instant))


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_001, "1970-01-01T00:00:01.001Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00Z"),
    ],
)
def test_texts_of_instants(instant: int, expected: str) -> None:
    assert expected == iso_from_milliseconds(instant)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "1D",
        "P1",
        "PD",
        "P1.5D",
        "P1H",
        "PT1D",
        "P1D1M",
        "p1d",
        "P1S",
        "P-1D",
        "P1 D",
        "P１D",
        "P" + "9" * 19 + "D",
        "\u00a0P1D",
        "P1D\x1f",
    ],
)
def test_no_iso_durations(text: str) -> None:
    assert duration_from_iso(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "1", "s", "1 s", "1S", "-1s", "+1s", "1.s", ".5s", "1w", "1ms", "P1D", "1e3s", "１s", "1m30s", "\u00a01s", "1s\x1f"],
)
def test_no_gcp_durations(text: str) -> None:
    assert duration_from_gcp(text) is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0.0"),
        (-0.0, "-0.0"),
        (0.001, "0.001"),
        (0.0010000000000000002, "0.0010000000000000002"),
        (0.0009999999999999998, "9.999999999999998E-4"),
        (0.00099, "9.9E-4"),
        (9_999_999, "9999999.0"),
        (10_000_000, "1.0E7"),
        (100_000_000_000, "1.0E11"),
        (2**53, "9.007199254740992E15"),
        (1.5e22, "1.5E22"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (2.2250738585072014e-308, "2.2250738585072014E-308"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_as_java_prints_them(number: float, expected: str) -> None:
    assert expected == number_text(number)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_is_the_number(number: float) -> None:
    text = number_text(number)
    assert number == float(text)
    assert ("E" in text) == (number != 0 and not 1e-3 <= abs(number) < 1e7)


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**53 + 1, -(2**53) - 1])
def test_whole_numbers_are_kept_as_far_as_all_of_them_are_doubles(number: int) -> None:
    assert (float(number), int if abs(number) <= 2**53 else float) == (double(number), type(double(number)))


@given(st.integers())
def test_doubles_are_exact_up_to_the_last_whole_number(number: int) -> None:
    assert float(number) == double(number)
    assert isinstance(double(number), int) == (abs(number) <= 2**53)
