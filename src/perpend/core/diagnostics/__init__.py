"""Diagnostics of files, and texts that are safe to show.

A diagnostic is data (:mod:`perpend.core.diagnostics.model`). Renderers write it as text, JSON, GitHub annotations or SARIF.
"""
