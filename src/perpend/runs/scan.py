"""Collect accounts of a cloud, evaluate policies, record the run: the work of ``perpend scan`` and ``perpend.scan_aws``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from perpend.collectors.registry import connect, load
from perpend.collectors.runs.request import PolicyFilter, filter_by_types, request_for
from perpend.core.dataclass import dataclass
from perpend.evaluation.verdicts.policy_choice import PolicyChoice
from perpend.evaluation.verdicts.selection import select_policies
from perpend.inventory.snapshots.open_store import open_store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import UnknownName, type_named
from perpend.runs.evaluate import run_on_store
from perpend.runs.request import severities_of, waivers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.collectors.protocol import CollectOptions
    from perpend.collectors.runs.collection import CollectionProgress, CollectionResult
    from perpend.collectors.runs.request import CollectionRequest
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository
    from perpend.runs.request import RunOutcome, RunRequest


def collection_request(
    repository: Repository, policies: Sequence[str], frameworks: Sequence[str], types: Sequence[str], *, cloud: str
) -> CollectionRequest:
    """Return the plan for the fields that policies read, by default all policies, and for all fields of ``types``.

    Raises NothingServed if the cloud serves nothing of it.
    """
    analyzer = Analyzer(repository)
    only_types = bool(types) and not policies and not frameworks

    def programs() -> tuple[Program, ...]:
        try:
            return select_policies(analyzer, policies, framework=frameworks or None).programs
        except UnknownName:
            if not only_types:
                raise
            return ()  # the repository has no policies, and types need none

    loaded = load(cloud)
    api = partial(connect, cloud, f"collecting from {loaded.title}")
    named = [type_named(repository, name) for name in types]
    return request_for(loaded, api, analyzer, programs, named, only_types=only_types)


def planned_scan(request: RunRequest, options: CollectOptions, cloud: str) -> CollectionRequest:
    """Return the plan for the collection of a scan of a cloud.

    Raises UnusableEntries for faulty waivers or ratings of the request, InvalidOption for options that exclude each other,
    and NothingServed.
    """
    options.check()
    waivers_of(request)
    severities_of(request)
    return collection_request(request.repository, options.policies, options.frameworks, options.types, cloud=cloud)


def policy_filter(request: CollectionRequest, options: CollectOptions, exclude: Sequence[str]) -> PolicyFilter:
    """Return the policies that evaluate what is collected. If options name types alone, they read nothing else.

    ``exclude`` names policies to leave out. Raises NothingToEvaluate if no policy is left.
    """
    if options.policies or options.frameworks or not options.types:
        return PolicyFilter(request, options.policies, options.frameworks)
    selection = select_policies(request.analyzer, exclude=exclude)
    return filter_by_types(request, selection.programs, selection.refused)


@dataclass(frozen=True, slots=True)
class ScanOutcome:
    """The collection of a scan, and the outcome of its run."""

    collected: CollectionResult
    run: RunOutcome


def scan(
    policies: PolicyFilter,
    request: RunRequest,
    options: CollectOptions,
    store: str,
    progress: CollectionProgress,
    *,
    stays: bool = True,
    collected: Callable[[RunRequest, CollectionResult], RunRequest] = lambda request, _: request,
) -> ScanOutcome:
    """Collect into a store, evaluate policies on the snapshot by a request, and record the run unless the store is not kept.

    ``collected`` is called after the collection, and returns the request for the report.
    """
    from perpend.collectors.runs.collection import collect_accounts

    choice = PolicyChoice(policies=policies.policies, frameworks=policies.frameworks, exclude=request.choice.exclude)
    result = collect_accounts(open_store(store), policies.request, options, progress)
    request = collected(replace(request, choice=choice), result)
    return ScanOutcome(result, run_on_store(request, store, record=stays))
