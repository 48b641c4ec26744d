"""Answer an assistant by the Model Context Protocol, with nine tools that read. Only this package knows ``mcp``."""
