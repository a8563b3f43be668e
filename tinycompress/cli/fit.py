"""``tinycompress fit``: search for the best firmware within a budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tinycompress.cli.invocation import given
from tinycompress.cli.options import (
    PATH,
    DurationType,
    SizeType,
    SpanType,
    board_option,
    json_option,
    max_drop_option,
    output_option,
)
from tinycompress.cli.progress import stage_progress
from tinycompress.cli.sections import SectionedCommand, section

_METHODS = ("search", "greedy", "masks", "sensitivity", "rl")
_MINIMIZED = ("latency", "ram", "flash", "energy-proxy")
_SAMPLERS = ("tpe", "nsga2", "random")


class FitGroup(click.Group):
    """A group whose commands may be left out: what begins otherwise is a search."""

    default = "search"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the search first where no other command is named."""
        helping = [one for one in args[:1] if one in self.context_settings["help_option_names"]]
        # Without any, a settings file may say it all.
        begins = bool(args) or bool((ctx.default_map or {}).get(self.default))
        if begins and not helping and (not args or args[0] not in self.commands):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options of a search, then the other commands."""
        search = self.commands[self.default]
        search.format_options(click.Context(search, parent=ctx.parent), formatter)
        self.format_commands(ctx, formatter)


@click.group(
    "fit",
    cls=FitGroup,
    no_args_is_help=True,
    subcommand_metavar="MODEL [OPTIONS]...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def fit_group() -> None:
    """Search for the best firmware within a budget, measured on the emulated board.

    \b
    tinycompress fit model.keras --data train.npz --board nano33 --latency 20ms -o out
    tinycompress fit show out

    Candidates are compressed forms of MODEL, or what --model-function makes. What a candidate
    takes is measured before it is trained; one above the budget is not trained. The same command
    goes on with a search that was interrupted. docs/fit.md has the space and the methods.
    """


@fit_group.command("search", cls=SectionedCommand, hidden=True)
@section(
    "Model",
    click.argument("model", type=PATH, required=False),
    click.option(
        "--data", type=PATH, required=True, help="Training samples: .npz with x and y."
    ),
    click.option(
        "--val", type=PATH,
        help="Validation samples: .npz with x and y.  [default: a part of --data]",
    ),
    click.option(
        "--model-function", metavar="FILE.py:MAKE",
        help="Function that makes models of a `space`, in place of MODEL; or a shipped one: images,"
        " keywords, imu, autoencoder.",
    ),
    board_option(required=True),
)  # fmt: skip
@section(
    "Budget",
    click.option("--latency", "latency_us", type=DurationType(), help="Longest inference."),
    click.option("--ram", "ram_bytes", type=SizeType(), help="Most RAM, the whole stack included."),
    click.option("--flash", "flash_bytes", type=SizeType(), help="Most flash, as linked."),
    click.option("--min-accuracy", type=float, help="Least accuracy, 0 to 1, of the int8 file."),
    max_drop_option("Most that it may lose against MODEL in float: 0.01 or 1%."),
)
@section(
    "Aim",
    click.option("--minimize", type=click.Choice(_MINIMIZED), help="Figure to make smallest."),
    click.option(
        "--maximize", type=click.Choice(["accuracy"]),
        help="Figure to make largest.  [default: the Pareto front of accuracy and what has a"
        " budget]",
    ),
)  # fmt: skip
@section(
    "Search",
    click.option("--space", type=PATH, help="TOML file that narrows or widens the space."),
    click.option(
        "--method", type=click.Choice(_METHODS), default="search", show_default=True,
        help="How to search: by Optuna's samplers; channels group by group, after NetAdapt;"
        " channels by gates that are trained with the weights; bits by sensitivity, after HAWQ;"
        " bits by an agent, after ReLeQ.",
    ),
    click.option(
        "--sampler", type=click.Choice(_SAMPLERS), default="tpe", show_default=True,
        help="Optuna's sampler of the method search.",
    ),
    click.option("--trials", type=int, default=40, show_default=True, help="Trials in all."),
    click.option("--time", "time_s", type=SpanType(), help="Time after which no trial begins."),
    click.option("--workers", type=int, default=1, show_default=True, help="Processes."),
    click.option("--seed", type=int, default=0, show_default=True, help="Of everything."),
    click.option(
        "--storage", metavar="URL",
        help="Database for several machines, such as postgresql+psycopg://user@host/db."
        "  [default: SQLite in -o]",
    ),
    click.option("--study", help="Name of the study.  [default: that of -o]"),
    click.option(
        "--artifacts", metavar="DIR|s3://BUCKET",
        help="Where files go that other machines need.  [default: in -o]",
    ),
)  # fmt: skip
@section(
    "Output",
    output_option("Directory of the study and the results.  [default: MODEL-BOARD-fit]"),
    json_option,
)
def search_command(output: Path | None, as_json: bool, **options: Any) -> None:
    """Search for the best firmware within a budget."""
    from tinycompress.cli.answers.fit import interrupted_hint, show_result
    from tinycompress.search.asking import default_output
    from tinycompress.search.running import fit

    if given("model_function") and not given("model"):
        # A model of the settings file gives way.
        options["model"] = None
    output = output or default_output(options["model"], options["model_function"], options["board"])
    with stage_progress() as progress, interrupted_hint(output):
        result = fit(output=output, progress=progress, say=progress.say, **options)
    show_result(result, as_json=as_json)


@fit_group.command("join")
@click.argument("storage", metavar="STORAGE-URL")
@click.argument("study")
@click.option("--workers", type=int, default=1, show_default=True, help="Processes.")
@click.option("--time", "time_s", type=SpanType(), help="Time after which no trial begins.")
@json_option
def join_command(storage: str, study: str, as_json: bool, **options: Any) -> None:
    """Work on a STUDY that another machine has begun, until it has its trials."""
    from tinycompress.cli.answers.fit import show_summary
    from tinycompress.search.running import join

    with stage_progress() as progress:
        summary = join(storage, study, progress=progress, say=progress.say, **options)
    show_summary(summary, None, as_json=as_json)


@fit_group.command("show")
@click.argument("directory", type=PATH)
@json_option
def show_command(directory: Path, as_json: bool) -> None:
    """Print what a search in DIRECTORY has found so far, and write its page."""
    from tinycompress.cli.answers.fit import show_summary
    from tinycompress.search.running import show
    from tinycompress.search.showing.page import write_page

    summary = show(directory)
    show_summary(summary, write_page(summary, directory), as_json=as_json)
