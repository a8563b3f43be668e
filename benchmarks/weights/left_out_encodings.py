"""Bytes of encodings that are not there, and of N:M: ``make left-out-encodings`` prints the table.

Bitmaps and Rice-coded gaps, each with its values raw, as indices into a codebook or by a Huffman
code, whichever is the smallest, against the encodings that there are; and what these would take
without N:M patterns. Weights are those of stock files, pruned by magnitude, layer by layer;
clustered ones have 15 values a layer beside 0. *Gained* is what a network would save if each of its
layers took the new encoding where that is the smaller one: it has to be more than the decoder, some
200 to 400 bytes.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.kernels import data_directory
from benchmarks.performance_page import table
from benchmarks.weights.encoded_networks import nearest_values
from tinycompress.codegen.weights.bits import canonical_code
from tinycompress.codegen.weights.encodings import ENCODINGS, TILED, smaller_encodings
from tinycompress.codegen.weights.patterns import FOUR
from tinycompress.ir.reader import read_model

Rows = npt.NDArray[np.int64]
"""Weights of a layer, ``[outputs, inputs]``."""

_NETWORKS = {
    "DS-CNN": "mlperf_tiny/kws_ref_model",
    "ResNet-8": "mlperf_tiny/pretrainedResnet_quant",
    "LeNet-300-100": "mcunet_tinyengine/ptq_mnist_lenet-300-100",
}
_PATTERNS = {"2:4": 2, "1:4": 1}
"""How many of every four weights are left."""
_ZEROS = ("50%", "75%", "90%", *_PATTERNS)
_VALUES = 15
_LONGEST = 10
_RICE_BITS = range(8)
_KINDS = ("bitmap", "Rice")
_HEADS = ("network", "zeros", "values", "int8", "without N:M", "best there is",
          *(head for kind in _KINDS for head in (kind, "gained")))  # fmt: skip


def pruned(rows: Rows, zeros: str) -> Rows:
    """Rows whose smallest weights are 0: a share of all, or some of every four inputs."""
    found: Rows = rows.copy()
    kept = _PATTERNS.get(zeros)
    if kept is not None:
        whole = rows.shape[1] // FOUR * FOUR
        groups = found[:, :whole].reshape(-1, FOUR)
        order = np.argsort(-np.abs(groups), axis=1, kind="stable")
        np.put_along_axis(groups, order[:, kept:], 0, axis=1)
        found[:, :whole] = groups.reshape(len(rows), whole)
        return found
    flat = found.reshape(-1)
    order = np.argsort(np.abs(flat), kind="stable")
    flat[order[: round(float(zeros.rstrip("%")) / 100 * flat.size)]] = 0
    return found


def values_bytes(values: npt.NDArray[np.int64]) -> int:
    """Values raw, as indices or by a Huffman code, tables included: the fewest bytes."""
    counts = Counter(values.tolist())
    if not counts:
        return 0
    index_bits = max((len(counts) - 1).bit_length(), 1)
    sizes = [values.size, ceil(values.size * index_bits / 8) + len(counts)]
    code = canonical_code(counts, _LONGEST)
    if code is not None:
        bits = sum(code.codes[symbol][1] * count for symbol, count in counts.items())
        sizes.append(ceil(bits / 8) + code.counts.size + len(code.symbols))
    return min(sizes)


def bitmap_bytes(rows: Rows) -> int:
    """A bit for each weight, and the values that are not 0."""
    return ceil(rows.size / 8) + values_bytes(rows[rows != 0])


def rice_bytes(rows: Rows) -> int:
    """Gaps by the Rice code with the best parameter, over the ends of rows, and values."""
    places = np.flatnonzero(rows)
    gaps = np.diff(places, prepend=-1) - 1
    bits = min(int(((gaps >> k) + 1 + k).sum()) for k in _RICE_BITS)
    return ceil(bits / 8) + values_bytes(rows.reshape(-1)[places])


def layers(path: Path) -> Iterator[tuple[str, Rows]]:
    """Kind and weights of every convolution and dense layer."""
    graph = read_model(path.read_bytes()).main
    for op in graph.ops:
        weights = graph.tensors[op.inputs[1]].data if len(op.inputs) > 1 else None
        if op.kind in ("CONV_2D", "FULLY_CONNECTED") and weights is not None:
            yield op.kind, np.asarray(weights, np.int64).reshape(len(weights), -1)


def sizes(kind: str, rows: Rows) -> dict[str, int]:
    """Bytes of a layer as int8, by the best encoding that there is, and by each left out."""
    ways = ENCODINGS if kind == "FULLY_CONNECTED" else TILED
    there = smaller_encodings(rows, ways)
    others = [each.size_bytes for each in there if each.encoding != "patterns"]
    return {
        "int8": rows.size,
        "others": min([rows.size, *others]),
        "best": min([rows.size, *(each.size_bytes for each in there)]),
        "bitmap": bitmap_bytes(rows),
        "Rice": rice_bytes(rows),
    }


def _cells(found: Sequence[Mapping[str, int]]) -> Iterator[str]:
    """Bytes of a network, and what each encoding would gain."""
    best = sum(each["best"] for each in found)
    yield from (f"{sum(each[name] for each in found):,}" for name in ("int8", "others", "best"))
    for kind in _KINDS:
        gained = best - sum(min(each["best"], each[kind]) for each in found)
        yield from (f"{sum(each[kind] for each in found):,}", f"{gained:,}")


def rows(data: Path) -> Iterator[list[str]]:
    """The table's rows."""
    cases = itertools.product(_NETWORKS.items(), _ZEROS, (False, True))
    for (name, file), zeros, clustered in cases:
        found = []
        for kind, weights in layers(data / "models" / f"{file}.tflite"):
            few = pruned(weights, zeros)
            found.append(sizes(kind, nearest_values(few, _VALUES) if clustered else few))
        yield [name, zeros, str(_VALUES) if clustered else "all", *_cells(found)]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", help="directory with models/ (default: TC_SHARED_DATA)")
    data = data_directory(parser.parse_args().data)
    print(table(_HEADS, list(rows(data))))


if __name__ == "__main__":
    main()
