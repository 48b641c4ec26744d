"""Read ``remedy.yaml`` of policies, and fill its commands with the names of objects."""
