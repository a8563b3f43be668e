"""Operators on float32 as kernel cases, and how far their outputs are from the oracle's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from support.cases.kernels import KernelCases, options, same_or_valid
from support.host_model import HostModel, run_sanitized
from tinycompress.oracle import Oracle

Array = npt.NDArray[Any]
CLAMPS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
BINARY = {
    "ADD": "Add", "SUB": "Sub", "MUL": "Mul", "DIV": "Div",
    "MAXIMUM": "MaximumMinimum", "MINIMUM": "MaximumMinimum",
}  # fmt: skip
FUNCTIONS = ("LOGISTIC", "TANH", "EXP", "SOFTMAX", "LOG_SOFTMAX")
"""Operators with a function that C leaves to its mathematical library."""
FUNCTION_ULPS = 2.0
MAPS = ("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LOGISTIC", "TANH", "EXP")


def ulps(wanted: Array, told: Array) -> float:
    """The largest difference, each in units in the last place of its own wanted value."""
    if wanted.dtype != np.float32:
        return float(np.abs(wanted.astype(np.int64) - told).max(initial=0))
    finite = np.isfinite(wanted)
    if not np.array_equal(wanted[~finite], told[~finite], equal_nan=True):
        return float("inf")
    wanted, told = wanted[finite], told[finite]
    # The spacing above the largest number would be infinite.
    unit = np.spacing(np.minimum(np.abs(wanted), np.float32(3e38)))
    return float((np.abs(wanted.astype(np.float64) - told) / unit).max(initial=0))


class FloatCases(KernelCases):
    """Collects operators on float32."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.target["floats"] = True

    def float_input(self, shape: Sequence[int]) -> int:
        return self.plain_input(shape, "float32")

    def float_weights(self, shape: Sequence[int], *, half: bool = False) -> int:
        """A constant; in half precision with numbers below the normal ones among them."""
        data = self.rng.standard_normal(shape) * self.pick(1e-5, 0.05, 1.0)
        if not half:
            return self.builder.tensor(shape, "FLOAT32", data=data.astype("<f4"))
        source = self.builder.tensor(shape, "FLOAT16", data=data.astype("<f2"))
        wide = self.builder.tensor(shape, "FLOAT32")
        self.builder.op("DEQUANTIZE", [source], [wide])
        return wide

    def float_output(self, shape: Sequence[int]) -> int:
        return self.builder.tensor(shape, "FLOAT32")

    def fused(self) -> str:
        return str(self.pick(*CLAMPS))

    def add_conv(self, *, half: bool, groups: int = 1) -> None:
        """CONV_2D with any window, padding, dilation and number of channels."""
        height, width = self.shape(2, 9)
        kernel, stride = self.shape(2, 3), self.shape(2, 3)
        dilation = [1, 1] if max(stride) > 1 else self.shape(2, 2)
        padding = self.pick("SAME", "VALID")
        sizes = [
            same_or_valid(n, k, s, d, padding)
            for n, k, s, d in zip((height, width), kernel, stride, dilation, strict=True)
        ]
        if min(sizes) < 1:
            return
        depth, outputs = int(self.rng.integers(1, 6)), groups * int(self.rng.integers(1, 8))
        x = self.float_input([1, height, width, depth * groups])
        w = self.float_weights([outputs, *kernel, depth], half=half)
        b = self.float_weights([outputs])
        table = options(
            "Conv2D", padding=padding, strideH=stride[0], strideW=stride[1],
            dilationHFactor=dilation[0], dilationWFactor=dilation[1],
            fusedActivationFunction=self.fused(),
        )  # fmt: skip
        label = f"CONV_2D half {half} {height}x{width} by {kernel} {padding} groups {groups}"
        self.op(label, "CONV_2D", [x, w, b], self.float_output([1, *sizes, outputs]), table)

    def add_depthwise(self, *, half: bool) -> None:
        """DEPTHWISE_CONV_2D with one or several outputs for each input channel."""
        height, width = 4 + int(self.rng.integers(4)), 5
        depth, multiplier = int(self.rng.integers(1, 7)), int(self.pick(1, 1, 2, 3, 4))
        padding, stride = self.pick("SAME", "VALID"), int(self.pick(1, 2))
        sizes = [same_or_valid(n, 3, stride, 1, padding) for n in (height, width)]
        x = self.float_input([1, height, width, depth])
        w = self.float_weights([1, 3, 3, depth * multiplier], half=half)
        b = self.float_weights([depth * multiplier])
        table = options(
            "DepthwiseConv2D", padding=padding, strideH=stride, strideW=stride,
            dilationHFactor=1, dilationWFactor=1, depthMultiplier=multiplier,
            fusedActivationFunction=self.fused(),
        )  # fmt: skip
        label = f"DEPTHWISE_CONV_2D half {half} depth {depth} times {multiplier} {padding}"
        y = self.float_output([1, *sizes, depth * multiplier])
        self.op(label, "DEPTHWISE_CONV_2D", [x, w, b], y, table)

    def add_dense(self, *, half: bool) -> None:
        rows, inputs, outputs = self.shape(3, 20)
        x = self.float_input([rows, inputs])
        w = self.float_weights([outputs, inputs], half=half)
        table = options("FullyConnected", fusedActivationFunction=self.fused())
        y = self.float_output([rows, outputs])
        self.op(f"FULLY_CONNECTED half {half}", "FULLY_CONNECTED", [x, w, -1], y, table)

    def add_pool(self, kind: str) -> None:
        size, stride = self.shape(2, 4), self.shape(2, 3)
        padding = self.pick("SAME", "VALID")
        sizes = [
            same_or_valid(n, k, s, 1, padding) for n, k, s in zip((7, 6), size, stride, strict=True)
        ]
        x = self.float_input([1, 7, 6, 5])
        table = options(
            "Pool2D", padding=padding, strideH=stride[0], strideW=stride[1],
            filterHeight=size[0], filterWidth=size[1], fusedActivationFunction=self.fused(),
        )  # fmt: skip
        y = self.float_output([1, *sizes, 5])
        self.op(f"{kind} {size} by {stride} {padding}", kind, [x], y, table)

    def add_binary(self, kind: str) -> None:
        shape = self.shape(4)
        other = self.pick(shape, [1, *shape[1:3], 1], shape[2:], [1])
        a, b = self.float_input(shape), self.float_input(other)
        fused = {} if BINARY[kind] == "MaximumMinimum" else {
            "fusedActivationFunction": self.fused()
        }  # fmt: skip
        y = self.float_output(shape)
        self.op(f"{kind} {shape} {other}", kind, [a, b], y, options(BINARY[kind], **fused))

    def add_map(self, kind: str, table: Any = None) -> None:
        x = self.float_input([1, 300])
        self.op(kind, kind, [x], self.float_output([1, 300]), table)

    def add_rows(self, kind: str, table: Any) -> None:
        """SOFTMAX or LOG_SOFTMAX."""
        rows, depth = self.shape(2, 30)
        x = self.float_input([rows, depth])
        self.op(f"{kind} of {depth}", kind, [x], self.float_output([rows, depth]), table)

    def add_reduction(self, kind: str, axes: Sequence[int]) -> None:
        shape = self.shape(4)
        kept = [size for axis, size in enumerate(shape) if axis not in {a % 4 for a in axes}]
        x, y = self.float_input(shape), self.float_output(kept)
        table = options("Reducer", keepDims=False)
        self.op(f"{kind} {shape} over {axes}", kind, [x, self.int32(list(axes))], y, table)

    def add_arg(self, kind: str) -> None:
        x, y = self.float_input([3, 11]), self.builder.tensor([3], "INT32")
        table = options("ArgMax" if kind == "ARG_MAX" else "ArgMin", outputType=2)
        self.op(kind, kind, [x, self.int32([1])], y, table)

    def add_moves(self) -> None:
        """Operators that move elements and compute nothing."""
        x = self.float_input([2, 3, 4])
        axes, y = self.int32([2, 0, 1]), self.float_output([4, 2, 3])
        self.op("TRANSPOSE", "TRANSPOSE", [x, axes], y, None)
        x, pads = self.float_input([1, 3, 4, 2]), self.int32([[0, 0], [1, 1], [0, 2], [0, 0]])
        self.op("PAD", "PAD", [x, pads], self.float_output([1, 5, 6, 2]), None)
        a, b = self.float_input([2, 3]), self.float_input([2, 5])
        table = options("Concatenation", axis=1)
        self.op("CONCATENATION", "CONCATENATION", [a, b], self.float_output([2, 8]), table)

    def every_operator(self) -> None:
        """One or several cases of each."""
        for half in (False, True):
            self.add_conv(half=half)
            self.add_conv(half=half, groups=2)
            self.add_depthwise(half=half)
            self.add_dense(half=half)
        for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            self.add_pool(kind)
        for kind in BINARY:
            self.add_binary(kind)
        for kind in MAPS:
            self.add_map(kind)
        self.add_map("HARD_SWISH", options("HardSwish"))
        self.add_map("LEAKY_RELU", options("LeakyRelu", alpha=0.3))
        self.add_rows("SOFTMAX", options("Softmax", beta=self.pick(1.0, 0.5)))
        self.add_rows("LOG_SOFTMAX", options("LogSoftmax"))
        for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"):
            self.add_reduction(kind, self.pick([1, 2], [-1], [0, 2], [3, 1, 2]))
        for kind in ("ARG_MAX", "ARG_MIN"):
            self.add_arg(kind)
        self.add_moves()

    def float_samples(self, scale: float) -> tuple[Array, ...]:
        pairs = zip(self._shapes, self._dtypes, strict=True)
        return tuple(
            (self.rng.standard_normal(shape) * scale).astype(dtype) for shape, dtype in pairs
        )

    def distances(self, batches: Sequence[tuple[Array, ...]]) -> dict[str, float]:
        """By case, the largest difference to LiteRT in ULP of each value."""
        model = HostModel(self.sources("litert"), flags=("-O1",))
        return self._distances(batches, [model.run(*batch) for batch in batches])

    def sanitized_distances(self, batches: Sequence[tuple[Array, ...]]) -> dict[str, float]:
        """The same under ASan and UBSan."""
        return self._distances(batches, run_sanitized(self.sources("litert"), batches))

    def _distances(
        self, batches: Sequence[tuple[Array, ...]], outputs: Sequence[Sequence[Array]]
    ) -> dict[str, float]:
        oracle, found = Oracle(self.tflite(), "litert"), dict.fromkeys(self.labels, 0.0)
        for batch, told in zip(batches, outputs, strict=True):
            for label, want, have in zip(self.labels, oracle.run(*batch), told, strict=True):
                found[label] = max(found[label], ulps(want, have))
        return found
