from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.lowering import array, graph_of, int8, layers_of, lower_graph, ones
from support.models.tflite_files import Builder

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.passes import run_passes
from tinycompress.ir.arithmetic import float32, quantize_multiplier
from tinycompress.ir.reader import read_model

LITERT = CodegenOptions(exact_to="litert")


def _layer(
    scales: list[float], *, weights_zero: int = 0, codegen: CodegenOptions | None = None
) -> Layer:
    b = Builder()
    x = int8(b, [2, 6], 0.1, -9)
    zeros = [weights_zero] * len(scales)
    w = b.tensor([3, 6], data=ones([3, 6]), scales=scales, zero_points=zeros)
    y = int8(b, [2, 3], 0.3, 4)
    b.op("FULLY_CONNECTED", [x, w, -1], [y], options("FullyConnected"))
    (layer,) = layers_of(graph_of(b, [x], [y]), codegen)
    return layer


@pytest.mark.parametrize(
    ("scales", "exact_to", "kernel"),
    [
        ([0.2], "tflm", "fully_connected_s8_ref"),
        ([0.2, 0.3, 0.4], "tflm", "fully_connected_per_channel_s8_ref"),
        ([0.2], "litert", "fully_connected_s8_half_away_ref"),
        ([0.2, 0.3, 0.4], "litert", "fully_connected_per_channel_s8_half_away_ref"),
    ],
)
def test_the_oracle_and_the_scales_choose_the_kernel(
    scales: list[float], exact_to: str, kernel: str
) -> None:
    layer = _layer(scales, codegen=LITERT if exact_to == "litert" else None)
    assert layer.kernel.name == kernel
    assert layer.macs == 2 * 3 * 6


def test_the_bias_holds_the_zero_point() -> None:
    np.testing.assert_array_equal(array(_layer([0.2]), "bias"), [9 * 6] * 3)


def test_the_bias_holds_the_zero_points_of_input_and_weights() -> None:
    layer = _layer([0.2], weights_zero=5)
    assert layer.params["weights_offset"] == -5
    np.testing.assert_array_equal(array(layer, "bias"), [9 * 6 * (1 - 5)] * 3)


def test_tflm_multiplies_the_scales_in_double_precision() -> None:
    layer = _layer([0.2])
    product = float32(0.1) * float32(0.2)
    multiplier, shift = quantize_multiplier(product / float32(0.3))
    assert (layer.params["multiplier"], layer.params["shift"]) == (multiplier, shift)


def test_litert_gets_a_multiplier_of_as_many_bits_as_fit() -> None:
    layer = _layer([0.2], codegen=LITERT)
    multiplier, shift = layer.params["multiplier"], layer.params["shift"]
    assert isinstance(multiplier, int)
    assert isinstance(shift, int)
    assert multiplier > 2**40
    assert multiplier / 2**shift == pytest.approx(0.1 * 0.2 / 0.3, rel=1e-6)


@pytest.mark.parametrize("dsp", [True, False])
def test_layers_of_equal_weights_share_them(dsp: bool) -> None:
    """Steps of an unrolled recurrent layer differ in zero points, and thus in biases."""
    b = Builder()
    x = [int8(b, [1, 40], 0.1, step - 9) for step in range(3)]
    y = [int8(b, [1, 17], 0.3, 4) for _ in x]
    w = int8(b, [17, 40], 0.2, data=(np.arange(680) % 251).reshape(17, 40).astype(np.int8))
    for read, written in zip(x, y, strict=True):
        b.op("FULLY_CONNECTED", [read, w, -1], [written], options("FullyConnected"))
    model = read_model(b.pack(x, y))
    chosen = CodegenOptions(dsp=dsp)
    layers = lower_graph(run_passes(model.main), chosen)
    assert {layer.kernel.params for layer in layers} == {"fully_connected_s8_fast"}
    assert len({array(layer, "biases").tobytes() for layer in layers}) == 3
    weights = generate(model, chosen).files["tcm_model_weights.c"]
    assert [weights.count(f"_{name}") for name in ("stream", "biases")] == [1, 3]
