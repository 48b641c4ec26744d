"""Bring the issues of channels up to the newest run of a history.

Issues follow states, not events: an issue closes only if each of its findings is known to have ended. A run that did not look,
or could not tell, closes nothing. The log is written before and after each call that creates, so that an issue whose creation
was interrupted is searched for before another one is created.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.findings.history.model import Event
from perpend.findings.history.queries.views import CHANGES, FOUND, LIVES, TEXTS_VIEW, asking
from perpend.findings.notifications.delivery_log import sending
from perpend.findings.notifications.issues.groups import FindingCounts, finding_counts, group_details
from perpend.findings.notifications.issues.log import CLOCKS, ChannelLog, IssueLog, IssueState, LoggedIssue
from perpend.findings.notifications.issues.rest import RateLimited, TrackerRefused, TrackerStopped
from perpend.findings.notifications.issues.text import (
    IssueSubject,
    comment_on_close,
    comment_on_leaving,
    comment_on_lost_group,
    comment_on_reopening,
    comment_on_update,
    issue_text,
    markdown,
)
from perpend.findings.notifications.issues.trackers import tracker_of
from perpend.findings.notifications.send import NotSent
from perpend.findings.waivers.active import matches_in_history
from perpend.findings.waivers.entries import by_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from perpend.core.objects.account import Account
    from perpend.findings.history.manifest import HistoryManifest, Run
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.notifications.channels import Channel
    from perpend.findings.notifications.issues.groups import GroupDetails
    from perpend.findings.notifications.issues.text import IssueText, TextBlock
    from perpend.findings.notifications.issues.trackers import FoundIssue, Tracker
    from perpend.findings.waivers.read import WaiverFiles

Group = tuple[str, str | None]


class IssueStep(StrEnum):
    """A change of an issue. LEAVE: comment on one that somebody closed by hand. GONE: somebody deleted it."""

    OPEN = "open"
    UPDATE = "update"
    CLOSE = "close"
    REOPEN = "reopen"
    LEAVE = "leave"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """The issues to bring up to date: of a history, with waivers and accounts.

    ``title_of`` and ``severity_of`` return the title and the severity of a policy by its id. ``severities`` are all levels, the
    most severe first. ``link_of`` returns the address of the findings of a policy and an account, empty for none.
    ``from_first_run``: findings that were open before a channel began open issues, too. ``dry_run``: only yield the steps.
    """

    place: HistoryStorage
    waivers: WaiverFiles
    policy_ids: Collection[str]
    accounts: Mapping[str, Account]
    title_of: Callable[[str], str]
    severity_of: Callable[[str], str | None]
    severities: Sequence[str]
    link_of: Callable[[str, str | None], str]
    from_first_run: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class IssueDelivery:
    """A step for one issue of a channel. ``error`` is the reason why it failed; the next call tries it again then.

    ``waiting`` issues are opened by later calls, because one call opens a limited number.
    """

    channel: Channel
    step: IssueStep | None = None
    ref: str = ""
    text: IssueText | None = None
    error: str | None = None
    waiting: int = 0

    def document(self) -> dict[str, Any]:
        """Return the step as a JSON document, with the body as Markdown."""
        text = {"title": self.text.title, "body": markdown(self.text.body)} if self.text is not None else {}
        return {"channel": self.channel.name, "step": self.step, "issue": self.ref or None, **text}


@dataclass(frozen=True, slots=True)
class _Planned:
    """A step for the issue of a group."""

    step: IssueStep
    key: str
    counts: FindingCounts
    severity: str | None


def deliver_issues(request: IssueRequest, channels: Sequence[Channel]) -> Iterator[IssueDelivery]:
    """Bring the issues of channels up to date, and yield each step; the most severe findings come first.

    After a failure that concerns the whole tracker, the other steps of that channel wait for the next call.
    """
    trackers = {} if request.dry_run else {channel.name: tracker_of(channel) for channel in channels}
    with sending(request.place):
        head, log = request.place.head(), IssueLog(request.place)
        logs = {channel.name: _log_of(channel, log, head, request) for channel in channels}
        if not request.dry_run:
            log.write()
        with asking(request.place, FOUND, LIVES, CHANGES, TEXTS_VIEW, tags=by_tags(request.waivers.waivers)) as connection:
            matches_in_history(connection, head, request.waivers, request.policy_ids)
            counts = finding_counts(connection)
            for channel in channels:
                work = _ChannelWork(
                    request, channel, head.runs[-1], logs[channel.name], log, counts, trackers.get(channel.name)
                )
                yield from work.done(partial(group_details, connection))


def _log_of(channel: Channel, log: IssueLog, head: HistoryManifest, request: IssueRequest) -> ChannelLog:
    """Return the log of a channel. A new channel begins with the newest run, and never with the first one."""
    last, target = head.runs[-1].number, hashlib.sha256(f"{channel.kind} {channel.url}".encode()).hexdigest()[:16]
    own = log.channels.get(channel.name)
    if own is None:
        own = log.channels[channel.name] = ChannelLog(target, max(last - 1, head.runs[0].number))
    elif not request.dry_run and own.target != target:
        raise PerpendError(f"channel {channel.name} has issues in another project: give the channel another name")
    if own.run > last:
        raise PerpendError(
            f"channel {channel.name} already got run {own.run}, but the history ends with run {last}: was the history replaced?"
        )
    if request.from_first_run:
        own.start = 0
    own.run = last
    return own


def _next_step(issue: LoggedIssue, counts: FindingCounts, shown: str) -> IssueStep | None:
    """Return the step that an issue of the log needs; ``shown`` is the digest of its content as it should be."""
    if issue.state is IssueState.CLOSED:
        return IssueStep.REOPEN if counts.open else None
    if issue.state is not IssueState.OPEN:
        return None
    if counts.has_ended(issue.opened):
        return IssueStep.CLOSE
    return IssueStep.UPDATE if issue.shown != shown else None


def _is_for(channel: Channel, counts: FindingCounts, level: str | None, request: IssueRequest) -> bool:
    """Whether findings open an issue in a channel: by their severity and the owner of their account."""
    levels = request.severities
    if channel.severity is not None and (level is None or levels.index(level) > levels.index(channel.severity)):
        return False
    account = request.accounts.get(counts.account or "")
    return not channel.owners or (account is not None and account.owner in channel.owners)


@dataclass(frozen=True, slots=True)
class _ChannelWork:
    """The steps of one channel in one call. Without a ``tracker``, they are only yielded."""

    request: IssueRequest
    channel: Channel
    run: Run
    own: ChannelLog
    log: IssueLog
    counts: Mapping[Group, FindingCounts]
    tracker: Tracker | None

    def done(self, details_of: Callable[[Mapping[Group, int]], Mapping[Group, GroupDetails]]) -> Iterator[IssueDelivery]:
        """Take the steps and yield them. ``details_of`` returns the details of groups with the changes since a run."""
        known = len(self.own.issues)
        planned, waiting = self._planned()
        if self.tracker is not None:
            if len(self.own.issues) < known:
                self.log.write()
            try:
                if self._adopted(self.tracker, [step.key for step in planned if step.step is IssueStep.OPEN]):
                    planned, waiting = self._planned()
            except NotSent as error:
                yield IssueDelivery(self.channel, error=f"channel {self.channel.name}: no issue was changed: {error}")
                return
            if unsure := sum(issue.state is IssueState.OPENING for issue in self.own.issues.values()):
                yield IssueDelivery(
                    self.channel,
                    error=f"channel {self.channel.name}: an earlier call may have opened {counted(unsure, 'issue')} that a "
                    "search does not find yet",
                )
        details = details_of({step.counts.group: self._reported_until(step) for step in planned})
        for step in planned:
            text = self._text(step, details[step.counts.group])
            if self.tracker is None:
                yield IssueDelivery(self.channel, step.step, self._ref(step), text)
                continue
            try:
                adopted = self._adopted_step(self.tracker, step, text, details[step.counts.group])
            except NotSent as error:
                parts = f"channel {self.channel.name}: cannot {step.step} {self._ref(step) or text.name}: {error}"
                yield IssueDelivery(self.channel, step.step, self._ref(step), text, parts)
                if isinstance(error, TrackerStopped) or (isinstance(error, TrackerRefused) and error.status in (401, 403, 410)):
                    return
            else:
                if adopted is not None:
                    yield IssueDelivery(self.channel, adopted, self._ref(step), text)
        if waiting:
            yield IssueDelivery(self.channel, waiting=waiting)

    def _planned(self) -> tuple[list[_Planned], int]:
        """Return the steps in their order, and the number of issues that wait because there are too many.

        Deleted issues whose findings have ended are forgotten. No finding is in the group of a logged issue any more if, say,
        the account of its objects has become known.
        """
        planned: list[_Planned] = []
        logged = {(issue.lineage, issue.account): (key, issue) for key, issue in self.own.issues.items()}
        names = {counts.lineage: counts.policy_id for counts in self.counts.values()}
        without = {group: FindingCounts(*group, names.get(group[0], group[0])) for group in logged}
        for group, counts in {**without, **self.counts}.items():
            level = self.request.severity_of(counts.policy_id)
            if group in logged:
                key, issue = logged[group]
                if step := _next_step(issue, counts, self._shown(counts, level)):
                    planned.append(_Planned(step, key, counts, level))
                elif issue.state is IssueState.GONE and counts.has_ended(issue.opened):
                    del self.own.issues[key]
            elif counts.open and counts.newest > self.own.start and _is_for(self.channel, counts, level, self.request):
                planned.append(_Planned(IssueStep.OPEN, self.own.key_of(*group), counts, level))
        levels = [*self.request.severities, None]
        planned.sort(
            key=lambda step: (levels.index(step.severity), -step.counts.open, step.counts.policy_id, step.counts.account or "")
        )
        late = {step.key for step in [step for step in planned if step.step is IssueStep.OPEN][self.channel.most :]}
        return [step for step in planned if step.key not in late], len(late)

    def _adopted(self, tracker: Tracker, new: Sequence[str]) -> bool:
        """Log the issues that exist although the log does not know them; return whether the log has changed.

        An earlier call may have ended before it logged them, or an older log was restored. An issue whose creation was
        interrupted and that is not found is forgotten, unless a search may not find it yet.
        """
        begun = {key: issue for key, issue in self.own.issues.items() if issue.state is IssueState.OPENING}
        if not new and not begun:
            return False
        now = datetime.now(UTC)
        times = {key: datetime.fromisoformat(issue.at) for key, issue in begun.items()}
        marked = tracker.marked([*new, *begun], min(times.values()) - CLOCKS if times else None)
        for key, there in marked.items():
            if key not in begun:
                counts = next(counts for counts in self.counts.values() if self.own.key_of(*counts.group) == key)
                self.own.issues[key] = LoggedIssue(*counts.group, self.run.number, now.isoformat(), told=self.run.number)
            issue = self.own.issues[key]
            issue.adopt(there)
            issue.state = IssueState.OPEN
        for key in begun.keys() - marked.keys():
            if (now - times[key]).total_seconds() >= tracker.settles:
                del self.own.issues[key]
        if marked or begun:
            self.log.write()
        return bool(marked or begun)

    def _ref(self, step: _Planned) -> str:
        return self.own.issues[step.key].ref if step.key in self.own.issues else ""

    def _reported_until(self, step: _Planned) -> int:
        """Return the run after which comments count changes."""
        issue = self.own.issues.get(step.key)
        if issue is None:
            return self.run.number
        return issue.opened if step.step is IssueStep.CLOSE else issue.told

    def _account(self, counts: FindingCounts) -> str:
        account = self.request.accounts.get(counts.account or "")
        return f"{account.name}, {counts.account}" if account and account.name else counts.account or "no account known"

    def _shown(self, counts: FindingCounts, level: str | None) -> str:
        """Return a digest of the content of an issue, without the run."""
        title = self.request.title_of(counts.policy_id)
        parts = "\0".join((counts.digest, str(counts.unknown), level or "", title, self._account(counts)))
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _text(self, step: _Planned, details: GroupDetails) -> IssueText:
        counts = step.counts
        title, link = self.request.title_of(counts.policy_id), self.request.link_of(counts.policy_id, counts.account)
        subject = IssueSubject(step.severity, title, counts.policy_id, self._account(counts), link)
        return issue_text(subject, counts, details, self.run)

    def _adopted_step(self, tracker: Tracker, step: _Planned, text: IssueText, details: GroupDetails) -> IssueStep | None:
        """Take a step; return it, another one if somebody has changed the issue, or None if nothing was to do."""
        if step.step is IssueStep.OPEN:
            return self._open(tracker, step, text)
        issue = self.own.issues[step.key]
        there = self._look_up(tracker, step.key)
        adopted: IssueStep | None
        if there is None:
            issue.state, adopted = IssueState.GONE, IssueStep.GONE
        elif step.step is IssueStep.CLOSE:
            adopted = self._close(tracker, step, details, is_open=there.is_open)
        elif step.step is IssueStep.REOPEN:
            adopted = self._reopen(tracker, step, text, is_open=there.is_open)
        elif there.is_open:
            adopted = self._update(tracker, step, text, details)
        else:
            adopted = self._leave(tracker, issue, step.counts)
        self._log(issue, step)
        return adopted

    def _look_up(self, tracker: Tracker, key: str) -> FoundIssue | None:
        """Return an issue of the log as it is in the tracker, None if somebody deleted it.

        If its number is that of another issue, it is forgotten, so that the next call opens a new one. Nobody has decided
        that: numbers come back only if the project was created again.
        """
        issue = self.own.issues[key]
        there = tracker.look_up(issue.ref)
        if there is not None and not issue.is_same(there, key):
            del self.own.issues[key]
            self.log.write()
            raise NotSent(f"{issue.ref} is another issue now, and stays as it is: was the project created again?")
        if there is not None:
            issue.adopt(there)
        return there

    def _open(self, tracker: Tracker, step: _Planned, text: IssueText) -> IssueStep:
        issue = LoggedIssue(*step.counts.group, self.run.number, datetime.now(UTC).isoformat(), told=self.run.number)
        self.own.issues[step.key] = issue
        self.log.write()
        try:
            issue.adopt(tracker.create(text, step.key))
        except (TrackerRefused, RateLimited):
            del self.own.issues[step.key]
            self.log.write()
            raise
        issue.state = IssueState.OPEN
        self._log(issue, step)
        return IssueStep.OPEN

    def _close(self, tracker: Tracker, step: _Planned, details: GroupDetails, *, is_open: bool) -> IssueStep | None:
        issue = self.own.issues[step.key]
        if is_open:
            has_group = step.counts.group in self.counts
            comment = comment_on_close(details, self.run) if has_group else comment_on_lost_group(self.run)
            self._comment_once(tracker, issue, "close", comment)
            tracker.close(issue.ref, fixed=has_group and not details.number(Event.POLICY_REMOVED))
        issue.state, issue.left = IssueState.CLOSED, False
        return IssueStep.CLOSE if is_open else None

    def _reopen(self, tracker: Tracker, step: _Planned, text: IssueText, *, is_open: bool) -> IssueStep:
        issue = self.own.issues[step.key]
        if not is_open:
            tracker.reopen(issue.ref)
        tracker.update(issue.ref, text, step.key)
        self._comment_once(tracker, issue, "reopen", comment_on_reopening(step.counts, self.run))
        issue.state, issue.opened = IssueState.OPEN, self.run.number
        return IssueStep.REOPEN

    def _update(self, tracker: Tracker, step: _Planned, text: IssueText, details: GroupDetails) -> IssueStep:
        issue = self.own.issues[step.key]
        tracker.update(issue.ref, text, step.key)
        if comment := comment_on_update(step.counts, details, self.run):
            tracker.comment(issue.ref, comment)
        issue.left = False
        return IssueStep.UPDATE

    def _leave(self, tracker: Tracker, issue: LoggedIssue, counts: FindingCounts) -> IssueStep | None:
        """Comment once on an issue that somebody closed by hand, and leave it closed."""
        if issue.left:
            return None
        tracker.comment(issue.ref, comment_on_leaving(counts))
        issue.left = True
        return IssueStep.LEAVE

    def _comment_once(self, tracker: Tracker, issue: LoggedIssue, noted: str, comment: Sequence[TextBlock]) -> None:
        """Comment, unless an earlier call did and failed after it."""
        if issue.noted != noted:
            tracker.comment(issue.ref, comment)
            issue.noted = noted
            self.log.write()

    def _log(self, issue: LoggedIssue, step: _Planned) -> None:
        """Log that an issue tells of the newest run."""
        issue.told, issue.shown, issue.noted = self.run.number, self._shown(step.counts, step.severity), ""
        self.log.write()
