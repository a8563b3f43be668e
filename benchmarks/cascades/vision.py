"""Two cascades that look at pictures: what is there, where something is there or has changed.

A small network says whether there is a digit at all in a picture, and the detector of
docs/networks.md, trained on photographs behind the digits, finds them where it says so. TensorFlow
Lite Micro's person detection, as published, runs where a camera's picture has changed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import tinycompress
from benchmarks.cascades.building import Sizes, built, ran
from benchmarks.results.samples import Floats, cifar, mnist_images, shared_file
from benchmarks.whole_networks import models
from benchmarks.whole_networks.detection import mean_average_precision
from benchmarks.whole_networks.sets import CANVAS, Arrays, with_digits
from tinycompress import _files, _tf
from tinycompress.artifacts import BenchResult
from tinycompress.ir.quantize import dequantize
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import output_specs

LOOK, DETECTOR, PERSON = "look", "detector", "person"
AT_LEAST = 0.3
CHANGED_BY = 0.03
"""Of the range from -1 to 1 that person detection takes a picture in."""
_TRAINED, _STREAM, _WITH_DIGITS = 6000, 240, 0.2
_EMPTY_TRAINED = 0.5
"""Share of the pictures without a digit where the small network learns."""
_DARK = 0.6
"""The brightest a photograph may be: digits are brighter."""
_EDGE = 4
_HELD_FRAMES, _NOISE_GREY = 24, 2.0
_PERSONS = (0, 2, 4, 6, 7, 8, 9)
"""Those of the ten photographs that show a person, a painted one among them; the others are a dog,
a monkey and a cat."""
_PHOTOGRAPHS = 10
_CALIBRATED = 300

Found = Mapping[str, Any]


def measure(scratch: Path) -> dict[str, Any]:
    """Train, build and run both; plain values."""
    sizes: dict[str, Sizes] = {}
    return {"detector": _detect(scratch, sizes), "person": _watch(scratch, sizes), "sizes": sizes}


def _photographs(pictures: Floats) -> Floats:
    """Photographs of 32 x 32 pixels, grey, dark, with mirrored edges up to the detector's size."""
    grey = pictures.mean(axis=-1, keepdims=True) * np.float32(_DARK / 255.0)
    edges = ((0, 0), (_EDGE, _EDGE), (_EDGE, _EDGE), (0, 0))
    padded: Floats = np.pad(grey, edges, mode="reflect").astype(np.float32)
    assert padded.shape[1:] == (CANVAS, CANVAS, 1)
    return padded


def _pictures() -> tuple[Arrays, Arrays, Arrays]:
    """Training pictures with digits, training pictures without, and the stream in its order."""
    digits, photographs = mnist_images(), cifar()
    draw = np.random.default_rng(4)
    behind, behind_test = (_photographs(x) for x in (photographs.x, photographs.x_test))

    def drawn(from_these: Floats, count: int) -> Floats:
        return from_these[draw.integers(0, len(from_these), count)]

    there = with_digits(drawn(behind, _TRAINED), digits.x, digits.y, draw)
    empty_count = round(_TRAINED * _EMPTY_TRAINED / (1 - _EMPTY_TRAINED))
    empty = with_digits(drawn(behind, empty_count), digits.x, digits.y, draw, share=0.0)
    stream = with_digits(
        drawn(behind_test, _STREAM), digits.x_test, digits.y_test, draw, share=_WITH_DIGITS
    )
    order = draw.permutation(_STREAM)
    return there, empty, {name: values[order] for name, values in stream.items()}


def _look(there: Arrays, empty: Arrays) -> Any:
    """A network that says whether there is a digit."""
    layers = _tf.keras().layers
    x = source = layers.Input((CANVAS, CANVAS, 1), name="picture")
    for channels in (8, 16, 16):
        x = layers.Conv2D(channels, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.GlobalMaxPooling2D()(x)
    model = _tf.keras().Model(source, layers.Dense(2, activation="softmax", name="any")(x))
    x = np.concatenate([there["x"], empty["x"]])
    y = np.repeat([1, 0], [len(there["x"]), len(empty["x"])])
    return models.fitted(model, x, y, "sparse_categorical_crossentropy", 8, rate=5e-3)


def _converted(model: Any, name: str, calibration: Any, scratch: Path) -> Path:
    keras, data, output = (scratch / f"{name}{end}" for end in (".keras", ".npz", ".tflite"))
    model.save(keras)
    np.savez(data, x=calibration)
    tinycompress.convert(keras, data, output)
    return output


def _detect(scratch: Path, sizes: dict[str, Sizes]) -> dict[str, Any]:
    there, empty, stream = _pictures()
    _tf.make_deterministic(0, threads=1)
    # Both are calibrated by the same pictures: they share the input, and so its scale.
    calibration = np.concatenate([part["x"][: _CALIBRATED // 2] for part in (there, empty)])
    both = {name: np.concatenate([there[name], empty[name]]) for name in there}
    files = [
        _converted(model, name, calibration, scratch)
        for name, model in ((LOOK, _look(there, empty)), (DETECTOR, models.detector(both)))
    ]
    cascade = scratch / "look-first.toml"
    _files.write_text(
        cascade,
        f'schema = 1\n\n[[stage]]\nname = "{LOOK}"\nmodel = "{LOOK}.tflite"\n\n'
        f'[[stage]]\nname = "{DETECTOR}"\nmodel = "{DETECTOR}.tflite"\n\n'
        f"[stage.gate]\nclasses = [1]\nat_least = {AT_LEAST}\n",
    )
    for name, file in zip((LOOK, DETECTOR), files, strict=True):
        project, sizes[name] = built(file, scratch)
    labels = [stream[name] for name in ("y0", "y1", "y2")]
    any_digit = (stream["y1"].reshape(_STREAM, -1) != 0).any(axis=1).astype(np.int64)
    alone = _bench(project, scratch, stream["x"], *labels)
    project, sizes[f"{LOOK}, {DETECTOR}"] = built(cascade, scratch)
    result = _bench(project, scratch, stream["x"], any_digit, *labels)
    return {
        "frames": _STREAM, "with_digits": round(_WITH_DIGITS * _STREAM), **ran(result),
        "alone_us": _microseconds(alone), "unlike_oracle_alone": alone.mismatched_samples,
        "mean_average_precision": mean_average_precision(labels, _said(result, files[1], 1)),
        "mean_average_precision_alone": mean_average_precision(labels, _said(alone, files[1], 0)),
    }  # fmt: skip


def _bench(project: Path, scratch: Path, x: Any, *labels: Any) -> BenchResult:
    """Run frames, with labels of the outputs: the answers are kept then."""
    samples = scratch / "frames.npz"
    np.savez(samples, x=x, **{f"y{number}": label for number, label in enumerate(labels)})
    return tinycompress.bench(project, samples=samples, runs=1)


def _microseconds(result: BenchResult) -> float:
    assert result.latency_us is not None, "the virtual board models time"
    return float(result.latency_us.median)


def _said(result: BenchResult, tflite: Path, first: int) -> Sequence[npt.ArrayLike]:
    """What the device said in boxes, scores and classes: real values, in this order."""
    specs = output_specs(read_model(tflite.read_bytes()).main)
    with np.load(io.BytesIO(result.kept_samples)) as kept:
        said = [dequantize(kept[f"said_{n}"], spec) for n, spec in enumerate(specs, first)]
    by_size = {one[0].size: one for one in said}
    assert len(by_size) == len(said), "boxes, scores and classes have different sizes"
    scores, boxes, classes = (by_size[size] for size in sorted(by_size))
    return boxes, scores, classes


def _frames() -> tuple[Floats, npt.NDArray[np.int64]]:
    """Photographs as a camera that does not move sees them: each for a while, with noise.

    Returns:
        ``(n, 96, 96, 1)`` from -1 to 1, and which photograph each is.
    """
    draw = np.random.default_rng(5)
    with np.load(shared_file("datasets/reference_samples.npz")) as found:
        names = [f"esp_person_image{number}" for number in range(_PHOTOGRAPHS)]
        photographs = np.stack([found[name] for name in names]).astype(np.float32)
    which = np.repeat(draw.permutation(_PHOTOGRAPHS), _HELD_FRAMES)
    grey = photographs[which] + draw.normal(0.0, _NOISE_GREY, (len(which), 96, 96))
    x = (np.clip(np.round(grey), 0, 255) - 128.0) / 128.0
    return x[..., None].astype(np.float32), which


def _watch(scratch: Path, sizes: dict[str, Sizes]) -> dict[str, Any]:
    published = shared_file("models/tflm/person_detect.tflite").read_bytes()
    (scratch / f"{PERSON}.tflite").write_bytes(published)
    cascade = scratch / "changed.toml"
    _files.write_text(
        cascade,
        f'schema = 1\n\n[[stage]]\nname = "{PERSON}"\nmodel = "{PERSON}.tflite"\n\n'
        f"[stage.gate]\nchanged_by = {CHANGED_BY}\n",
    )
    x, which = _frames()
    y = np.isin(which, _PERSONS).astype(np.int64)
    project, sizes[PERSON] = built(scratch / f"{PERSON}.tflite", scratch)
    alone = _bench(project, scratch, x, y)
    project, sizes[f"{PERSON}, if changed"] = built(cascade, scratch)
    result = _bench(project, scratch, x, y)
    said, always = (_class(one) for one in (result, alone))
    return {
        "frames": len(x), "photographs": _PHOTOGRAPHS, **ran(result),
        "alone_us": _microseconds(alone), "unlike_oracle_alone": alone.mismatched_samples,
        "right": float((said == y).mean()), "right_alone": float((always == y).mean()),
    }  # fmt: skip


def _class(result: BenchResult) -> npt.NDArray[np.int64]:
    with np.load(io.BytesIO(result.kept_samples)) as kept:
        return np.asarray(kept["said_0"].reshape(len(kept["said_0"]), -1).argmax(axis=1))
