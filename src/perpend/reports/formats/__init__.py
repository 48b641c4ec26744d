"""Judgements as machines read them: JSON, NDJSON, CSV, Parquet, JUnit; streamed, each verdict by itself."""
