"""DEPTHWISE_CONV_2D one channel at a time: every variant that computes a layer exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.depthwise import orders
from tinycompress.codegen.ops.depthwise.depthwise_problem import (
    RIGHT_SHIFTS,
    DepthwiseGeometry,
    DepthwiseProblem,
)
from tinycompress.codegen.rounding.fitted_multiply import (
    FittedMultiply,
    Shifted,
    SumRange,
    fit,
    fit_without_addend,
)
from tinycompress.codegen.rounding.split_multiply import fit_split

_FITTED_GAIN = 256
"""The 3x3 kernels multiply weights by it, which saves sign extensions."""
_FITTED_FRACTION_BITS = 8
"""TCK_DEPTHWISE_FRACTION_BITS of depthwise_3x3_s8_dsp.h."""
_CONSTANT_BITS = 30
_FOURS = 4
"""Channels that share the work of making planes."""
_PLANE_LIMIT_BYTES = 2048
"""Planes above it hold a band of rows only."""
_FOURS_LIMITS_BYTES = (8192, 2048)
"""The same for four planes: larger ones where there is memory."""
_3X3_KIN = "3x3"
"""Four planes, large or small, or one: see ``Layer.leaner_kin``."""
_PLANES_DSP = Kernel(
    "depthwise/planes", "depthwise", "depthwise_planes_s8", variant="planes", family="dsp"
)
_FITTED_PLAIN = replace(_PLANES_DSP, rounding="fitted", family="plain")
_TWO_ROUNDINGS_PLAIN = replace(_FITTED_PLAIN, rounding="two_roundings")
_TWO_ROUNDINGS_THUMB1 = replace(_TWO_ROUNDINGS_PLAIN, family="thumb1")
_3X3_THUMB1 = replace(_PLANES_DSP, variant="3x3", family="thumb1")
_THUMB1_COLUMNS = 16
"""Of a filter, that depthwise_planes_s8_two_roundings_thumb1.h has code for."""
_PLAIN_OFFSET = 128
"""Added to inputs in the planes of the kernels in plain C."""
_PLAIN_FRACTION_BITS = (4, 2)
_PLAIN_SHIFTS = range(-22, 0)
"""Right shifts by which the output's zero point can be shifted to the left."""


@dataclass(frozen=True)
class _Plane:
    """One padded channel in scratch memory: columns, int16_t per row, rows, and output rows."""

    used_width: int
    pitch: int
    rows: int
    band_height: int

    @property
    def words(self) -> int:
        return self.pitch * self.rows // 2

    @classmethod
    def of(
        cls,
        geometry: DepthwiseGeometry,
        together: int = 1,
        limit_bytes: int = _PLANE_LIMIT_BYTES,
    ) -> _Plane:
        """One of so many planes, of as many output rows as the limit allows, at least one."""
        (height, width), (out_height, out_width) = geometry.size, geometry.output
        span = (out_width - 1) * geometry.stride[1] + width
        pitch = -(-span // 2) * 2
        band = out_height
        if out_height > 1:
            rows = max(limit_bytes // (2 * pitch * together), height)
            band = min((rows - height) // geometry.stride[0] + 1, out_height)
        rows = (band - 1) * geometry.stride[0] + height
        used_width = max(min(geometry.input[1], span - geometry.paddings[2]), 0)
        return cls(used_width, pitch, rows, band)


def plain_variants(problem: DepthwiseProblem) -> Iterator[Layer]:
    """The layer by each kernel in plain C that can compute it, the fastest first."""
    if any(problem.overflows(channel, 1) for channel in range(len(problem.rows))):
        return
    biases = problem.biases - _PLAIN_OFFSET * problem.rows.sum(axis=1)
    for fraction_bits in _PLAIN_FRACTION_BITS:
        pairs = zip(problem.stairs, problem.ranges, strict=True)
        lines = [fit(stairs, sums, fraction_bits) for stairs, sums in pairs]
        found = [line for line in lines if line is not None]
        if len(found) == len(lines):
            shifts = np.array([line.shift for line in found], np.int64)
            tables: dict[str, ParamValue] = {
                "fraction_bits": fraction_bits,
                "bias": problem.array("bias", biases + shifts, np.int32),
                "multipliers": problem.array(
                    "multipliers", [line.multiplier for line in found], np.int32
                ),
                "addends": problem.array("addends", [line.addend for line in found], np.int16),
            }
            yield _layer(
                problem,
                _FITTED_PLAIN,
                tables,
                0,
                _PLAIN_OFFSET,
            )
            break
    doubles = [(s.multiplier, s.shift if s.multiplier else -1) for s in problem.stairs]
    if all(shift in _PLAIN_SHIFTS for _, shift in doubles):
        tables = {
            "bias": problem.array("bias", biases, np.int32),
            "multipliers": problem.array("multipliers", [m for m, _ in doubles], np.int32),
            "shifts": problem.array("shifts", [shift for _, shift in doubles], np.int8),
        }
        yield _layer(problem, _TWO_ROUNDINGS_PLAIN, tables, 0, _PLAIN_OFFSET)


def thumb1_variants(problem: DepthwiseProblem) -> Iterator[Layer]:
    """As ``plain_variants``, by assembly where there is some: it takes less for every layer."""
    stream = _split_stream(problem) if problem.geometry.size == (3, 3) else None
    if stream is not None:
        yield _layer(problem, _3X3_THUMB1, {"weights": stream}, 0, _PLAIN_OFFSET)
        return
    for layer in plain_variants(problem):
        if layer.kernel == _TWO_ROUNDINGS_PLAIN and problem.geometry.size[1] <= _THUMB1_COLUMNS:
            # Weights as words.
            scratch = ("int32_t", layer.scratch_bytes + 4 * problem.rows.shape[1])
            yield layer.by(
                _TWO_ROUNDINGS_THUMB1, layer.params, order=orders.planes, scratch=scratch
            )
        else:
            yield layer


def _split_stream(problem: DepthwiseProblem) -> ConstArray | None:
    """The weights of depthwise_3x3_s8_thumb1.h; None if a channel has no line that it can hold."""
    if any(problem.overflows(channel, 1) for channel in range(len(problem.rows))):
        return None
    biases = problem.biases - _PLAIN_OFFSET * problem.rows.sum(axis=1)
    parts: list[bytes] = []
    for weights, stairs, bias in zip(problem.rows, problem.stairs, biases, strict=True):
        low, high = (255 * int(side.sum()) for side in (weights.clip(max=0), weights.clip(min=0)))
        line = fit_split(Shifted(stairs, int(bias)), SumRange(low, high))
        if line is None:
            return None
        parts.append(np.array([*weights, line.shift], np.int8).tobytes())
        parts.append(np.array([line.multiplier, line.addend], "<i4").tobytes())
    return problem.array("stream", np.frombuffer(b"".join(parts), np.int8), np.int8)


def plane_variants(problem: DepthwiseProblem) -> Iterator[Layer]:
    """The layer by each of these kernels that can compute it, the fastest first."""
    if problem.geometry.size == (3, 3) and problem.geometry.stride[1] in (1, 2):
        yield from _fitted_3x3(problem)
    yield from _any_filter(problem)


def _fitted_3x3(problem: DepthwiseProblem) -> Iterator[Layer]:
    stream = _stream_3x3(problem)
    if stream is None:
        return
    stride = problem.geometry.stride[1]
    channels = o.operand(problem.graph, problem.op, 0).shape[3]
    tables: dict[str, ParamValue] = {"weights": stream}
    if channels % _FOURS == 0 and channels == len(problem.rows):
        kernel = replace(_PLANES_DSP, variant=f"3x3_fours_stride_{stride}")
        for limit in _FOURS_LIMITS_BYTES:
            plane = _Plane.of(problem.geometry, _FOURS, limit)
            layer = _layer(problem, kernel, tables, 0, plane=plane, together=_FOURS)
            yield replace(layer, leaner_kin=_3X3_KIN)
    kernel = replace(_PLANES_DSP, variant=f"3x3_stride_{stride}")
    yield replace(_layer(problem, kernel, tables, 0), leaner_kin=_3X3_KIN)


def _stream_3x3(problem: DepthwiseProblem) -> ConstArray | None:
    """The stream of depthwise_3x3_s8_dsp.h; None if a channel has no line that it can hold."""
    if any(problem.overflows(channel, 1) for channel in range(len(problem.rows))):
        return None
    parts: list[bytes] = []
    for weights, stairs, sums, bias in zip(
        problem.rows, problem.stairs, problem.ranges, problem.biases, strict=True
    ):
        # The line's begin holds the bias: some are beyond what int32 holds of the sums' multiple.
        without = SumRange(sums.low - int(bias), sums.high - int(bias))
        shifted = Shifted(stairs, int(bias))
        line: FittedMultiply | None
        if shifted.value(without.low) == shifted.value(without.high):
            weights, line = np.zeros_like(weights), _constant(shifted.value(0))
        else:
            line = fit_without_addend(shifted, without, _FITTED_FRACTION_BITS, gain=_FITTED_GAIN)
        if line is None:
            return None
        parts.append(weights.astype(np.int8).tobytes())
        parts.append(np.array([line.shift, line.multiplier], "<i4").tobytes())
    return problem.array("stream", np.frombuffer(b"".join(parts), np.int8), np.int8)


def _constant(output: int) -> FittedMultiply:
    """A line that gives an output for the sum 0."""
    begin = output << (_FITTED_FRACTION_BITS + 32 - _CONSTANT_BITS)
    return FittedMultiply(1 << _CONSTANT_BITS, begin, 0, _FITTED_FRACTION_BITS)


def _any_filter(problem: DepthwiseProblem) -> Iterator[Layer]:
    pairs: list[tuple[int, int]] = []
    for channel, stairs in enumerate(problem.stairs):
        # Scales that are flushed to zero have no shift.
        pairs.append((stairs.multiplier, stairs.shift if stairs.multiplier else -1))
        if pairs[-1][1] not in RIGHT_SHIFTS or problem.overflows(channel, 2):
            return
    tables: dict[str, ParamValue] = {
        "bias": problem.array("bias", [2 * int(bias) for bias in problem.biases], np.int32),
        "multipliers": problem.array("multipliers", [m for m, _ in pairs], np.int32),
        "shifts": problem.array("shifts", [shift for _, shift in pairs], np.int8),
    }
    height, width = problem.geometry.size
    # A row of taps for even columns and one for odd ones, which begins with a zero; where they
    # end, up to three words are read of what lies behind the plane.
    words = 2 * height * (width // 2 + 1)
    yield _layer(problem, _PLANES_DSP, tables, words + 3)


def _layer(
    problem: DepthwiseProblem,
    kernel: Kernel,
    tables: dict[str, ParamValue],
    more_words: int,
    plane_offset: int = 0,
    plane: _Plane | None = None,
    together: int = 1,
) -> Layer:
    x, y = o.operand(problem.graph, problem.op, 0), o.result(problem.graph, problem.op)
    geometry, plane = problem.geometry, plane or _Plane.of(problem.geometry)
    low, high = o.clamp_range(problem.graph, problem.op)
    weights = problem.array("weights", problem.rows.reshape(-1), np.int8)
    params: dict[str, ParamValue] = {
        "batches": x.shape[0],
        "input_height": geometry.input[0],
        "input_width": geometry.input[1],
        "input_channels": x.shape[3],
        "output_height": geometry.output[0],
        "output_width": geometry.output[1],
        "depth_multiplier": len(problem.rows) // x.shape[3],
        **geometry.params,
        "plane_offset": plane_offset,
        "pad_value": o.quantization(x).zero_point + plane_offset,
        "used_width": plane.used_width,
        "pitch": plane.pitch,
        "plane_words": plane.words,
        "band_height": plane.band_height,
        "output_offset": o.quantization(y).zero_point,
        "clamp_min": low,
        "clamp_max": high,
        **({} if "weights" in tables else {"weights": weights}),
        **tables,
    }
    scratch = ("int32_t", 4 * (together * plane.words + more_words))
    return problem.reference.by(kernel, params, order=orders.planes, scratch=scratch)
