"""What commands share: words in, options, inputs, a repository, streams and exit codes out; nothing may escape here."""
