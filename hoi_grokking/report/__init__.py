"""The report of a reproduction: one HTML page that needs no network, and a table of the claims."""

from __future__ import annotations

from hoi_grokking.report.page import write_report

__all__ = ["write_report"]
