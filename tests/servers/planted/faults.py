"""What is planted for a policy: a thing with a fault, and what mends it. Data; nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.servers.planted.account import Account, Thing

LIBRARY = "/ce/ca/aws/"
RemediationPlan = Callable[[Account], object]
"""Mends the thing, or makes another one without the fault and returns the Id of that, which is a text."""


class Fault(NamedTuple):
    """A policy, a thing that it is to find INCOMPLIANT, and what makes it, or one in its place, COMPLIANT.

    ``aged``: the fault is that time passes, so the thing is judged as of a day long after. ``last``: it is mended after all
    others, as what they need goes. ``helped`` says what of it moto leaves out and the proxy puts into its answers.
    """

    policy: str
    thing: Thing
    mend: RemediationPlan
    aged: bool = False
    last: bool = False
    helped: str = ""

    @property
    def policy_id(self) -> str:
        """The policy as the library calls it."""
        return LIBRARY + self.policy


def calls(service: str, operation: str, **given: Any) -> RemediationPlan:
    """Return what mends by one call."""

    def mend(aws: Account) -> None:
        getattr(aws.client(service), operation)(**given)

    return mend


def another(thing: Thing) -> RemediationPlan:
    """Return what mends by making another thing."""
    return lambda aws: aws.there(thing)
