"""Values of the policy language: types, conversions, comparison, and the query languages in fields."""
