"""`perpend serve`: what it prints at the start, what it refuses, and how it ends."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.cli.conftest import EXAMPLE, Interrupted, Listener, RunWriter, done

pytest.importorskip("starlette", reason="the extra `serve` is not installed")

PROXY = ("--trust-header", "X-Forwarded-User", "--trust-from")
RUN = '[serve.runs.nightly]\ncommand = ["scan", "aws"]\n'


@pytest.mark.medium
def test_serve_says_where_it_is_and_lets_one_reader_in(interrupted: Interrupted, evaluated: Path) -> None:
    store = evaluated

    def ask(printed: Listener) -> None:
        start = printed.until("\nperpend: log in, once: ") + printed.until("\n")
        port, token = re.search(r"http://127\.0\.0\.1:(\d+)/login\?token=([\w-]{32})", start).groups()  # type: ignore[union-attr]
        assert f"serving {store} at http://127.0.0.1:{port}/ (Ctrl-C ends)" in start
        assert re.search(r"shows run 1 of [-0-9]{10} [:0-9]{5} UTC: 1 account, 25 objects", start)
        asking = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        asking.request("POST", "/login", urlencode({"token": token}), {"Content-Type": "application/x-www-form-urlencoded"})
        answer = asking.getresponse()
        answer.read()
        asking.request("GET", "/metrics", headers={"Cookie": answer.headers["Set-Cookie"].partition(";")[0]})
        assert "\nperpend_run 1\n" in asking.getresponse().read().decode()
        log = printed.until("GET /metrics 200")
        assert "- POST /login 303 " in log and "session GET /metrics" in log and token not in log

    assert 0 == interrupted(ask, "serve", "--store", store, "--bind", "127.0.0.1:0", "--no-config")


def test_a_server_waits_for_a_store_that_is_not_there(interrupted: Interrupted, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("a" * 32)
    tokens.chmod(0o600)

    def ask(printed: Listener) -> None:
        lines = (printed.until("which see all accounts") + printed.until("\n")).splitlines()
        messages = [json.loads(line)["message"] for line in lines]
        port = int(re.findall(r"127\.0\.0\.1:(\d+)/", messages[0])[0])
        assert messages[1].startswith("not ready: ") and "accepts 1 Bearer token" in messages[2] and 3 == len(messages)
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        asking.request("GET", "/readyz")
        assert 503 == asking.getresponse().status

    options = ("--bind", "127.0.0.1:0", "--log-format", "json", "--token-file", tokens, "--no-config")
    assert 0 == interrupted(ask, "serve", "--store", tmp_path / "none", *options)


TEAM = '[serve.tokens.team]\naccounts = ["{}"]\ntoken-file = "team.token"\n'
TOKEN = "t" * 32


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the file of a token."""
    monkeypatch.chdir(tmp_path)
    Path("team.token").write_text(TOKEN)
    Path("team.token").chmod(0o600)
    return tmp_path


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one run, to be read only."""
    store = tmp_path_factory.mktemp("served") / "store"
    done("import", EXAMPLE, "--store", store)
    done("check", "--store", store, "--policy", "root-user-mfa", "--quiet", code=1)
    return store


@pytest.mark.medium
@pytest.mark.parametrize("bind", ["127.0.0.1:0", "0.0.0.0:0"])
def test_a_token_of_the_configuration_sees_its_accounts_and_no_metrics(
    interrupted: Interrupted, evaluated: Path, directory: Path, bind: str
) -> None:
    Path("perpend.toml").write_text(TEAM.format("111122223333"))

    def ask(printed: Listener) -> None:
        start = printed.until("accepts 1 Bearer token for team, which see 1 account\n")
        asking = http.client.HTTPConnection("127.0.0.1", int(re.findall(r":(\d+)/ \(", start)[0]), timeout=60)
        assert ("log in, once" in start) is bind.startswith("127."), "other machines get no link that shows all accounts"
        for address, status in (("/api/v1/summary", 200), ("/metrics", 403), ("/api/v1/runs/jobs", 403)):
            asking.request("GET", address, headers={"Authorization": f"Bearer {TOKEN}"})
            answer = asking.getresponse()
            body = answer.read().decode()
            assert status == answer.status and (status == 403 or 25 == json.loads(body)["objects"])

    assert 0 == interrupted(ask, "serve", "--store", evaluated, "--bind", bind)


@pytest.mark.medium
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TEAM.format("111122223334"), "belongs to account '111122223334' (did you mean '111122223333'?)"),
        (TEAM.format("production") + "[accounts.111122223333]\nname = 'Production'\n", "(its number is `111122223333`)"),
        (
            TEAM.format("111122223333") + TEAM.format("111122223333").replace("team]", "other]"),
            "is one of [serve.tokens.team], too",
        ),
        (TEAM.replace("team.token", "none").format("111122223333"), "perpend.toml:3: none: cannot be read: no such file"),
        (
            TEAM.replace("team.token", "open.token").format("111122223333"),
            "perpend.toml:3: open.token: other users can read it",
        ),
    ],
)
def test_a_token_that_would_show_nothing_or_is_no_secret_ends_the_start(
    run: RunWriter, evaluated: Path, directory: Path, text: str, reason: str
) -> None:
    Path("open.token").write_text(TOKEN)
    Path("perpend.toml").write_text(text)
    refused = run("serve", "--store", evaluated, "--bind", "127.0.0.1:0")
    assert 2 == refused.code and reason in refused.err and 1 == refused.err.count("\n") and TOKEN not in refused.err


@pytest.mark.medium
def test_the_accounts_of_a_token_are_checked_when_the_first_run_comes(
    interrupted: Interrupted, run: RunWriter, directory: Path
) -> None:
    Path("perpend.toml").write_text(TEAM.format("111122223334"))

    def ask(printed: Listener) -> None:
        start = printed.until("which see 1 account, to be checked when the store has a run\n")
        subprocess.run(
            [sys.executable, "-m", "perpend", "import", EXAMPLE, "--store", "store"], check=True, capture_output=True
        )
        check = [sys.executable, "-m", "perpend", "check", "--store", "store", "--policy", "root-user-mfa", "--quiet"]
        subprocess.run(check, check=False, capture_output=True)
        asking = http.client.HTTPConnection("127.0.0.1", int(re.findall(r":(\d+)/ \(", start)[0]), timeout=60)
        asking.request("GET", "/api/v1/summary", headers={"Authorization": f"Bearer {TOKEN}"})
        answer = asking.getresponse()
        sentence = json.loads(answer.read())["detail"]
        assert (403, True) == (
            answer.status,
            sentence.startswith("You may see no account. The token team is for `111122223334`"),
        )
        printed.until("[serve.tokens.team]: no object of the store belongs to account '111122223334' (did you mean")

    assert 0 == interrupted(ask, "serve", "--store", "store", "--bind", "127.0.0.1:0")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            ("--bind", "0.0.0.0:8080"),
            "other machines can reach 0.0.0.0: give --token-file, or --trust-header with --trust-from",
        ),
        (("--bind", "[::]:8080"), "other machines can reach ::"),
        (("--bind", "192.0.2.1:8080"), "other machines can reach 192.0.2.1"),
        (("--bind", "8080"), "'8080' is not of the form ADDRESS:PORT"),
        (("--bind", "127.0.0.1:99999"), "is not of the form ADDRESS:PORT"),
        (("--bind", "perpend.example:80"), "'perpend.example' is not an IP address: --host gives the server a name"),
        (("--host", "https://perpend.example/"), "is not a host: give a name without scheme and port"),
        (("--trust-header", "X-User"), "--trust-header and --trust-from go together"),
        (("--trust-from", "10.0.0.4/32"), "--trust-header and --trust-from go together"),
        ((*PROXY, "10.0.0.4/8"), "'10.0.0.4/8' is not a CIDR"),
        ((*PROXY, "0.0.0.0/0"), "0.0.0.0/0 is every address: name those of the proxy"),
        ((*PROXY, "::/0"), "::/0 is every address"),
        (("--trust-header", "X User", "--trust-from", "10.0.0.4/32"), "'X User' is not the name of a header"),
        (("--scope-by-header", "X-Accounts"), "--scope-by-header needs --trust-header"),
        ((*PROXY, "10.0.0.4/32", "--scope-by-header", "x-forwarded-user"), "are the same header"),
        (("--jobs",), "the configuration has no table [serve.runs.NAME]"),
        (("--token-file", "none"), "none: cannot be read: no such file or directory"),
    ],
)
def test_what_would_let_in_too_many_or_nobody_is_refused(
    run: RunWriter, tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    refused = run("serve", "--store", tmp_path, "--no-config", *options)
    assert 2 == refused.code and reason in refused.err and 1 == refused.err.count("\n")


def test_a_port_that_is_taken_is_named(run: RunWriter, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        assert (
            f"perpend: {place}: cannot listen: address already in use\n"
            == run("serve", "--store", tmp_path, "--bind", place).err
        )


def test_runs_that_may_be_started_are_printed_and_write_to_this_store(
    interrupted: Interrupted, run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("perpend.toml").write_text(RUN)

    def ask(printed: Listener) -> None:
        printed.until("readers may start nightly: perpend scan aws\n")

    assert 0 == interrupted(ask, "serve", "--store", "store", "--bind", "127.0.0.1:0", "--jobs")
    Path("perpend.toml").write_text(RUN.replace('"aws"', '"aws", "--store", "other"'))
    refused = run("serve", "--store", "store", "--jobs")
    assert (2, True) == (refused.code, "perpend.toml:2: the run `nightly` cannot be started: the store is" in refused.err)


def test_without_its_packages_the_command_says_how_to_install_them(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['starlette'] = None\nfrom perpend.cli.app import main\nmain(['serve', '--store', sys.argv[1]])"
    )
    refused = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert (
        2 == refused.returncode and "the server needs the package starlette" in refused.stderr and "[serve]" in refused.stderr
    )
