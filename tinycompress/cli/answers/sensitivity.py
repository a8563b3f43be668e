"""What ``inspect --sensitivity`` answers: what changes of single layers cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tinycompress._console import results_console
from tinycompress._console.fitted_table import Column, print_fitted
from tinycompress.cli.invocation import tell
from tinycompress.cli.options import print_json
from tinycompress.compression.sensitivity import Change, Point, SensitivityTable
from tinycompress.compression.sensitivity.table import ChangeKind
from tinycompress.deploy.sensitivity import JSON_NAME, PLOT_NAME, sensitivity_json

_TITLES: dict[ChangeKind, str] = {
    "prune": "pruned to so many zeros",
    "cluster": "clustered to so many integers",
    "bits": "weights of so many bits",
}


def show_sensitivity(table: SensitivityTable, output: Path | None, *, as_json: bool) -> None:
    """Show the sensitivities of a model's layers, and where plot and JSON are."""
    if as_json:
        print_json(sensitivity_json(table))
    else:
        _print(table)
    if output is not None:
        tell([f"wrote {output / JSON_NAME} and {output / PLOT_NAME}"])


def _print(table: SensitivityTable) -> None:
    console = results_console()
    for kind, title in _TITLES.items():
        changes = [change for change in table.changes if change.kind == kind]
        if changes:
            _print_kind(table, changes, title)
    if any(layer.hessian_trace is not None for layer in table.layers):
        _print_traces(table)
    accuracy = "" if table.accuracy is None else f"; accuracy as it is {table.accuracy:.4f}"
    lines = [
        f"KL divergence of the outputs in nats, {table.samples} samples{accuracy}. One layer is"
        " changed at a time, nothing is trained, activations are float"
    ]
    if table.accuracy is not None:
        lines.append("points: the change of the accuracy, in percentage points")
    for line in (*lines, *table.notes):
        console.print(line, markup=False, soft_wrap=True)


def _print_kind(table: SensitivityTable, changes: Sequence[Change], title: str) -> None:
    labelled = table.accuracy is not None
    columns = [Column("layer", least=9), *([Column("")] if labelled else [])]
    columns += [Column(_short(change), right=True) for change in changes]
    rows = []
    for layer in table.layers:
        points = [layer.point(change) for change in changes]
        divergences = [_number(point.divergence) for point in points]
        rows.append((layer.layer, *(["KL"] if labelled else []), *divergences))
        if labelled:
            rows.append(("", "points", *(_moved(table, point) for point in points)))
    print_fitted(results_console(), f"{table.model}: {title}", columns, rows)


def _short(change: Change) -> str:
    return f"{100 * change.amount:g} %" if change.kind == "prune" else f"{change.amount:g}"


def _moved(table: SensitivityTable, point: Point) -> str:
    """What a change does to the accuracy, in points."""
    return f"{100 * ((point.accuracy or 0.0) - (table.accuracy or 0.0)):+.1f}"


def _number(value: float) -> str:
    """Two digits that matter in at most five characters; what is rounding of float32 is 0."""
    if value < 1e-6:
        return "0"
    if value < 1e-3:
        return f"{value:.0e}".replace("e-0", "e-")
    return f"{value:.3f}" if value < 1 else f"{value:.2g}"


def _print_traces(table: SensitivityTable) -> None:
    columns = (
        Column("layer", least=9), Column("class", least=8, drop=1), Column("weights", right=True),
        Column("trace", right=True), Column("error", right=True),
        Column("trace / weight", right=True),
    )  # fmt: skip
    rows = [
        (
            layer.layer, layer.kind, f"{layer.weights:,}", f"{layer.hessian_trace or 0.0:.3g}",
            f"{layer.hessian_error or 0.0:.2g}",
            f"{(layer.hessian_trace or 0.0) / layer.weights:.2g}",
        )
        for layer in table.layers
    ]  # fmt: skip
    title = f"{table.model}: trace of the loss's Hessian, {table.hessian_samples} samples"
    print_fitted(results_console(), title, columns, rows)
