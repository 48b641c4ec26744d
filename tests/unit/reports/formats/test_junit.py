"""Very many findings as cases: what is green goes first, and how many were left out is said."""

from __future__ import annotations

import io
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from perpend.core.objects.status import Status
from perpend.reports.formats.junit import write_findings_junit
from tests.schemas import junit_faults
from tests.unit.reports.formats.made_up import RUN, finding

GREEN = [replace(finding(number), status=Status.COMPLIANT) for number in range(3)]
RED = [finding(number) for number in range(3, 6)]


def written(findings: list[object], most: int) -> tuple[list[str], str]:
    stream = io.StringIO()
    write_findings_junit(RUN, findings, stream, most=most)  # type: ignore[arg-type]
    root = ElementTree.fromstring(stream.getvalue())
    (left,) = (one.attrib["value"] for one in root.iter("property") if one.attrib["name"] == "left out")
    return [case.attrib["name"] for case in root.iter("testcase")], left


def test_what_passes_is_left_out_before_what_fails() -> None:
    assert (6, "0") == (len((found := written([*GREEN, *RED], 6))[0]), found[1])
    assert (["o3 (o3)", "o4 (o4)", "o5 (o5)"], "3") == written([*GREEN, *RED], 4)
    assert (["o3 (o3)", "o4 (o4)", "o5 (o5)"], "3") == written([*RED, *GREEN], 3)
    assert (["o3 (o3)", "o4 (o4)"], "4") == written([*GREEN, *RED], 2)


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        ("testsuites", "suites"),
        ('failures="3"', 'failures="2"'),
        (' classname="/ce/a"', ""),
        ("<failure", '<error message="odd" /><failure'),
        ("<testcase", "<verdict /><testcase"),
        ("<property name", "<property called"),
    ],
)
def test_broken_copies_are_not_valid(whole: str, broken: str) -> None:
    stream = io.StringIO()
    write_findings_junit(RUN, [*GREEN, *RED], stream, most=9)  # type: ignore[arg-type]
    assert [] == junit_faults(stream.getvalue())
    assert [] != junit_faults(stream.getvalue().replace(whole, broken))
    assert whole in stream.getvalue()
