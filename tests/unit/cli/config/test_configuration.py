"""What a file says, and what is wrong with it: each mistake in a line that names the value, the place and the nearest name."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.cli.config.configuration import ServeToken, configuration_from, configuration_here
from perpend.cli.config.files import MOST_BYTES, UnusableConfiguration, file_named
from perpend.cli.config.settings import SETTINGS, SettingKind
from perpend.core.diagnostics.escape import visible
from perpend.core.objects.account import Account


def mistakes(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "perpend.toml").write_text(text, "utf-8")
    with pytest.raises(UnusableConfiguration) as raised:
        configuration_from(file_named(str(tmp_path / "perpend.toml")))
    return [line.removeprefix("perpend: ").removeprefix(f"{tmp_path}/") for line in str(raised.value).splitlines()]


def test_values_are_kept_by_the_names_of_settings(tmp_path: Path) -> None:
    path = tmp_path / "any name"
    path.write_text(
        'store = "s"\nexclude = ["a", "b"]\ninherited = true\noutput = {limit = 3}\n[accounts.111122223333]\nname = "P"\n'
        '[serve.runs.nightly]\ncommand = ["scan", "aws"]\n'
        '[serve.tokens.team]\naccounts = ["111122223333", "444455556666"]\ntoken-file = "team.token"\n',
        "utf-8",
    )
    found = configuration_from(file_named(str(path)))
    assert {"store": "s", "exclude": ["a", "b"], "inherited": True, "output.limit": 3} == found.values
    assert {"111122223333": Account("P", None)} == found.accounts
    assert {"nightly": ("scan", "aws")} == found.runs
    assert {"team": ServeToken(("111122223333", "444455556666"), "team.token")} == found.tokens
    assert f"{path}:3" == found.place("inherited")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("frmeworks = []", "perpend.toml:1: unknown key `frmeworks` (did you mean `frameworks`?)"),
        ("\n[output]\nstore = 'x'", "perpend.toml:3: unknown key `output.store` (did you mean `store`?)"),
        ("[colours]", "perpend.toml:1: unknown key `colours`"),
        (
            "[tool.perpend]\nstore = 's'",
            "perpend.toml:1: unknown key `tool` (settings stand here without `[tool.perpend]`)",
        ),
        (
            "output.limit = '20'",
            "perpend.toml:1: `output.limit`: expected a whole number from 1 to 1,000,000,000, found the text `20`",
        ),
        ("store = 3", "perpend.toml:1: `store`: expected a path, found `3`"),
        ("store = ''", "perpend.toml:1: `store`: expected a text, found an empty one"),
        ('store = "a\\u0000b"', "perpend.toml:1: `store`: `a\\x00b` is not a text of one line"),
        ("policies = 'x'", "perpend.toml:1: `policies`: expected a list of texts, found the text `x`"),
        ("policies = ['x', 1]", "perpend.toml:1: `policies`: expected a list of texts, found a list with `1`"),
        ("inherited = 'yes'", "perpend.toml:1: `inherited`: expected true or false, found the text `yes`"),
        ("output = 1", "perpend.toml:1: `output`: expected a table, found `1`"),
        (
            "output.limit = true",
            "perpend.toml:1: `output.limit`: expected a whole number from 1 to 1,000,000,000, found `true`",
        ),
        ("output.limit = 0", "perpend.toml:1: `output.limit`: expected a whole number from 1 to 1,000,000,000, found `0`"),
        ("accounts = []", "perpend.toml:1: `accounts`: expected a table, found a list"),
        (
            "[accounts.1234]",
            "perpend.toml:1: `1234` has 4 digits and is no account: AWS has twelve digits, Azure has a UUID in lower case, Google has a project id such as web-prod-1",
        ),
        ("accounts.111122223333 = 'P'", "perpend.toml:1: `accounts.111122223333`: expected a table, found the text `P`"),
        (
            "[accounts.111122223333]\nonwer = 'x'",
            "perpend.toml:2: unknown key `accounts.111122223333.onwer` (did you mean `owner`?)",
        ),
        ("[accounts.111122223333]\nname = 1", "perpend.toml:2: `accounts.111122223333.name`: expected a text, found `1`"),
        ("serve = 1", "perpend.toml:1: `serve`: expected a table, found `1`"),
        ("[serve]\nrnus = 1", "perpend.toml:2: unknown key `serve.rnus` (did you mean `runs`?)"),
        ("[serve.runs]\nnightly = 1", "perpend.toml:2: `serve.runs.nightly`: expected a table, found `1`"),
        ("[serve.runs.nightly]", "perpend.toml:1: the run `nightly` has no `command`"),
        ("[serve.runs.nightly]\ncommand = []", "perpend.toml:1: the run `nightly` has no `command`"),
        (
            "[serve.runs.nightly]\ncommand = 'scan aws'",
            "perpend.toml:2: `serve.runs.nightly.command`: expected a list of texts, found the text `scan aws`",
        ),
        (
            "[serve.runs.'../x']\ncommand = ['check']",
            "perpend.toml:1: `../x` is not the name of a run: a name has up to 40 small letters, digits and hyphens",
        ),
        (
            "[serve.tokens.team]\ntoken-file = 't'",
            "perpend.toml:1: the token `team` has no `accounts`",
        ),
        (
            "[serve.tokens.team]\naccounts = []\ntoken-file = 't'",
            "perpend.toml:1: the token `team` has no `accounts`",
        ),
        ("[serve.tokens.team]\naccounts = ['1']", "perpend.toml:1: the token `team` has no `token-file`"),
        (
            "[serve.tokens.team]\naccounts = ['1']\ntoken-file = 't'\ntoken = '0123456789abcdef'",
            "perpend.toml:4: unknown key `serve.tokens.team.token` (did you mean `token-file`?)",
        ),
        (
            "[serve.tokens.team]\naccounts = '1'\ntoken-file = 't'",
            "perpend.toml:2: `serve.tokens.team.accounts`: expected a list of texts, found the text `1`",
        ),
        (
            "[serve.tokens.'a b']\naccounts = ['1']\ntoken-file = 't'",
            "perpend.toml:1: `a b` is not the name of a token: a name has up to 40 small letters, digits and hyphens",
        ),
        ("store = = 1", "perpend.toml:1:9: is not TOML: invalid value"),
        ("store = 'a'\nstore = 'b'\n", "perpend.toml:2:12: is not TOML: cannot overwrite a value"),
        (f"output.limit = {'9' * 5_000}", "perpend.toml: a number has too many digits"),
        (f"output.limit = 0x{'f' * 5_000}", "a number that is too large"),
        (f"a = {'[' * 100_000}", "perpend.toml: is nested too deeply"),
        (f"{'a.' * 100_000}b = 1", "perpend.toml:1: has more than 250 dots in one line"),
        (f"# {'x' * MOST_BYTES}", "perpend.toml: is larger than 524,288 bytes"),
    ],
)
def test_a_mistake_is_one_line_with_value_place_and_nearest_name(tmp_path: Path, text: str, mistake: str) -> None:
    (found,) = mistakes(tmp_path, text)
    assert mistake == found or (mistake.startswith("a number") and found.endswith(mistake))


def test_a_choice_that_is_none_names_all_and_the_nearest(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, "output.format = 'jsn'")
    assert found.endswith(
        "expected one of `table`, `json`, `ndjson`, `csv`, `parquet`, `junit`, `html`, `ocsf`, `ocsf-parquet`, "
        "`asff`, `sarif`, `markdown`, `github`, `oscal-ar`, `oscal-poam`, found `jsn` (did you mean `json`?)"
    )


def test_all_mistakes_are_told_at_once_but_not_without_end(tmp_path: Path) -> None:
    assert ["perpend.toml:1: unknown key `a`", "perpend.toml:2: unknown key `b`"] == mistakes(tmp_path, "a = 1\nb = 2")
    many = mistakes(tmp_path, "\n".join(f"x{number} = 1" for number in range(25)))
    assert (21, "perpend.toml: and 5 more mistakes") == (len(many), many[-1])


@pytest.mark.medium
@given(
    st.dictionaries(
        st.sampled_from([*(one.name.split(".")[0] for one in SETTINGS), "accounts", "serve"]) | st.text(),
        st.recursive(
            st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=20,
        ),
    )
)
def test_whatever_a_file_says_it_is_read_or_refused(document: dict[str, object]) -> None:
    text = "\n".join(f"{toml(name)} = {toml(value)}" for name, value in document.items())
    read_or_refused(text.encode("utf-8", "surrogatepass"))


def toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(one):08x}" if not one.isalnum() else one for one in value) + '"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{toml(name)} = {toml(inner)}' for name, inner in value.items())}}}"
    return repr(value)


@given(st.binary(max_size=200))
def test_whatever_bytes_a_file_has_it_is_read_or_refused(content: bytes) -> None:
    read_or_refused(content)


def read_or_refused(content: bytes) -> None:
    # In a directory of its own: a file in the directory of all tests would hold for them.
    with TemporaryDirectory() as directory:
        path = Path(directory, "perpend.toml")
        path.write_bytes(content)
        try:
            found = configuration_from(file_named(str(path)))
        except UnusableConfiguration as error:
            assert all(line == visible(line) for line in str(error).split("\n"))
        else:
            assert set(found.values) <= {setting.name for setting in SETTINGS}


def nothing_holds(directory: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.chdir(directory)
    return configuration_here().file is None


def test_the_nearest_file_holds_and_only_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "perpend.toml").write_text("store = 'far'\ninherited = true\n", "utf-8")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.perpend]\nstore = 'near'\n", "utf-8")
    monkeypatch.chdir(inner)
    found = configuration_here()
    assert {"store": "near"} == found.values
    assert ("../pyproject.toml:2", "../near") == (found.place("store"), found.path("store"))


def test_a_file_of_other_tools_counts_where_it_speaks_of_perpend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "pyproject.toml"
    for text in (
        "[project]\ndependencies = ['perpend']\n",
        "not TOML, of perpend",
        "[tool.other]\n",
        "",
        "[tool]\nperpend_too = 1",
    ):
        shared.write_text(text, "utf-8")
        assert nothing_holds(tmp_path, monkeypatch), text
    for text in ("[tool.perpend]\n", "[tool]\nperpend = {store = 's'}\n", 'tool."perpend".store = "s"\n'):
        shared.write_text(text, "utf-8")
        assert not nothing_holds(tmp_path, monkeypatch), text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[tool.perpend]\nstore = ", "pyproject.toml:2: is not TOML: invalid value (--no-config passes it over)"),
        ("[tool]\nperpend = 3\n", "pyproject.toml:2: `tool.perpend`: expected a table, found `3`"),
        ("[tool.perpend]\nstor = 's'\n", "pyproject.toml:2: unknown key `stor` (did you mean `store`?)"),
    ],
)
def test_what_it_says_of_perpend_has_to_be_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    with pytest.raises(UnusableConfiguration) as raised:
        nothing_holds(tmp_path, monkeypatch)
    assert reason == str(raised.value)


def test_two_files_in_one_directory_are_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "perpend.toml").touch()
    (tmp_path / "pyproject.toml").write_text("[tool.perpend]\n", "utf-8")
    with pytest.raises(UnusableConfiguration, match="keep one of the two"):
        nothing_holds(tmp_path, monkeypatch)


def test_what_is_no_regular_file_is_refused_and_never_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "perpend.toml"
    for make, reason in (
        (lambda: os.mkfifo(path), "is not a regular file"),
        (path.mkdir, "is a directory"),
        (lambda: path.symlink_to("absent"), "no such file or directory"),
        (lambda: path.symlink_to("/dev/zero"), "is not a regular file"),
    ):
        make()
        with pytest.raises(UnusableConfiguration, match=f"perpend.toml: cannot be read: {reason}"):
            nothing_holds(tmp_path, monkeypatch)
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("given_away", ["file", "directory", "link"])
def test_a_file_of_another_user_holds_only_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_away: str
) -> None:
    (tmp_path / "own.toml").write_text("store = 's'\n", "utf-8")
    (tmp_path / "below").mkdir()
    path = tmp_path / "perpend.toml"
    path.symlink_to("own.toml") if given_away == "link" else (tmp_path / "own.toml").rename(path)
    os.chown({"directory": tmp_path}.get(given_away, path), 4_711, -1, follow_symlinks=False)
    monkeypatch.chdir(tmp_path / "below")
    with pytest.raises(
        UnusableConfiguration, match=r"^\.\./perpend\.toml: it or its directory belongs to another user, 4711: "
    ):
        configuration_here()
    assert {"store": "s"} == configuration_here("../perpend.toml").values


def test_paths_are_relative_to_the_file_and_those_that_lead_out_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    (project / "inner").mkdir(parents=True)
    (project / "linked").symlink_to(tmp_path)
    monkeypatch.chdir(project / "inner")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for text, path, out in (
        ("estate", "../estate", False),
        ("./inner/x", "x", False),
        (".", "..", False),
        ("..", str(tmp_path), True),
        ("../project-2", str(tmp_path / "project-2"), True),
        ("linked/x", "../linked/x", True),
        ("/etc", "/etc", True),
        ("~/policies", str(tmp_path / "home" / "policies"), True),
    ):
        (project / "perpend.toml").write_text(f"store = '{text}'\n", "utf-8")
        found = configuration_here()
        assert (path, out) == (found.path("store"), found.leads_out(text)), text


def test_a_working_directory_that_is_gone_has_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert configuration_here().file is None


def test_kinds_are_words_of_messages() -> None:
    assert {"a path", "true or false"} <= {kind.value for kind in SettingKind}
