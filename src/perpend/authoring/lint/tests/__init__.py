"""Rules about the tests that policies bring with them."""
