"""Verdicts and findings as text, machine formats, HTML and web pages."""
