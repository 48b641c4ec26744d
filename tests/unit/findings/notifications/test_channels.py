"""A file of channels: names of variables, no secrets, and no message that shows one."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.findings.notifications.channels import Channel, UnusableChannels, channels_in
from tests.repositories import write

HIDDEN = "https://hooks.example/T0KEN"
ENVIRONMENT = {"HOOK": HIDDEN, "LOCAL": "http://127.0.0.1:9/x", "PLAIN": "http://example.org/x", "BEARER": "b", "LINES": "a\nb"}


def read(directory: Path, text: str) -> tuple[Channel, ...]:
    path = directory / "channels.toml"
    path.write_text(text)
    return channels_in(path, ENVIRONMENT, ("high", "low"))


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    text = (
        '[channels.b]\nurl-env = "HOOK"\nowners = ["iam"]\nseverity = "low"\nheaders-env = {Authorization = "BEARER"}\n'
        '[channels.a]\nkind = "apprise"\nurl-env = "PLAIN"'
    )
    expected = (
        Channel("a", "apprise", (), ENVIRONMENT["PLAIN"], {}),
        Channel("b", "webhook", ("iam",), HIDDEN, {"Authorization": "b"}, severity="low"),
    )
    assert expected == read(tmp_path, text)
    assert "T0KEN" not in repr(expected)
    assert ["", ""] == [one.url for one in channels_in(tmp_path / "channels.toml", None)]


def test_a_tracker_has_a_token_from_a_variable_or_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"token": " T0KEN\n"})
    common = 'url-env = "HOOK"\nseverity = "high"\n'
    text = (
        f'[channels.a]\nkind = "jira"\n{common}token-file = "{tmp_path}/token"\nuser-env = "BEARER"\nissue-type = "Bug"\n'
        f'[channels.b]\nkind = "github"\n{common}token-env = "BEARER"\nmost = 7\n'
    )
    first, second = {"user": "b", "token": "T0KEN"}, {"token": "b"}
    expected = (
        Channel("a", "jira", (), HIDDEN, severity="high", issue_type="Bug", **first),  # type: ignore[arg-type]
        Channel("b", "github", (), HIDDEN, severity="high", most=7, **second),  # type: ignore[arg-type]
    )
    assert expected == read(tmp_path, text)
    assert "T0KEN" not in repr(expected)
    assert {""} == {one.token for one in channels_in(tmp_path / "channels.toml", None)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            f'[channels.a]\nurl = "{HIDDEN}"',
            "there is no key `url`: secrets stand in the environment only; did you mean `url-env`",
        ),
        (f'[channels.a]\nurl-env = "{HIDDEN}"', "names a variable of the environment"),
        (
            '[channels.a]\nurl-env = "HOOK"\nheaders-env = {Authorization = "Bearer T0KEN"}',
            "names a variable of the environment",
        ),
        ('[channels.a]\nkind = "webhook"', "names a variable of the environment"),
        ('[channels.a]\nurl-env = "ABSENT"', "the environment variable ABSENT is not set"),
        ('[channels.a]\nurl-env = "PLAIN"', "PLAIN holds no URL that begins with https://"),
        ('[channels.a]\nurl-env = "BEARER"', "BEARER holds no URL that begins with https://"),
        ('[channels.a]\nurl-env = "LOCAL"\nheaders-env = {X-Token = "LINES"}', "signs that neither URLs nor headers have"),
        ('[channels.a]\nkind = "pigeon"\nurl-env = "HOOK"', "`kind` is one of webhook, apprise"),
        ('[channels.a]\nowners = "iam"\nurl-env = "HOOK"', "`owners` is a list of texts"),
        ('[channels.a]\nheaders-env = {"A b" = "HOOK"}\nurl-env = "HOOK"', "`headers-env` names headers"),
        (
            '[channels.a]\nkind = "github"\nurl-env = "HOOK"',
            "either `token-env` names a variable that holds the token, or `token-file`",
        ),
        (
            '[channels.a]\nkind = "github"\nurl-env = "HOOK"\ntoken-env = "BEARER"\ntoken-file = "T0KEN"',
            "either `token-env` names a variable",
        ),
        ('[channels.a]\nkind = "github"\nurl-env = "HOOK"\ntoken = "T0KEN"', "there is no key `token`: secrets stand in the"),
        (
            '[channels.a]\nkind = "github"\nurl-env = "PLAIN"\ntoken-env = "BEARER"',
            "PLAIN holds no URL that begins with https://",
        ),
        ('[channels.a]\nkind = "github"\nurl-env = "HOOK"\ntoken-env = "LINES"', "signs that neither URLs nor headers have"),
        (
            '[channels.a]\nkind = "jira"\nurl-env = "HOOK"\ntoken-file = "nowhere"',
            "the file cannot be read: no such file or directory",
        ),
        (
            '[channels.a]\nkind = "gitlab"\nurl-env = "HOOK"\ntoken-env = "BEARER"\nseverity = "bad"',
            "`severity` is one of high, low",
        ),
        (
            '[channels.a]\nkind = "gitlab"\nurl-env = "HOOK"\ntoken-env = "BEARER"\nmost = 0',
            "`most` is a number from 1 to 1000",
        ),
        (
            '[channels.a]\nkind = "jira"\nurl-env = "HOOK"\ntoken-env = "BEARER"\nissue-type = "a\\nb"',
            "`issue-type` is the name of a type",
        ),
        ('[channels.a]\nurl-env = "HOOK"\nmost = 5', "there is no key `most`"),
        ('[channels.a]\nurl-env = "HOOK"\nseverity = "bad"', "`severity` is one of high, low"),
        ('[channels.a]\nurl-env = "HOOK"\nseverity = 3', "`severity` is a text"),
        ('[channels."a b"]\nurl-env = "HOOK"', "is no table with a name"),
        ("channels = 5", "holds tables `[channels.NAME]`"),
        ("secret = 'T0KEN'", "holds tables `[channels.NAME]`"),
        ("[channels", "is no TOML"),
        ("#" * 300_000, "has more than 262,144 bytes"),
    ],
    ids=lambda value: value[:40].replace("\n", " "),
)
def test_anything_else_is_refused_and_no_secret_shown(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UnusableChannels) as error:
        read(tmp_path, text)
    assert reason in str(error.value)
    assert "T0KEN" not in str(error.value)
