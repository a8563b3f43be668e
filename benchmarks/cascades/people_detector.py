"""A detector of people: the layers of MLPerf Tiny's person model, and a head that is trained.

The layers are those of a MobileNet of width 0.25 down to a sixteenth of the picture, with the
weights of the person model, which stay as they are; they see more pixels here than there. Behind
them two convolutions learn a box and a score for every cell of the grid from pieces of 128 real
pictures, which is little: it is a network with the work of a detector, not a good one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tinycompress
from benchmarks.cascades.coco128 import (
    Floats,
    Picture,
    by_middle,
    by_middle_half,
    cropped,
    resized,
)
from benchmarks.results.samples import shared_file
from benchmarks.whole_networks.detection import average_precision
from tinycompress import _tf
from tinycompress.artifacts import TensorSpec

GRID, CELL_PIXELS = 10, 16
SIZE = GRID * CELL_PIXELS
_LAST = "activation_22"
"""The person model's last layer at a sixteenth of the picture."""
_PIECES, _EPOCHS, _BATCH, _RATE = 40, 20, 64, 3e-3


def trained(pictures: Sequence[Picture], output: Path) -> Path:
    """The int8 file of the detector, calibrated by the pictures it is trained on: ``output``."""
    tf_keras = _tf.tf_keras()
    tf_keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    below = _below()
    parts = [_learnt(below, one, generator) for one in pictures]
    features, boxes, there = (np.concatenate(part) for part in zip(*parts, strict=True))
    head = _head(below.output_shape[1:])
    steps = _EPOCHS * -(-len(features) // _BATCH)
    rate = tf_keras.optimizers.schedules.CosineDecay(_RATE, steps)
    head.compile(tf_keras.optimizers.Adam(rate), [_of_boxes, _of_scores])
    head.fit(features, [boxes, there], batch_size=_BATCH, epochs=_EPOCHS, verbose=0)
    keras, data = (output.with_suffix(end) for end in (".keras", ".npz"))
    tf_keras.Model(below.input, head(below.output), name="people").save(keras)
    np.savez(data, x=resized(pictures, SIZE))
    tinycompress.convert(keras, data, output)
    return output


def _learnt(below: Any, picture: Picture, generator: np.random.Generator) -> tuple[Floats, ...]:
    """Of pieces of one picture: what the layers below make of them, boxes, and where there are
    any. The pieces themselves, of all pictures, would be gigabytes."""
    pieces = [cropped(picture, generator) for _ in range(_PIECES)]
    return below.predict_on_batch(resized(pieces, SIZE)), *by_middle_half(pieces, GRID)


def _below() -> Any:
    """The layers that are taken over."""
    tf_keras = _tf.tf_keras()
    path = shared_file("models/mlperf_tiny/vww_96_int8.h5")
    person = tf_keras.models.load_model(path, compile=False)
    x = source = tf_keras.layers.Input((SIZE, SIZE, 3), name="picture")
    for layer in person.layers[1:]:
        x = layer(x)
        if layer.name == _LAST:
            break
    return tf_keras.Model(source, x)


def _head(shape: tuple[int, ...]) -> Any:
    layers = _tf.tf_keras().layers
    x = source = layers.Input(shape)
    for _ in range(2):
        x = layers.Conv2D(64, 3, padding="same", use_bias=False)(layers.Dropout(0.1)(x))
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    boxes = layers.Conv2D(4, 1, name="boxes")(x)
    return _tf.tf_keras().Model(
        source, [boxes, layers.Conv2D(1, 1, activation="sigmoid", name="scores")(x)]
    )


def _of_boxes(true: Any, said: Any) -> Any:
    """Mean absolute difference where there is a box, in cells."""
    tf = _tf.tensorflow()
    there = tf.cast(true[..., 2:3] > 0, said.dtype)
    cells = abs(true - said) * [1.0, 1.0, GRID, GRID]
    return tf.reduce_sum(there * cells) / (4 * tf.reduce_sum(there) + 1.0)


def _of_scores(true: Any, said: Any) -> Any:
    """Focal loss (Lin et al., 2017); a cell with a person, one in thirty, counts four times."""
    log, square = _tf.tensorflow().math.log, _tf.tensorflow().square
    sure = _tf.tensorflow().clip_by_value(said, 1e-6, 1 - 1e-6)
    missed, made_up = square(1 - sure) * log(sure), square(sure) * log(1 - sure)
    return -10 * (4 * true * missed + (1 - true) * made_up)


def labels(pictures: Sequence[Picture], specs: Sequence[TensorSpec]) -> list[Floats]:
    """What is to be said of pictures, in the order of the file's outputs."""
    parts = by_middle(pictures, GRID)
    by_size = {part[0].size: part for part in parts}
    return [by_size[math.prod(spec.shape)] for spec in specs]


def score(pictures: Sequence[Picture], boxes: Floats, scores: Floats, overlap: float) -> float:
    """Average precision of what a detector says, 0 to 1.

    Args:
        pictures: What it looked at.
        boxes: It said, ``[n, GRID, GRID, 4]``.
        scores: It said, of the same cells.
        overlap: Least intersection over union of a box that is right.
    """
    return average_precision(by_middle(pictures, GRID), (boxes, scores), GRID, overlap)
