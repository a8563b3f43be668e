"""The activations that any plan has to hold at once: a lower bound for every arena."""

from __future__ import annotations

from tinycompress.ir.graph import Graph


def peak_activations(graph: Graph) -> tuple[int, str]:
    """Most bytes of activations that are live at once, and the layer that runs then.

    TFLM keeps tensors of its own, scratch buffers and per-channel multipliers beside them, so that
    no arena of this size suffices; one that is smaller cannot.
    """
    last_use = {index: len(graph.ops) - 1 for index in graph.outputs}
    first_use = dict.fromkeys(graph.inputs, 0)
    for step, op in enumerate(graph.ops):
        for index in (*op.inputs, *op.outputs):
            if index >= 0:
                last_use[index] = max(step, last_use.get(index, step))
        for index in op.outputs:
            if index >= 0:
                first_use.setdefault(index, step)
    peak, layer = 0, ""
    for step, op in enumerate(graph.ops):
        live = sum(
            graph.tensors[index].size_bytes
            for index, first in first_use.items()
            if first <= step <= last_use.get(index, first) and not graph.tensors[index].is_constant
        )
        if live > peak or not layer:
            peak, layer = live, graph.layer_name(op)
    return peak, layer
