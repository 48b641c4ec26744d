"""Faults planted in one account on moto, collected, judged; mended, collected into the same store, judged again."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from botocore.exceptions import ClientError

from perpend.cli.app import main
from tests.cli.conftest import Run
from tests.servers.aws import Proxy, Verdicts
from tests.servers.planted.account import Account
from tests.servers.planted.faults import Fault

LATER = timedelta(days=100)
"""After how long a fault is seen that time makes."""


def command(*arguments: Any) -> Run:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(one) for one in arguments])
        except SystemExit as ended:
            assert isinstance(ended.code, int)
            return Run(ended.code, out.getvalue(), err.getvalue())
    raise AssertionError("a command that does not end")


class Rounds:
    """An account with faults, and a proxy before it. ``planted`` and ``mended`` are the Ids of things by policy.

    ``tried`` are faults that the server may refuse.
    """

    def __init__(self, address: str, proxy: Proxy, faults: Iterable[Fault], tried: Iterable[Fault] = ()) -> None:
        self.aws = Account(address)
        self.proxy = proxy
        self.tried = {fault.policy_id: fault for fault in tried}
        self.faults = {fault.policy_id: fault for fault in faults} | self.tried
        self.planted: dict[str, str] = {}
        self.mended: dict[str, str] = {}

    def plant(self) -> None:
        """Plant all faults."""
        for name, fault in self.faults.items():
            with suppress(*([ClientError] if name in self.tried else [])):
                self.planted[name] = self.aws.there(fault.thing)
        self.proxy.mended, self.proxy.recorded = self.aws.mended, self.aws.recorded
        self.proxy.asked_as = self.aws.asked_as

    def mend(self, *, last: bool = False) -> None:
        """Mend all faults, or those that are mended after all others."""
        for name, fault in self.faults.items():
            if fault.last == last:
                with suppress(*([ClientError] if name in self.tried else [])):
                    found = fault.mend(self.aws)
                    self.mended[name] = found if isinstance(found, str) else self.planted[name]

    def collect(self, store: Path, *options: Any) -> Run:
        """Collect the account."""
        return command("collect", "aws", "--store", store, "--endpoint-url", self.proxy.url, *options)

    def statuses(self, verdicts: Verdicts, later: Verdicts, things: dict[str, str]) -> dict[str, str]:
        """Return what policies find of their things; ``later`` is what is found long after."""
        found = {}
        for name, thing in things.items():
            one = (later if self.faults[name].aged else verdicts).get((name, thing))
            found[name] = one["status"] if one else "not there"
        return found

    def evaluate(self, store: Path, *options: Any, later: bool = False) -> Verdicts:
        """Return the verdicts on a store by policy and object; no history is made of them."""
        when = ["--snapshot-time", (datetime.now(UTC) + LATER).strftime("%Y-%m-%dT%H:%M:%SZ")] if later else []
        ended = command("check", "--store", store, "--no-history", "--format", "json", *when, *options)
        assert ended.out, ended.err
        return {(one["policyId"], one["object"]["id"]): one for one in json.loads(ended.out)["verdicts"]}


@contextmanager
def account(address: str, faults: Iterable[Fault], tried: Iterable[Fault] = ()) -> Iterator[Rounds]:
    """Yield the account of a server, with faults and a proxy before it."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_EC2_METADATA_DISABLED": "true"}
    files = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    with mock.patch.dict(os.environ, {**known, **keys, **files}, clear=True):
        proxy = Proxy(address)
        try:
            yield Rounds(address, proxy, faults, tried)
        finally:
            proxy.close()
