"""Files and tables in, immutable snapshots out."""
