"""Two cascades of keyword models on streams of real clips.

Two small networks learn the clips of the training speakers in seconds; the large one is MLPerf
Tiny's DS-CNN as published. Each cascade and each model alone is built for the Nano 33 BLE and runs
the clips of the test speakers on the virtual board.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import tinycompress
from benchmarks.cascades.building import built, ran
from benchmarks.results.samples import Floats, Samples, keywords, shared_file
from tinycompress import _files, _tf
from tinycompress.artifacts import BenchResult
from tinycompress.oracle import Oracle

SILENCE, UNKNOWN = 10, 11
NO_KEYWORD_BEGINS = SILENCE
_STREAM_CLIPS = 240
_CALIBRATION_CLIPS = 400
_LARGE = "words"

Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Small:
    """A small network: classes, channels of its first and of its separable convolutions."""

    name: str
    classes: int
    first: int
    separable: int
    epochs: int
    missed_costs: float
    """How much more a missed class 0 counts in the training than any other."""


@dataclass(frozen=True)
class Cascade:
    """A small network before the large one."""

    small: Small
    about: str
    gate: str
    otherwise: str


WAKE = Small("wake", 2, 8, 16, 15, 4.0)
TINY = Small("tiny", 12, 16, 32, 25, 1.0)
CASCADES = (
    Cascade(WAKE, "is it a keyword?", "classes = [1]\nat_least = 0.3", f"otherwise = {UNKNOWN}\n"),
    Cascade(TINY, "which word, if sure", "unsure_below = 0.8", ""),
)


def _network(small: Small) -> Any:
    layers = _tf.tf_keras().layers

    def normalised(x: Any) -> Any:
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    source = layers.Input((49, 10, 1))
    x = normalised(
        layers.Conv2D(small.first, (10, 4), (3, 2), padding="same", use_bias=False)(source)
    )
    for stride in (2, 1):
        x = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
        x = normalised(layers.Conv2D(small.separable, 1, use_bias=False)(x))
    x = layers.GlobalAveragePooling2D()(x)
    return _tf.tf_keras().Model(source, layers.Dense(small.classes, "softmax")(x))


def _trained(small: Small, clips: Samples, scratch: Path) -> Path:
    """The int8 file of a network, calibrated by training clips."""
    tf_keras = _tf.tf_keras()
    tf_keras.utils.set_random_seed(0)
    y = _labels(small, clips.y)
    model = _network(small)
    steps = len(y) // 64 * small.epochs
    rate = tf_keras.optimizers.schedules.CosineDecay(5e-3, steps)
    model.compile(tf_keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    weights = np.where(y == 0, small.missed_costs, 1.0)
    model.fit(clips.x, y, batch_size=64, epochs=small.epochs, sample_weight=weights, verbose=0)
    keras, data, output = (scratch / f"{small.name}{end}" for end in (".keras", ".npz", ".tflite"))
    model.save(keras)
    np.savez(data, x=clips.x[_spanning(clips.x)])
    tinycompress.convert(keras, data, output)
    return output


def _spanning(x: Floats) -> Classes:
    """Clips that span the range of all: the input then has the large network's scale."""
    flat = x.reshape(len(x), -1)
    ends = (flat.max(axis=1).argmax(), flat.min(axis=1).argmin())
    return np.array([*ends, *range(_CALIBRATION_CLIPS)], np.int64)


def _labels(small: Small, y: npt.NDArray[np.uint8]) -> Classes:
    """What a network is to say: the class, or whether there is a keyword."""
    wanted = y < NO_KEYWORD_BEGINS if small.classes == 2 else y
    return wanted.astype(np.int64)


def _streams(clips: Samples) -> dict[str, Classes]:
    """Clips of the test speakers, in a random order that stays the same."""
    generator = np.random.default_rng(0)
    none = np.flatnonzero(clips.y_test >= NO_KEYWORD_BEGINS)
    words = generator.choice(np.flatnonzero(clips.y_test < NO_KEYWORD_BEGINS), len(none) // 9)
    every = generator.choice(len(clips.y_test), _STREAM_CLIPS, replace=False)
    rare = generator.permutation(np.concatenate([none, words]))
    return {"a keyword in 1 of 10 clips": rare, "a keyword in 5 of 6 clips": every}


def _right(answers: Classes, y: npt.NDArray[np.uint8]) -> float:
    """Share of clips with the right keyword, or with none where there is none."""
    said = np.where(answers >= NO_KEYWORD_BEGINS, UNKNOWN, answers)
    wanted = np.where(y >= NO_KEYWORD_BEGINS, UNKNOWN, y)
    return float((said == wanted).mean())


def _cascade_file(cascade: Cascade, scratch: Path) -> Path:
    path = scratch / f"{cascade.small.name}-first.toml"
    _files.write_text(
        path,
        f'schema = 1\n\n[[stage]]\nname = "{cascade.small.name}"\n'
        f'model = "{cascade.small.name}.tflite"\n\n[[stage]]\nname = "{_LARGE}"\n'
        f'model = "{_LARGE}.tflite"\n{cascade.otherwise}\n[stage.gate]\n{cascade.gate}\n',
    )
    return path


def _answers(result: BenchResult, cascade: Cascade) -> Classes:
    """What the cascade says of each clip: the large network where it was asked, or what stands for
    it."""
    with np.load(io.BytesIO(result.kept_samples)) as kept:
        first, last = kept["said_0"].argmax(axis=1), kept["said_1"].argmax(axis=1)
        asked = kept["said_1"].max(axis=1) > kept["said_1"].min(axis=1)
    return np.asarray(last if cascade.otherwise else np.where(asked, last, first), np.int64)


def _large_answers(clips: Samples, stream: Classes) -> Classes:
    oracle = Oracle(shared_file("models/mlperf_tiny/kws_ref_model.tflite").read_bytes(), "tflm")
    spec = oracle.inputs[0]
    stored = np.round(clips.x_test[stream] / np.float32(spec.scale)) + spec.zero_point
    try:
        found = [oracle.run(one[None].astype(np.int8))[0].argmax() for one in stored]
    finally:
        oracle.close()
    return np.array(found, np.int64)


def _run(
    cascade: Cascade, project: Path, clips: Samples, name: str, stream: Classes, scratch: Path
) -> dict[str, Any]:
    samples, y = scratch / "stream.npz", clips.y_test[stream]
    np.savez(samples, x=clips.x_test[stream], y0=_labels(cascade.small, y), y1=y)
    result = tinycompress.bench(project, samples=samples, runs=1)
    return {
        "stream": name, "small": cascade.small.name, "clips": len(stream), **ran(result),
        "right": _right(_answers(result, cascade), y),
        "right_large_alone": _right(_large_answers(clips, stream), y),
        "stack_bytes": result.ram.stack_peak_bytes,
    }  # fmt: skip


def measure(scratch: Path) -> dict[str, Any]:
    """Train, build and run everything; plain values."""
    clips = keywords()
    large = scratch / f"{_LARGE}.tflite"
    large.write_bytes(shared_file("models/mlperf_tiny/kws_ref_model.tflite").read_bytes())
    sizes = {_LARGE: built(large, scratch)[1]}
    runs = []
    for cascade in CASCADES:
        name = cascade.small.name
        sizes[name] = built(_trained(cascade.small, clips, scratch), scratch)[1]
        project, sizes[f"{name}, {_LARGE}"] = built(_cascade_file(cascade, scratch), scratch)
        for stream_name, stream in _streams(clips).items():
            runs.append(_run(cascade, project, clips, stream_name, stream, scratch))
            print(runs[-1], flush=True)
    return {"sizes": sizes, "runs": runs}
