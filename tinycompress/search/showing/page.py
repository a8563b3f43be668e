"""The page of a search: one file with its tables and plots, that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from tinycompress._files import write_text
from tinycompress.search.outcome import counts, drift, largest_sum_error
from tinycompress.search.reporting import duration_text, figures_text
from tinycompress.search.showing.plots import plots_of
from tinycompress.search.summary import Summary, original_of

PAGE = "report.html"
_TEMPLATE = Path(__file__).resolve().parent / "page.html.j2"


def write_page(summary: Summary, directory: Path) -> Path:
    """Write ``report.html`` into a search's directory.

    Raises:
        ConfigError: The place cannot be written.
    """
    path = directory / PAGE
    write_text(path, page_of(summary))
    return path


def page_of(summary: Summary) -> str:
    """The page: HTML with everything in it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        summary=summary,
        board=summary.task.board["id"],
        best=None if summary.best is None else summary.best.number,
        counts=counts(summary.rows),
        drift=drift(summary.rows),
        sum_error=largest_sum_error(summary.rows),
        limits=summary.goal.budgets.limits(),
        original=original_of(summary),
        plots=plots_of(summary),
        figures_text=figures_text,
        duration_text=duration_text,
        space={one.name: one.to_json() for one in summary.dimensions},
    )
