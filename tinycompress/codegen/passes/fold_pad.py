"""Fold PAD into the windowed operator that reads it, where the result stays the same."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.ops.pad import paddings
from tinycompress.codegen.ops.window import EXPLICIT_PADDING, window_of
from tinycompress.codegen.passes.rewrite import consumers, with_options
from tinycompress.ir.arithmetic import INT8_MIN
from tinycompress.ir.graph import Graph, Op, Tensor

_CONVOLUTIONS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})


def fold_pads(graph: Graph) -> Graph:
    """Turn PAD of height and width into the padding of the operators that read it.

    A convolution adds nothing for a tap outside its input, and nothing for one that holds the zero
    point, which is what PAD writes: the sums are the same. A maximum is the same if the zero point
    is the smallest value. An average is not: it counts the padded elements.
    """
    for pad in graph.ops:
        readers = consumers(graph).get(pad.outputs[0], []) if pad.kind == "PAD" else []
        if not readers or pad.outputs[0] in graph.outputs:
            continue
        spatial = _spatial_padding(graph, pad)
        if spatial is None or not all(_absorbs(graph, reader, pad) for reader in readers):
            continue
        folded = {reader.index: _folded(graph, reader, pad, spatial) for reader in readers}
        ops = tuple(folded.get(op.index, op) for op in graph.ops if op is not pad)
        graph = replace(graph, ops=ops)
    return graph


def _spatial_padding(graph: Graph, pad: Op) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right) if only these are padded, of an NHWC tensor."""
    if len(pad.inputs) != 2 or min(pad.inputs) < 0:
        return None
    pairs = paddings(graph, pad)
    if pairs is None or len(pairs) != 4 or any(min(pair) < 0 for pair in pairs):
        return None
    if pairs[0] != (0, 0) or pairs[3] != (0, 0):
        return None
    source, target = graph.tensors[pad.inputs[0]], graph.tensors[pad.outputs[0]]
    return (*pairs[1], *pairs[2]) if _alike(source, target) else None


def _alike(source: Tensor, target: Tensor) -> bool:
    return source.quantization == target.quantization and source.dtype is target.dtype


def _absorbs(graph: Graph, reader: Op, pad: Op) -> bool:
    tensor = graph.tensors[pad.outputs[0]]
    if reader.inputs[0] != tensor.index or tensor.index in reader.inputs[1:]:
        return False
    if reader.kind in _CONVOLUTIONS:
        return len(reader.inputs) > 1 and len(graph.tensors[reader.inputs[1]].shape) == 4
    is_lowest = tensor.quantization is not None and tensor.quantization.zero_point == INT8_MIN
    return reader.kind == "MAX_POOL_2D" and is_lowest


def _filter_size(graph: Graph, reader: Op) -> tuple[int, int]:
    if reader.kind in _CONVOLUTIONS:
        shape = graph.tensors[reader.inputs[1]].shape
        return shape[1], shape[2]
    return int(reader.options["filter_height"]), int(reader.options["filter_width"])  # type: ignore[arg-type]


def _folded(graph: Graph, reader: Op, pad: Op, spatial: tuple[int, int, int, int]) -> Op:
    own = window_of(graph, reader, _filter_size(graph, reader)).padding
    total = tuple(a + b for a, b in zip(own, spatial, strict=True))
    reader = replace(reader, inputs=(pad.inputs[0], *reader.inputs[1:]))
    return with_options(reader, **{EXPLICIT_PADDING: total})
