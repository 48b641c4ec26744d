"""Serve one store to people and machines: pages, an API and MCP. Reads only; waivers, ratings and policies are files in git."""
