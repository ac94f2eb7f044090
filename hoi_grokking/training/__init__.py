"""Tasks, networks, and how they are trained."""
