"""What a shell offers behind words that have been begun."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, Offered, RunWriter

FILES = [
    ("check",),
    ("check", "a.csv"),
    ("import",),
    ("explain", "p", "o"),
    ("analyze-policy",),
    ("analyze-policy", "--context"),
]


@pytest.mark.parametrize("words", FILES)
def test_files_are_offered_as_inputs(offered: Offered, words: tuple[str, ...]) -> None:
    assert [("file", "rep")] == offered(*words, "rep")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("check", "--type", "aws iam user in"), ["AWS IAM User Inline Policy"]),
        (("rule", "a20"), [f"A20{number}" for number in range(1, 10)]),
        (("test", "user-has-more"), [KEY_POLICY]),
        (("check", "--framework", "cis-aws"), [f"cis-aws-v{number}.0.0" for number in range(3, 8)]),
        (("check", "--framework", "cis-azure-v2"), ["cis-azure-v2.0.0", "cis-azure-v2.1.0"]),
        (("check", "--framework", "/frameworks/cis-aws-v6.0.0/02/2"), [f"/frameworks/cis-aws-v6.0.0/02/2{n}" for n in (0, 1)]),
        (("explain", "/ce/ca/aws/iam/user-has-more"), [f"/ce/ca/aws/iam/{KEY_POLICY}"]),
        (("list", "--service", "i"), ["iam"]),
        (("show", "is_eq"), ["IS_EQUAL"]),
        (("check", "--repo", "/nonexistent", "--policy", "user"), []),
        (("check", "--store", "/nonexistent", "--run", ""), []),
    ],
)
def test_names_are_offered_where_an_option_takes_them(offered: Offered, words: tuple[str, ...], expected: list[str]) -> None:
    assert [("plain", word) for word in expected] == offered(*words)


@pytest.mark.parametrize(
    ("begun", "offered", "expected"),
    [
        ((r"AWS\ IAM\ Us",), "AWS IAM User", r"AWS\ IAM\ User"),
        (("'AWS IAM Us",), "AWS IAM User", "AWS IAM User"),
        (("arn", ":", "aws", ":", "iam", "::", "1", ":", "user/al"), "arn:aws:iam::1:user/alma", "user/alma"),
        (("--framework", "=", "cis"), "cis-aws-v6.0.0", "cis-aws-v6.0.0"),
        (("--object", "=", "arn", ":", "aw"), "arn:aws:iam::1:root", "aws:iam::1:root"),
    ],
)
def test_bash_gets_words_whole_and_quoted_unless_their_beginning_is(
    run: RunWriter, tmp_path: Path, begun: tuple[str, ...], offered: str, expected: str
) -> None:
    """Bash hands over the pieces that it cuts a word into at `:` and `=`, and replaces the last one."""
    asked = f"'perpend\ncheck\n--type\n{''.join(begun)}'" if "'" not in begun[0] else '"$COMP_WORDS"'
    (tmp_path / "perpend").write_text(f'#!/bin/sh\n[ "$COMP_WORDS $COMP_CWORD" = {asked}" 3" ] && echo "plain,{offered}"\n')
    (tmp_path / "perpend").chmod(0o700)
    words = " ".join(map(shlex.quote, ("perpend", "check", "--type", *begun, "behind")))
    line = shlex.quote(f"perpend  check --type {''.join(begun)} behind")
    asking = f'COMP_WORDS=({words}) COMP_CWORD={2 + len(begun)} COMP_LINE={line}; _perpend_completion "$0"'
    script = f"{run('completion', 'bash').out}\n{asking}\nprintf '%s|' \"${{COMPREPLY[@]}}\""
    ran = subprocess.run(["bash", "-c", script, tmp_path / "perpend"], capture_output=True, text=True, check=True)
    assert (f"{expected}|", "") == (ran.stdout, ran.stderr)


def test_snapshots_of_a_store_are_offered_the_newest_first(
    run: RunWriter, imported: Path, offered: Offered, tmp_path: Path
) -> None:
    store = str(shutil.copytree(imported, tmp_path / "store"))
    runs = [*(path.stem for path in Path(store, "runs").iterdir()), run("import", EXAMPLE, "--store", store).out.split()[1]]
    found = [word for _, word in offered("check", "--store", store, "--run", runs[0][:4])]
    assert sorted(runs, reverse=True) == found
    assert found == [word for _, word in offered("inventory", "show", "--store", store, "")]


def test_objects_of_a_store_are_offered_that_the_policy_judges(imported: Path, offered: Offered, tmp_path: Path) -> None:
    store = shutil.copytree(imported, tmp_path / "store")
    assert ["alma.brekke"] == [word for _, word in offered("explain", "--store", str(store), KEY_POLICY, "alma")]
    assert [] == offered("explain", "--store", str(store), "no-such-policy", "alma")
    (tmp_path / "perpend.toml").write_text('store = "store"\n')
    config = str(tmp_path / "perpend.toml")
    assert ["alma.brekke"] == [word for _, word in offered("explain", "--config", config, KEY_POLICY, "alma.")]
