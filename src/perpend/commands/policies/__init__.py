"""Commands that find, show, test, check and publish what stands in a policy repository."""
