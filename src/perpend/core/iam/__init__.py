"""Policy documents of AWS in, who can use each Allow statement out: the access levels that ``AWS_POLICY_ALLOWS`` reads.

Never narrower than the truth: what is not understood narrows nobody. Refuses to know files, AWS's calls and estates.
"""
