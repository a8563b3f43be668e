"""What ``inspect --weights`` answers: what weights take encoded, and what would help further."""

from __future__ import annotations

from tinycompress._console import results_console
from tinycompress._console.fitted_table import Column, print_fitted
from tinycompress.artifacts import WeighedLayer, WeighedModel
from tinycompress.cli.answers.common import schema, simplification_json, simplification_line
from tinycompress.cli.invocation import tell
from tinycompress.cli.options import print_json
from tinycompress.pipeline import WeightsInspection


def show_weights(inspection: WeightsInspection, *, as_json: bool) -> None:
    """Show what the weights of a ``.tflite`` take."""
    if as_json:
        print_json(weights_json(inspection))
    else:
        print_weights(inspection)


def weights_json(inspection: WeightsInspection) -> dict[str, object]:
    """All layers; bytes that nothing was trained for are ``further``."""
    board, weighed = inspection.board, inspection.weighed
    return {
        **schema("inspect_weights"),
        "model": str(inspection.path),
        "board": None if board is None else board.id,
        "cost_unit": weighed.cost_unit,
        "int8_bytes": weighed.int8_bytes,
        "encoded_bytes": weighed.encoded_bytes,
        "code_bytes": dict(weighed.code_bytes),
        "simplification": simplification_json(weighed.simplification),
        "obtained": "estimated",
        "layers": [_layer_json(layer) for layer in weighed.layers],
    }


def _layer_json(layer: WeighedLayer) -> dict[str, object]:
    return {
        "name": layer.name,
        "op": layer.op,
        "int8_bytes": layer.int8_bytes,
        "zero_share": round(layer.zero_share, 6),
        "distinct_values": layer.distinct_values,
        "encoding": layer.encoding,
        "detail": layer.detail,
        "bits_per_weight": round(layer.bits_per_weight, 3),
        "encoded_bytes": layer.encoded_bytes,
        "more_cost": None if layer.more_cost is None else round(layer.more_cost),
        "code_bytes": dict(layer.code_bytes),
        "further_bytes": dict(layer.further_bytes),
    }


def print_weights(inspection: WeightsInspection) -> None:
    """A table of today's weights, one of further ones, and what to know about both."""
    weighed, console = inspection.weighed, results_console()
    if not weighed.layers:
        console.print(f"{inspection.path}: no layer has int8 weights", markup=False)
        return
    _print_encodings(inspection)
    _print_further(weighed)
    lines = []
    if weighed.simplification is not None:
        lines.append(simplification_line(weighed.simplification))
    if weighed.code_bytes:
        lines.append(
            f"Code for these encodings: {sum(weighed.code_bytes.values()):,} bytes, paid once; of"
            " kernels compiled alone, an estimate"
        )
    lines.append(
        "Weights further pruned by magnitude or clustered to so many values a layer were made and"
        " encoded to see their size: nothing was trained, and nothing is said of accuracy"
    )
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
    board = "BOARD" if inspection.board is None else inspection.board.id
    tell([f"next: tinycompress build {inspection.path} --board {board} --optimize flash"])


def _print_encodings(inspection: WeightsInspection) -> None:
    weighed, board = inspection.weighed, inspection.board
    unit = weighed.cost_unit
    columns = [
        Column("layer", least=16), Column("op", least=8, drop=2), Column("int8, bytes", right=True),
        Column("zeros", right=True), Column("values", right=True, drop=1),
        Column("smallest encoding", least=17), Column("bits", right=True, drop=3),
        Column("bytes", right=True),
    ]  # fmt: skip
    if board is not None:
        columns.append(Column(unit, right=True))
    rows = [_row(layer, with_cost=board is not None) for layer in weighed.layers]
    total = (
        "all", "", f"{weighed.int8_bytes:,}", "", "", "",
        f"{8 * weighed.encoded_bytes / weighed.int8_bytes:.2f}", f"{weighed.encoded_bytes:,}",
        *([] if board is None else [_total_cost(weighed)]),
    )  # fmt: skip
    where = "" if board is None else f" on {board.name}"
    print_fitted(
        results_console(), f"{inspection.path}: weights{where}", columns, rows, totals=[total]
    )


def _row(layer: WeighedLayer, *, with_cost: bool) -> tuple[str, ...]:
    encoding = "as they are" if layer.encoding is None else f"{layer.encoding}, {layer.detail}"
    cost = "-" if layer.more_cost is None else f"{layer.more_cost:+,.0f}"
    return (
        layer.name, layer.op, f"{layer.int8_bytes:,}", f"{layer.zero_share:.0%}",
        f"{layer.distinct_values}", encoding, f"{layer.bits_per_weight:.2f}",
        f"{layer.encoded_bytes:,}", *([cost] if with_cost else []),
    )  # fmt: skip


def _total_cost(weighed: WeighedModel) -> str:
    costs = [layer.more_cost for layer in weighed.layers if layer.encoding is not None]
    known = [cost for cost in costs if cost is not None]
    return f"{sum(known):+,.0f}" if known and len(known) == len(costs) else "-"


def _print_further(weighed: WeighedModel) -> None:
    names = list(weighed.layers[0].further_bytes)
    columns = [
        Column("layer", least=16), Column("now", right=True),
        *(Column(name, right=True) for name in names),
    ]  # fmt: skip
    rows = [
        (
            layer.name, f"{layer.encoded_bytes:,}",
            *(f"{layer.further_bytes[name]:,}" for name in names),
        )
        for layer in weighed.layers
    ]  # fmt: skip
    total = (
        "all", f"{weighed.encoded_bytes:,}",
        *(f"{weighed.further_bytes(name):,}" for name in names),
    )  # fmt: skip
    print_fitted(
        results_console(), "Bytes if weights had so many values, or so many zeros", columns, rows,
        totals=[total],
    )  # fmt: skip
