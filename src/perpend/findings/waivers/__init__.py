"""Waivers and attestations: accept findings for a time.

Verdicts and histories do not change.
"""
