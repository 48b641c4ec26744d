"""Formats of verdicts and findings: JSON, CSV, Parquet, JUnit, OCSF, ASFF, SARIF, OSCAL and Markdown, written as streams."""
