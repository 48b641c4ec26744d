"""Threads that share an analyzer get what one thread gets, and a process that is forked meanwhile can analyse, too."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from perpend.language.compiler.analyzer import Analyzer, logic_errors, one_at_a_time
from perpend.language.syntax.repository import open_repository
from tests.repositories import NAMES, write

TYPE, THREADS, EXTRACTS = "CA10__CaThing__c", 8, 36


@pytest.fixture
def busy() -> Iterator[None]:
    """Have threads take turns a thousand times as often as they would."""
    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(former)


def policies_of_one_chain(root: Path) -> Analyzer:
    """Return an analyzer of policies that all ask for the last of extracts of which each needs the one before it."""
    value: Any = {"IS_EMPTY": {"arg": {"FIELD": {"path": "name__c"}}}}
    extracts = [{"name": "number0", "value": value}]
    extracts += [
        {"name": f"number{place}", "value": {"NOT": {"arg": {"EXTRACT": f"number{place - 1}"}}}} for place in range(1, EXTRACTS)
    ]
    files: dict[str, Any] = {
        f"types/{TYPE}/type.yaml": {"label": "Thing", "fields": [{"name": "name__c", "type": "text"}]},
        f"types/{TYPE}/all.extracts.yaml": {"extracts": extracts},
        "ce/folder.yaml": {"names": NAMES},
    }
    for number in range(THREADS):
        logic = {
            "inputType": TYPE,
            "importExtracts": [{"file": f"/types/{TYPE}/all.extracts.yaml"}],
            "conditions": [
                {"status": "COMPLIANT", "currentStateMessage": "Even.", "check": {"EXTRACT": f"number{EXTRACTS - 1 - number}"}}
            ],
            "otherwise": {"status": "INCOMPLIANT", "currentStateMessage": "Odd.", "remediationMessage": "Turn it."},
        }
        files[f"ce/p{number}/policy.yaml"] = {"names": NAMES, "description": "What it asks."}
        files[f"ce/p{number}/prod.logic.yaml"] = logic
    write(root, files)
    return Analyzer(open_repository(root))


def at_once(work: Callable[[int], object]) -> list[object]:
    """Return what some threads give that begin together."""
    begin, given = threading.Barrier(THREADS), [object()] * THREADS

    def run(number: int) -> None:
        begin.wait()
        given[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("attempt", range(3))
def test_threads_that_share_an_analyzer_refuse_no_policy_for_each_others_sake(tmp_path: Path, attempt: int) -> None:
    analyzer = policies_of_one_chain(tmp_path)
    programs = at_once(lambda number: analyzer.analyzed(f"/ce/p{number}/prod.logic.yaml").program)
    refused = {logic_id: logic_errors(analyzer, logic_id) for logic_id in analyzer.repository.logic_ids}
    assert dict.fromkeys(analyzer.repository.logic_ids, ()) == refused
    assert None not in programs


@pytest.mark.usefixtures("busy")
def test_threads_that_share_a_repository_read_each_document_as_one(tmp_path: Path) -> None:
    repository = policies_of_one_chain(tmp_path).repository
    assert 1 == len({id(read) for read in at_once(lambda number: repository.extracts(f"/types/{TYPE}/all.extracts.yaml"))})


def test_a_process_that_is_forked_while_a_thread_analyses_can_analyse() -> None:
    inside, leave = threading.Event(), threading.Event()

    @one_at_a_time
    def analyse() -> None:
        inside.set()
        leave.wait()

    thread = threading.Thread(target=analyse)
    thread.start()
    inside.wait()
    threading.Timer(0.1, leave.set).start()
    child = os.fork()
    if not child:
        signal.alarm(60)  # it would wait for ever
        os._exit(0 if one_at_a_time(lambda: 7)() == 7 else 1)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    thread.join()
