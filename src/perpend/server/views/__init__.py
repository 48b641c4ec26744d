"""Answers about a run besides findings: runs, changes, policies, compliance, waivers, the trend, the estate, saved views."""
