"""The plot of sensitivities: a curve a layer over zeros, clusters and bits, and the traces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from tinycompress.compression.sensitivity.table import ChangeKind, SensitivityTable

_AXES = {"prune": "zeros, %", "cluster": "clusters", "bits": "bits of a weight"}
_LEAST = 1e-7
"""Divergences below it are rounding; a logarithmic axis has no room for 0."""
_WIDTH_INCHES, _HEIGHT_INCHES = 4.2, 4.0


def sensitivity_svg(table: SensitivityTable) -> str:
    """An SVG with a panel for each kind of change, and one of the Hessian where it is known.

    The same table gives the same text.
    """
    # Half a second, which nobody who wants no plot need wait for.
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    from tinycompress._drawing import literal, svg_style, svg_text

    layers = tuple(replace(layer, layer=literal(layer.layer)) for layer in table.layers)
    table = replace(table, model=literal(table.model), layers=layers)
    kinds = [k for k in get_args(ChangeKind) if any(c.kind == k for c in table.changes)]
    traced = any(layer.hessian_trace is not None for layer in table.layers)
    panels = len(kinds) + traced
    with svg_style({}):
        figure = Figure(figsize=(_WIDTH_INCHES * panels, _HEIGHT_INCHES), layout="constrained")
        FigureCanvasSVG(figure)
        axes = list(figure.subplots(1, panels, squeeze=False)[0])
        for axis, kind in zip(axes, kinds, strict=False):
            _curves(axis, table, kind)
        if traced:
            _bars(axes[-1], table)
        handles, labels = axes[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=6, fontsize="small")
        figure.suptitle(f"{table.model}: sensitivity of each layer, {table.samples} samples")
        return svg_text(figure)


def _curves(axis: Any, table: SensitivityTable, kind: ChangeKind) -> None:
    percent = 100.0 if kind == "prune" else 1.0
    for number, layer in enumerate(table.layers):
        points = sorted(
            (percent * point.change.amount, max(point.divergence, _LEAST))
            for point in layer.points
            if point.change.kind == kind
        )
        axis.plot(*zip(*points, strict=True), color=f"C{number % 10}",
                  marker="osD^v"[number // 10 % 5], markersize=4, label=layer.layer)  # fmt: skip
    axis.set_yscale("log")
    axis.set_xlabel(_AXES[kind])
    axis.set_ylabel("KL divergence, nats")
    axis.grid(visible=True, alpha=0.3)
    if kind == "cluster":
        amounts = sorted({int(c.amount) for c in table.changes if c.kind == kind})
        axis.set_xscale("log", base=2)
        axis.set_xticks(amounts, [str(amount) for amount in amounts])
    if kind != "prune":
        axis.invert_xaxis()


def _bars(axis: Any, table: SensitivityTable) -> None:
    names = [layer.layer for layer in table.layers]
    values = [max(layer.hessian_trace or 0.0, 0.0) for layer in table.layers]
    errors = [layer.hessian_error or 0.0 for layer in table.layers]
    colours = [f"C{number % 10}" for number in range(len(names))]
    axis.barh(range(len(names)), values, xerr=errors, color=colours)
    axis.set_yticks(range(len(names)), names, fontsize="small")
    axis.invert_yaxis()
    if max(values) > 0.0:
        axis.set_xscale("log", nonpositive="clip")
    axis.set_xlabel(f"trace of the Hessian, {table.hessian_samples} samples")
    axis.grid(visible=True, axis="x", alpha=0.3)
