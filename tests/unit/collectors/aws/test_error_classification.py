"""Errors by code, and the class that each of them is of."""

from __future__ import annotations

import pytest

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.error_classification import ErrorAnswer, FailureKind, Refusal, kind_of, meaning_of
from perpend.collectors.aws.parse import CloudPlace
from perpend.core.objects.claims import FailedCall

WHERE = CloudPlace("111122223333", "aws")
IN_REGION = CloudPlace("111122223333", "aws", "eu-west-1")


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Refusal("AccessDenied"), FailureKind.DENIED),
        (Refusal("AccessDeniedException", "with an explicit deny in a service control policy"), FailureKind.DENIED_BY_SCP),
        (Refusal("ExpiredToken"), FailureKind.CREDENTIALS),
        (Refusal("AuthFailure"), FailureKind.REGION_CLOSED),
        (Refusal("EndpointConnectionError"), FailureKind.FAILED),
        (Refusal("ThrottlingException"), FailureKind.THROTTLED),
        (Refusal("SubscriptionRequiredException"), FailureKind.UNSUPPORTED),
        (Refusal("InternalFailure"), FailureKind.FAILED),
        (Refusal("NobodyKnows"), FailureKind.FAILED),
    ],
)
def test_a_code_has_its_class(refusal: Refusal, kind: FailureKind) -> None:
    assert kind is kind_of(refusal, IN_REGION)


def test_only_a_region_is_closed() -> None:
    assert FailureKind.CREDENTIALS is kind_of(Refusal("InvalidClientTokenId"), WHERE)


def test_what_an_error_means_stands_in_the_row_of_the_call() -> None:
    keys, policy = CALLS["iam.keys"], CALLS["iam.password-policy"]
    told = meaning_of(keys, Refusal("NoSuchEntity"), WHERE)
    assert "listed and not found: iam:ListAccessKeys (NoSuchEntity) in 111122223333" == str(told)
    assert ErrorAnswer({"PasswordPolicy": []}) == meaning_of(policy, Refusal("NoSuchEntity"), WHERE)
    told = meaning_of(policy, Refusal("AccessDenied", "no"), WHERE)
    assert "denied iam:GetAccountPasswordPolicy (AccessDenied) in 111122223333" == str(told)


def test_each_kind_of_refusal_has_words_of_its_own_to_be_asked_for_by():
    """They are what `kind` of the view of calls holds, as the how-to of collecting lists them."""
    told = (
        "denied, denied by SCP, denied by licence, denied by perimeter, quota project refused, API off, "
        "region closed, account closed, throttled out, unsupported, credentials not accepted, listed and not found, failed, "
        "not asked"
    )
    assert told.split(", ") == [FailedCall("1", "", "iam", "ListUsers", "iam:ListUsers", one).refusal for one in FailureKind]
