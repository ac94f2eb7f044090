"""Searches over sets of variables."""
