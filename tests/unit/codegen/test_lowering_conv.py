from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.cases.conv import ConvCase, add_conv, add_depthwise
from support.cases.kernels import KernelCases
from support.cases.lowering import array, layers_of

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.passes import run_passes
from tinycompress.ir.arithmetic import quantize_multiplier
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model


def _graph(case: ConvCase, *, depthwise: bool = False) -> Graph:
    cases = KernelCases(1)
    (add_depthwise if depthwise else add_conv)(cases, case)
    return read_model(cases.tflite()).main


def _layer(case: ConvCase, *, depthwise: bool = False) -> Layer:
    (layer,) = layers_of(_graph(case, depthwise=depthwise))
    return layer


@pytest.mark.parametrize("depthwise", [False, True])
def test_without_padding_the_bias_holds_the_zero_point(depthwise: bool) -> None:
    case = ConvCase(padding="VALID", in_zero=-17, bias="none")
    layer = _layer(case, depthwise=depthwise)
    weights = array(layer, "weights").astype(np.int64)
    axis = 0 if depthwise else 1
    shape = (9, 12) if depthwise else (4, 27)
    assert layer.params["input_offset"] == 0
    np.testing.assert_array_equal(array(layer, "bias"), 17 * weights.reshape(shape).sum(axis=axis))


@pytest.mark.parametrize("depthwise", [False, True])
def test_with_padding_only_taps_inside_get_the_zero_point(depthwise: bool) -> None:
    layer = _layer(ConvCase(padding="SAME", in_zero=-17, bias="none"), depthwise=depthwise)
    assert layer.params["input_offset"] == 17
    assert not array(layer, "bias").any()
    assert (layer.params["pad_top"], layer.params["pad_left"]) == (1, 1)


def test_same_padding_that_needs_none_is_folded_too() -> None:
    layer = _layer(ConvCase(kernel=(1, 1), padding="SAME", in_zero=-128))
    assert layer.params["input_offset"] == 0


def test_a_folded_bias_wraps_as_the_accumulators_do() -> None:
    case = ConvCase(padding="VALID", in_zero=-128, bias="int32 max", extreme_weights=True)
    layer = _layer(case)
    weights = array(layer, "weights").astype(np.int64).reshape(4, 27)
    exact = 2**31 - 1 + 128 * weights.sum(axis=1)
    np.testing.assert_array_equal((array(layer, "bias") - exact) % 2**32, 0)


def test_every_channel_has_its_multiplier() -> None:
    case = ConvCase(outputs=3, gain=0.3)
    graph = _graph(case)
    (layer,) = layers_of(graph)
    x, w, y = (graph.tensors[i].quantization for i in (0, 1, 2))
    assert x is not None
    assert w is not None
    assert y is not None
    pairs = [quantize_multiplier(x.scale * scale / y.scale) for scale in w.scales]
    assert array(layer, "multipliers").tolist() == [m for m, _ in pairs]
    assert array(layer, "shifts").tolist() == [s for _, s in pairs]
    assert array(layer, "shifts").dtype == np.int8


def test_macs_count_every_tap_of_every_output() -> None:
    case = ConvCase(height=8, width=6, channels=4, outputs=6, groups=2, kernel=(3, 2))
    assert _layer(case).macs == 8 * 6 * 6 * 3 * 2 * 2
    assert _layer(replace(case, groups=1)).macs == 8 * 6 * 6 * 3 * 2 * 4
    assert _layer(replace(case, groups=1), depthwise=True).macs == 8 * 6 * 24 * 3 * 2


def test_the_layer_describes_itself() -> None:
    layer = _layer(ConvCase())
    assert layer.kernel.name == "conv_2d_s8_ref"
    assert layer.shapes == "[1, 5, 5, 3], [4, 3, 3, 3] -> [1, 5, 5, 4]"
    assert layer.output_shape == (1, 5, 5, 4)
    assert layer.reads == (0,)
    assert len(layer.writes) == 1


def test_passes_leave_it_alone() -> None:
    graph = _graph(ConvCase())
    assert run_passes(graph).ops == graph.ops
