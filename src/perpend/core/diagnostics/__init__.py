"""Problems in, readable diagnostics out. Refuses to know what a policy is.

A diagnostic is data (:mod:`perpend.core.diagnostics.model`); renderers draw it as text, JSON, GitHub annotations or SARIF.
"""
