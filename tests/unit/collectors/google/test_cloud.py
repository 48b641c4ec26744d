"""The code of an error is its reason, its older reason or its status; an API that is off is off in one of two projects."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.collectors.failures import FailureKind
from perpend.collectors.google.cloud import API_OFF, QUOTA_API_OFF, TABLES, code_in
from perpend.collectors.rest.errors import refusal_of

INFO = "type.googleapis.com/google.rpc.ErrorInfo"
SETTINGS = "https://accessapproval.googleapis.com/v1/projects/web-prod-1/accessApprovalSettings"
IDS = {"700": "web-prod-1", "800": "tooling-1"}
WORDS = "a secret text"


def body(status: str = "PERMISSION_DENIED", *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": 403, "message": WORDS, "status": status, "details": [*details]}}


def disabled(consumer: str) -> dict[str, Any]:
    metadata = {"consumer": consumer, "service": "accessapproval.googleapis.com"}
    return body("PERMISSION_DENIED", {"@type": INFO, "reason": "SERVICE_DISABLED", "metadata": metadata})


@pytest.mark.parametrize(
    ("answer", "code", "kind"),
    [
        (body(), "PERMISSION_DENIED", FailureKind.DENIED),
        (
            body("PERMISSION_DENIED", {"@type": INFO, "reason": "IAM_PERMISSION_DENIED"}),
            "IAM_PERMISSION_DENIED",
            FailureKind.DENIED,
        ),
        (body("PERMISSION_DENIED", {"@type": INFO, "reason": f"{WORDS}!"}), "PERMISSION_DENIED", FailureKind.DENIED),
        (body(f"{WORDS}!"), "", FailureKind.DENIED),
        ({"error": {"code": 403, "errors": [{"reason": "rateLimitExceeded"}]}}, "rateLimitExceeded", FailureKind.THROTTLED),
        ({"error": {"code": 403, "errors": [{"reason": "accessNotConfigured"}]}}, "accessNotConfigured", FailureKind.API_OFF),
        (disabled("projects/700"), API_OFF, FailureKind.API_OFF),
        (disabled("projects/800"), QUOTA_API_OFF, FailureKind.QUOTA_PROJECT),
        (disabled("projects/900"), QUOTA_API_OFF, FailureKind.QUOTA_PROJECT),
        (disabled(WORDS), QUOTA_API_OFF, FailureKind.QUOTA_PROJECT),
        (WORDS, "", FailureKind.DENIED),
        (None, "", FailureKind.DENIED),
        ({"error": ["x"]}, "", FailureKind.DENIED),
    ],
)
def test_an_error_has_a_code_and_a_kind(answer: Any, code: str, kind: FailureKind) -> None:
    assert code == code_in(answer, SETTINGS, IDS)
    assert kind is refusal_of(TABLES, 403, code).kind


@pytest.mark.parametrize(
    ("description", "code"),
    [("Ab12cd34EF", "VPC_SERVICE_CONTROLS Ab12cd34EF"), (WORDS, "VPC_SERVICE_CONTROLS"), (7, "VPC_SERVICE_CONTROLS")],
)
def test_a_perimeter_is_named_by_the_id_of_its_refusal(description: object, code: str) -> None:
    violations = {"violations": [{"type": "VPC_SERVICE_CONTROLS", "description": description}]}
    assert code == code_in(body("PERMISSION_DENIED", violations), SETTINGS)
    assert FailureKind.DENIED_BY_PERIMETER is refusal_of(TABLES, 403, code).kind


def test_the_project_that_requests_are_counted_for_is_named() -> None:
    consumers: list[str] = []
    code_in(disabled("projects/800"), SETTINGS, IDS, consumers)
    assert ["800"] == consumers
