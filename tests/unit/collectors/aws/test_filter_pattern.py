"""What a filter pattern looks for, whichever way it is written; and what is not understood."""

from __future__ import annotations

import json

import pytest

from perpend.collectors.aws.filter_pattern import DEEPEST, LONGEST_PATTERN, filter_terms, terms_counted
from perpend.collectors.items import ABOVE, NotThere


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", [[]]),
        (" \n", [[]]),
        ("{ $.eventName = CreateTrail }", [["$.eventName = CreateTrail"]]),
        ('{($.eventName="CreateTrail")}', [["$.eventName = CreateTrail"]]),
        ("{\n\t(($.a != *x*))\n}", [["$.a != *x*"]]),
        ("{$.b=2||$.a=1}", [["$.a = 1"], ["$.b = 2"]]),
        ("{$.a=1||$.a=1}", [["$.a = 1"]]),
        ("{$.a=1 || $.b=2 && $.c>=3}", [["$.a = 1"], ["$.b = 2", "$.c >= 3"]]),
        ("{$.a=1 && $.b=2 || $.c=3}", [["$.a = 1", "$.b = 2"], ["$.c = 3"]]),
        ("{($.a=1 || $.b=2) && $.c=3}", [["$.a = 1", "$.c = 3"], ["$.b = 2", "$.c = 3"]]),
        ("{$.userIdentity.invokedBy NOT EXISTS}", [["$.userIdentity.invokedBy NOT EXISTS"]]),
        ("{$.a not exists && $.b IS NULL}", [["$.a NOT EXISTS", "$.b IS NULL"]]),
        ('{$.errorMessage = "Failed authentication"}', [["$.errorMessage = Failed authentication"]]),
        ('{$.a = "$.eventName = x) || ($.b"}', [["$.a = $.eventName = x) || ($.b"]]),
        ('{$.users[0].arn = ""}', [["$.users[0].arn = "]]),
    ],
)
def test_patterns_that_mean_the_same_have_the_same_terms(pattern: str, expected: list[list[str]]) -> None:
    assert expected == json.loads(filter_terms(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        "ERROR",
        "[ip, user, status = 4*]",
        "{}",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a = 1",
        "{ $.a = 1 } x",
        "{ ($.a = 1 }",
        "{ $.a == 1 }",
        "{ $.a = 1 && }",
        "{ $.a = 1 | $.b = 2 }",
        "{ $.a = %x[0-9]% }",
        "{ $.a EXISTS }",
        "{ $.a[*] = 1 }",
        "{ a = 1 }",
        "{ $.a = 'x' }",
        '{ $.a = "x\\"y" }',
        '{ $.a "NOT" EXISTS }',
        "{" + "(" * (DEEPEST + 1) + "$.a=1" + ")" * (DEEPEST + 1) + "}",
        "{ $.a = " + "x" * LONGEST_PATTERN + " }",
        "{" + " && ".join(f"($.a{at}=1||$.b{at}=1)" for at in range(9)) + "}",
        "{ $.a = \0 }",
    ],
)
def test_what_is_not_understood_is_not_known(pattern: str) -> None:
    with pytest.raises(NotThere, match="the filter pattern "):
        filter_terms(pattern)


@pytest.mark.parametrize("value", ["1", "01.0", "0.5", ".5", "12."])
def test_a_filter_that_adds_to_its_metric_counts_what_it_fits(value: str) -> None:
    pattern = {"filterPattern": "{$.a=1}", "fieldSelectionCriteria": "", "applyOnTransformedLogs": False}
    assert '[["$.a = 1"]]' == terms_counted({"metricValue": value, ABOVE: pattern})


@pytest.mark.parametrize(
    ("value", "more", "reason"),
    [
        ("0", {}, "metricValue"),
        ("0.00", {}, "metricValue"),
        ("-1", {}, "metricValue"),
        ("$.size", {}, "metricValue"),
        (None, {}, "metricValue"),
        ("1", {"fieldSelectionCriteria": '@aws.region = "us-east-1"'}, "fieldSelectionCriteria"),
        ("1", {"applyOnTransformedLogs": True}, "applyOnTransformedLogs"),
        ("1", {"emitSystemFieldDimensions": ["@aws.account"]}, "dimensions"),
    ],
)
def test_a_filter_that_counts_not_all_that_it_fits_is_not_known(
    value: str | None, more: dict[str, object], reason: str
) -> None:
    with pytest.raises(NotThere, match=reason):
        terms_counted({"metricValue": value, ABOVE: {"filterPattern": "{$.a=1}", **more}})
    with pytest.raises(NotThere, match="no filterPattern"):
        terms_counted({"metricValue": "1", ABOVE: {}})
    with pytest.raises(NotThere, match="dimensions"):
        terms_counted({"metricValue": "1", "dimensions": {"a": "$.a"}, ABOVE: {"filterPattern": "{$.a=1}"}})
