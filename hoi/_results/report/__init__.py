"""A result as one HTML page that needs no network: its table, pictures and settings."""

from __future__ import annotations

from hoi._results.report.page import check_target, write

__all__ = ["check_target", "write"]
