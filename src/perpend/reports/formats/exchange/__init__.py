"""Findings in the forms of others: OCSF, ASFF, SARIF, Markdown, OSCAL. Each is written as it is made, none is held."""
