"""The root of Perpend's exceptions. Mistakes of users are diagnostics or subclasses of it, never bare tracebacks."""


class PerpendError(Exception):
    """Something went wrong in a way that Perpend knows how to name."""
