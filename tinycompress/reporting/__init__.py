"""Results for people: one page, Markdown for a pull request, overlays for Model Explorer."""

from __future__ import annotations

from tinycompress.reporting.making import FORMATS, Format, Report, report

__all__ = ["FORMATS", "Format", "Report", "report"]
