"""Runs in, findings that live out: who opened when, what closed it, and why. Refuses to know how verdicts were made or look.

Outside build on: `place.HistoryPlace` and its `head()`; `commit.commit.commit_run` with `commit.judged`; `ask.views.asking` and
`history_views` (views finding, episode, event, ledger, run); `ask.questions` (filters, comparisons, counts over these views);
`model` (lives, events, causes) and `identity` (what a finding is called, what a program means). The rest may change.
"""
