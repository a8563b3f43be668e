"""Cases of CONV_2D and DEPTHWISE_CONV_2D: edge shapes and quantisations, then random ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from support.cases.kernels import KernelCases, options, same_or_valid

INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class ConvCase:
    height: int = 5
    width: int = 5
    channels: int = 3
    outputs: int = 4
    """Output channels; of a depthwise convolution the depth multiplier."""
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: str = "SAME"
    groups: int = 1
    batches: int = 1
    in_zero: int = 3
    out_zero: int = -5
    activation: str = "NONE"
    per_channel: bool = True
    bias: str = "small"
    gain: float = 0.02
    """Input scale x weight scale / output scale, of the first channel."""
    extreme_weights: bool = False
    largest_weight: int = 127


EDGE_CASES = (
    ConvCase(),
    ConvCase(in_zero=-128, out_zero=127),
    ConvCase(in_zero=127, out_zero=-128, activation="RELU"),
    ConvCase(padding="VALID", in_zero=-128),
    ConvCase(padding="VALID", stride=(2, 1), kernel=(2, 3)),
    ConvCase(height=7, width=5, stride=(2, 2)),
    ConvCase(height=6, width=7, stride=(3, 2), kernel=(2, 1)),  # stride > kernel
    ConvCase(height=7, width=9, stride=(4, 4), kernel=(1, 1), padding="VALID"),
    ConvCase(height=1, width=1, kernel=(3, 3)),
    ConvCase(height=1, width=13, kernel=(1, 5), channels=1, outputs=1),
    ConvCase(height=9, width=3, kernel=(7, 2), stride=(2, 3)),
    ConvCase(kernel=(2, 2), dilation=(2, 3), height=8, width=9),
    ConvCase(kernel=(3, 3), dilation=(2, 2), height=7, width=7, padding="VALID"),
    ConvCase(kernel=(3, 3), dilation=(4, 5), height=4, width=4),  # taps mostly outside
    ConvCase(channels=17, outputs=5, kernel=(1, 1)),
    ConvCase(batches=3),
    ConvCase(activation="RELU6", gain=0.5),
    ConvCase(activation="RELU_N1_TO_1", out_zero=100),
    ConvCase(per_channel=False),
    ConvCase(bias="none"),
    ConvCase(bias="int32 max"),
    ConvCase(bias="int32 min", in_zero=-128),
    ConvCase(bias="int32 max", gain=2**-30, padding="VALID"),
    ConvCase(gain=1e-12),  # flushed to zero
    ConvCase(gain=2.0**-31),
    ConvCase(gain=0.5),  # powers of two: exact halves
    ConvCase(gain=2.0**-7, extreme_weights=True),
    ConvCase(gain=1.0),
    ConvCase(gain=37.5),  # left shift
    ConvCase(gain=2.0**20),  # left shift that overflows
    ConvCase(extreme_weights=True, in_zero=-128, channels=40, kernel=(5, 5)),
)
GROUPED_CASES = (
    ConvCase(channels=4, outputs=6, groups=2),
    ConvCase(channels=6, outputs=6, groups=6, padding="VALID"),
    ConvCase(channels=6, outputs=9, groups=3, stride=(2, 2), in_zero=-128),
)


def random_case(rng: np.random.Generator, *, with_bias: bool = False) -> ConvCase:
    def pick(*values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    return ConvCase(
        height=int(rng.integers(7, 12)),
        width=int(rng.integers(7, 12)),
        channels=int(rng.integers(1, 9)),
        outputs=int(rng.integers(1, 6)),
        kernel=kernel,
        stride=(int(rng.integers(1, 4)), int(rng.integers(1, 4))),
        dilation=pick((1, 1), (1, 1), (2, 1), (1, 2), (2, 2)),
        padding=pick("SAME", "VALID"),
        in_zero=pick(-128, 127, int(rng.integers(-128, 128))),
        out_zero=pick(-128, 127, int(rng.integers(-128, 128))),
        activation=pick("NONE", "RELU", "RELU6", "RELU_N1_TO_1"),
        per_channel=pick(True, True, False),
        bias=pick("small", "small" if with_bias else "none", "large"),
        gain=float(np.exp(rng.uniform(np.log(1e-4), np.log(2.0)))),
        extreme_weights=pick(True, False),
    )


def _bias(cases: KernelCases, case: ConvCase, scales: list[float], count: int) -> list[int]:
    if case.bias == "none":
        return []
    values = {
        "small": cases.rng.integers(-2000, 2000, count),
        "large": cases.rng.integers(-(2**24), 2**24, count),
        "int32 max": np.full(count, INT32_MAX),
        "int32 min": np.full(count, -INT32_MAX - 1),
    }[case.bias]
    return [cases.bias(values, [0.05 * scale for scale in scales])]


def _add(cases: KernelCases, case: ConvCase, depthwise: bool) -> None:
    count = case.outputs * (case.channels if depthwise else 1)
    first = 0.004
    spread = 1.0 if not case.per_channel else 1.0 + cases.rng.random(count)
    scales = [float(s) for s in np.atleast_1d(first * spread)]
    scales[0] = first
    # Powers of two stay powers of two; the weight scale cancels exactly nowhere else.
    in_scale = 0.05 if np.log2(case.gain) % 1 else first
    x = cases.input([case.batches, case.height, case.width, case.channels], in_scale, case.in_zero)
    out_h = same_or_valid(
        case.height, case.kernel[0], case.stride[0], case.dilation[0], case.padding
    )
    out_w = same_or_valid(
        case.width, case.kernel[1], case.stride[1], case.dilation[1], case.padding
    )
    shape = (
        [1, *case.kernel, count]
        if depthwise
        else [count, *case.kernel, case.channels // case.groups]
    )
    w = cases.weights(
        shape,
        scales,
        3 if depthwise else 0,
        extreme=case.extreme_weights,
        largest=case.largest_weight,
    )
    y = cases.activation(
        [case.batches, out_h, out_w, count], in_scale * first / case.gain, case.out_zero
    )
    table = options(
        "DepthwiseConv2D" if depthwise else "Conv2D",
        padding=case.padding,
        strideH=case.stride[0],
        strideW=case.stride[1],
        dilationHFactor=case.dilation[0],
        dilationWFactor=case.dilation[1],
        fusedActivationFunction=case.activation,
        **({"depthMultiplier": case.outputs} if depthwise else {}),
    )
    inputs = [x, w, *_bias(cases, case, scales, count)]
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    cases.op(str(case), kind, inputs, y, table)


def add_conv(cases: KernelCases, case: ConvCase) -> None:
    _add(cases, case, depthwise=False)


def add_depthwise(cases: KernelCases, case: ConvCase) -> None:
    _add(cases, case, depthwise=True)
