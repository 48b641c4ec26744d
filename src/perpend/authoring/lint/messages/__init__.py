"""Rules about messages and remediations."""
