"""Whether an engine runs a model exactly, and if not, why and what helps.

Everything that builds, inspects, compresses or trains for a device comes through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import get_args

from tinycompress.artifacts import ExactTo
from tinycompress.codegen.legality import (
    OTHER_LAYERS,
    REPLACE,
    Reason,
    in_few_lines,
    refused,
    takes_floats,
    why_not,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.state import resolve_state
from tinycompress.codegen.tflm.legality import check_legality
from tinycompress.errors import ModelError
from tinycompress.ir.foreign import CONVERT_AGAIN, lacks_flex, use_original
from tinycompress.ir.graph import Graph, Model
from tinycompress.ir.summary import unlike_integer

IN_FLOAT = "or build it as it is, in float: --precision float32"


def require_aot(model: Model, options: CodegenOptions, *, roll: bool = True) -> Graph:
    """What the AOT engine makes C of: the model's graph after all passes.

    Args:
        model: The model.
        options: Whose arithmetic is to be reproduced, and on which core.
        roll: Whether equal time steps become a loop.

    Raises:
        ModelError: The engine does not take the model; with every reason, and what helps.
    """
    graph = run_passes(resolve_state(model), roll=roll, exact_to=options.exact_to)
    reasons = why_not(graph, options)
    if reasons:
        floats = takes_floats(graph, options)
        told = tuple(in_few_lines(reasons if floats else _in_short(graph, reasons)))
        raise refused(told, _aot_hint(model, graph, reasons, options))
    return graph


def require_tflm(model: Model) -> None:
    """Refuse what stock TFLM cannot run, or not with outputs that can be promised.

    Raises:
        ModelError: With every reason, and what helps.
    """
    if model.stages:
        raise ModelError(
            f"the engine tflm runs one model, and this is a cascade of {len(model.stages)}",
            hint="--engine aot, which gives the same bytes",
        )
    try:
        check_legality(model)
    except ModelError as error:
        floats = any(unlike_integer(model.main, op) for op in model.main.ops)
        known = use_original(model) or lacks_flex(model.main.ops) or _by_aot(model)
        error.hint = known or (CONVERT_AGAIN if floats else OTHER_LAYERS)
        raise


def instead_of_tflm(model: Model) -> str:
    """The hint for a model of integers that stock TFLM does not run."""
    return _by_aot(model) or OTHER_LAYERS


def _by_aot(model: Model) -> str | None:
    for name in get_args(ExactTo):
        if aot_takes(model, CodegenOptions(exact_to=name)):
            more = "" if name == CodegenOptions().exact_to else f" --exact-to {name}"
            return f"the AOT engine takes the model: --engine aot{more}"
    return None


def _in_short(graph: Graph, reasons: Iterable[Reason]) -> Iterator[Reason]:
    """Reasons, with one in place of all those of an operator that works on no integers."""
    told = set()
    for reason in reasons:
        text = None if reason.op is None else unlike_integer(graph, reason.op)
        if text is None:
            yield reason
        elif reason.where not in told:
            told.add(reason.where)
            yield replace(reason, text=text)


def _aot_hint(
    model: Model, graph: Graph, reasons: tuple[Reason, ...], options: CodegenOptions
) -> str:
    original = use_original(model)
    if original is not None:
        return original
    flex = lacks_flex(op for one in reasons if (op := one.op) is not None)
    if flex is not None:
        return flex
    others = (name for name in get_args(ExactTo) if name != options.exact_to)
    takes = [
        f"--exact-to {name}" for name in others if aot_takes(model, replace(options, exact_to=name))
    ]
    if takes:
        return f"the model can be built with {takes[0]}"
    if any(one.op is not None and unlike_integer(graph, one.op) for one in reasons):
        in_float = not takes_floats(graph, options) and aot_takes(
            model, replace(options, floats=True)
        )
        return f"{CONVERT_AGAIN}; {IN_FLOAT}" if in_float else CONVERT_AGAIN
    return REPLACE


def aot_takes(model: Model, options: CodegenOptions) -> bool:
    """Whether the AOT engine takes a model."""
    graph = run_passes(resolve_state(model), exact_to=options.exact_to)
    return not why_not(graph, options)
