"""No name of an object becomes a command: real shells give each command of a plan the very words that it was made of."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from perpend.core.diagnostics.escape import visible
from perpend.core.objects.inventory import CloudObject, Origin
from perpend.evaluation.verdicts.selection import PolicyView
from perpend.findings.remediation.fill import NotFilled, fill
from perpend.findings.remediation.model import Look, Remedy, RemedyStep, RemedyValue, Settings
from perpend.findings.remediation.name_kinds import NAME_KINDS
from perpend.findings.remediation.plans import RemediationPlan
from perpend.reports.formats.remediation import (
    UnquotableWord,
    command_line,
    write_remedies_json,
    write_remedies_markdown,
    write_sh,
    write_terraform,
)

SHELLS = [shell for name in ("dash", "bash") if (shell := shutil.which(name))]
PRINTER = """aws() {
for word in "$@"; do printf '%s\\0' "$word" >> "$PLACE/words"; done
printf '\\0' >> "$PLACE/words"
}
"""
PIECES = (
    *("$(touch owned)", "`touch owned`", "; touch owned", "&& touch owned", "| touch owned", "> owned", "\n touch owned\n"),
    *("'", '"', "'; touch owned; '", '"$(touch owned)"', "\\", "\\\n", "\0", "\r", "\t", " ", "\u2028", "\u202e", "\u200b"),
    *(
        "-",
        "--profile",
        "$HOME",
        "${HOME}",
        "$'a'",
        "~",
        "*",
        "?",
        "[a]",
        "{a,b}",
        "!!",
        "#",
        "# x",
        "=",
        "%{if}",
        "${x}",
        "<<E",
    ),
    *("file://a", "@a", "##[a]", "é", "日本", "\ud800", "a", "0", "", "|", "```", "<b>", "aws", "\x1b[31m", "\x85"),
)
PARTS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
NAMES = st.one_of(PARTS, PARTS.map("a{}".format), st.text(max_size=20))
KINDS = st.sampled_from([*sorted(NAME_KINDS), *["line"] * len(NAME_KINDS)])


def remedy(kind: str) -> Remedy:
    words = ("aws", "things", "mend", "<name>", "--it")
    steps = (RemedyStep("Mend it.", words, ("aws", "things", "unmend", "<name>")),)
    value = RemedyValue("name", "name__c", NAME_KINDS[kind])
    return Remedy((value,), (Look("Look.", words),), steps, (Settings("aws_thing", {"name": "<name>"}),))


def mending(name: str, found: Remedy | None, why_not: tuple[str, ...] = ()) -> RemediationPlan:
    judged = CloudObject("Thing__c", name, name, name, {"name__c": name}, Origin("s", 1))
    return RemediationPlan(
        PolicyView("/ce/policy", f"Policy {name}", ""), "Thing", judged, f"found {name}", name, found, why_not
    )


def plan(name: str, kind: str) -> RemediationPlan:
    try:
        return mending(name, fill(remedy(kind), {"name__c": name}))
    except NotFilled as refused:
        return mending(name, None, refused.reasons)


def run_by(shell: str, script: str, place: Path) -> list[list[str]]:
    """Run a script in an empty directory where `aws` writes its words down; return these, a list per command."""
    shutil.rmtree(place, ignore_errors=True)
    here = place / "here"
    here.mkdir(parents=True)
    (place / "script").write_bytes(f"{PRINTER}{script}".encode())
    ran = subprocess.run(
        [shell, str(place / "script")],
        cwd=here,
        env={"PATH": "/usr/bin:/bin", "PLACE": str(place), "HOME": str(here)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (0, b"", b"") == (ran.returncode, ran.stdout, ran.stderr), script
    assert [] == list(here.iterdir()), script
    words = (place / "words").read_bytes().decode() if (place / "words").exists() else ""
    return [command.split("\0") for command in words.split("\0\0")[:-1]]


@pytest.mark.skipif(not SHELLS, reason="there is no shell here")
@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
@given(names=st.lists(st.tuples(NAMES, KINDS), min_size=20, max_size=40), shell=st.sampled_from(SHELLS))
@example(names=[("a $(touch b) `touch c`; touch d 'e' > f", "line")], shell=next(iter(SHELLS), ""))
def test_a_shell_runs_what_the_plan_says_and_nothing_else(tmp_path: Path, names: list[tuple[str, str]], shell: str) -> None:
    plans = [plan(name, kind) for name, kind in names]
    stream = io.StringIO()
    write_sh(plans, stream)
    ran = run_by(shell, stream.getvalue(), tmp_path / "place")
    assert [["things", "mend", one.object.name, "--it"] for one in plans if one.remedy] == ran


@pytest.mark.skipif(not SHELLS, reason="there is no shell here")
@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
@given(commands=st.lists(st.lists(NAMES.filter(bool), min_size=1, max_size=4), max_size=40), shell=st.sampled_from(SHELLS))
def test_words_of_any_signs_are_quoted_or_refused(tmp_path: Path, commands: list[list[str]], shell: str) -> None:
    lines, told = [], []
    for words in commands:
        try:
            lines.append(command_line(["aws", *words]))
            told.append(words)
        except UnquotableWord:
            assert not all(word.isprintable() and word == visible(word) for word in words)
    assert told == run_by(shell, "".join(f"{line}\n" for line in lines), tmp_path / "place")


@settings(max_examples=100, deadline=None)
@given(name=NAMES)
def test_whatever_a_name_holds_it_stays_inside_its_line_or_value(name: str) -> None:
    """A name that was refused is told in every form: as a comment, a JSON text, inside a fence."""
    for one in (
        mending(name, None, (f"name__c holds {name}",)),
        mending(name, fill(remedy("s3-bucket"), {"name__c": "reports"})),
    ):
        for write in (write_sh, write_terraform, write_remedies_markdown, write_remedies_json):
            stream = io.StringIO()
            write([one], stream)
            text = stream.getvalue().replace("@\u200b", "@")  # Markdown keeps mentions from being mentions
            if write is write_remedies_json:
                assert all(map(str.isprintable, text.split("\n"))), text
                assert name == json.loads(text)[0]["object"]["name"]
                continue
            assert all(line == visible(line) for line in text.split("\n")), text
            if write is not write_remedies_markdown:
                known = ("#", "set -eu", "aws ", "test ", "resource ", "  name = ", "}")
                assert all(line.startswith(known) for line in text.splitlines() if line), text
