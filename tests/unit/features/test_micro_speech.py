"""micro_speech's features on the host, against its preprocessor on stock TFLM."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.models.collection import SHIPPED, Collection

import tinycompress
from tinycompress.errors import ConfigError
from tinycompress.features.tables import hann_window, mel_filters, pcan_gains
from tinycompress.ir.graph import Graph, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

PREPROCESSOR = (SHIPPED / "models" / "tflm" / "audio_preprocessor_int8.tflite").read_bytes()
Int16s = npt.NDArray[np.int16]


def from_the_runtime(samples: Int16s, stride: int = 320) -> npt.NDArray[np.int8]:
    oracle = Oracle(PREPROCESSOR, "tflm")
    found = []
    for begin in range(0, len(samples) - 479, stride):
        run = oracle.step if begin else oracle.run
        found.append(run(samples[None, begin : begin + 480])[0])
    return np.array(found)


def _noise(seed: int, volume: float, count: int = 6400) -> Int16s:
    sound = np.random.default_rng(seed).standard_normal(count) * volume
    return np.clip(sound, -(2**15), 2**15 - 1).astype(np.int16)


def _mostly(value: int, seed: int) -> Int16s:
    """One extreme value among small negative ones: in 16 bits -32768 has no magnitude."""
    rng = np.random.default_rng(seed)
    small = -rng.integers(0, 100, 6400)
    return np.where(rng.random(6400) < 0.01, value, small).astype(np.int16)


@pytest.mark.parametrize("word", ["yes", "no", "noise", "silence"])
@pytest.mark.shared
def test_recordings_are_exact(shared_data: Collection, word: str) -> None:
    with np.load(shared_data.file("datasets/reference_samples.npz")) as held:
        samples = held[f"tflm_wav_{word}_1000ms"]
    found = tinycompress.features.micro_speech(samples)
    assert found.shape == (49, 40)
    np.testing.assert_array_equal(found, from_the_runtime(samples))


@pytest.mark.parametrize("volume", [0, 1, 30, 1000, 20_000, 1e6])
def test_noise_of_any_volume_is_exact(volume: float) -> None:
    samples = _noise(int(volume) + 1, volume)
    np.testing.assert_array_equal(
        tinycompress.features.micro_speech(samples), from_the_runtime(samples)
    )


@pytest.mark.parametrize("value", [-(2**15), -(2**15) + 1, 2**15 - 1])
def test_extreme_samples_are_exact(value: int) -> None:
    for samples in (np.full(6400, value, np.int16), _mostly(value, 7)):
        np.testing.assert_array_equal(
            tinycompress.features.micro_speech(samples), from_the_runtime(samples)
        )


def test_a_shorter_stride_is_exact() -> None:
    samples = _noise(3, 3000, 3000)
    found = tinycompress.features.micro_speech(samples, stride_ms=10)
    assert found.shape == (16, 40)
    np.testing.assert_array_equal(found, from_the_runtime(samples, 160))


def test_each_clip_is_one_for_itself() -> None:
    clips = np.stack([_noise(seed, 2000) for seed in range(6)]).reshape(2, 3, -1)
    found = tinycompress.features.micro_speech(clips)
    assert found.shape == (2, 3, 19, 40)
    np.testing.assert_array_equal(found[1, 2], tinycompress.features.micro_speech(clips[1, 2]))


def test_floats_are_the_same_features() -> None:
    samples = _noise(5, 4000)
    real = tinycompress.features.micro_speech(samples, dtype="float32")
    stored = tinycompress.features.micro_speech(samples)
    assert real.dtype == np.float32
    assert 0 <= real.min() < real.max() <= 26
    steps = np.floor((np.round(real.astype(np.float64) * 25.6) * 256 + 333) / 666) - 128
    np.testing.assert_array_equal(np.clip(steps, -128, 127), stored)


def test_tables_are_those_of_the_preprocessor() -> None:
    graph = read_model(PREPROCESSOR).main
    window, gains = _operand(graph, "Window", 1), _operand(graph, "PCAN", 2)
    np.testing.assert_array_equal(hann_window(), window.data)
    np.testing.assert_array_equal(pcan_gains(), gains.data)
    np.testing.assert_array_equal(mel_filters(), _filters(graph))


def _operand(graph: Graph, code: str, position: int) -> Tensor:
    (op,) = (op for op in graph.ops if op.custom_code == f"Signal{code}")
    return graph.tensors[op.inputs[position]]


def _filters(graph: Graph) -> npt.NDArray[np.int64]:
    tables = [_operand(graph, "FilterBank", position).data for position in range(1, 6)]
    weights, unweights, starts, weight_starts, widths = (np.asarray(t, np.int64) for t in tables)
    filters = np.zeros((257, 41), np.int64)
    for band, (start, at, width) in enumerate(zip(starts, weight_starts, widths, strict=True)):
        filters[start : start + width, band - 1] += weights[at : at + width]
        filters[start : start + width, band] += unweights[at : at + width]
    # What the first band gives to the channel before it goes nowhere.
    filters = filters[:, :40]
    filters[:5] = filters[241:] = 0
    return filters


@pytest.mark.parametrize(
    ("samples", "options", "reason"),
    [
        (np.zeros(480, np.float32), {}, "the samples are float32, must be int16"),
        (np.zeros(479, np.int16), {}, "a clip must have at least 480, one window of 30 ms"),
        (np.int16(3), {}, r"shape \[\]: a clip must have"),
        (np.zeros((0, 480), np.int16), {}, "there is no clip"),
        (np.zeros(480, np.int16), {"stride_ms": 0}, "stride_ms is 0, must be at least 1"),
        (np.zeros(480, np.int16), {"dtype": "int4"}, r"unknown dtype 'int4' \(allowed: int8, fl"),
    ],
)
def test_what_is_wrong_is_said(samples: Any, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        tinycompress.features.micro_speech(samples, **options)
