"""Runs in, findings that live out: who opened when, what closed it, and why. Refuses to know how verdicts were made or look.

Rooms outside build on these names, the rest may change:

- ``place.HistoryPlace``: a store's history; ``head()`` says which runs, policies and types it holds.
- ``commit.commit.commit_run`` with ``commit.judged``: what takes a run in.
- ``ask.views.asking``: a database with the views finding, episode, event, ledger, run; ``ask.views.history_views`` for others'.
- ``ask.questions``: filters, comparisons and counts as queries over these views.
- ``model`` and ``identity``: lives, events, causes; what a finding is called; what a program means.
"""
