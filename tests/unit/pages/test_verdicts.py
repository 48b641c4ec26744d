"""Lines of verdicts, counted; files of something else, refused."""

from __future__ import annotations

import pytest

from perpend.pages.page import Counts
from perpend.pages.verdicts import SHOWN, NotVerdicts, read_verdicts
from tests.sites import POLICY, TYPE, verdict_line


def test_verdicts_are_counted_by_policy_account_and_type(tmp_path):
    path = tmp_path / "v.ndjson"
    lines = [
        verdict_line(POLICY, "INCOMPLIANT", "a"),
        verdict_line(POLICY, "COMPLIANT", "b", "2"),
        "",
        verdict_line("/ce/other", "UNDETERMINED", "c"),
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    book = read_verdicts(path)
    assert Counts((1, 0, 1, 0, 0)) == book.counts([POLICY])
    assert [("1", (1, 1, 0, 0, 0)), ("2", (0, 0, 1, 0, 0))] == [(name, counts.numbers) for name, counts in book.accounts()]
    assert 3 == book.counts_of_type(TYPE).total
    assert [lines[0]] == [found.decode().strip() for found in book.lines(POLICY)]


def test_incompliant_objects_are_capped_and_still_all_there(tmp_path):
    path = tmp_path / "v.ndjson"
    path.write_text("".join(verdict_line(POLICY, "INCOMPLIANT", f"n{number}") + "\n" for number in range(SHOWN + 5)), "utf-8")
    book = read_verdicts(path)
    assert (SHOWN, SHOWN + 5) == (len(book.findings[POLICY]), len(list(book.lines(POLICY))))


@pytest.mark.parametrize(
    "text", ["{", "[1]", "{}", '{"policyId":"x","status":"ODD","object":{}}', '{"policyId":1,"status":"COMPLIANT","object":{}}']
)
def test_a_file_of_something_else_is_refused_with_its_line(tmp_path, text):
    path = tmp_path / "v.ndjson"
    path.write_text(verdict_line(POLICY, "COMPLIANT", "a") + "\n" + text + "\n", "utf-8")
    with pytest.raises(NotVerdicts, match=r"v\.ndjson:2: is no line of"):
        read_verdicts(path)
