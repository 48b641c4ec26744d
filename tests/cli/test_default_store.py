"""`.perpend/store` in the working directory is the store of every command that reads one, unless another is named."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import perpend
from perpend import PerpendWarning
from perpend.cli.app import group
from perpend.cli.options.store import NAME_A_STORE, StoreOption
from perpend.inventory.snapshots.store import Store
from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Offered, RunWriter

pytestmark = pytest.mark.medium

WITHOUT_DEFAULT = {"import", "permissions", "plan", "severity list"} | {
    f"{name} {cloud}" for name in ("collect", "scan") for cloud in ("aws", "azure", "google")
}
"""Commands that write a store, or whose question is another one without a store."""

READERS = {
    *("check", "compliance", "diff", "evidence write", "explain", "export security-hub", "findings"),
    *("history prune", "history rebuild", "history show", "history verify"),
    *("inventory ls", "inventory prune", "inventory show", "inventory sql"),
    *("mcp", "notify", "remediate", "report html", "serve", "trend", "waivers lint", "waivers list", "waivers try"),
}


@pytest.fixture
def here(days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, with a store where a scan keeps it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".perpend").mkdir(mode=0o700)
    shutil.copytree(days, tmp_path / ".perpend" / "store")
    return tmp_path


def commands(at: click.Command = group, *names: str) -> Iterator[tuple[str, click.Command]]:
    """Yield all commands by their names."""
    if not isinstance(at, click.Group):
        yield " ".join(names), at
        return
    context = click.Context(at)
    for name in at.list_commands(context):
        command = at.get_command(context, name)
        assert command is not None
        yield from commands(command, *names, name)


def test_every_command_that_reads_a_store_has_the_default() -> None:
    options = {name: param for name, command in commands() for param in command.params if "--store" in param.opts}
    assert WITHOUT_DEFAULT == {name for name, option in options.items() if not isinstance(option, StoreOption)}
    assert READERS == {*options} - WITHOUT_DEFAULT


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--no-history", "--policy", KEY_POLICY, "--format", "ndjson"),
        ("findings",),
        ("explain", KEY_POLICY, "alma.brekke"),
    ],
)
def test_it_is_read_as_if_it_were_named(run: RunWriter, here: Path, words: tuple[str, ...]) -> None:
    named = run(*words, "--store", ".perpend/store")
    assert named.code != 2, named.err
    assert named == run(*words)
    assert "[default: .perpend/store, if it exists]" in " ".join(run(words[0], "--help").out.split())


def test_a_store_that_is_named_or_configured_wins(run: RunWriter, here: Path, imported: Path) -> None:
    shutil.copytree(imported, here / "other")
    [(other, *_)], mine = Store(here / "other").runs(), Store(here / ".perpend" / "store").runs()
    assert other in run("inventory", "ls", "--store", "other").out
    (here / "perpend.toml").write_text('store = "other"\n')
    configured = run("inventory", "ls").out
    assert other in configured and not any(name in configured for name in mine)
    assert all(name in run("inventory", "ls", "--no-config").out for name in mine)
    assert other in run("inventory", "ls", "--config", "perpend.toml").out


@pytest.mark.parametrize("words", [("check", EXAMPLE, *TIME), ("explain", KEY_POLICY, "alma.brekke", EXAMPLE, *TIME)])
def test_files_leave_it_alone(run: RunWriter, here: Path, words: tuple[str, ...]) -> None:
    before = {path: path.stat().st_mtime_ns for path in (here / ".perpend").rglob("*")}
    (here / ".perpend").chmod(0o755)
    ended = run(*words)
    assert (1, "") == (ended.code if words[0] == "check" else 1, ended.err)
    assert before == {path: path.stat().st_mtime_ns for path in (here / ".perpend").rglob("*")}


@pytest.mark.parametrize("how", ["open", "link", "link inside"])
def test_one_that_others_may_have_made_is_refused(run: RunWriter, offered: Offered, here: Path, how: str) -> None:
    if how == "open":
        (here / ".perpend").chmod(0o755)
    elif how == "link":
        (here / ".perpend").rename(here / "elsewhere")
        (here / ".perpend").symlink_to("elsewhere")
    else:
        (here / ".perpend" / "store" / "more").symlink_to(here)
    for words in (("findings",), ("check",), ("waivers", "lint"), ("permissions", "--missing")):
        ended = run(*words)
        assert (2, "", 1) == (ended.code, ended.out, ended.err.count("\n"))
        assert ended.err.startswith("perpend: .perpend: cannot be used: ")
        assert ended.err.endswith("; name a store with --store DIR\n")
    assert [] == offered("inventory", "show", "2")
    assert 0 == run("findings", "--store", ".perpend/store").code


def test_without_one_the_error_names_both_ways(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run("findings")
    assert (2, f"perpend: no store: {NAME_A_STORE}; `perpend findings --help` shows more\n") == (ended.code, ended.err)
    assert "--store DIR" in NAME_A_STORE and ".perpend/store" in NAME_A_STORE
    for words in (("check",), ("explain", KEY_POLICY, "alma.brekke"), ("export", "security-hub")):
        ended = run(*words)
        assert (2, True) == (ended.code, "--store" in ended.err and "; there is no .perpend/store here;" in ended.err)
    assert 0 == run("waivers", "lint").code
    assert not (tmp_path / ".perpend").exists()


def test_a_shell_completes_its_snapshots(offered: Offered, here: Path) -> None:
    runs = Store(here / ".perpend" / "store").runs()
    assert {*runs} == {word for _, word in offered("inventory", "show", runs[0][:4])}


@pytest.mark.parametrize("is_configured", [False, True])
def test_the_commands_to_run_next_name_it_if_they_must(run: RunWriter, here: Path, is_configured: bool) -> None:
    if is_configured:
        (here / "perpend.toml").write_text('store = "other"\n')
    store = ("--store", ".perpend/store") if is_configured else ()
    ended = run("check", "--summary", *store, "--policy", KEY_POLICY)
    lines = [line.split("   ")[0] for line in ended.out.splitlines() if line.startswith("  perpend ")]
    assert [is_configured] * 3 == ["--store .perpend/store" in line for line in lines], ended.out
    assert [0, 0, 0] == [run(*shlex.split(line)[1:]).code for line in lines]


def test_a_command_without_the_configuration_of_the_last_run_says_so(
    run: RunWriter, days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, project = tmp_path / "store", tmp_path / "project"
    shutil.copytree(days, store)
    project.mkdir()
    file = project / "perpend.toml"
    file.write_text('[accounts.111122223333]\nname = "Production"\n')
    monkeypatch.chdir(project)
    evaluated = run("check", "--store", store, "--snapshot-time", "2026-12-01", "-q")
    assert "not in use" not in evaluated.err + run("findings", "--store", store).err
    monkeypatch.chdir(tmp_path)
    for command in (("findings",), ("compliance", "--framework", "cis-aws"), ("check", "--no-history", "-q")):
        said = run(*command, "--store", store).err
        assert f"{file} are not in use; add --config {file}" in said, said
        for known in (("--config", file), ("--no-config",)):
            assert "not in use" not in run(*command, "--store", store, *known).err
    with pytest.warns(PerpendWarning, match="not in use; name waivers, ratings and account_names"):
        perpend.open(store)
    file.unlink()
    assert "are not in use" in run("findings", "--store", store).err, "the path is never looked at"
