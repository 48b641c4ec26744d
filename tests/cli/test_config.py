"""The configuration of a project as a user meets it: found, overruled, shown, refused; and no byte else changes by it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import click
import pytest

from perpend.cli.app import COMMANDS, group
from perpend.cli.config.command import Configured
from perpend.cli.config.settings import SETTINGS, SettingKind, settings_of
from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Offered, Run, RunWriter, command_of, leaves
from tests.repositories import write
from tests.sites import POLICY, files, leave_out_operations

ACCOUNT = "111122223333"
ROOT_POLICY = "/ce/ca/aws/iam/root-user-mfa"
OVER_CERTIFICATES = "delete-expired-server-certificate"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the empty directory of a project."""
    here = tmp_path / "project"
    here.mkdir()
    monkeypatch.chdir(here)
    leave_out_operations(monkeypatch)
    return here


def say(directory: Path, text: str) -> None:
    (directory / "perpend.toml").write_text(text, "utf-8")


def shown(ran: Run) -> dict[str, tuple[object, str, int | None]]:
    assert (0, "") == (ran.code, ran.err)
    return {one["key"]: (one["value"], one["source"], one["line"]) for one in json.loads(ran.out)["settings"]}


def asked(ran: Run) -> set[str]:
    return {verdict["policyId"].rpartition("/")[2] for verdict in json.loads(ran.out)["verdicts"]}


OTHER_BUILTINS = {("output.format", form) for form in ("text", "tree", "sh")} | {("output.limit", most) for most in (50, 100)}
"""Defaults of commands that are not those of ``check``."""


@pytest.mark.parametrize("path", leaves(group))
def test_a_setting_is_declared_as_the_options_are(path: str) -> None:
    command = command_of(path)
    for setting, option in settings_of(path, command) if isinstance(command, Configured) else ():
        assert (setting.kind is SettingKind.CHOICE) is isinstance(option.type, click.Choice)
        assert option.is_flag is (setting.kind is SettingKind.SWITCH)
        default = option.get_default(click.Context(command))
        assert setting.builtin in (None, default) or (setting.name, default) in OTHER_BUILTINS, setting.name


def test_every_setting_is_the_default_of_an_option_of_a_command() -> None:
    names = {setting.name for path in leaves(group) for setting, _ in settings_of(path, command_of(path))}
    assert {setting.name for setting in SETTINGS} == names


def test_choices_of_a_setting_are_those_of_check() -> None:
    for setting, option in settings_of("check", command_of("check")):
        assert not setting.choices or (isinstance(option.type, click.Choice) and setting.choices == tuple(option.type.choices))


def test_commands_without_the_option_or_with_another_one_do_not_take_a_setting() -> None:
    def names(path: str) -> set[str]:
        return {setting.name for setting, _ in settings_of(path, command_of(path))}

    assert {"repository", "output.format"} == names("plan"), "with a store it plans for its tables"
    assert {"repository"} == names("new waiver"), "it takes one policy"
    assert set() == names("findings") & {"policies", "fail-on", "unrated-passes", "site.out"}
    assert set() == names("history prune") & {"snapshots.keep"}
    assert ("site.title" in names("report html"), "report.title" in names("report html")) == (False, True)


def test_a_format_of_the_file_is_the_default_of_each_command_that_writes_it(run: RunWriter, project: Path) -> None:
    without = run("plan", KEY_POLICY)
    say(project, '[output]\nformat = "json"\n')
    assert json.loads(run("search", "root").out)
    assert json.loads(run("config").out)["settings"]
    assert without == run("plan", KEY_POLICY)
    say(project, "[output]\nlimit = 1\n")
    assert run("search", "key") == run("search", "key", "--no-config"), "it writes all lines to a pipe"


@pytest.mark.usefixtures("small_library")
@pytest.mark.parametrize(
    "arguments",
    [("list",), ("show", POLICY), ("lint",), ("test",), ("plan", POLICY), ("site", "build", "--no-search", "--out", "../site")],
    ids=lambda arguments: arguments[0],
)
def test_every_command_finds_the_repository_alike(run: RunWriter, project: Path, arguments: tuple[str, ...]) -> None:
    def told(*more: str) -> tuple[int, str]:
        ran = run(*arguments, *more)
        return ran.code, re.sub(r"(pages in [./]*site).*", r"\1", ran.out)

    write(project / "policies", files())
    named = told("--repo", "policies")
    say(project, 'repository = "policies"\n')
    assert named == told()
    (project / "perpend.toml").unlink()
    os.chdir("policies")
    assert named == told()
    os.chdir("..")
    assert named != told(), "the library"


def test_check_and_explain_find_the_repository_too(run: RunWriter, project: Path) -> None:
    write(project / "policies", files())
    check = ("check", EXAMPLE, *TIME, "--format", "json")
    named = run(*check, "--repo", "policies")
    library = run(*check)
    assert named != library
    say(project, 'repository = "policies"\n')
    assert named.out == run(*check).out
    assert f"unknown policy '{KEY_POLICY}'" in run("explain", KEY_POLICY, "alma.brekke", EXAMPLE).err
    (project / "perpend.toml").unlink()
    assert library == run(*check)
    os.chdir("policies")
    assert named.out == run(*check).out
    assert f"unknown policy '{KEY_POLICY}'" in run("explain", KEY_POLICY, "alma.brekke", EXAMPLE).err


def test_a_directory_of_frameworks_of_another_kind_is_no_repository(run: RunWriter, project: Path) -> None:
    (project / "frameworks" / "react").mkdir(parents=True)
    assert "root-user-mfa" in run("list").out


def test_a_store_is_imported_into_looked_at_and_pruned_from_below(run: RunWriter, project: Path) -> None:
    say(project, 'store = "estate"\n[snapshots]\nkeep = 1\n')
    below = project / "a" / "b"
    below.mkdir(parents=True)
    os.chdir(below)
    for _ in range(2):
        assert (0, "") == (lambda ran: (ran.code, ran.err))(run("import", EXAMPLE))
    assert (project / "estate").is_dir()
    ran = run("check", *TIME, "--policy", KEY_POLICY)
    assert (1, True) == (ran.code, "--store ../../estate --snapshot-time 2026-11-20\n" in ran.out)
    assert "UNDETERMINED" in run("explain", KEY_POLICY, "kiosk-display").out
    assert run("inventory", "prune").out.endswith("1 removed, 1 kept\n")
    assert "25" in run("inventory", "sql", "SELECT count(*) FROM aws_iam_user").out


def test_named_inputs_are_judged_and_not_the_store(run: RunWriter, project: Path) -> None:
    say(project, 'store = "absent"\n')
    assert 25 == json.loads(run("check", EXAMPLE, *TIME, "--format", "json").out)["ledger"]["objects"]
    assert (2, "", "perpend: perpend.toml:1: absent: no such store\n") == run("check") or "perpend.toml:1: absent" in run(
        "check"
    ).err
    assert run("explain", KEY_POLICY, "kiosk-display", EXAMPLE).out.startswith("UNDETERMINED  ")


def test_options_win_over_the_file(run: RunWriter, project: Path) -> None:
    say(project, f'policies = ["{ROOT_POLICY}"]\n[output]\nformat = "json"\n')
    assert {"root-user-mfa"} == asked(run("check", EXAMPLE, *TIME))
    assert {KEY_POLICY} == asked(run("check", EXAMPLE, *TIME, "--policy", KEY_POLICY))
    assert 5 < len(asked(run("check", EXAMPLE, *TIME, "--framework", "cis-aws-v6.0.0"))), "a choice replaces a choice"
    assert run("check", EXAMPLE, *TIME, "--format", "csv").out.startswith("policyId,")
    say(project, 'frameworks = ["cis-aws-v6.0.0"]\ninherited = true\n[output]\nformat = "json"\n')
    assert {KEY_POLICY} == asked(run("check", EXAMPLE, *TIME, "--policy", KEY_POLICY))


def test_a_working_directory_that_is_gone_leaves_the_library(run: RunWriter, project: Path) -> None:
    project.rmdir()
    assert 1 == run("check", EXAMPLE, *TIME, "--policy", "root-user-mfa").code


def test_standing_policies_are_asked_where_they_fit(run: RunWriter, project: Path) -> None:
    assert 2 == run("check", EXAMPLE, *TIME, "--policy", "root-user-mfa", "--policy", OVER_CERTIFICATES).code
    say(project, f'policies = ["root-user-mfa", "{OVER_CERTIFICATES}"]\n')
    assert {"root-user-mfa"} == asked(run("check", EXAMPLE, *TIME, "--format", "json"))


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_an_excluded_policy_is_told_and_no_pass(run: RunWriter, project: Path, form: str) -> None:
    say(project, 'exclude = ["*access-key*", "root-user-mfa"]\n')
    ran = run("check", EXAMPLE, *TIME, *(("--details",) if form == "table" else ("--format", form)))
    whole = run("check", EXAMPLE, *TIME, "--format", "json", "--no-config")
    left_out = {name for name in asked(whole) if "access-key" in name} | {"root-user-mfa"}
    said = "4 policies not evaluated: excluded ("
    if form == "json":
        document = json.loads(ran.out)
        assert (left_out, []) == ({one.rpartition("/")[2] for one in document["excluded"]}, json.loads(whole.out)["excluded"])
        assert asked(ran) == asked(whole) - left_out
        assert document["ledger"]["verdicts"] == 25 * (7 - 4)
    else:
        assert said in (ran.out if form == "table" else ran.err)
        assert (form == "table") is (said not in ran.err)
        assert "; 4 excluded;" in run("check", EXAMPLE, *TIME, "--summary").out


def test_excluded_policies_are_asked_by_name_and_none_left_is_an_error(run: RunWriter, project: Path) -> None:
    say(project, 'exclude = ["*"]\n')
    assert {KEY_POLICY} == asked(run("check", EXAMPLE, *TIME, "--policy", KEY_POLICY, "--format", "json"))
    for choice in ((), ("--policy", "*access-key*"), ("--framework", "cis-aws-v6.0.0")):
        ran = run("check", EXAMPLE, *TIME, *choice)
        assert (2, "") == (ran.code, ran.out)
        assert "excluded (--policy selects one by name)" in ran.err


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('exclude = ["root-user-mf"]', "unknown policy 'root-user-mf' (did you mean 'root-user-mfa'?)"),
        ('repository = "absent"', "absent: there is no such directory"),
        ('\nmax-age = "7 dd"', "`max-age`: '7 dd' is not a length of time, such as 90m"),
        (
            'default-ratings = false\nfail-on = "critical"',
            "`fail-on`: --fail-on critical needs ratings, and no policy is rated",
        ),
        ('stor = "estate"', "unknown key `stor` (did you mean `store`?)"),
    ],
)
def test_a_value_that_is_wrong_is_told_with_its_place(run: RunWriter, project: Path, text: str, error: str) -> None:
    say(project, f"{text}\n")
    ran = run("check", EXAMPLE, *TIME, "--out", "out.json")
    line = len(text.splitlines())
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith(f"perpend: perpend.toml:{line}: {error}")
    assert 1 == ran.err.count("\n")
    assert ["perpend.toml"] == os.listdir()


def test_help_and_commands_without_defaults_need_no_sound_file(run: RunWriter, project: Path) -> None:
    say(project, "broken")
    for arguments in (
        ("--help",),
        ("check", "--help"),
        ("completion", "bash"),
        ("rule", "A203"),
        ("list", "--no-config"),
    ):
        assert (0, "") == (lambda ran: (ran.code, ran.err))(run(*arguments)), arguments
    assert 2 == run("list").code
    assert (COMMANDS["config"] in run("--help").out) is True


@pytest.mark.usefixtures("small_library")
def test_what_is_outside_of_the_files_directory_is_told(run: RunWriter, project: Path) -> None:
    other = project.parent / "other"
    say(project, 'store = "../other"\n[site]\nout = "../site"\n')
    ran = run("import", EXAMPLE)
    used = "it is used all the same: --store names another, --no-config ignores the file"
    assert (0, f"perpend: perpend.toml:1: `store` is outside of the file's directory: {other}; {used}\n") == (ran.code, ran.err)
    assert ran.err == run("inventory", "ls").err
    assert "" == run("check", EXAMPLE, *TIME).err, "the store is not looked at"
    assert "" == run("inventory", "ls", "--store", other).err, "who named it knows it"
    told = run("site", "build", "--docs", "absent").err
    assert f"`site.out` is outside of the file's directory: {project.parent / 'site'}" in told


def test_a_file_is_named_by_option_or_environment_or_passed_over(
    run: RunWriter, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(project, 'store = "near"\n')
    write(project, {"ci/perpend.toml": 'store = "estate"\n'})
    named = str(project / "ci" / "perpend.toml")
    assert ("near", "file", 1) == shown(run("config", "--format", "json"))["store"]
    assert (str(project / "ci" / "estate"), "file", 1) == shown(run("config", "--format", "json", "--config", named))["store"]
    monkeypatch.setenv("PERPEND_CONFIG", "ci/perpend.toml")
    assert (str(project / "ci" / "estate"), "file", 1) == shown(run("config", "--format", "json"))["store"]
    assert "ci/perpend.toml, named by PERPEND_CONFIG\n" == run("config").out.splitlines(keepends=True)[0]
    assert ("near", "file", 1) == shown(run("config", "--format", "json", "--config", "perpend.toml"))["store"]
    assert (None, "default", None) == shown(run("config", "--format", "json", "--no-config"))["store"]
    for both in (("--no-config", "--config", named), ("--config", named, "--no-config")):
        assert (2, True) == (lambda ran: (ran.code, "exclude each other" in ran.err))(run("list", *both))
    monkeypatch.setenv("PERPEND_CONFIG", "absent.toml")
    assert (2, "", "perpend: absent.toml: cannot be read: no such file or directory (named by PERPEND_CONFIG)\n") == run("list")


def test_config_shows_values_and_where_they_come_from(run: RunWriter, project: Path) -> None:
    say(project, f'exclude = ["a", "b"]\n[output]\nlimit = 3\n[accounts.{ACCOUNT}]\nowner = "ops@example.com"\n')
    (project / "ce").mkdir()
    found = shown(run("config", "--format", "json"))
    assert (["a", "b"], "file", 1) == found["exclude"]
    assert (".", "working directory", None) == found["repository"]
    assert ((3, "file", 3), ("table", "default", None)) == (found["output.limit"], found["output.format"])
    assert ("ops@example.com", "file", 5) == found[f"accounts.{ACCOUNT}.owner"]
    assert [
        *("perpend.toml, found here", "output.format  table   default", "output.names   labels  default"),
        "output.limit   3       perpend.toml:3",
    ] == [line.rstrip() for line in run("config", "output").out.splitlines()]
    assert (2, "", "perpend: unknown key 'stroe' (did you mean 'store'?)\n") == run("config", "stroe")
    assert (2, "", "perpend: unknown key 'outptu' (did you mean 'output'?)\n") == run("config", "outptu")


def test_the_shell_completes_keys(offered: Offered, project: Path) -> None:
    assert ["store", "snapshots.keep", "site.out"] == [word for _, word in offered("config", "s")[:3]]


def test_accounts_are_shown_by_name_and_owner(run: RunWriter, project: Path) -> None:
    say(project, f'store = "estate"\n[accounts.{ACCOUNT}]\nname = "Production"\nowner = "ops@example.com"\n')
    check = ("check", EXAMPLE, *TIME, "--policy", "root-user-mfa")
    table = " ".join(run(*check).out.split())
    assert f"account {ACCOUNT} (Production, ops@example.com)" in table
    assert f"<root_account> ({ACCOUNT} Production)" in table
    said = {"id": ACCOUNT, "name": "Production", "owner": "ops@example.com"}
    assert all(one["object"]["account"] == said for one in json.loads(run(*check, "--format", "json").out)["verdicts"])
    rows = run(*check, "--format", "csv").out.splitlines()
    assert rows[0].endswith("references,account,accountName,accountOwner,region,source,observedAt")
    assert rows[1].endswith(f",{ACCOUNT},Production,ops@example.com,,{EXAMPLE},")
    run("import", EXAMPLE)
    assert "Production" in run("inventory", "show").out


def test_sarif_links_to_the_pages_of_the_site(run: RunWriter, project: Path) -> None:
    def page(*words: str) -> str:
        [rule] = json.loads(run(*words, "--format", "sarif").out)["runs"][0]["tool"]["driver"]["rules"]
        return str(rule["helpUri"])

    check, policy = ("check", EXAMPLE, *TIME, "--policy", "root-user-mfa"), "/ce/ca/aws/iam/root-user-mfa/"
    assert page(*check).startswith("https://docs.aws.amazon.com/")
    say(project, '[site]\nbase-url = "https://policies.example/"\n')
    assert f"https://policies.example{policy}" == page(*check)
    run("import", "--store", "kept", EXAMPLE)
    run("check", "--store", "kept", *TIME, "--policy", "root-user-mfa")
    assert f"https://policies.example{policy}" == page("findings", "--store", "kept")


DEFAULTS = """
policies = []
frameworks = []
exclude = []
inherited = false
fail-on = "undetermined"
unrated-passes = false
default-ratings = true
require-coverage = false
[output]
format = "table"
names = "labels"
limit = 20
[accounts]
"""


def test_all_settings_with_a_builtin_value_stand_in_the_defaults() -> None:
    assert [] == [
        one.name for one in SETTINGS if one.builtin is not None and f"\n{one.name.rpartition('.')[2]} = " not in DEFAULTS
    ]


@pytest.mark.usefixtures("small_library")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", EXAMPLE, *TIME, "--format", "json"),
        ("check", EXAMPLE, *TIME, "--policy", "*key*", "--framework", "cis-aws-v7.0.0", "--inherited"),
        ("check",),
        ("explain", KEY_POLICY, "kiosk-display", EXAMPLE, *TIME),
        ("list", "--format", "json"),
        ("inventory", "prune", "--store", "absent"),
    ],
    ids=lambda arguments: " ".join(Path(word).name for word in arguments[:6]),
)
def test_a_file_that_says_the_defaults_changes_no_byte(run: RunWriter, project: Path, arguments: tuple[str, ...]) -> None:
    without = run(*arguments)
    say(project, DEFAULTS)
    assert without == run(*arguments)


def test_a_table_of_pyproject_is_a_configuration_too(run: RunWriter, project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.perpend]\nstore = "estate"\nexclude = ["root-*"]\n', "utf-8")
    assert 0 == run("import", EXAMPLE).code
    ran = run("check", *TIME, "--no-history", "--format", "json")
    chosen = 'policies by a configuration that was found: exclude = ["root-*"] (pyproject.toml:3); --no-config passes it over'
    assert (1, f"perpend: {chosen}\n") == (ran.code, ran.err)
    assert "root-user-mfa" not in asked(ran)
    assert run("config", "store").out.splitlines()[1].split() == ["store", "estate", "pyproject.toml:2"]
