"""The states of a credential report, as an account goes through them; time is what the test says it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from perpend.collectors.aws.client import CallRefused
from perpend.collectors.aws.error_classification import Refusal
from perpend.collectors.aws.model import CloudCall
from perpend.collectors.aws.report import CredentialReport, credential_report

STARTED, COMPLETE = {"State": "STARTED"}, {"State": "COMPLETE"}
REPORT = {"Content": b"user,arn", "GeneratedTime": None}


class Account:
    """Answers what it was given, one after the other, the last one for ever; counts the seconds that it was waited for."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.waited = list(answers), 0.0

    def pages(self, call: CloudCall, region: str, parameters: Any) -> Iterator[Any]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise CallRefused(call, Refusal(answer))
        yield answer

    def wait(self, seconds: float) -> None:
        self.waited += seconds

    def report(self) -> CredentialReport:
        found: Any = self
        return credential_report(found, clock=lambda: self.waited, wait=self.wait)


@pytest.mark.parametrize(
    ("answers", "waited"),
    [
        ((COMPLETE, REPORT), 0),
        ((STARTED, STARTED, COMPLETE, REPORT), 1.5),
        ((COMPLETE, "ReportExpired", COMPLETE, REPORT), 0.5),
        ((COMPLETE, "ReportNotPresent", "LimitExceeded", COMPLETE, REPORT), 1.5),
    ],
)
def test_a_report_is_waited_for(answers: tuple[Any, ...], waited: float) -> None:
    account = Account(*answers)
    assert (CredentialReport(b"user,arn", None), waited) == (account.report(), account.waited)


@pytest.mark.parametrize(
    ("answers", "code", "waited"),
    [((STARTED,), "ReportInProgress", 120), (("LimitExceeded",), "LimitExceeded", 120), (("AccessDenied",), "AccessDenied", 0)],
)
def test_a_report_that_never_comes_is_not_known(answers: tuple[Any, ...], code: str, waited: float) -> None:
    account = Account(*answers)
    with pytest.raises(CallRefused) as refused:
        account.report()
    assert (code, waited) == (refused.value.refusal.code, account.waited)
