"""Connect to an account: credentials, rate limits and timeouts."""
