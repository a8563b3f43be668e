"""The chosen engine's verdict on a model, and whether anything can check it."""

from __future__ import annotations

from tinycompress.artifacts import ExactTo
from tinycompress.boards import Board
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.legality import REPLACE
from tinycompress.codegen.tflm import refusals
from tinycompress.codegen.tolerance import allowed_ulps, float_operators
from tinycompress.codegen.verdict import aot_takes, instead_of_tflm, require_aot, require_tflm
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model
from tinycompress.options import BuildOptions
from tinycompress.oracle import refusal


def require_engine(tflite: bytes, board: Board, options: BuildOptions) -> None:
    """Refuse a model that the chosen engine does not run exactly.

    Args:
        tflite: The whole file.
        board: What it is to run on.
        options: The engine, and whose arithmetic it is to reproduce.

    Raises:
        ModelError: With every reason, and what helps.
    """
    model = read_model(tflite)
    if model.stages:
        _require_cascade(model, options)
    if options.engine == "tflm":
        require_tflm(model)
        reason = refusal(tflite, "tflm")
        if reason is not None:
            raise ModelError(reason, hint=instead_of_tflm(model))
        return
    try:
        require_aot(
            model,
            CodegenOptions.for_board(
                board, exact_to=options.exact_to, floats=options.precision != "int8"
            ),
        )
    except ModelError as error:
        if error.hint == REPLACE and not refusals(model) and refusal(tflite, "tflm") is None:
            without = "" if options.exact_to == "tflm" else ", without --exact-to"
            error.hint = f"the TFLM engine takes the model: --engine tflm{without}"
        raise


def _require_cascade(model: Model, options: BuildOptions) -> None:
    """Refuse options that are for one model.

    Raises:
        ConfigError: An option is for one model.
    """
    budgets = [
        name
        for name, value in (
            ("--flash-budget", options.flash_budget_bytes),
            ("--latency-budget", options.latency_budget_us),
        )
        if value is not None
    ]
    if budgets:
        raise ConfigError(
            f"{' and '.join(budgets)}: kernels are chosen for a budget of one model, and this is a"
            f" cascade of {len(model.stages)}",
            hint="--optimize flash; or limits in a file, which are checked: --budget FILE",
        )


def in_float(tflite: bytes, options: BuildOptions) -> tuple[str, ...]:
    """A warning that names the operators among integers that compute in float on the device.

    Args:
        tflite: The whole file, which the AOT engine takes.
        options: What was asked for: nothing is to be told of floats that were.
    """
    model = read_model(tflite)
    found = () if options.precision != "int8" else float_operators(model, options.exact_to)
    if not found:
        return ()
    names = ", ".join(f"{op.kind} {model.main.layer_name(op)!r}" for op in found)
    bound = max(allowed_ulps(model, options.exact_to))
    return (
        f"computed in float32 on the device: {names}. Outputs behind it are compared with"
        f" {options.exact_to}'s within {bound} ULP, not to the byte",
    )


def unchecked(tflite: bytes, exact_to: ExactTo) -> tuple[str, ...]:
    """A warning if the runtime whose bytes are promised does not run the model.

    Args:
        tflite: The whole file, which the AOT engine takes.
        exact_to: The runtime.
    """
    reason = refusal(tflite, exact_to)
    if reason is None:
        return ()
    other: ExactTo = "litert" if exact_to == "tflm" else "tflm"
    helps = ""
    takes = aot_takes(read_model(tflite), CodegenOptions(exact_to=other))
    if takes and refusal(tflite, other) is None:
        helps = f"; what --exact-to {other} builds can be checked"
    return (
        f"nothing can check the firmware's outputs, so that bench will end with exit code 8:"
        f" {reason}{helps}",
    )
