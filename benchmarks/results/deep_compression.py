"""Deep Compression's tables beside ours: bits of each layer's weights, published and flashed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from benchmarks.performance_page import table


class Published(NamedTuple):
    """A row of tables 2 and 3 of Han et al., Deep Compression (ICLR 2016, arXiv 1510.00149).

    Shares in percent: weights that are left, and the size of the layer with codebook against
    float32. Bits are for each weight that is left, Huffman-coded.
    """

    left: float
    weight_bits: float
    index_bits: float
    size: float


_LENET300 = MappingProxyType(
    {
        "fc1": Published(8, 4.4, 3.7, 2.32),
        "fc2": Published(9, 4.4, 4.3, 3.04),
        "fc3": Published(26, 4.3, 3.2, 12.70),
        "total": Published(8, 5.1, 3.7, 2.49),
    }
)
_LENET5 = MappingProxyType(
    {
        "conv1": Published(66, 7.2, 1.5, 67.45),
        "conv2": Published(12, 7.2, 3.9, 5.28),
        "fc1": Published(8, 4.5, 4.5, 2.45),
        "fc2": Published(19, 5.2, 3.7, 6.13),
        "total": Published(8, 4.1, 4.4, 2.55),
    }
)
PUBLISHED: Mapping[str, Mapping[str, Published]] = MappingProxyType(
    {
        "lenet300-deep": _LENET300,
        "lenet5-deep": _LENET5,
    }
)
"""By recipe, what it is to be held against."""
_FLOAT_BYTES = 4
_HEADS = [
    "layer", "weights", "theirs: left", "bits: value + index", "of float32", "ours: left", "values",
    "encoding", "bits a weight left", "of float32",
]  # fmt: skip


def side_by_side(recipe: str, layers: Iterable[Mapping[str, Any]]) -> str:
    """A table of one network: theirs and ours, layer by layer.

    Args:
        recipe: One of `PUBLISHED`.
        layers: As `encodings.stored_layers` gives them.
    """
    ours = list(layers)
    names = ("weights", "nonzero", "bytes")
    total = {key: sum(layer[key] for layer in ours) for key in names}
    rows = [*ours, {"layer": "total", "distinct": "", "encoding": "", **total}]
    return table(_HEADS, [_row(PUBLISHED[recipe][row["layer"]], row) for row in rows])


def _row(theirs: Published, ours: Mapping[str, Any]) -> list[object]:
    return [
        ours["layer"],
        f"{ours['weights']:,}",
        f"{theirs.left:g} %",
        f"{theirs.weight_bits:.1f} + {theirs.index_bits:.1f}",
        f"{theirs.size:.2f} %",
        f"{100 * ours['nonzero'] / ours['weights']:.1f} %",
        ours["distinct"],
        ours["encoding"],
        f"{8 * ours['bytes'] / ours['nonzero']:.1f}",
        f"{100 * ours['bytes'] / ours['weights'] / _FLOAT_BYTES:.2f} %",
    ]
