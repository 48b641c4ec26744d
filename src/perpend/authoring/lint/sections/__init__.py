"""Rules about the mappings of policies to framework sections."""
