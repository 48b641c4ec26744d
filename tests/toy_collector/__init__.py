"""The collector of the cloud of tests, as far as permissions go."""
