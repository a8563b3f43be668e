"""Cases of FULLY_CONNECTED: edge shapes and quantisations, then random ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from support.cases.kernels import KernelCases, options


@dataclass(frozen=True)
class DenseCase:
    inputs: int = 7
    outputs: int = 5
    shape: tuple[int, ...] = (1,)
    """Dimensions of the input before the last."""
    keep_num_dims: bool = False
    in_zero: int = 4
    out_zero: int = -3
    weights_zero: int = 0
    activation: str = "NONE"
    per_channel: bool = False
    bias: str = "small"
    gain: float = 0.01
    """Input scale x weight scale / output scale, of the first output."""
    in_scale: float = 0.05
    extreme_weights: bool = False
    largest_weight: int = 127


EDGE_CASES = (
    DenseCase(),
    DenseCase(inputs=1, outputs=1),
    DenseCase(in_zero=-128, out_zero=127),
    DenseCase(in_zero=127, out_zero=-128, activation="RELU"),
    DenseCase(shape=(3,)),
    DenseCase(shape=(2, 3), keep_num_dims=True),
    DenseCase(shape=(1, 2, 2)),
    DenseCase(weights_zero=17),
    DenseCase(weights_zero=-128, in_zero=-128, extreme_weights=True),
    DenseCase(activation="RELU6"),
    DenseCase(activation="RELU_N1_TO_1", out_zero=60),
    DenseCase(bias="none"),
    DenseCase(bias="large"),
    DenseCase(per_channel=True),
    DenseCase(per_channel=True, bias="none", gain=1.5),
    DenseCase(per_channel=True, bias="large", gain=0.25, in_scale=0.004),
    DenseCase(gain=0.5, in_scale=0.004),
    DenseCase(gain=2.0**-9, in_scale=0.004, extreme_weights=True, inputs=100),
    DenseCase(gain=0.1),
    DenseCase(gain=0.3),
    DenseCase(gain=3.7),
    DenseCase(gain=1e-9),
    DenseCase(inputs=700, outputs=3, gain=1e-4, extreme_weights=True),
    DenseCase(inputs=64, outputs=200, gain=0.004),
)
OVERFLOW_CASES = (
    DenseCase(bias="int32 max"),
    DenseCase(bias="int32 min", gain=2.0**-24),
    DenseCase(gain=2.0**21, bias="none"),
)


def random_case(rng: np.random.Generator) -> DenseCase:
    per_channel = bool(rng.integers(2))
    return DenseCase(
        inputs=int(rng.integers(1, 60)),
        outputs=int(rng.integers(2, 40)),
        in_zero=int(rng.integers(-128, 128)),
        out_zero=int(rng.integers(-128, 128)),
        per_channel=per_channel,
        weights_zero=0 if per_channel else int(rng.integers(-9, 10)),
        bias=("small", "none", "large")[int(rng.integers(3))],
        gain=float(np.exp(rng.uniform(np.log(1e-4), np.log(1.0)))),
    )


def add_dense(cases: KernelCases, case: DenseCase) -> None:
    first = 0.004
    spread = 1.0 + cases.rng.random(case.outputs) if case.per_channel else 1.0
    scales = [float(s) for s in np.atleast_1d(first * spread)]
    scales[0] = first
    x = cases.input([*case.shape, case.inputs], case.in_scale, case.in_zero)
    w = cases.weights(
        [case.outputs, case.inputs],
        scales,
        0,
        case.weights_zero,
        extreme=case.extreme_weights,
        largest=case.largest_weight,
    )
    lead = case.shape if case.keep_num_dims else (int(np.prod(case.shape)),)
    y = cases.activation([*lead, case.outputs], case.in_scale * first / case.gain, case.out_zero)
    inputs = [x, w, -1]
    if case.bias != "none":
        limit = {"small": 2000, "large": 2**22}.get(case.bias, 2**31 - 1)
        values = cases.rng.integers(-limit, limit, case.outputs)
        if case.bias.startswith("int32"):
            values = np.full(case.outputs, limit if case.bias == "int32 max" else -limit - 1)
        inputs[2] = cases.bias(values, [case.in_scale * scale for scale in scales])
    table = options(
        "FullyConnected",
        fusedActivationFunction=case.activation,
        keepNumDims=case.keep_num_dims,
    )
    cases.op(str(case), "FULLY_CONNECTED", inputs, y, table)
