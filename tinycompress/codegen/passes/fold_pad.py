"""Fold PAD into the windowed operator that reads it, where the result stays the same."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.ops import OPS, spec_of
from tinycompress.codegen.ops.movement.pad import SPEC as PAD
from tinycompress.codegen.ops.movement.pad import paddings
from tinycompress.codegen.ops.window import EXPLICIT_PADDING
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.rewrite import consumers, with_options
from tinycompress.ir.arithmetic import INT8_MIN
from tinycompress.ir.graph import Graph, Op


def fold_pads(graph: Graph) -> Graph:
    """Turn PAD of height and width into the padding of the operators that read it.

    A convolution adds nothing for a tap outside its input, and nothing for one that holds the zero
    point, which is what PAD writes: the sums are the same. A maximum is the same if the zero point
    is the smallest value. An average is not: it counts the padded elements.
    """
    readers = consumers(graph)
    # From the last: of two in a row, the second is gone when the first is looked at.
    for pad in reversed(graph.ops):
        spatial = _spatial_padding(graph, pad)
        reading = readers.get(pad.outputs[0], []) if spatial is not None else []
        if spatial is None or not reading or pad.outputs[0] in graph.outputs:
            continue
        if all(_absorbs(graph, reader, pad) for reader in reading):
            graph = _fold(graph, pad, reading, spatial)
            readers = consumers(graph)
    return graph


def _fold(graph: Graph, pad: Op, reading: list[Op], spatial: tuple[int, int, int, int]) -> Graph:
    folded = {reader.index: _folded(graph, reader, pad, spatial) for reader in reading}
    ops = tuple(folded.get(op.index, op) for op in graph.ops if op.index != pad.index)
    return replace(graph, ops=ops)


def _spatial_padding(graph: Graph, pad: Op) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right) if only these are padded, of an NHWC tensor."""
    if pad.kind != "PAD" or PAD.violations(graph, pad, CodegenOptions()):
        return None
    pairs = paddings(graph, pad)
    if pairs is None or len(pairs) != 4 or pairs[0] != (0, 0) or pairs[3] != (0, 0):
        return None
    source, target = graph.tensors[pad.inputs[0]], graph.tensors[pad.outputs[0]]
    return (*pairs[1], *pairs[2]) if source.quantization == target.quantization else None


def _absorbs(graph: Graph, reader: Op, pad: Op) -> bool:
    tensor = graph.tensors[pad.outputs[0]]
    if reader.inputs[0] != tensor.index or tensor.index in reader.inputs[1:]:
        return False
    spec = spec_of(graph, reader)
    if spec is None or spec.outside is None or spec.violations(graph, reader, CodegenOptions()):
        return False
    lowest = tensor.quantization is not None and tensor.quantization.zero_point == INT8_MIN
    return spec.outside == "zero_point" or lowest


def _folded(graph: Graph, reader: Op, pad: Op, spatial: tuple[int, int, int, int]) -> Op:
    window = OPS[reader.full_kind].window
    if window is None:
        raise ValueError(f"{reader.kind} has taps outside its input, but no window")
    own = window(graph, reader).padding
    total = tuple(a + b for a, b in zip(own, spatial, strict=True))
    reader = replace(reader, inputs=(pad.inputs[0], *reader.inputs[1:]))
    return with_options(reader, **{EXPLICIT_PADDING: total})
