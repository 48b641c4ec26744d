"""Histories of stores: findings across runs, with events and their causes.

`record.record_run` records an evaluated snapshot; `storage.HistoryStorage` and its `manifest.HistoryManifest` are the stored
files. `queries.views` creates SQL views (finding, episode, event, ledger, run), which `queries.findings` queries. `model`
defines states, events and causes; `identity` the ids of findings.
"""
