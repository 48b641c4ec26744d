"""Collecting from clouds as commands do it: what is asked, how far it is, what came of it."""
