"""Query parameters become a question; a wrong one gives one sentence that names it."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest

from perpend.findings.filters import OF_FINDINGS, FilterType
from perpend.server.parameters import BY, PAGES, BadRequest, Control, is_repeatable, read_parameters, schema_of_parameter
from perpend.server.scope import ALL_ACCOUNTS, ReaderScope

EXAMPLES = {FilterType.TEXT: "x", FilterType.TAG: "team=payments", FilterType.TIME: "2026-11-01"}


def pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def test_all_declared_filters_are_parameters() -> None:
    given = [(one.name, one.choices[0] if one.choices else EXAMPLES[one.type]) for one in OF_FINDINGS]
    asked = read_parameters([*given, ("waived", "no"), ("limit", "7")], ReaderScope(frozenset({"1"})), PAGES)
    assert [one.name for one in OF_FINDINGS] == list(asked.question.filter.values)
    assert ("no", ReaderScope(frozenset({"1"})), 7, "severity", None) == (
        asked.question.waived,
        asked.question.scope,
        asked.limit,
        asked.order,
        asked.next,
    )


def test_repeated_filters_and_choices_with_commas_are_several_values() -> None:
    asked = read_parameters(pairs("account=2&account=1&account=2&severity=critical,high&severity=low"), ALL_ACCOUNTS, PAGES)
    assert {"account": ("2", "1"), "severity": ("critical", "high", "low")} == dict(asked.question.filter.values)


def test_pairs_ask_the_same_again_in_one_order() -> None:
    asked = read_parameters(pairs("severity=high&account=2&account=1&order=age&limit=50"), ALL_ACCOUNTS, PAGES)
    assert [("account", "1"), ("account", "2"), ("order", "age"), ("severity", "high")] == asked.pairs()
    assert ("next", "9") in asked.pairs(next="9")
    assert asked.pairs() == read_parameters(asked.pairs(), ALL_ACCOUNTS, PAGES).pairs()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("acount=1", "no parameter is called 'acount' (did you mean 'account'?): the parameters are life, policy,"),
        ("severity=hihg", "severity: 'hihg' is not one of critical, high"),
        ("since=yesterday", "since: 'yesterday' is not an ISO 8601 date or time"),
        ("since=2026-11-01&since=2026-11-02", "since: given 2 times, and may be given once"),
        ("tag==x", "tag: '=x' is not a tag: write KEY=VALUE, or KEY for any value"),
        ("waived=maybe", "waived: 'maybe' is not one of all, yes, no"),
        ("order=age&order=severity", "order: given 2 times, and may be given once"),
        ("limit=0", "limit: '0' is not a number from 1 to 500"),
        ("limit=501", "limit: '501' is not a number from 1 to 500"),
        ("limit=%D9%A3", "is not a number from 1 to 500"),
        ("account=", "account: the value is empty"),
        ("account=a%00b", r"account: 'a\x00b' has control characters"),
        ("object=" + "x" * 501, "object: a value has at most 500 characters"),
        ("&".join(f"account={number}" for number in range(101)), "account: a request has at most 100 values of a parameter"),
        ("&".join(["limit=1"] * 501), "a request has at most 500 parameters"),
        ("life=%E2%80%AE", r"life: '\u202e' is not one of unknown, open"),
        ("by=policy", "no parameter is called 'by'"),
    ],
)
def test_a_wrong_parameter_gives_one_sentence(query: str, sentence: str) -> None:
    with pytest.raises(BadRequest) as raised:
        read_parameters(pairs(query), ALL_ACCOUNTS, PAGES)
    assert sentence in str(raised.value)
    assert str(raised.value).isprintable()


def test_fields_of_a_form_may_be_empty() -> None:
    asked = read_parameters(pairs("account=&severity=high&order="), ALL_ACCOUNTS, PAGES, of_form=True)
    assert ({"severity": ("high",)}, "severity") == (dict(asked.question.filter.values), asked.order)


def test_an_address_without_parameters_accepts_none() -> None:
    with pytest.raises(BadRequest, match="no parameter is called 'x': this address has none"):
        read_parameters([("x", "1")], ALL_ACCOUNTS, filters=())


def test_schemas_have_the_choices_and_bounds_of_the_declarations() -> None:
    schemas = {one.name: schema_of_parameter(one) for one in (*OF_FINDINGS, *PAGES, BY)}
    assert schemas["severity"]["enum"] == ["critical", "high", "medium", "low", "info"]
    assert schemas["limit"] == {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}
    assert schemas["by"]["default"] == "policy"
    assert [True, True, False, False] == [
        re.search(schemas["since"]["anyOf"][1]["pattern"], f"2026-01-02T03:04:{rest}") is not None
        for rest in ("05Z", "05.678-17:59", "60Z", "05-18:26")
    ]
    assert ["tag_unknown", "in_use", "since"] == [one.name for one in OF_FINDINGS if not is_repeatable(one)]
    assert not is_repeatable(Control("x", "y"))
