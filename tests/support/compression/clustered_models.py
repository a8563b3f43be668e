"""Models whose weights have few distinct values, as clustering leaves them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from support.models.tflite_files import Builder

CHANNELS = 16


def few_values(shape: tuple[int, ...], count: int, axis: int | None) -> npt.NDArray[np.int8]:
    """Weights with exactly ``count`` distinct values, in all or in every slice along ``axis``."""
    rng = np.random.default_rng(count)
    slices = 1 if axis is None else shape[axis]
    drawn = []
    for _ in range(slices):
        values = rng.choice(np.arange(-127, 128), count, replace=False)
        size = int(np.prod(shape)) // slices
        drawn.append(rng.permutation(np.concatenate([values, rng.choice(values, size - count)])))
    if axis is None:
        return drawn[0].reshape(shape).astype(np.int8)
    rest = tuple(size for number, size in enumerate(shape) if number != axis)
    return np.moveaxis(np.stack([one.reshape(rest) for one in drawn]), 0, axis).astype(np.int8)


WIDE = 200
"""Outputs with which encoded weights save more than what DECODE's code takes."""


def clustered(count: int, *, share_dense: bool = False, outputs: int = 10) -> bytes:
    """CONV_2D (scales along 0), DEPTHWISE_CONV_2D (along 3) and FULLY_CONNECTED (one scale).

    Args:
        count: Distinct values of the dense layer and in each channel of the others.
        share_dense: Whether a GATHER reads the dense layer's weights, too.
        outputs: Of the dense layer.
    """
    b = Builder()
    scales = [0.01 + 0.001 * n for n in range(CHANNELS)]
    image = b.tensor([1, 6, 6, 12], name="image", scales=[0.5], zero_points=[-1])
    kernel = b.tensor(
        [CHANNELS, 5, 5, 12], data=few_values((CHANNELS, 5, 5, 12), count, 0), scales=scales
    )
    features = b.tensor([1, 6, 6, CHANNELS], name="conv", scales=[20.0], zero_points=[3])
    depthwise = b.tensor(
        [1, 9, 9, CHANNELS], data=few_values((1, 9, 9, CHANNELS), min(count, 50), 3),
        scales=scales, axis=3,
    )  # fmt: skip
    deep = b.tensor([1, 6, 6, CHANNELS], name="depthwise", scales=[200.0], zero_points=[0])
    shape = b.tensor([2], "INT32", data=np.array([1, 36 * CHANNELS], "<i4"))
    flat = b.tensor([1, 36 * CHANNELS], name="flat", scales=[200.0])
    weights = b.tensor(
        [outputs, 36 * CHANNELS],
        data=few_values((outputs, 36 * CHANNELS), count, None),
        scales=[0.02],
    )
    scores = b.tensor([1, outputs], name="dense", scales=[8000.0], zero_points=[10])
    conv, separable = schema.Conv2DOptionsT(), schema.DepthwiseConv2DOptionsT()
    for options in (conv, separable):
        options.padding = schema.Padding.SAME
        options.strideH = options.strideW = 1
    separable.depthMultiplier = 1
    b.op("CONV_2D", [image, kernel], [features], conv)
    b.op("DEPTHWISE_CONV_2D", [features, depthwise], [deep], separable)
    b.op("RESHAPE", [deep, shape], [flat], schema.ReshapeOptionsT())
    b.op("FULLY_CONNECTED", [flat, weights, -1], [scores], schema.FullyConnectedOptionsT())
    made = [scores]
    if share_dense:
        indices = b.tensor([outputs], "INT32", data=np.arange(outputs, dtype="<i4"))
        wide = b.tensor([outputs, 36 * CHANNELS], name="wide", scales=[0.02])
        b.op("GATHER", [weights, indices], [wide], schema.GatherOptionsT())
        made.append(wide)
    return b.pack([image], made)
