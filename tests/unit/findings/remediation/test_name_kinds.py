"""A value is a name of its kind, or it is refused with the reason; nothing is cut or mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.findings.remediation.name_kinds import LONGEST, NAME_KINDS, name_of
from tests.remedies import SAMPLES


@pytest.mark.parametrize(("kind", "value"), [*SAMPLES.items(), ("line", "Überweisung, alt"), ("aws-account", "111122223333")])
def test_a_name_of_its_kind_is_taken_as_it_is(kind: str, value: Any) -> None:
    assert (str(value), None) == name_of(value, NAME_KINDS[kind])


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("aws-id", "i-0a1b2c3d 4e5f", "holds a text that does not fit: `i-0a1b2c3d 4e5f` is no id of AWS"),
        ("aws-id", None, "is empty"),
        ("aws-id", "", "is empty"),
        ("aws-id", True, "holds the Boolean true, and no id of AWS"),
        ("aws-id", 5, "holds the number 5, and no id of AWS"),
        ("aws-id", ["i-0a1b2c3d"], "holds a list, and no id of AWS"),
        ("aws-id", {"a": 1}, "holds an object, and no id of AWS"),
        ("iam-name", "--profile", "holds a text that does not fit: `--profile` begins like an option"),
        ("iam-name", "a\nb", r"holds `a\nb`, with signs that cannot be seen"),
        ("iam-name", "a\0b", r"holds `a\x00b`, with signs that cannot be seen"),
        ("iam-name", "a\u202eb", r"holds `a\u202eb`, with signs that cannot be seen"),
        ("iam-name", "$(id)", "holds a text that does not fit: `$(id)` is no name of IAM"),
        ("iam-name", "ａｌｍａ", "holds a text that does not fit: `ａｌｍａ` is no name of IAM"),
        ("number", -1, "holds a text that does not fit: `-1` begins like an option"),
        ("number", 1.5, "holds the number 1.5, and no whole number from 0 on"),
        ("number", float("inf"), "holds the number inf, and no whole number from 0 on"),
        ("number", float("nan"), "holds the number nan, and no whole number from 0 on"),
        ("number", 7.0, None),
        ("number", "7", None),
        ("line", "file://a", "holds a text that does not fit: `file://a` is no line that begins with a letter or digit"),
        ("line", "@a", "holds a text that does not fit: `@a` is no line that begins with a letter or digit"),
        (
            "line",
            "a" * (LONGEST + 1),
            "holds a text that does not fit: has 2,049 characters, and is no line that begins with a letter or digit",
        ),
    ],
)
def test_what_is_no_name_is_refused_with_the_reason(kind: str, value: Any, reason: str | None) -> None:
    assert reason == name_of(value, NAME_KINDS[kind])[1]


def test_every_kind_stands_in_the_documents() -> None:
    page = (Path(__file__).parents[4] / "docs" / "how-to" / "write-a-policy.md").read_text("utf-8")
    for kind in NAME_KINDS.values():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{kind.name}` |"))
        assert f"{kind.words}, such as `{kind.example}` | {'yes' if kind.plain else 'no'} |" in row


def test_plain_names_hold_nothing_that_divides_values() -> None:
    dividing = "".join(map(chr, range(0x20, 0x7F)))
    for kind in NAME_KINDS.values():
        taken = {sign for sign in dividing if kind.pattern.fullmatch(f"a{sign}a") or kind.pattern.fullmatch(f"ab{sign}cd")}
        assert not (kind.plain and taken & set(" ,=\"'{}[]()\\`$;&|<>")), kind.name
