"""Rules about what people are told: messages and remediations."""
