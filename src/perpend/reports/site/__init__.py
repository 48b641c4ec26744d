"""Build a static site of a policy repository, and serve it on this machine."""
