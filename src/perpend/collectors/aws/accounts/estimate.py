"""Estimate the calls and the time that a plan takes, without a request."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws.accounts.account_pool import WINDOW
from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.plan import BEFORE
from perpend.collectors.aws.session.rate_limiter import rate_of
from perpend.collectors.protocol import CallEstimate

if TYPE_CHECKING:
    from perpend.collectors.aws.plan import CollectionPlan

_SECONDS: Final = 0.2
"""The assumed duration of a call."""


def estimate_of(plan: CollectionPlan, *, accounts: int, regions: int, concurrency: int) -> CallEstimate:
    """Return the minimum of calls of a plan: one page for each listing, in each region of each account if it is regional."""
    numbers: Counter[tuple[str, bool]] = Counter({("sts", False): 1})
    if plan.is_regional:
        numbers["ec2", False] += 1
    for listing in plan.listings:
        numbers[CALLS[listing].service, CALLS[listing].regional] += 1 + len(BEFORE.get(listing, ()))
    details = [detail for types in plan.listings.values() for request in types for detail in request.details]
    together = [detail.call for detail in details if detail.matched or detail.metric]
    singly = list(dict.fromkeys(name for detail in details for name in detail.each_object))
    each_object = [name for name in singly if CALLS[name].of_an_item]
    of_account = [detail.call for detail in plan.account.details]
    for name in (*together, *(name for name in singly if not CALLS[name].of_an_item), *of_account):
        numbers[CALLS[name].service, CALLS[name].regional and name not in of_account] += 1
    calls = sum(number * (regions if regional else 1) for (_, regional), number in numbers.items())
    slowest = max(number / rate_of(service) for (service, _), number in numbers.items())
    at_once = min(concurrency, max(1, calls))
    seconds = max(accounts * calls * _SECONDS / at_once, slowest * accounts / min(WINDOW, accounts))
    return CallEstimate(accounts * calls, max(1, round(seconds)), tuple(each_object))
