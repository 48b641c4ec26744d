"""The way to an account: how fast it may be asked, how long an answer may take, which credentials open it."""
