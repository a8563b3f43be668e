"""A front end and a model in one file: the same bytes as both, one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from support.cases.kernels import options
from support.models.collection import SHIPPED, Collection
from support.models.tflite_files import Builder

import tinycompress
from tinycompress.conversion.joining.chain import chained
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

PREPROCESSOR = SHIPPED / "models" / "tflm" / "audio_preprocessor_int8.tflite"
FEATURES = 5
Bytes = npt.NDArray[np.int8]


def front_end(
    samples: int = 8, *, scale: float = 0.5, zero: int = -7, dtype: str = "INT8"
) -> bytes:
    """The first samples of a window, each doubled, as features."""
    b, scale = Builder(), 0.5
    x = b.tensor([1, samples], dtype, name="sound", scales=[scale], zero_points=[zero])
    part = b.tensor([FEATURES], dtype, scales=[scale], zero_points=[zero])
    y = b.tensor([FEATURES], dtype, name="features", scales=[scale], zero_points=[zero])
    begin, end, ones = (
        b.tensor([2], "INT32", data=np.array(v, "<i4")) for v in ((0, 0), (1, FEATURES), (1, 1))
    )
    table = options("StridedSlice", shrinkAxisMask=1)
    b.op("STRIDED_SLICE", [x, begin, end, ones], [part], table)
    b.op("ADD", [part, part], [y], options("Add"))
    return b.pack([x], [y])


def model(rows: int = 3, *, values: int = FEATURES, scale: float = 0.5, zero: int = -7) -> bytes:
    """A dense layer on a window of features."""
    b, count = Builder(), rows * values
    rng = np.random.default_rng(4)
    x = b.tensor([1, rows, values, 1], name="window", scales=[scale], zero_points=[zero])
    flat = b.tensor([1, count], scales=[scale], zero_points=[zero])
    shape = b.tensor([2], "INT32", data=np.array([1, count], "<i4"))
    weights = b.tensor([4, count], data=rng.integers(-127, 128, (4, count), np.int8), scales=[0.01])
    y = b.tensor([1, 4], name="scores", scales=[0.4], zero_points=[3])
    b.op("RESHAPE", [x, shape], [flat], options("Reshape"))
    b.op("FULLY_CONNECTED", [flat, weights, -1], [y], options("FullyConnected"))
    return b.pack([x], [y])


def _expected(sound: Bytes, window: int, stride: int, rows: int) -> list[Bytes]:
    first, second = Oracle(front_end(window), "tflm"), Oracle(model(rows), "tflm")
    heard = np.concatenate([np.zeros(window - stride, np.int8), sound])
    made = np.full((rows, FEATURES), -7, np.int8)
    found = []
    for begin in range(0, len(sound), stride):
        features = first.run(heard[None, begin : begin + window])[0]
        made = np.concatenate([made[1:], features.reshape(1, -1)])
        found.append(second.run(made.reshape(1, rows, FEATURES, 1))[0])
    return found


@pytest.mark.parametrize(
    ("window", "stride", "rows"), [(8, 8, 3), (8, 3, 3), (8, 1, 2), (8, 4, 1), (6, 5, 7)]
)
def test_a_chain_is_both_models_in_order(window: int, stride: int, rows: int) -> None:
    sound = np.random.default_rng(9).integers(-128, 128, 12 * stride).astype(np.int8)
    oracle = Oracle(chained(front_end(window), model(rows), stride), "tflm")
    for _ in range(2):
        for number, want in enumerate(_expected(sound, window, stride, rows)):
            run = oracle.step if number else oracle.run
            new = sound[None, number * stride : (number + 1) * stride]
            np.testing.assert_array_equal(run(new)[0], want)


def test_without_a_stride_nothing_of_the_samples_is_kept() -> None:
    whole, eight = (read_model(chained(front_end(), model(), n)).main for n in (None, 8))
    assert [whole.tensors[index].shape for index in whole.inputs] == [(1, 8)]
    assert [op.kind for op in whole.ops] == [op.kind for op in eight.ops]
    assert [op.kind for op in whole.ops].count("READ_VARIABLE") == 1


def test_names_and_types_are_those_of_the_models() -> None:
    graph = read_model(chained(front_end(), model(), 3)).main
    (x,), (y,) = ([graph.tensors[i] for i in ends] for ends in (graph.inputs, graph.outputs))
    assert (x.name, x.shape, y.name, y.shape) == ("sound", (1, 3), "scores", (1, 4))
    assert [tensor.quantization.zero_point for tensor in (x, y) if tensor.quantization] == [-7, 3]


def test_the_same_models_give_the_same_bytes() -> None:
    assert chained(front_end(), model(), 3) == chained(front_end(), model(), 3)


@pytest.mark.parametrize("stride", [0, -1, 9])
def test_a_stride_beyond_the_window_is_refused(stride: int) -> None:
    with pytest.raises(ConfigError, match="must be within 1 to 8 samples"):
        chained(front_end(), model(), stride)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (model(values=4), r"takes 12 values \[1, 3, 4, 1\], which is no multiple of the front end"),
        (model(scale=0.25), "have other scales or zero points"),
        (model(zero=0), "have other scales or zero points"),
    ],
)
def test_models_that_do_not_fit_are_refused(second: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        chained(front_end(), second)


def test_types_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ModelError, match="the front end gives int16, the model takes int8"):
        chained(front_end(zero=0, dtype="INT16"), model())


def test_a_model_with_variables_is_refused() -> None:
    streaming = SHIPPED / "models" / "microwakeword" / "v2_hey_mycroft.tflite"
    with pytest.raises(ModelError, match="has 2 subgraphs, as models that keep resource variables"):
        chained(PREPROCESSOR.read_bytes(), streaming.read_bytes())


def test_several_inputs_are_refused() -> None:
    b = Builder()
    x, y, z = (b.tensor([1, FEATURES], scales=[0.5], zero_points=[-7]) for _ in range(3))
    b.op("ADD", [x, y], [z], options("Add"))
    with pytest.raises(ModelError, match="the model has 2 inputs; a chain takes one"):
        chained(front_end(), b.pack([x, y], [z]))


@pytest.mark.shared
def test_micro_speech_hears_words(shared_data: Collection, tmp_path: Path) -> None:
    """From samples of a microphone to words, 320 new ones at a time."""
    words = tmp_path / "words.tflite"
    made = tinycompress.chain(
        PREPROCESSOR, shared_data.file("models/tflm/micro_speech_quantized.tflite"), words,
        stride=320,
    )  # fmt: skip
    assert [spec.shape for spec in made.inputs] == [(1, 320)]
    oracle = Oracle(words.read_bytes(), "tflm")
    with np.load(shared_data.file("datasets/reference_samples.npz")) as held:
        for word, number in (("yes", 2), ("no", 3)):
            sound = held[f"tflm_wav_{word}_1000ms"].reshape(50, 1, 320)
            runs = [oracle.run, *[oracle.step] * 49]
            scores = [run(new)[0] for run, new in zip(runs, sound, strict=True)]
            assert int(scores[-1].argmax()) == number
