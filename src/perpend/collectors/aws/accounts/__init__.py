"""Collect many accounts in parallel, derive claims of completeness, and estimate the duration."""
