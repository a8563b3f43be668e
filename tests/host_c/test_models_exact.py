"""Whole real models, byte for byte against both runtimes."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from support.cases.kernels import BOTH, Array
from support.host_model import HostModel, run_sanitized
from support.models.collection import Collection
from support.models.tflite_files import small_cnn

from tinycompress.artifacts import ExactTo, GeneratedSources
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

# Arena bytes: activations, scratch memory, input and output.
MLPERF_TINY = {
    "mlperf_tiny/ad01_int8": 896,
    "mlperf_tiny/kws_ref_model": 8_432,
    "mlperf_tiny/pretrainedResnet_quant": 26_848,
    "mlperf_tiny/str_ww_ref_model": 3_840,
    "mlperf_tiny/vww_96_int8": 29_008,
}
MORE = (
    "tflm/hello_world_int8", "tflm/micro_speech_quantized", "tflm/simple_add_model",
    "mlonmcu/bigsine_quant", "mlonmcu/qnn_model", "mlonmcu/micro_speech_custom",
    "silabs_mltk/keyword_spotting_alexa", "silabs_mltk/keyword_spotting_mobilenetv2",
    "silabs_mltk/test_helper_image_example1", "tinymaix/cifar10_q", "tinymaix/mbnet96_0.25_q",
    "tinymaix/mnist_arduino_q", "tinymaix/mnist_dw_q", "tinymaix/mnist_valid_q",
    "ai_edge_quantizer/conv_fc_mnist_srq_a8w8",
)  # fmt: skip


def _read(shared_data: Collection, name: str) -> bytes:
    return shared_data.file(f"models/{name}.tflite").read_bytes()


def _samples(sources: GeneratedSources, count: int) -> list[tuple[Array, ...]]:
    rng = np.random.default_rng(5)
    shapes = [spec.shape for spec in sources.inputs]
    found = [
        tuple(rng.integers(-128, 128, s).astype(np.int8) for s in shapes) for _ in range(count)
    ]
    found += [tuple(np.full(s, v, np.int8) for s in shapes) for v in (-128, 127, 0)]
    checkers = (np.array([-128, 127], np.int8), np.array([127, 0, -128], np.int8))
    return found + [tuple(np.resize(c, s) for s in shapes) for c in checkers]


def _differing_bytes(tflite: bytes, exact_to: ExactTo, count: int, options: CodegenOptions) -> int:
    sources = generate(read_model(tflite), options)
    model, oracle = HostModel(sources), Oracle(tflite, exact_to)
    return sum(
        int((want.reshape(-1) != have.reshape(-1)).sum())
        for sample in _samples(sources, count)
        for want, have in zip(oracle.run(*sample), model.run(*sample), strict=True)
    )


@pytest.mark.shared
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("name", sorted(MLPERF_TINY))
def test_mlperf_tiny_is_exact(shared_data: Collection, name: str, exact_to: ExactTo) -> None:
    tflite = _read(shared_data, name)
    assert _differing_bytes(tflite, exact_to, 20, CodegenOptions(exact_to=exact_to)) == 0


@pytest.mark.shared
def test_person_detect_is_exact(shared_data: Collection) -> None:
    """LiteRT refuses this file, so that TFLM is the only oracle."""
    tflite = _read(shared_data, "tflm/person_detect")
    assert _differing_bytes(tflite, "tflm", 20, CodegenOptions()) == 0


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("name", MORE)
def test_other_models_are_exact(shared_data: Collection, name: str, exact_to: ExactTo) -> None:
    tflite = _read(shared_data, name)
    assert _differing_bytes(tflite, exact_to, 3, CodegenOptions(exact_to=exact_to)) == 0


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(MLPERF_TINY))
def test_the_arena_is_as_small_as_it_was_measured(shared_data: Collection, name: str) -> None:
    sources = generate(read_model(_read(shared_data, name)))
    assert sources.arena_bytes == MLPERF_TINY[name]


@pytest.mark.shared
def test_the_oracles_differ_where_the_engine_follows_either(shared_data: Collection) -> None:
    tflite = _read(shared_data, "mlperf_tiny/ad01_int8")
    assert _differing_bytes(tflite, "litert", 5, CodegenOptions(exact_to="tflm")) > 0


@pytest.mark.shared
def test_shared_kernels_give_the_same_bytes(shared_data: Collection) -> None:
    tflite = _read(shared_data, "mlperf_tiny/kws_ref_model")
    assert _differing_bytes(tflite, "tflm", 3, CodegenOptions(optimize="flash")) == 0


@pytest.mark.shared
def test_a_whole_model_has_no_undefined_behaviour(shared_data: Collection) -> None:
    tflite = _read(shared_data, "mlperf_tiny/str_ww_ref_model")
    sources = generate(read_model(tflite))
    oracle, samples = Oracle(tflite, "tflm"), _samples(sources, 2)
    for sample, outputs in zip(samples, run_sanitized(sources, samples), strict=True):
        np.testing.assert_array_equal(outputs[0], oracle.run(*sample)[0])


@pytest.mark.parametrize("exact_to", BOTH)
def test_a_small_cnn_is_exact(exact_to: ExactTo) -> None:
    options = CodegenOptions(exact_to=exact_to)
    assert _differing_bytes(small_cnn(), exact_to, 20, options) == 0


def test_the_model_api() -> None:
    tflite = small_cnn()
    model = read_model(tflite)
    sources = generate(model)
    library = HostModel(sources).library
    assert library.tc_model_input_count() == 1
    assert library.tc_model_output_count() == 1
    assert library.tc_model_layer_count() == len(sources.layers) == 3
    assert library.tc_model_arena_bytes() == sources.arena_bytes
    assert library.tc_model_input(0).bytes == 16
    assert library.tc_model_output(0).bytes == 3
    for index in (1, 2**32 - 1):
        assert not library.tc_model_input(index).data
        assert not library.tc_model_output(index).data
    assert library.tc_model_reset() == 0
    digest = bytes(library.tc_model_sha256()[i] for i in range(32))
    assert digest.hex() == model.sha256


def test_the_layer_hooks_surround_every_layer() -> None:
    library = HostModel(generate(read_model(small_cnn()))).library
    seen: list[tuple[str, int]] = []
    hook = ctypes.CFUNCTYPE(None, ctypes.c_uint32)
    begin = hook(lambda layer: seen.append(("begin", layer)))
    end = hook(lambda layer: seen.append(("end", layer)))
    assert library.tc_model_invoke_profiled(begin, end) == 0
    assert seen == [(what, layer) for layer in range(3) for what in ("begin", "end")]
