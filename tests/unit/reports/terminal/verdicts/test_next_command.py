"""The command that explains a verdict of a report: it works as it is printed, whatever things are called."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, datetime

import pytest
from rich.console import Console

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
from perpend.evaluation.verdicts.selection import PolicyView
from perpend.reports.formats.tally import Group, PolicyTally
from perpend.reports.terminal.page import TerminalPage
from perpend.reports.terminal.verdicts.next_command import ExplainCommand, print_next_command, quoted
from tests.unit.evaluation.verdicts.evaluate_objects import thing

IDS = ("/ce/a/one", "/ce/b/one", "/ce/a/two")
DAY = EvaluationTime(datetime(2026, 1, 10, tzinfo=UTC))
EARLIER = datetime(2026, 1, 9, 8, 30, tzinfo=UTC)


def words(command: ExplainCommand, policy_id: str = "/ce/a/two", name: str = "x", day: EvaluationTime = DAY) -> str:
    return " ".join(command.words(policy_id, thing(name, "a.json"), day))


def test_a_policy_goes_by_its_last_part_where_no_other_has_it() -> None:
    assert "perpend explain two x a.json" == words(ExplainCommand(("a.json",), (), IDS))
    assert "perpend explain /ce/b/one x a.json" == words(ExplainCommand(("a.json",), (), IDS), "/ce/b/one")


def test_options_of_the_run_are_repeated() -> None:
    command = ExplainCommand((), ("--store", "s", "--repo", "r"), IDS, DAY.time)
    assert "perpend explain two x --store s --repo r --snapshot-time 2026-01-10" == words(command)
    command = ExplainCommand(("a.json", "-"), (), IDS, EARLIER)
    assert "perpend explain two x a.json - --snapshot-time 2026-01-09T08:30:00Z" == words(command, day=EvaluationTime(EARLIER))


def test_what_begins_like_an_option_stands_behind_all_options() -> None:
    command = ExplainCommand(("-a.json",), ("--type", "T"), IDS)
    assert "perpend explain --type T -- two x -a.json" == words(command)
    assert "perpend explain --type T -- two -x b" == words(ExplainCommand(("b",), ("--type", "T"), IDS), name="-x")


def test_of_many_inputs_that_of_the_object_is_named_and_the_day_of_them_all() -> None:
    command = ExplainCommand(tuple(f"{number}.json" for number in range(11)), (), IDS)
    assert "perpend explain two x a.json --snapshot-time 2026-01-10" == words(command)
    assert "perpend explain two x a.json" == words(command, day=EvaluationTime(DAY.time, assumed=True))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize(
    "word", ["a b", "it's", '$HOME `x` "y" \\', "a\nb'\\", "\x1b[31m", "\u202e", "é日本", "no\udcffutf", "~", "*", ""]
)
def test_a_shell_reads_a_word_as_it_is(word: str, encoding: str) -> None:
    written = quoted(word, encoding)
    assert written.isprintable()
    assert written.encode(encoding)
    done = subprocess.run(["bash", "-c", f"printf %s {written}"], capture_output=True, check=True)
    assert word.encode("utf-8", "surrogateescape") == done.stdout


def hinted(*groups: Group, inputs: tuple[str, ...] = ("a very long name of a file.json",)) -> str:
    stream = io.StringIO()
    page = TerminalPage(Console(file=stream, width=40, color_system=None))
    tallies = [PolicyTally(PolicyView("/ce/a/two", "Two", "Two"), groups=list(groups))]
    print_next_command(tallies, DAY, page, ExplainCommand(inputs, (), IDS))
    return stream.getvalue()


def test_the_hint_is_about_the_first_verdict_to_act_on_and_one_line_to_copy() -> None:
    unknown, wrong = (
        Group(status, "m", None, 1, [(thing(status.value), None)]) for status in (Status.UNDETERMINED, Status.INCOMPLIANT)
    )
    expected = "\nWhy? For the first one:\n  perpend explain two INCOMPLIANT 'a very long name of a file.json'\n"
    assert expected == hinted(unknown, wrong)
    many = hinted(wrong, inputs=tuple(f"{number}.json" for number in range(11)))
    assert "Why? For the first one, with the inputs that contain it (of 11):" == " ".join(many.partition("\n  ")[0].split())
    assert "" == hinted()
