"""``remedy.yaml`` beside a policy in, checked commands with places for names out, and those places filled from objects."""
