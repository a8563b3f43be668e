"""DEPTHWISE_CONV_2D four channels at a time: every variant that computes a layer exactly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue, Rounding
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.depthwise import orders
from tinycompress.codegen.ops.depthwise.depthwise_problem import RIGHT_SHIFTS, DepthwiseProblem
from tinycompress.codegen.ops.requantize import bias_values
from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.rounding.fitted_multiply import fit
from tinycompress.ir.arithmetic import INT32_MAX

_PARAMS = "depthwise_quads_s8"
_FRACTION_BITS = 2
"""TCK_QUADS_FRACTION_BITS of depthwise_quads_s8_dsp.h."""
_SUM_LIMIT = 2**30


def quad_variants(problem: DepthwiseProblem) -> Iterator[Layer]:
    """The layer by each of these kernels that can compute it, the fastest first."""
    x = o.operand(problem.graph, problem.op, 0)
    geometry = problem.geometry
    # A window that lies in the padding altogether has no row of taps, which loops rely on.
    sizes = (geometry.size[0], geometry.size[0], geometry.size[1], geometry.size[1])
    if x.shape[3] % 4 or len(problem.rows) != x.shape[3]:
        return
    if any(padding >= size for padding, size in zip(geometry.paddings, sizes, strict=True)):
        return
    sums = [(r.low, r.high) for r in problem.ranges]
    if max(max(-low, high) for low, high in sums) > INT32_MAX:
        return
    fitted = _fitted_words(problem)
    if fitted is not None:
        yield _layer(problem, "fitted", fitted[0], fitted[1])
    double = _double_words(problem)
    if double is not None and max(max(-low, high) for low, high in sums) < _SUM_LIMIT:
        yield _layer(problem, "two_roundings", np.zeros(len(problem.rows), np.int64), double)


def _fitted_words(problem: DepthwiseProblem) -> tuple[Int64s, Int64s] | None:
    """What lines add to the biases, and the words behind the taps: ``[channels / 4, 6]``."""
    lines = []
    for stairs, sums in zip(problem.stairs, problem.ranges, strict=True):
        line = fit(stairs, sums, _FRACTION_BITS)
        if line is None:
            return None
        lines.append(line)
    multipliers = np.array([line.multiplier for line in lines], np.int64).reshape(-1, 4)
    addends = np.array([line.addend for line in lines], np.int64).reshape(-1, 2, 2) & 0xFFFF
    pairs = addends[:, :, 0] | addends[:, :, 1] << 16
    shifts = np.array([line.shift for line in lines], np.int64)
    return shifts, np.concatenate([multipliers, pairs], axis=1)


def _double_words(problem: DepthwiseProblem) -> Int64s | None:
    """The words behind the taps, ``[channels / 4, 5]``."""
    pairs = [(s.multiplier, s.shift if s.multiplier else -1) for s in problem.stairs]
    if any(shift not in RIGHT_SHIFTS for _, shift in pairs):
        return None
    multipliers = np.array([multiplier for multiplier, _ in pairs], np.int64).reshape(-1, 4)
    shifts = np.array([-shift - 1 for _, shift in pairs], np.int64).reshape(-1, 4)
    quads = (shifts << np.array([0, 8, 16, 24])).sum(axis=1, keepdims=True)
    return np.concatenate([multipliers, quads], axis=1)


def _stream(problem: DepthwiseProblem, extra: Int64s, tail: Int64s) -> ConstArray:
    """The stream of depthwise_quads_s8_dsp.h; ``extra`` is added to the biases."""
    weights = o.operand(problem.graph, problem.op, 1)
    # The kernel subtracts the zero point from every input, so that taps outside add nothing.
    biases = bias_values(o.optional_operand(problem.graph, problem.op, 2), len(problem.rows))
    taps = problem.rows.reshape(-1, 4, problem.rows.shape[1]).transpose(0, 2, 1)
    quads = np.ascontiguousarray(taps).astype(np.int8).view("<u4")[:, :, 0].astype(np.int64)
    words = np.concatenate([(biases + extra).reshape(-1, 4), quads, tail], axis=1)
    return ConstArray(weights.name, "stream", (words & 0xFFFFFFFF).astype(np.uint32).reshape(-1))


def _layer(problem: DepthwiseProblem, rounding: Rounding, extra: Int64s, tail: Int64s) -> Layer:
    x, y = o.operand(problem.graph, problem.op, 0), o.result(problem.graph, problem.op)
    geometry = problem.geometry
    low, high = o.clamp_range(problem.graph, problem.op)
    params: dict[str, ParamValue] = {
        "batches": x.shape[0],
        "input_height": geometry.input[0],
        "input_width": geometry.input[1],
        "channels": x.shape[3],
        "output_height": geometry.output[0],
        "output_width": geometry.output[1],
        **geometry.params,
        "input_offset": -o.quantization(x).zero_point,
        "output_offset": o.quantization(y).zero_point,
        "clamp_min": low,
        "clamp_max": high,
        "stream": _stream(problem, extra, tail),
    }
    kernel = Kernel(
        "depthwise", "depthwise", _PARAMS, variant="quads", rounding=rounding, family="dsp"
    )
    return problem.reference.by(kernel, params, order=orders.quads)
