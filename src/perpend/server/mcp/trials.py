"""Try a waiver or a policy that is only a text: in a process of its own, which is ended if it takes too long.

The text is an assistant's, so it may be anything. The process has bounded memory, writes nothing to the store or to the
repository, and may be killed at any time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import TypeAdapter

from perpend.core.errors import PerpendError
from perpend.server.mcp.answers import PolicyTrial, WaiverTrial

if TYPE_CHECKING:
    from perpend.server.scope import ReaderScope
    from perpend.server.served_store import ServedRun, ServedStore

    Trial = TypeVar("Trial", WaiverTrial, PolicyTrial)

MOST_CHARACTERS: Final = 50_000
"""The characters of a text that is tried."""

SECONDS: Final = 30.0
"""The time of a trial."""

_AT_ONCE: Final = 2
_running: Final = threading.BoundedSemaphore(_AT_ONCE)


class NotTried(PerpendError):
    """A text that cannot be tried. The message is one sentence."""


def try_waiver(store: ServedStore, text: str, scope: ReaderScope) -> WaiverTrial:
    """Return the effect of the waivers in a text. Raises NotTried."""
    accounts = None if scope.is_all else sorted(scope.accounts)
    return _tried(WaiverTrial, {"what": "waiver", "accounts": accounts}, store, text)


def try_policy(store: ServedStore, run: ServedRun, text: str, scope: ReaderScope) -> PolicyTrial:
    """Return the verdicts of the logic in a text. Raises NotTried, always for a reader who does not see all accounts.

    A logic can ask any question about the objects that it reaches, and its verdicts and its time answer it.
    """
    if not scope.is_all:
        raise NotTried(
            "logic is tried for readers who see all accounts only: it reads related objects of any account; try it with "
            "`perpend test` on test data, or ask a reader who sees all accounts"
        )
    return _tried(PolicyTrial, {"what": "policy", "run": run.run}, store, text)


def _tried(answer: type[Trial], request: dict[str, Any], store: ServedStore, text: str) -> Trial:
    if len(text) > MOST_CHARACTERS:
        raise NotTried(f"the text has {len(text):,} characters: at most {MOST_CHARACTERS:,} are tried")
    repository = store.repository
    request |= {"text": text, "store": store.place, "repository": str(repository.files.root)}
    request |= {"parameters": {policy_id: dict(values) for policy_id, values in repository.parameters.items()}}
    if not _running.acquire(blocking=False):
        raise NotTried(f"{_AT_ONCE} texts are being tried: try again when they are done")
    try:
        answered = _answer_of_process(json.dumps(request))
    finally:
        _running.release()
    if "error" in answered:
        raise NotTried(str(answered["error"]))
    trial: Trial = TypeAdapter(answer).validate_python(answered)
    return trial


def _answer_of_process(request: str) -> dict[str, Any]:
    """Return the answer of a process to a request. It inherits the environment, and nothing that is open."""
    # Without -P, a module in the current directory could take the place of one of Perpend's.
    command = [sys.executable, "-P", "-m", "perpend.server.mcp.trial_process"]
    try:
        process = subprocess.run(  # noqa: S603  # our own module, and the text goes to its standard input
            command, input=request.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotTried(f"the trial took longer than {SECONDS:g} seconds and was ended") from None
    try:
        answered = json.loads(process.stdout)
    except ValueError:
        answered = None
    if not isinstance(answered, dict):
        raise NotTried("the trial needed more memory than it may have, or ended for a reason that is not known")
    return answered
