"""Rate the severity of findings, and order them by priority.

A policy without a rating has no severity.
"""
