"""``tinycompress build``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tinycompress.artifacts import EngineName, FrameworkName, Optimize, ToolchainChoice
from tinycompress.cli.invocation import given, invocation, tell
from tinycompress.cli.options import (
    DROP_HELP,
    PATH,
    DurationType,
    SizeType,
    activations_option,
    board_option,
    choice_option,
    data_options,
    exact_to_option,
    json_option,
    max_drop_option,
    output_option,
    port_options,
    precision_option,
    range_options,
    weights_option,
)
from tinycompress.cli.progress import stage_progress
from tinycompress.cli.sections import SectionedCommand, section
from tinycompress.options import (
    BuildOptions,
    TransportChoice,
    excluded_options,
    weights_choices,
    weights_of,
)


@click.command("build", cls=SectionedCommand)
@click.argument("model", type=PATH)
@section(
    "Model", data_options, max_drop_option(DROP_HELP), precision_option,
    activations_option("int8; a .tflite keeps its own"), range_options,
)  # fmt: skip
@section(
    "Board",
    board_option(required=True),
    choice_option(
        "--transport", TransportChoice,
        "Interface that the firmware talks over.  [default: as the board's file says]",
    ),
    choice_option(
        "--framework", FrameworkName,
        "cmake makes complete firmware, arduino a sketch, zephyr an application, library the"
        " model alone for a program of your own; see docs/frameworks.md.",
    ),
)  # fmt: skip
@section(
    "Engine",
    choice_option(
        "--engine", EngineName,
        "Runtime of the model: aot is C made for it, tflm stock TensorFlow Lite Micro; see"
        " docs/engines.md.",
    ),
    exact_to_option("Runtime whose outputs the firmware reproduces byte for byte."),
    click.option(
        "--tflm-dir", type=PATH, metavar="DIRECTORY",
        help="Checkout of tflite-micro with its built library, for --engine tflm.  [default:"
        " $TFLM_DIR]",
    ),
    choice_option("--toolchain", ToolchainChoice, "Compiler; auto is the one that pip brought."),
)  # fmt: skip
@section(
    "Optimising",
    choice_option(
        "--optimize", Optimize, "Goal where kernels differ; the output tells what it cost."
    ),
    click.option(
        "--ram-budget", "ram_budget_bytes", type=SizeType(), metavar="SIZE",
        help="Largest arena, such as 20K. Layers are computed in patches, then by slower kernels,"
        " until it is kept.",
    ),
    click.option(
        "--flash-budget", "flash_budget_bytes", type=SizeType(), metavar="SIZE",
        help="Most flash of the whole firmware, such as 96K, as linked; kept for the fewest"
        " cycles. Not beside --optimize.",
    ),
    click.option(
        "--latency-budget", "latency_budget_us", type=DurationType(), metavar="TIME",
        help="Longest inference on the emulated board, such as 5ms or 800us; kept with the least"
        " flash. Not beside --optimize. bench checks it, too.",
    ),
    click.option(
        "--budget", type=PATH, metavar="FILE",
        help="Limits of flash, RAM, latency and accuracy in a .toml; exit code 4 where one is not"
        " kept. docs/budgets.md.",
    ),
    weights_option(
        weights_choices(),
        "How weights lie in flash: auto encodes them where --optimize gains by it, plain leaves"
        " them; others are TensorFlow Lite Micro's, for --engine tflm. docs/weights.md.  [default:"
        " auto; plain for --engine tflm]",
    ),
    click.option(
        "--simplify/--no-simplify", default=BuildOptions.simplify, show_default=True,
        help="Leave out channels that never change or that nothing reads: docs/simplification.md.",
    ),
)  # fmt: skip
@section(
    "Device",
    click.option("--flash", is_flag=True, help="Write the firmware to a real board afterwards."),
    click.option(
        "--bench", is_flag=True,
        help="Measure the firmware afterwards: with --flash on the board, else emulated.",
    ),
    port_options,
)  # fmt: skip
@section(
    "Output",
    output_option(
        "Project directory; files that you added or edited there stay.  [default: named after"
        " model and board]"
    ),
    click.option(
        "--name",
        metavar="NAME",
        help="Name of the model in C, whose files and symbols are called tcm_NAME.  [default: the"
        " file's]",
    ),
    click.option("--force", is_flag=True, help="Overwrite edited files of an earlier project."),
    json_option,
)
def build_command(
    model: Path,
    board: str,
    flash: bool,
    bench: bool,
    port: str | None,
    answer_port: str | None,
    budget: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Build firmware that runs MODEL on a board.

    MODEL is a .keras, .h5 or .tflite file or a SavedModel directory; these need --data, except a
    .tflite. Or it is a .toml that joins several .tflite files: docs/cascades.md.
    """
    from tinycompress import pipeline
    from tinycompress.cli.answers.build import show_afterwards, show_build

    if not flash and (given("port") or given("answer_port")):
        raise click.UsageError("--port and --answer-port go with --flash")
    chosen = _chosen(model, board, options)
    limits = None if budget is None else pipeline.read_limits(budget, board, chosen)
    with stage_progress() as progress:
        made = pipeline.build(model, board, chosen, progress=progress)
    show_build(made, board, chosen, as_json=as_json, go_on=flash or bench)
    if flash or bench or limits:
        then = pipeline.Then(flash, bench, port, answer_port, chosen.val, limits)
        with stage_progress() as progress:
            done = pipeline.go_on(made, board, then, progress=progress)
        show_afterwards(made, done, as_json=as_json)
        done.require_promises()


def _chosen(model: Path, board: str, options: dict[str, Any]) -> BuildOptions:
    """The options of the library; a project that is not named lies beside tinycompress.toml."""
    options |= _without_excluded(options["engine"], options["framework"])
    options["output"] = options["output"] or invocation().settings.project(model, board)
    weights = weights_of(options["engine"], options.pop("weights"))
    return BuildOptions(**options, **weights)


def _without_excluded(engine: EngineName, framework: FrameworkName) -> dict[str, Any]:
    """Defaults for what tinycompress.toml says of other engines and frameworks than the chosen."""
    settings = invocation().settings
    said = settings.by_command.get("build", {})
    # --weights is for either engine.
    excluded = set(excluded_options(engine, framework)) - {"weights"}
    names = sorted(name for name in excluded if name in said and not given(name))
    if names:
        keys = ", ".join(said[name].key for name in names)
        tell([f"not for --engine {engine} --framework {framework}: {keys} of {settings.file}"])
    return {name: getattr(BuildOptions, name) for name in names}
