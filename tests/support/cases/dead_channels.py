"""Small networks of which some channels never change, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from support.cases.kernels import BOTH, options
from support.cases.lowering import check_legality
from support.host_model import HostModel
from support.models.tflite_files import Builder
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.simplify.simplify import Simplified, simplify
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

Array = npt.NDArray[Any]
SCALE, WEIGHT = 0.05, 0.01


class Net:
    """Collects layers on ``[1, size, size, channels]``; every tensor has the scale ``SCALE``.

    ``dead`` names output channels whose weights are 0, with the value that they have.
    """

    def __init__(self, channels: int, size: int = 4, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.builder = Builder()
        self.zeros: dict[int, int] = {}
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.x = self.tensor([1, size, size, channels], -3)

    def tensor(self, shape: Sequence[int], zero: int, scale: float = SCALE) -> int:
        index = self.builder.tensor(shape, scales=[scale], zero_points=[zero])
        self.zeros[index], self.shapes[index] = zero, tuple(shape)
        return index

    def conv(
        self, x: int, outputs: int, dead: dict[int, int] | None = None, *, taps: int = 1,
        zero: int = -128, unread: Sequence[int] = (), padding: str = "SAME",
    ) -> int:  # fmt: skip
        """CONV_2D with RELU; ``unread`` are inputs whose weights are 0."""
        _, height, width, inputs = self.shapes[x]
        data = self.rng.integers(-60, 61, (outputs, taps, taps, inputs))
        data[..., list(unread)] = 0
        operands = [x, *self._constants(data, 0, dead or {}, zero)]
        less = taps - 1 if padding == "VALID" else 0
        y = self.tensor([1, height - less, width - less, outputs], zero)
        table = options("Conv2D", padding=padding, strideH=1, strideW=1, dilationHFactor=1,
                        dilationWFactor=1, fusedActivationFunction="RELU")  # fmt: skip
        self.builder.op("CONV_2D", operands, [y], table)
        return y

    def depthwise(
        self, x: int, dead: dict[int, int] | None = None, *, multiplier: int = 1, zero: int = -128
    ) -> int:
        """DEPTHWISE_CONV_2D, 3 x 3 with padding."""
        _, height, width, inputs = self.shapes[x]
        outputs = inputs * multiplier
        data = self.rng.integers(-60, 61, (1, 3, 3, outputs))
        operands = [x, *self._constants(data, 3, dead or {}, zero)]
        y = self.tensor([1, height, width, outputs], zero)
        table = options("DepthwiseConv2D", padding="SAME", strideH=1, strideW=1, dilationHFactor=1,
                        dilationWFactor=1, depthMultiplier=multiplier)  # fmt: skip
        self.builder.op("DEPTHWISE_CONV_2D", operands, [y], table)
        return y

    def dense(
        self,
        x: int,
        outputs: int,
        dead: dict[int, int] | None = None,
        *,
        weights_zero: int = 0,
        bias: bool = True,
        unread: Sequence[int] = (),
    ) -> int:
        """FULLY_CONNECTED on all elements."""
        inputs = int(np.prod(self.shapes[x]))
        data = self.rng.integers(-60, 61, (outputs, inputs))
        data[:, list(unread)] = 0
        operands = self._constants(
            data, 0, dead or {}, 5, bias=bias, weights_zero=weights_zero, shared=True
        )
        y = self.tensor([1, outputs], 5)
        self.builder.op("FULLY_CONNECTED", [x, *operands], [y], options("FullyConnected"))
        return y

    def add(self, a: int, b: int) -> int:
        y = self.tensor(self.shapes[a], -20, scale=2 * SCALE)
        self.builder.op("ADD", [a, b], [y], options("Add"))
        return y

    def concatenation(self, *parts: int, axis: int = 3) -> int:
        shape = list(self.shapes[parts[0]])
        shape[axis] = sum(self.shapes[part][axis] for part in parts)
        y = self.tensor(shape, self.zeros[parts[0]])
        self.builder.op("CONCATENATION", parts, [y], options("Concatenation", axis=axis))
        return y

    def reshape(self, x: int, *shape: int) -> int:
        y = self.tensor(shape, self.zeros[x])
        self.builder.op("RESHAPE", [x], [y], options("Reshape", newShape=list(shape)))
        return y

    def pool(self, kind: str, x: int) -> int:
        _, height, width, channels = self.shapes[x]
        y = self.tensor([1, height // 2, width // 2, channels], self.zeros[x])
        table = options("Pool2D", padding="VALID", strideH=2, strideW=2, filterHeight=2,
                        filterWidth=2)  # fmt: skip
        self.builder.op(kind, [x], [y], table)
        return y

    def mean(self, x: int) -> int:
        y = self.tensor([1, self.shapes[x][-1]], self.zeros[x], scale=SCALE / 3)
        axes = self.builder.tensor([2], "INT32", data=np.array([1, 2], "<i4"))
        self.builder.op("MEAN", [x, axes], [y], options("Reducer"))
        return y

    def leaky_relu(self, x: int) -> int:
        y = self.tensor(self.shapes[x], 7, scale=2 * SCALE)
        self.builder.op("LEAKY_RELU", [x], [y], options("LeakyRelu", alpha=0.25))
        return y

    def _constants(
        self, data: Array, axis: int, dead: dict[int, int], zero: int, *, bias: bool = True,
        weights_zero: int = 0, shared: bool = False,
    ) -> list[int]:  # fmt: skip
        rows = np.moveaxis(data, axis, 0)
        count = len(rows)
        offsets = self.rng.integers(-300, 301, count)
        for channel, value in dead.items():
            rows[channel], offsets[channel] = 0, round((value - zero) / WEIGHT)
        scales = [WEIGHT] if shared else [WEIGHT] * count
        stored = (data + weights_zero).astype(np.int8)
        weights = self.builder.tensor(
            data.shape, data=stored, scales=scales, zero_points=[weights_zero] * len(scales),
            axis=axis,
        )  # fmt: skip
        if not bias:
            return [weights]
        offsets = offsets.astype("<i4")
        stated = [SCALE * scale for scale in scales]
        return [weights, self.builder.tensor([count], "INT32", data=offsets, scales=stated)]

    def simplified(self, *outputs: int) -> Simplified:
        """What is left; its outputs are compared with both oracles' of the whole."""
        tflite = self.builder.pack([self.x], outputs or [max(self.zeros)])
        model = read_model(tflite)
        for exact_to in BOTH:
            sources = generate(model, CodegenOptions(exact_to=exact_to))
            oracle, host = Oracle(tflite, exact_to), HostModel(sources, flags=("-O0",))
            for sample in self._samples():
                for got, want in zip(host.run(sample), oracle.run(sample), strict=True):
                    np.testing.assert_array_equal(got, want)
        graph = run_passes(model.main)
        found = simplify(graph, CodegenOptions())
        check_legality(found.graph, CodegenOptions())
        return found

    def _samples(self) -> list[Array]:
        shape = self.shapes[self.x]
        random = self.rng.integers(-128, 128, (4, *shape))
        return [sample.astype(np.int8) for sample in (*random, np.full(shape, -128),
                                                      np.full(shape, 127))]  # fmt: skip


def shapes_left(found: Simplified) -> list[tuple[int, ...]]:
    """Of the outputs of all operators, in their order."""
    return [found.graph.tensors[op.outputs[0]].shape for op in found.graph.ops]
