"""Weights of four bits in an int8 file: exact to an int4 file of the same values."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.models.tflite_files import Builder, pack, unpack

from tinycompress.artifacts import ExactTo
from tinycompress.conversion.int4_weights import LARGEST, with_int4_weights
from tinycompress.errors import ModelError
from tinycompress.ir.graph import DType, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

Array = npt.NDArray[Any]
CHANNELS, OUTPUTS = 6, 5
SCALES = [0.01 + 0.003 * n for n in range(CHANNELS)]


def network(*, shared: bool = False, kernel: Array | None = None) -> bytes:
    """CONV_2D (a scale for every channel), DEPTHWISE_CONV_2D and FULLY_CONNECTED (one scale)."""
    rng = np.random.default_rng(0)
    b = Builder()

    def int8(*shape: int) -> Array:
        return np.clip(rng.normal(0, 40, shape), -127, 127).astype(np.int8)

    def bias(size: int, scales: list[float]) -> int:
        return b.tensor(
            [size], "INT32", data=rng.integers(-900, 900, size).astype("<i4"), scales=scales
        )

    image = b.tensor([1, 4, 4, 3], name="image", scales=[0.5], zero_points=[-1])
    filters = int8(CHANNELS, 3, 3, 3) if kernel is None else kernel
    conv_w = b.tensor([CHANNELS, 3, 3, 3], data=filters, scales=SCALES)
    conv_b = bias(CHANNELS, [0.5 * scale for scale in SCALES])
    features = b.tensor([1, 4, 4, CHANNELS], name="conv", scales=[0.9], zero_points=[3])
    deep_w = b.tensor([1, 3, 3, CHANNELS], data=int8(1, 3, 3, CHANNELS), scales=SCALES, axis=3)
    deep_b = bias(CHANNELS, [0.9 * scale for scale in SCALES])
    deep = b.tensor([1, 4, 4, CHANNELS], name="depthwise", scales=[2.0], zero_points=[0])
    size = 16 * CHANNELS
    shape = b.tensor([2], "INT32", data=np.array([1, size], "<i4"))
    flat = b.tensor([1, size], name="flat", scales=[2.0])
    dense_w = b.tensor([OUTPUTS, size], data=int8(OUTPUTS, size), scales=[0.02])
    dense_b = bias(OUTPUTS, [0.04])
    scores = b.tensor([1, OUTPUTS], name="dense", scales=[8.0], zero_points=[10])
    conv, separable = schema.Conv2DOptionsT(), schema.DepthwiseConv2DOptionsT()
    for options in (conv, separable):
        options.padding = schema.Padding.SAME
        options.strideH = options.strideW = 1
    separable.depthMultiplier = 1
    b.op("CONV_2D", [image, conv_w, conv_b], [features], conv)
    b.op("DEPTHWISE_CONV_2D", [features, deep_w, deep_b], [deep], separable)
    b.op("RESHAPE", [deep, shape], [flat], schema.ReshapeOptionsT())
    b.op("FULLY_CONNECTED", [flat, dense_w, dense_b], [scores], schema.FullyConnectedOptionsT())
    if shared:
        other = b.tensor([1, OUTPUTS], name="other", scales=[8.0])
        b.graph.tensors[other].buffer = b.graph.tensors[scores].buffer
        twin = b.tensor([size * OUTPUTS], name="twin", scales=[0.02])
        b.graph.tensors[twin].buffer = b.graph.tensors[dense_w].buffer
    return b.pack([image], [scores])


def weights_of(tflite: bytes) -> list[tuple[str, Tensor]]:
    graph = read_model(tflite).main
    return [(op.kind, graph.tensors[op.inputs[1]]) for op in graph.ops if op.kind != "RESHAPE"]


def with_int4_tensors(tflite: bytes) -> bytes:
    """The same values in tensors of type INT4, two in a byte, written by other code than ours."""
    model = unpack(tflite)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex].builtinCode
        if code not in (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED):
            continue
        tensor = graph.tensors[operator.inputs[1]]
        values = np.asarray(model.buffers[tensor.buffer].data, np.uint8) & 0x0F
        values = np.append(values, np.zeros(values.size % 2, np.uint8))
        model.buffers[tensor.buffer].data = values[::2] | values[1::2] << 4
        tensor.type = schema.TensorType.INT4
    return pack(model)


def outputs(tflite: bytes, exact_to: ExactTo, count: int = 20) -> Array:
    oracle = Oracle(tflite, exact_to)
    rng = np.random.default_rng(7)
    shape = oracle.inputs[0].shape
    return np.stack(
        [oracle.run(rng.integers(-128, 128, shape).astype(np.int8))[0] for _ in range(count)]
    )


def test_the_values_are_those_of_four_bits_and_depthwise_stays() -> None:
    before = network()
    rounded = with_int4_weights(before)
    assert len(rounded.tflite) == len(before)
    old = dict(weights_of(before))
    for kind, tensor in weights_of(rounded.tflite):
        assert tensor.dtype is DType.INT8
        assert tensor.data is not None
        if kind == "DEPTHWISE_CONV_2D":
            np.testing.assert_array_equal(tensor.data, old[kind].data)
            assert tensor.quantization == old[kind].quantization
        else:
            assert 5 <= np.abs(tensor.data).max() <= LARGEST
            assert tensor.quantization is not None
            assert len(tensor.quantization.scales) == (6 if kind == "CONV_2D" else 1)
    assert rounded.int4_weights == CHANNELS * 27 + OUTPUTS * 16 * CHANNELS
    assert rounded.int8_weights == CHANNELS * 9


@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
def test_an_int4_file_of_the_same_values_gives_the_same_bytes(exact_to: ExactTo) -> None:
    held = with_int4_weights(network()).tflite
    packed = with_int4_tensors(held)
    kinds = {tensor.dtype for _, tensor in weights_of(packed)}
    assert kinds == {DType.INT4, DType.INT8}
    found = outputs(held, exact_to)
    np.testing.assert_array_equal(found, outputs(packed, exact_to))
    assert np.unique(found).size > 10


def test_outputs_stay_near_those_of_eight_bits() -> None:
    before, after = (outputs(file, "tflm", 60).astype(float) for file in (
        network(), with_int4_weights(network()).tflite
    ))  # fmt: skip
    noise = np.sum((before - after) ** 2)
    signal = np.sum((before - before.mean(axis=0)) ** 2)
    assert 10 * np.log10(signal / noise) > 10


def test_no_other_scale_of_a_row_leaves_less_error() -> None:
    """Against a fine search over every scale of one row."""
    ((_, old), *_), ((_, new), *_) = (
        weights_of(network()),
        weights_of(with_int4_weights(network()).tflite),
    )
    for row in range(CHANNELS):
        real = SCALES[row] * np.asarray(old.data, float)[row].ravel()
        assert new.quantization is not None
        scale = new.quantization.scales[row]
        error = np.sum((real - scale * np.asarray(new.data, float)[row].ravel()) ** 2)
        tried = np.linspace(0.2, 1.6, 4000) * np.abs(real).max() / LARGEST
        best = min(
            np.sum((real - s * np.clip(np.rint(real / s), -LARGEST, LARGEST)) ** 2) for s in tried
        )
        assert error <= 1.02 * best


def test_values_that_are_on_the_grid_of_four_bits_stay_what_they_are() -> None:
    """As compression with four bits leaves them: round(127 k / 7)."""
    rng = np.random.default_rng(2)
    wanted = rng.integers(-LARGEST, LARGEST + 1, (CHANNELS, 3, 3, 3))
    wanted[:, 0, 0, 0] = LARGEST
    kernel = np.rint(127 * wanted / LARGEST).astype(np.int8)
    tensor = weights_of(with_int4_weights(network(kernel=kernel)).tflite)[0][1]
    np.testing.assert_array_equal(tensor.data, wanted)


def test_a_channel_of_zeros_stays_and_nothing_divides_by_it() -> None:
    kernel = np.full((CHANNELS, 3, 3, 3), 50, np.int8)
    kernel[2] = 0
    tensor = weights_of(with_int4_weights(network(kernel=kernel)).tflite)[0][1]
    assert tensor.data is not None
    assert not tensor.data[2].any()
    assert tensor.data[1].all()


def test_twice_is_the_same_as_once() -> None:
    once = with_int4_weights(network()).tflite
    twice = with_int4_weights(once).tflite
    for (_, one), (_, other) in zip(weights_of(once), weights_of(twice), strict=True):
        np.testing.assert_array_equal(one.data, other.data)


def test_what_cannot_be_rounded_is_refused() -> None:
    b = Builder()
    x = b.tensor([1, 4], name="x", scales=[0.5])
    y = b.tensor([1, 4], name="y", scales=[0.5])
    b.op("RELU", [x], [y])
    with pytest.raises(ModelError, match="there are no weights to make int4"):
        with_int4_weights(b.pack([x], [y]))
    with pytest.raises(ModelError, match="is shared by layers"):
        with_int4_weights(network(shared=True))
