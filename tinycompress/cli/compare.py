"""``tinycompress compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from tinycompress.cli.options import PATH, PercentType, json_option


@click.command("compare")
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@click.option(
    "--max-regression", type=PercentType(), metavar="PERCENT",
    help="End with exit code 9 where B is worse by more, such as 2%: of A's figure; of accuracy, in"
    " percentage points.  [default: only show]",
)  # fmt: skip
@click.option(
    "--parts", is_flag=True,
    help="Hold each layer, and each part of flash and RAM, to the limit, not only the totals.",
)  # fmt: skip
@click.option("--other-model", is_flag=True, help="Compare results of two models, too.")
@click.option(
    "--format", "style", type=click.Choice(["text", "md"]), default="text", show_default=True,
    help="Tables for a terminal, or Markdown for a pull request.",
)  # fmt: skip
@json_option
def compare_command(
    a: Path, b: Path, style: Literal["text", "md"], as_json: bool, **options: Any
) -> None:
    """Show what B changes of A: two results of bench, of build or of compress.

    A result is a bundle of `bench -o`, a directory of `build` or `compress`, or a file with what
    one of them prints with --json. A is the baseline.
    """
    from tinycompress.cli.answers.compare import show_comparison
    from tinycompress.pipeline.results import compare_results, require_no_regression

    compared = compare_results(a, b, **options)
    show_comparison(compared, style, as_json=as_json)
    require_no_regression(compared)
