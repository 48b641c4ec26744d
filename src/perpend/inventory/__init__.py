"""The inventory of cloud resources: readers of files, imports, and immutable snapshots."""
