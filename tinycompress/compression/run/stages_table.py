"""The table of stages in docs/compression.md, written from what the stages declare."""

from __future__ import annotations

from tinycompress.compression.run.order import refused_after
from tinycompress.compression.stages import registry

BEGIN = "<!-- stages: `make docs` writes this table -->\n"
END = "<!-- end of stages -->\n"


def with_stages_table(page: str) -> str:
    """A page with the table of stages between its two marks written anew.

    Raises:
        ValueError: A mark is not there.
    """
    before, rest = _parted(page, BEGIN)
    _, after = _parted(rest, END)
    return f"{before}{BEGIN}{_table()}{END}{after}"


def _parted(page: str, mark: str) -> tuple[str, str]:
    before, found, after = page.partition(mark)
    if not found:
        raise ValueError(f"the page has no line {mark!r}")
    return before, after


def _table() -> str:
    lines = ["| stage | what it does | it promises | refused after |", "|---|---|---|---|"]
    for kind, spec in registry.STAGES.items():
        refused = ", ".join(f"`{other}`" for other in refused_after(kind))
        lines.append(f"| `{kind}` | {spec.summary} | {spec.promises or '-'} | {refused} |")
    return "\n".join(lines) + "\n"
