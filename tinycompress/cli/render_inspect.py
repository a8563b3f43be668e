"""How answers about float models look: what is in one, and how an int8 model agrees with it."""

from __future__ import annotations

from math import isinf
from typing import Any

from rich.table import Table

from tinycompress._console import results_console
from tinycompress.artifacts import LayerAgreement
from tinycompress.conversion.describe import SourceSummary
from tinycompress.pipeline import Comparison


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
    table = Table(title=f"{summary.path} ({summary.kind})", title_justify="left",
                  title_style="bold")  # fmt: skip
    for column in ("layer", "class", "output"):
        table.add_column(column, overflow="fold")
    table.add_column("parameters", justify="right")
    table.add_column("MACs", justify="right")
    table.add_column("operations, before the converter folds them", overflow="fold")
    for layer in summary.layers:
        shape = "x".join("?" if size is None else str(size) for size in layer.output_shape[1:])
        work = " ".join(layer.operators) or "nothing at inference"
        table.add_row(
            layer.name, layer.kind, shape, f"{layer.parameters:,}",
            "-" if summary.refused else f"{layer.macs:,}", "-" if summary.refused else work,
        )  # fmt: skip
    console = results_console()
    console.print(table)
    lines = [f"{summary.parameters:,} parameters"]
    if summary.refused:
        lines += ["cannot be converted:", *(f"  - {reason}" for reason in summary.refused)]
    else:
        lines[0] += f", {summary.macs:,} MACs"
        lines.append(f"next: tinycompress convert {summary.path} --data calib.npz")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Float and int8 layer by layer; a ratio without any noise is null with ``equal`` true."""
    first = comparison.first_diverging
    return {
        "schema": "tinycompress.inspect_compare",
        "schema_version": 1,
        "float_model": str(comparison.float_path),
        "int8_model": str(comparison.int8_path),
        "samples": comparison.samples,
        "least_db": comparison.least_db,
        "first_diverging": None if first is None else first.name,
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
    table = Table(
        title=f"{comparison.int8_path} beside {comparison.float_path}, at most"
        f" {comparison.samples} samples",
        title_justify="left", title_style="bold",
    )  # fmt: skip
    table.add_column("#", justify="right")
    for column in ("op", "layer", "output"):
        table.add_column(column, overflow="fold")
    table.add_column("SNR, dB", justify="right")
    table.add_column("float counterpart", overflow="fold")
    for layer in comparison.layers:
        shape = "x".join(map(str, layer.shape))
        table.add_row(
            str(layer.index), layer.op, layer.name, shape, ratio(layer), _counterpart(layer)
        )
    console = results_console()
    console.print(table)
    for line in _verdict(comparison):
        console.print(line, markup=False, soft_wrap=True)


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
