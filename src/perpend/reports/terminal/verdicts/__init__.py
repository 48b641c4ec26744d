"""A judgement in; a table, JSON, NDJSON or CSV out."""
