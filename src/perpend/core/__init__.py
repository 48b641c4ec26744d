"""The shared vocabulary: diagnostics, values, objects, schema, and access by IAM policies. Imports nothing of Perpend."""
