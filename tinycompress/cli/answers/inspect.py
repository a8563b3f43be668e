"""What ``inspect`` answers: what is in a model, and how an integer model agrees with its float."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from typing import Any

from tinycompress._console import results_console
from tinycompress._console.fitted_table import Column, print_fitted
from tinycompress.artifacts import LayerAgreement, TensorSpec
from tinycompress.cli.answers import next_steps
from tinycompress.cli.answers.common import (
    integer_lines,
    judgement_json,
    judgement_lines,
    percent,
    schema,
    simplification_json,
    simplification_line,
    spec_json,
)
from tinycompress.cli.answers.tflm import print_verdict, verdict_json
from tinycompress.cli.invocation import tell, warn
from tinycompress.cli.options import print_json
from tinycompress.conversion.describe import SourceSummary
from tinycompress.pipeline import Comparison, Inspection
from tinycompress.pipeline.engines.tflm_verdict import TflmVerdict
from tinycompress.quality.labels import layer_of


def show_inspection(inspection: Inspection, verdict: TflmVerdict, *, as_json: bool) -> None:
    """Show what is in a ``.tflite``, and what TensorFlow Lite Micro says of it."""
    if as_json:
        print_json(inspect_json(inspection, verdict))
    else:
        print_inspection(inspection)
        print_verdict(verdict)


def show_source(summary: SourceSummary, *, as_json: bool) -> None:
    """Show what is in a Keras model or SavedModel."""
    if as_json:
        print_json(source_json(summary))
    else:
        print_source(summary)


def show_comparison(comparison: Comparison, *, as_json: bool) -> None:
    """Show an integer model beside its float model."""
    if as_json:
        print_json(comparison_json(comparison))
    else:
        print_comparison(comparison)


def inspect_json(inspection: Inspection, verdict: TflmVerdict) -> dict[str, object]:
    """The result of ``inspect``."""
    summary, board = inspection.summary, inspection.board
    fit: dict[str, object] | None = None
    if board is not None:
        fit = {
            "board": board.id,
            "flash_bytes": board.flash_bytes,
            "ram_bytes": board.ram_bytes,
            "stack_reserved_bytes": board.budget.stack_bytes,
        }
    return {
        **schema("inspect"),
        "model": str(inspection.path),
        "tflite_bytes": inspection.tflite_bytes,
        "sha256": summary.sha256,
        "inputs": [spec_json(spec) for spec in summary.inputs],
        "outputs": [spec_json(spec) for spec in summary.outputs],
        "macs": summary.macs,
        "activations": list(summary.activations),
        "not_integer": list(summary.not_integer),
        "integer_inside": summary.integer_inside,
        "aot": {
            "exact_to": inspection.exact_to,
            "refused": list(inspection.refused),
            "arena_bytes": inspection.arena_bytes,
            "weights_bytes": inspection.weights_bytes,
            "peak_layer": inspection.peak_layer,
            "simplification": simplification_json(inspection.simplification),
            "obtained": "estimated",
        },
        "board": fit,
        "layers": [
            {"index": op.index, "name": op.name, "op": op.kind, "dtype": op.dtype,
             "output_shapes": [list(shape) for shape in op.output_shapes],
             "macs": op.macs, "weights_bytes": op.weights_bytes}
            for op in summary.ops
        ],
        "tflm": verdict_json(verdict),
    }  # fmt: skip


def print_inspection(inspection: Inspection) -> None:
    """Operators, totals, and what a board would have to hold."""
    console, summary = results_console(), inspection.summary
    columns = (
        Column("#", right=True), Column("op", least=12), Column("layer", least=16),
        Column("output", least=10), Column("type", drop=1), Column("MACs", right=True),
        Column("constants, bytes", right=True, drop=2),
    )  # fmt: skip
    rows = [
        (
            str(op.index), op.kind, op.name,
            " ".join("x".join(map(str, shape)) for shape in op.output_shapes), op.dtype,
            f"{op.macs:,}", f"{op.weights_bytes:,}",
        )
        for op in summary.ops
    ]  # fmt: skip
    print_fitted(console, f"{inspection.path}: {inspection.tflite_bytes:,} bytes", columns, rows)
    lines = [
        *(_spec_line(f"input {i}", f"x{i}", spec, summary.inputs)
          for i, spec in enumerate(summary.inputs)),
        *(_spec_line(f"output {i}", f"y{i}", spec, summary.outputs)
          for i, spec in enumerate(summary.outputs)),
        f"{summary.macs:,} MACs, {summary.weights_bytes:,} bytes of constants",
    ]  # fmt: skip
    kinds = " and ".join(summary.activations)
    lines += integer_lines(kinds, summary.not_integer, inside=summary.integer_inside)
    if inspection.refused:
        lines += ["refused by the AOT engine:", *(f"  - {r}" for r in inspection.refused)]
    else:
        lines += _needs(inspection)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _spec_line(what: str, number: str, spec: TensorSpec, all_of: Sequence[TensorSpec]) -> str:
    """An input or output, and what its samples or labels are called in an ``.npz``."""
    names = [spec.name] if number.startswith("x") else []
    layers = [layer_of(one.name) for one in all_of]
    if number.startswith("y") and layers.count(layer_of(spec.name)) == 1:
        names = [layer_of(spec.name)]
    number = number[0] if len(all_of) == 1 else number
    shape = "x".join(map(str, spec.shape)) or "scalar"
    scaled = f", scale {spec.scale:.6g}, zero point {spec.zero_point}" if spec.scale else ""
    called = " or ".join(dict.fromkeys((number, *names)))
    kind = "samples" if what.startswith("input") else "labels"
    return f"{what}: {spec.name}, {spec.dtype} {shape}{scaled} ({kind} {called})"


def _needs(inspection: Inspection) -> list[str]:
    arena, weights = inspection.arena_bytes or 0, inspection.weights_bytes or 0
    lines = [
        f"AOT engine (exact to {inspection.exact_to}): arena {arena:,} bytes, needed by "
        f"{inspection.peak_layer}; weights {weights:,} bytes"
    ]
    if inspection.simplification is not None:
        lines.append(simplification_line(inspection.simplification))
    board = inspection.board
    if board is not None:
        ram = arena + board.budget.stack_bytes
        lines.append(
            f"{board.name}, estimated before compiling: weights "
            f"{percent(weights, board.flash_bytes)} of flash, arena and reserved stack "
            f"{percent(ram, board.ram_bytes)} of RAM"
        )
    return lines


def source_json(summary: SourceSummary) -> dict[str, Any]:
    """A Keras model or SavedModel."""
    return {
        "schema": "tinycompress.inspect_source",
        "schema_version": 1,
        "model": str(summary.path),
        "kind": summary.kind,
        "inputs": [{"name": spec.name, "shape": list(spec.shape)} for spec in summary.inputs],
        "parameters": summary.parameters,
        "macs": None if summary.refused else summary.macs,
        "refused": list(summary.refused),
        "layers": [
            {"name": layer.name, "class": layer.kind, "output_shape": list(layer.output_shape),
             "parameters": layer.parameters, "macs": None if summary.refused else layer.macs,
             "operators": list(layer.operators)}
            for layer in summary.layers
        ],
    }  # fmt: skip


def print_source(summary: SourceSummary) -> None:
    """Layers, totals, and whether it can be converted."""
    columns = (
        Column("layer", least=16), Column("class", least=12), Column("output", least=10),
        Column("parameters", right=True), Column("MACs", right=True),
        Column("operations, before the converter folds them", least=12, drop=1),
    )  # fmt: skip
    rows = []
    for layer in summary.layers:
        shape = "x".join("?" if size is None else str(size) for size in layer.output_shape[1:])
        work = " ".join(layer.operators) or "nothing at inference"
        rows.append(
            (
                layer.name, layer.kind, shape, f"{layer.parameters:,}",
                "-" if summary.refused else f"{layer.macs:,}", "-" if summary.refused else work,
            )
        )  # fmt: skip
    console = results_console()
    print_fitted(console, f"{summary.path} ({summary.kind})", columns, rows)
    lines = [f"{summary.parameters:,} parameters"]
    if summary.refused:
        lines += ["cannot be converted:", *(f"  - {reason}" for reason in summary.refused)]
    else:
        lines[0] += f", {summary.macs:,} MACs"
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
    if not summary.refused:
        tell([f"next: {next_steps.after_inspect(summary.path)}"])


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Float and int8 layer by layer; a ratio without any noise is null with ``equal`` true."""
    first = comparison.first_diverging
    return {
        "schema": "tinycompress.inspect_compare",
        "schema_version": 1,
        "float_model": str(comparison.float_path),
        "int8_model": str(comparison.int8_path),
        "int8_sha256": comparison.int8_sha256,
        "samples": comparison.samples,
        "least_db": comparison.least_db,
        "first_diverging": None if first is None else first.name,
        "activations": comparison.activations,
        **judgement_json(comparison.quality, comparison.agreement, comparison.judged_samples),
        "warnings": list(comparison.warnings),
        "layers": [
            {"index": layer.index, "name": layer.name, "op": layer.op, "shape": list(layer.shape),
             "float_name": layer.float_name or None, "found_by": layer.found_by or None,
             "equal": layer.snr_db is not None and isinf(layer.snr_db),
             "snr_db": None if layer.snr_db is None or isinf(layer.snr_db) else layer.snr_db}
            for layer in comparison.layers
        ],
    }  # fmt: skip


def print_comparison(comparison: Comparison) -> None:
    """A row an operator, then where the int8 model leaves the float model."""
    columns = (
        Column("#", right=True), Column("op", least=12), Column("layer", least=16),
        Column("output", least=10, drop=1), Column("SNR, dB", right=True),
        Column("float counterpart", least=16),
    )  # fmt: skip
    rows = [
        (
            str(layer.index), layer.op, layer.name, "x".join(map(str, layer.shape)), ratio(layer),
            _counterpart(layer),
        )
        for layer in comparison.layers
    ]  # fmt: skip
    console = results_console()
    title = f"{comparison.int8_path} beside {comparison.float_path}"
    print_fitted(console, f"{title}, at most {comparison.samples} samples", columns, rows)
    told = judgement_lines(
        comparison.quality, comparison.agreement, comparison.activations,
        outputs=len(comparison.agreement),
    )  # fmt: skip
    for line in (*_verdict(comparison), *told):
        console.print(line, markup=False, soft_wrap=True)
    warn(comparison.warnings)


def ratio(layer: LayerAgreement) -> str:
    """A signal-to-noise ratio in dB."""
    if layer.snr_db is None:
        return "-"
    return "equal" if isinf(layer.snr_db) else f"{layer.snr_db:.1f}"


def _counterpart(layer: LayerAgreement) -> str:
    if layer.snr_db is None:
        return "none of this name, or of this shape in this place"
    return layer.float_name + (" (by order and shape)" if layer.found_by == "order" else "")


def _verdict(comparison: Comparison) -> list[str]:
    lines = []
    first = comparison.first_diverging
    known = [layer for layer in comparison.layers if layer.snr_db is not None]
    if first is not None:
        lines.append(
            f"the first layer that diverges is {first.name} ({first.op}): {ratio(first)} dB, below"
            f" {comparison.least_db:g} dB"
        )
    elif known:
        worst = min(known, key=lambda layer: layer.snr_db or 0.0)
        lines.append(f"no layer diverges; the worst is {worst.name}: {ratio(worst)} dB")
    if comparison.unmatched:
        lines.append(
            f"{len(comparison.unmatched)} of {len(comparison.layers)} layers have no counterpart in"
            " the float model and are not judged"
        )
    return lines
