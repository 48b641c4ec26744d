"""Run collections of any cloud: plan, collect with a checkpoint, and store a snapshot."""
