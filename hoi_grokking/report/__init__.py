"""The report of a reproduction: one HTML page that needs no network, a table of the claims, and the page of results of
the documentation.
"""

from __future__ import annotations

from hoi_grokking.report.page import write_report
from hoi_grokking.report.results import publish, results_page

__all__ = ["publish", "results_page", "write_report"]
