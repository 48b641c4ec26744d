"""What a shell offers behind words that have been begun."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, Offered, Run

FILES = [("check",), ("check", "a.csv"), ("import",), ("explain", "p", "o"), ("access",), ("access", "--context")]


@pytest.mark.parametrize("words", FILES)
def test_files_are_offered_as_inputs(offered: Offered, words: tuple[str, ...]) -> None:
    assert [("file", "rep")] == offered(*words, "rep")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("check", "--type", "aws iam user in"), ["AWS IAM User Inline Policy"]),
        (("check", "--type", "aws_iam_user_in"), ["aws_iam_user_inline_policy"]),
        (("explain-code", "a20"), [f"A20{number}" for number in range(1, 10)]),
        (("explain-code", "unknown-ext"), ["unknown-extract"]),
        (("test", "user-has-more"), [KEY_POLICY]),
        (("lint", "user-has-more"), [KEY_POLICY]),
        (("check", "--framework", "cis"), [f"cis-aws-v{number}.0.0" for number in range(3, 8)]),
        (("check", "--framework", "/frameworks/cis-aws-v6.0.0/02/2"), [f"/frameworks/cis-aws-v6.0.0/02/2{n}" for n in (0, 1)]),
        (("check", "--policy", "user-has-more"), [KEY_POLICY]),
        (("explain", "/ce/ca/aws/iam/user-has-more"), [f"/ce/ca/aws/iam/{KEY_POLICY}"]),
        (("list", "--service", "i"), ["iam"]),
        (("show", "is_eq"), ["IS_EQUAL"]),
        (("show", "cis-aws-v6"), ["cis-aws-v6.0.0"]),
        (("check", "--repo", "/nonexistent", "--policy", "user"), []),
        (("check", "--store", "/nonexistent", "--run", ""), []),
    ],
)
def test_names_are_offered_where_an_option_takes_them(offered: Offered, words: tuple[str, ...], expected: list[str]) -> None:
    assert [("plain", word) for word in expected] == offered(*words)


@pytest.mark.parametrize(
    ("begun", "expected"), [(r"AWS\\ IAM\\ Us", r"AWS\ IAM\ User"), ("'AWS IAM Us", "AWS IAM User"), ("AW", r"AWS\ IAM\ User")]
)
def test_bash_gets_words_quoted_unless_their_beginning_is(run: Run, tmp_path: Path, begun: str, expected: str) -> None:
    (tmp_path / "perpend").write_text("#!/bin/sh\necho 'plain,AWS IAM User'\n")
    (tmp_path / "perpend").chmod(0o700)
    asked = (
        f'COMP_WORDS=(perpend check --type "{begun}") COMP_CWORD=3; _perpend_completion "$0"; printf "%s|" "${{COMPREPLY[@]}}"'
    )
    script = f"{run('completion', 'bash').out}\n{asked}"
    ran = subprocess.run(["bash", "-c", script, tmp_path / "perpend"], capture_output=True, text=True, check=True)
    assert (f"{expected}|", "") == (ran.stdout, ran.stderr)


def test_snapshots_of_a_store_are_offered_the_newest_first(run: Run, imported: Path, offered: Offered, tmp_path: Path) -> None:
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
