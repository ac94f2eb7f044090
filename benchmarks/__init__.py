"""Measurements of hoi: shared cases, speed of each part, and the published tools side by side."""
