"""The report that people read: its words, its widths, and that nothing foreign acts on the terminal."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perpend.core.diagnostics.escape import display_width
from perpend.core.objects.inventory import Inventory, Source
from perpend.evaluation.verdicts.evaluation import Evaluation
from tests.reference import evaluate_objects
from tests.unit.reports.terminal.evaluations import HOSTILE, MOOD, NOTED, evaluate, printed, thing, with_rival, without_styles

GOLDEN = Path(__file__).with_name("golden")
SEEN = datetime(2026, 1, 9, 8, 15, tzinfo=UTC)
LONG = "A thing of a rather long name keeps notes that somebody, somewhere, is able to read"


def mixed(root: Path) -> Evaluation:
    """Return a judgement that holds every status, a contradiction, runtime errors, many equal messages."""
    things = [
        *(thing(f"bad {number:02}", "bad", account="111122223333") for number in range(1, 24)),
        thing("bare", "bare", account="444455556666"),
        thing("日本", "odd", account="444455556666", notes="[1, 2"),
        with_rival(thing("two-faced", "good", account="444455556666"), "bad"),
        *(thing(f"good {number}") for number in range(1, 6)),
        thing("gone", CA10__disappearanceTime__c="2026-01-01T00:00:00Z"),
        thing(HOSTILE, "bare", account=f"{HOSTILE}!"),
    ]
    sources = [
        Source("things.json", "test-data", None, len(things)),
        Source("more.json", "credential-report-json", SEEN, 2, ("111122223333", "444455556666")),
    ]
    return evaluate(root, *things, logics={"mood": MOOD, "noted": NOTED}, names={"noted": LONG}, sources=sources)


def folded(text: str) -> str:
    """Return a text in one line: where lines end does not count."""
    return " ".join(text.split())


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_report_reads_as_expected(tmp_path: Path, width: int) -> None:
    actual = printed(mixed(tmp_path), width=width, limit=5)
    golden = GOLDEN / f"mixed-{width}.txt"
    if os.environ.get("PERPEND_REWRITE_GOLDEN"):
        golden.write_text(actual, "utf-8")
    assert golden.read_text("utf-8") == actual


@pytest.mark.parametrize("width", [40, 59, 64, 80, 99, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal_or_ends_in_blanks(tmp_path: Path, width: int) -> None:
    for line in printed(mixed(tmp_path), width=width).splitlines():
        assert display_width(line) <= min(width, 120), line
        assert line == line.rstrip()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_unicode_gets_characters_it_has(tmp_path: Path, encoding: str) -> None:
    text = printed(mixed(tmp_path), encoding=encoding, limit=5)
    assert text.isascii()
    assert "x INCOMPLIANT (25)" in text
    assert "    ? \\u65e5\\u672c (444455556666)" in text
    assert "  -> Make it good: slowly." in text
    assert "    ... and 18 more (use --format json or csv for all)" in text


def test_letters_that_the_encoding_has_stay(tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, thing("naïve", "bad"))
    assert "naïve" in printed(evaluation, encoding="latin-1")
    assert "na\\xefve" in printed(evaluation, encoding="ascii")


def test_colours_are_only_added(tmp_path: Path) -> None:
    evaluation = mixed(tmp_path)
    coloured = printed(evaluation, colour=True)
    assert printed(evaluation) == without_styles(coloured)
    assert printed(evaluation) != coloured


def test_numbers_wear_the_colour_of_their_status_and_zeros_are_dim(tmp_path: Path) -> None:
    text = printed(evaluate(tmp_path, thing("ann", "bad"), thing("bob")), colour=True)
    row = next(line for line in text.splitlines() if "Policy mood" in line)
    assert ["\x1b[32m1", "\x1b[1;31m1", "\x1b[2m0", "\x1b[2m0"] == re.findall("\x1b\\[[1-9;]+m[0-9]+", row)


def test_nothing_foreign_acts_on_the_terminal(tmp_path: Path) -> None:
    hostile = thing(HOSTILE, "bad", account=f"{HOSTILE}!")
    sources = [Source(HOSTILE, HOSTILE, None, 1, (HOSTILE,))]
    text = printed(evaluate(tmp_path, hostile, names={"mood": HOSTILE}, sources=sources), width=120)
    flat = folded(text)
    shown = r"[red]\x1b[31m\u202egnp.exe[/red] :skull: \ud800 日本"
    assert f" ✘ {shown} ({shown}!)" in flat
    assert f" {shown} {shown}, 1 object, account {shown} " in flat
    assert 6 == flat.count(shown) - flat.count(f"{shown} /ce/mood")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


def test_endless_names_and_errors_are_cut(tmp_path: Path) -> None:
    text = printed(evaluate(tmp_path, thing("n" * 1_000_000, "bad")))
    assert f"✘{'n' * 200}…" in "".join(text.split())


def test_equal_messages_are_printed_once_and_objects_capped(tmp_path: Path) -> None:
    text = printed(evaluate(tmp_path, *(thing(f"thing {number}", "bad") for number in range(1_000))))
    assert (1, 20) == (text.count("It is bad."), text.count("    ✘ thing "))
    assert "    … and 980 more (use --format json or csv for all)\n" in text


def test_a_group_of_exactly_the_limit_names_all(tmp_path: Path) -> None:
    text = printed(evaluate(tmp_path, thing("ann", "bad"), thing("bob", "bad")), limit=2)
    assert "more" not in text


def test_objects_of_one_name_are_told_apart_by_their_ids(tmp_path: Path) -> None:
    twins = [thing(name, "bad")._replace(name="twin") for name in ("ann", "bob")]
    text = printed(evaluate(tmp_path, *twins))
    assert "    ✘ twin id-ann\n    ✘ twin id-bob\n" in text


def test_an_incompliant_object_always_gets_a_next_step(tmp_path: Path) -> None:
    assert "  → See the policy's remediation: perpend show /ce/mood\n" in printed(evaluate(tmp_path, thing("ann", "bare")))


def test_an_assumed_time_is_said_to_be_assumed(tmp_path: Path) -> None:
    text = folded(printed(evaluate(tmp_path, thing("ann"))))
    said = "The inputs do not state when they were observed: dates are compared with today, 2026-01-10 (UTC);"
    assert f" {said} --snapshot-time sets another time " in text


def test_a_stated_time_is_said_once(tmp_path: Path) -> None:
    sources = [Source(name, "test-data", SEEN, 1) for name in ("b.json", "a.json")]
    text = printed(evaluate(tmp_path, thing("ann"), sources=sources))
    head = "  a.json  objects in test-data form, 1 object\n  b.json  objects in test-data form, 1 object\n"
    assert f"{head}  observed 2026-01-09 08:15 UTC\n\n" in text
    assert "today" not in text


def test_different_times_are_said_of_each_source(tmp_path: Path) -> None:
    sources = [Source("a.json", "test-data", SEEN, 1), Source("b.json", "test-data", None, 1)]
    text = printed(evaluate(tmp_path, thing("ann"), sources=sources), width=200)
    assert "  a.json  objects in test-data form, 1 object, observed 2026-01-09 08:15 UTC\n" in text
    assert "  b.json  objects in test-data form, 1 object, time of observation not stated\n" in text
    assert "Not every input states when it was observed: dates are compared with today, 2026-01-10 (UTC);" in folded(text)
    sources[1] = Source("b.json", "test-data", datetime(2026, 1, 7, tzinfo=UTC), 1)
    text = printed(evaluate(tmp_path, thing("ann"), sources=sources), width=200)
    assert "  dates are compared with the newest of these times, 2026-01-09 (UTC)\n" in text


def test_a_given_time_is_said_to_be_given(tmp_path: Path) -> None:
    text = printed(evaluate(tmp_path, thing("ann"), snapshot_time=SEEN))
    assert "  observed 2026-01-09 08:15 UTC (--snapshot-time)\n" in text
    assert "today" not in text


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "1 policy skipped: these inputs lack the data that it needs"),
        (2, "2 policies skipped: these inputs lack the data that they need"),
    ],
)
def test_policies_set_aside_are_counted_in_the_head(tmp_path: Path, number: int, said: str) -> None:
    text = printed(evaluate(tmp_path, thing("ann"), set_aside=["/ce/far", "/ce/wide"][:number]), width=200)
    assert f"  {said}; --policy names one\n\n" in text
    assert "not asked" not in printed(evaluate(tmp_path, thing("ann")))


def test_many_sources_and_accounts_are_counted(tmp_path: Path) -> None:
    sources = [Source(f"{number}.csv", "credential-report", SEEN, 1, ("1", "2", "3", "4")) for number in range(8)]
    text = printed(evaluate(tmp_path, thing("ann"), sources=sources), limit=5)
    assert "  4.csv  credential report, 1 object, 4 accounts\n  … and 3 more inputs\n" in text


def test_no_objects_are_said_and_nothing_is_scored(tmp_path: Path) -> None:
    text = printed(evaluate(tmp_path))
    assert "no objects to evaluate: the inputs contain none\n  things  objects in test-data form, 0 objects\n" == text


def test_no_policies_over_what_was_found_are_said(tmp_path: Path) -> None:
    text = printed(evaluate(tmp_path, thing("ann"), logics={}))
    assert text.startswith("nothing evaluated: no policy is for the object types in the inputs: Thing (1)\n")
    assert "%" not in text


@pytest.mark.parametrize(
    ("wanted", "score"),
    [
        (["odd", "none"], "none known to be compliant or incompliant"),
        (["good"], "1 of 1 known verdict compliant (100 %)"),
        (["bad"], "0 of 1 known verdict compliant (0 %)"),
        (["good"] * 2 + ["bad"] * 3 + ["odd"], "2 of 5 known verdicts compliant (40 %), 1 not known"),
        (["good"] * 2_999 + ["bad"], "2,999 of 3,000 known verdicts compliant (99.97 %)"),
    ],
)
def test_the_score_counts_what_is_known(tmp_path: Path, wanted: list[str], score: str) -> None:
    text = printed(evaluate(tmp_path, *(thing(str(number), want) for number, want in enumerate(wanted))))
    assert f"\n{score}\n" in text


@given(st.lists(st.sampled_from(["good", "bad", "bare", "odd", "none", "gone"]), min_size=1, max_size=30))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_ledger_adds_up(template: Evaluation, wanted: list[str]) -> None:
    gone = {"CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"}
    things = [thing(str(number), want, **(gone if want == "gone" else {})) for number, want in enumerate(wanted)]
    inventory = Inventory(template.inventory.sources, {things[0].type_name: things})
    evaluation = evaluate_objects(inventory, template.selection)
    ledger = next(line for line in printed(evaluation, width=200).splitlines() if " verdict" in line and " = " in line)
    left, right = ledger.split(" = ")
    counts = [int(part.split()[0]) for part in right.split(" + ")]
    assert ("disappeared" in right) is ("gone" in wanted)
    counts += [] if "gone" in wanted else [0]
    assert int(left.split()[0]) == sum(counts) == len(wanted)
    bad = wanted.count("bad") + wanted.count("bare")
    assert [wanted.count("good"), bad, wanted.count("none"), wanted.count("odd"), wanted.count("gone")] == counts


@pytest.fixture
def template(tmp_path: Path) -> Evaluation:
    """Return a judgement whose programs other estates are judged by."""
    return evaluate(tmp_path, thing("ann"))
