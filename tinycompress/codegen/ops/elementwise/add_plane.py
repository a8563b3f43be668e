"""ADD by a plane over both inputs that is exact."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from tinycompress.codegen.layer import Kernel, KernelFamily, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.options import CoreFamily
from tinycompress.codegen.overlap import every_element
from tinycompress.codegen.rounding.fitted_plane import INT8_VALUES, Plane, fit_plane
from tinycompress.ir.arithmetic import ADD_LEFT_SHIFT, add_scaling
from tinycompress.ir.arithmetic_arrays import add_int8
from tinycompress.ir.graph import Graph, Op

_OWN: Mapping[CoreFamily, KernelFamily] = {
    "mve": "mve",
    "dsp": "dsp",
    "mla": "plain",
    "thumb1": "plain",
}


def plane_variant(graph: Graph, op: Op, reference: Layer, family: CoreFamily) -> Layer | None:
    """The layer by a plane; None where none has the reference's outputs.

    Args:
        graph: The graph; the operator has passed the checks.
        op: An ADD of two tensors of as many elements as its output.
        reference: The layer by the reference kernel.
        family: Says which kernel the core runs.
    """
    first, second, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    quantizations = (o.quantization(tensor) for tensor in (first, second, y))
    scales = tuple((q.scale, q.zero_point) for q in quantizations)
    low, high = o.clamp_range(graph, op)
    plane = _plane(scales, (low, high))
    if plane is None:
        return None
    return reference.by(
        Kernel("elementwise/add", "add", "add_plane_s8", variant="plane", family=_OWN[family]),
        {
            "count": y.elements,
            "multiplier_1": plane.multiplier_1,
            "multiplier_2": plane.multiplier_2,
            "addend": plane.addend,
            "shift": plane.shift,
            "clamp_min": low,
            "clamp_max": high,
        },
        order=every_element,
    )


# The same ADD is lowered again for every arrangement of the graph that is tried.
@lru_cache(maxsize=256)
def _plane(scales: tuple[tuple[float, int], ...], limits: tuple[int, int]) -> Plane | None:
    """The plane of inputs and an output with these scales and zero points."""
    (scale_1, zero_1), (scale_2, zero_2), (scale, zero_point) = scales
    scaling = add_scaling(scale_1, scale_2, scale, ADD_LEFT_SHIFT)
    first, second = INT8_VALUES[:, None] - zero_1, INT8_VALUES - zero_2
    table = np.clip(add_int8(first, second, scaling) + zero_point, *limits)
    return fit_plane(table, scale_1 / scale, scale_2 / scale, limits)
