"""A layer at the arena's peak takes the kernel with less scratch memory that is nearly as fast."""

from __future__ import annotations

from dataclasses import replace

from support.cases.conv import ConvCase, add_depthwise
from support.cases.kernels import KernelCases

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.select import nth
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model

_OPTIONS = CodegenOptions(core="cortex-m4", dsp=True)
_ALONE = ConvCase(height=25, width=5, channels=64, outputs=1, activation="RELU", out_zero=-128)


def _graph(*layers: ConvCase) -> Model:
    cases = KernelCases(5)
    for layer in layers:
        add_depthwise(cases, layer)
    return read_model(cases.tflite())


def test_the_layer_at_the_peak_is_leaner() -> None:
    graph = _graph(_ALONE)
    lean, fast = generate(graph, _OPTIONS), generate(graph, _OPTIONS, prefer=nth(0))
    assert [layer.kernel for layer in fast.layers] == ["depthwise_3x3_fours_stride_1_s8_dsp"]
    assert [layer.kernel for layer in lean.layers] == ["depthwise_3x3_stride_1_s8_dsp"]
    # Planes of 27 rows of 8 int16: of one channel, not of four.
    assert fast.arena_bytes - lean.arena_bytes == 3 * 27 * 8 * 2


def test_elsewhere_layers_are_as_fast_as_can_be() -> None:
    """Four planes of 8 rows of 8 take less than one of 62: only the first layer is at the peak."""
    graph = _graph(replace(_ALONE, height=60), replace(_ALONE, height=6, width=6, channels=128))
    kernels = [layer.kernel for layer in generate(graph, _OPTIONS).layers]
    assert kernels == ["depthwise_3x3_stride_1_s8_dsp", "depthwise_3x3_fours_stride_1_s8_dsp"]
