"""hoi beside the published tools: each in its own environment and process, on the same arrays."""
