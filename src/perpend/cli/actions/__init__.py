"""The work of commands: collect accounts, build sites, propose tests, pack runs and plan fixes."""
