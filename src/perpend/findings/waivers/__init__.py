"""Waivers and findings in, which findings somebody answers for out. Verdicts and histories stay what they are.

Refuses to know how verdicts were made, how anything looks, and where it goes.
"""
