"""Exact tests, survival times, and how well a number predicts."""
