"""Random networks on images, whose operators can be computed in patches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from support.cases.kernels import KernelCases, options, same_or_valid

_SCALE = 0.05
_WEIGHT_SCALE = 0.01


@dataclass(frozen=True)
class Image:
    """An activation of one scale throughout, so that any two of a shape can be added."""

    index: int
    shape: tuple[int, int, int]
    zero: int


@dataclass(frozen=True)
class Window:
    """A window on an image, (height, width) each."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: str


class ImageNetwork(KernelCases):
    """A chain of operators, with now and then an addition of what was computed before.

    Args:
        seed: Of weights, zero points and all that is left to chance.
        shape: Height, width and channels of the input.
    """

    def __init__(self, seed: int, shape: tuple[int, int, int]) -> None:
        super().__init__(seed)
        self._seen = [Image(self.input([1, *shape], _SCALE, 3), shape, 3)]

    def grow(self, steps: int) -> None:
        """Add random operators, up to ``steps``."""
        kinds: list[Callable[[Image], Image | None]] = [
            self._conv, self._conv, self._depthwise, self._pool, self._relu, self._add,
        ]  # fmt: skip
        while len(self._seen) <= steps:
            y = self.pick(*kinds)(self._seen[-1])
            if y is not None:
                self._seen.append(y)
            elif min(self._seen[-1].shape[:2]) < 3:
                break

    def filter(self, size: int, stride: int, outputs: int | None) -> None:
        """Add a square convolution; without a number of outputs, a depthwise one."""
        window = Window((size, size), (stride, stride), "SAME")
        y = self._filter(self._seen[-1], window, outputs)
        assert y is not None
        self._seen.append(y)

    def tflite(self) -> bytes:
        """The file; its output is what the last operator computes."""
        self._outputs, self.labels = [self._seen[-1].index], ["the last"]
        return super().tflite()

    def _put(
        self,
        kind: str,
        x: Image,
        inputs: list[int],
        shape: tuple[int, int, int],
        zero: int,
        table: object,
    ) -> Image:
        y = Image(self.activation([1, *shape], _SCALE, zero), shape, zero)
        self.builder.op(kind, [x.index, *inputs], [y.index], table)
        return y

    def _window(self) -> Window:
        return Window(
            (int(self.pick(1, 2, 3, 3, 5)), int(self.pick(1, 3, 3))),
            (int(self.pick(1, 1, 2)), int(self.pick(1, 1, 2))),
            self.pick("SAME", "VALID"),
        )

    def _conv(self, x: Image) -> Image | None:
        return self._filter(x, self._window(), int(self.pick(3, 4, 8)))

    def _depthwise(self, x: Image) -> Image | None:
        return self._filter(x, self._window(), None)

    def _filter(self, x: Image, window: Window, outputs: int | None) -> Image | None:
        sizes, inputs = _sizes(x, window), x.shape[2]
        if sizes is None:
            return None
        count = inputs if outputs is None else outputs
        shape = [1, *window.size, count] if outputs is None else [count, *window.size, inputs]
        scales = [_WEIGHT_SCALE / (window.size[0] * window.size[1])] * count
        weights = self.weights(shape, scales, 3 if outputs is None else 0)
        bias = self.bias(self.rng.integers(-500, 500, count), [_SCALE * s for s in scales])
        table = options(
            "Conv2D" if outputs else "DepthwiseConv2D", padding=window.padding,
            strideH=window.stride[0], strideW=window.stride[1],
            dilationHFactor=1, dilationWFactor=1,
            fusedActivationFunction=self.pick("NONE", "RELU"),
            **({} if outputs else {"depthMultiplier": 1}),
        )  # fmt: skip
        kind = "CONV_2D" if outputs else "DEPTHWISE_CONV_2D"
        return self._put(kind, x, [weights, bias], (*sizes, count), self.zero_point(), table)

    def _pool(self, x: Image) -> Image | None:
        window = self._window()
        sizes = _sizes(x, window)
        if sizes is None:
            return None
        table = options(
            "Pool2D", padding=window.padding, strideH=window.stride[0], strideW=window.stride[1],
            filterHeight=window.size[0], filterWidth=window.size[1],
        )  # fmt: skip
        kind = self.pick("AVERAGE_POOL_2D", "MAX_POOL_2D")
        return self._put(kind, x, [], (*sizes, x.shape[2]), x.zero, table)

    def _relu(self, x: Image) -> Image:
        return self._put("RELU", x, [], x.shape, -128, None)

    def _add(self, x: Image) -> Image | None:
        others = [other for other in self._seen if other.shape == x.shape]
        other = self.pick(*others)
        return self._put("ADD", x, [other.index], x.shape, self.zero_point(), options("Add"))


def _sizes(x: Image, window: Window) -> tuple[int, int] | None:
    """Height and width behind a window; None if the image is too small for it."""
    height, width = (
        same_or_valid(x.shape[i], window.size[i], window.stride[i], 1, window.padding)
        for i in range(2)
    )
    return (height, width) if min(height, width) > 0 else None


def network(seed: int) -> ImageNetwork:
    """The random network of a seed, of three to eight operators."""
    rng = np.random.default_rng(seed)
    height, width = (int(n) for n in rng.integers(6, 18, 2))
    made = ImageNetwork(seed, (height, width, int(rng.choice([1, 3, 4, 8]))))
    made.grow(int(rng.integers(3, 9)))
    return made


def widening() -> ImageNetwork:
    """A 32x32 image whose layers widen to 16 channels, halve it and narrow to 8."""
    made = ImageNetwork(3, (32, 32, 4))
    for size, stride, outputs in ((3, 1, 8), (1, 1, 16), (3, 2, None), (1, 1, 8)):
        made.filter(size, stride, outputs)
    return made
