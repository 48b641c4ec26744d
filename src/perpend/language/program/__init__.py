"""The language as data: value types, operations, programs, verdicts, object types. Refuses to know YAML, SQL and clouds."""
