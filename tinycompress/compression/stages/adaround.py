"""Stage ``adaround``: each weight is rounded up or down, whichever suits what its layer makes.

Source: Nagel et al., Up or Down? Adaptive Rounding for Post-Training Quantization (2020). For one
layer after another the squared error of its output, on data that passed the layers rounded
before, is made least over a number h(v) from 0 to 1 for each weight, which is added to floor(w /
scale). A regulariser that grows sharper draws h to 0 or 1; what it is then decides.

With fewer than 8 bits the two neighbours are levels of the layer's grid, as ``weight_bits`` has
them, whose scales are fitted by least squares first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from tinycompress import _tf
from tinycompress.compression.checks.kmeans import LLOYD_ROUNDS
from tinycompress.compression.checks.promises import GridPromise, Promises, moving
from tinycompress.compression.checks.shared_integers import SharedIntegers
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.integers import (
    LARGEST,
    SCALED_ALIKE,
    file_scales,
    from_scaled_rows,
    grid_integers,
    scaled_rows,
)
from tinycompress.compression.network.kernels import with_kernel
from tinycompress.compression.network.network import Array, Layer, Network
from tinycompress.compression.sensitivity.changes import INT8_BITS
from tinycompress.compression.stages.base import StageSpec, State, left_as_they_are
from tinycompress.compression.stages.options import LayerChoice
from tinycompress.compression.stages.rounded import (
    CHANGES_KERNELS,
    Inside,
    alone,
    drawn,
    promised,
    roundable,
)
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError, MismatchError

_ZETA, _GAMMA = 1.1, -0.1
"""The sigmoid is stretched to these, and cut at 0 and 1, so that it reaches both."""
_WARM_UP = 0.2
"""Share of the steps before the regulariser counts."""
_SHARPEST, _SOFTEST = 2.0, 20.0
"""Exponents of the regulariser: from the one to the other as a cosine goes."""
_ON_THE_GRID = 1e-4


class AdaRound(LayerChoice):
    """Weights rounded up or down by what suits the output of their layer.

    ``steps`` of Adam of ``learning_rate`` for each layer, on ``batch_size`` of ``samples`` of the
    training data; no labels are needed. ``regularization`` weighs how much a weight between two
    integers costs. ``bits`` fewer than 8 put convolutions and Dense layers on grids of so many
    bits; depthwise ones, whose scales training for int8 and the export see otherwise, keep 8.
    """

    kind: Literal["adaround"] = "adaround"
    bits: Annotated[int, Field(ge=2, le=8)] = INT8_BITS
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    samples: Annotated[int, Field(ge=1, le=100_000)] = 512
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 32
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-2
    regularization: Annotated[float, Field(ge=0, le=100)] = 1e-2


def adaround(state: State, options: AdaRound, trainer: Trainer) -> State:
    """Fold BatchNormalization and round layer after layer.

    Args:
        state: The model and what was promised of it.
        options: How long, on how much data, and which layers not.
        trainer: Data; how the file scales weights.

    Returns:
        The model with the weights of the file, and a promise for every layer that was rounded.

    Raises:
        ConfigError: No layer is left to work on, or fewer bits with one scale for each layer.
        MismatchError: A weight was rounded to anything else than one of its two neighbours.
    """
    network = fold_batch_norms(state.network)
    layers = roundable(network, state.promises, options, stage="adaround")
    per_tensor = trainer.per_tensor_weights
    if per_tensor and options.bits < INT8_BITS:
        raise ConfigError(
            f"adaround: {options.bits} bits need a scale for every output channel",
            hint="leave per_tensor_weights out of convert, or bits out of adaround",
        )
    bits = {one.name: options.bits if one.kind in SCALED_ALIKE else INT8_BITS for one in layers}
    data = drawn(trainer, options.samples)
    _tf.make_deterministic(trainer.seed)
    calls = {layer.name: network.calls_of(layer.name)[0] for layer in layers}
    before = Inside(network, [call.output for call in calls.values()])
    now = Inside(network, [call.inputs[0] for call in calls.values()])
    work, other, count = network, 0, 0
    for done, layer in enumerate(layers):
        trainer.progress(f"adaround: {layer.name}", done, len(layers))
        call = calls[layer.name]
        wanted, given = before.of(call.output, data), now.of(call.inputs[0], data)
        grid = _grid(layer, bits[layer.name], state.promises, per_tensor=per_tensor)
        up = _optimized(network, layer, grid, given, wanted, options, trainer.seed)
        kernel = grid.kernel(up)
        _require_neighbours(layer, kernel, grid, per_tensor=per_tensor)
        other += int(np.sum(up != (grid.rest >= 0.5)))
        count += up.size
        rounded = with_kernel(layer, kernel)
        now.assign(rounded)
        work = work.with_layers([rounded])
    promises = state.promises.with_rounded(promised(work, layers, per_tensor=per_tensor))
    few = {name: GridPromise(count) for name, count in bits.items() if count < INT8_BITS}
    promises = promises.with_gridded(few)
    note = f"{other / count:.1%} of the weights of {len(layers)} layers not rounded to the nearest"
    return State(work, promises, (note, *left_as_they_are(network, layers)))


@dataclass(frozen=True, eq=False)
class _Grid:
    """Where the weights of a kernel may go, in its shape.

    Attributes:
        below: Value of the level at or below each weight.
        step: From there to the level above.
        rest: Where the weight lies between the two, from 0 to 1; 0 for one that stays.
        scales: By row, what an integer of the file stands for.
    """

    below: Array
    step: Array
    rest: Array
    scales: Array

    def kernel(self, up: Array) -> Array:
        """float32, each weight at the level below or, where ``up``, above."""
        kernel: Array = (self.below + self.step * up).astype(np.float32)
        return kernel


def _grid(layer: Layer, bits: int, promises: Promises, *, per_tensor: bool) -> _Grid:
    """The grid of a layer: the int8 file's own, or one of fewer bits."""
    kernel, kind = layer.weights[0], layer.kind
    rows = scaled_rows(kernel, kind, per_tensor=per_tensor).astype(np.float64)
    if bits == INT8_BITS:
        levels = np.arange(-LARGEST, LARGEST + 1)
        scales = file_scales(kernel, kind, per_tensor=per_tensor)
    else:
        levels = grid_integers(bits)
        free = moving(layer.name, kernel, promises)
        nearest = SharedIntegers.on_grid(kernel, kind, free, bits).fitted(LLOYD_ROUNDS)
        scales = file_scales(nearest, kind)
        rows = _with_ends(rows, scaled_rows(nearest, kind))
    exact = rows / scales[:, None]
    low = np.clip(np.searchsorted(levels, exact, side="right") - 1, 0, levels.size - 2)
    step = levels[low + 1] - levels[low]
    rest = np.clip((exact - levels[low]) / step, 0.0, 1.0)
    # Those that are on a level but for float32 stay: the largest, which make the scale, and zeros.
    above = rest > 1.0 - _ON_THE_GRID
    low, rest = low + above, np.where(above | (rest < _ON_THE_GRID), 0.0, rest)
    parts = (scales[:, None] * levels[low], scales[:, None] * step, rest)
    below, between, left = (
        from_scaled_rows(part, kernel.shape, kind, per_tensor=per_tensor) for part in parts
    )
    return _Grid(below, between, left, scales)


def _with_ends(rows: Array, nearest: Array) -> Array:
    """The rows, the largest weight of each at its end of the grid: there the file finds its scale.

    Args:
        rows: Weights, one row for each scale.
        nearest: The same, rounded to the nearest level.
    """
    reached = np.abs(nearest)
    at_an_end = reached == reached.max(axis=1, keepdims=True)
    places = np.argmax(np.where(at_an_end, np.abs(rows), -1.0), axis=1)
    ends: Array = rows.copy()
    each = np.arange(rows.shape[0])
    ends[each, places] = nearest[each, places]
    return ends


def _require_neighbours(layer: Layer, kernel: Array, grid: _Grid, *, per_tensor: bool) -> None:
    """Each weight is at one of the two levels around it, and the file finds the grid's scales.

    Raises:
        MismatchError: One is not.
    """
    before, after, step = (
        scaled_rows(one, layer.kind, per_tensor=per_tensor).astype(np.float64)
        for one in (layer.weights[0], kernel, grid.step)
    )
    ends = LARGEST * grid.scales[:, None]
    far = np.abs(after - np.clip(before, -ends, ends)) >= step * (1.0 + 1e-3)
    found = file_scales(kernel, layer.kind, per_tensor=per_tensor)
    moved = (np.abs(found / grid.scales - 1.0) > 1e-5) & np.any(before != 0, axis=1)
    if far.any() or moved.any():
        raise MismatchError(
            f"adaround: {int(far.sum())} weights of layer {layer.name!r} left their neighbours, and"
            f" {int(moved.sum())} scales changed",
            hint="leave the stage out, and please report the model's summary",
        )


def _optimized(
    network: Network,
    layer: Layer,
    grid: _Grid,
    given: Array,
    wanted: Array,
    options: AdaRound,
    seed: int,
) -> Array:
    """bool, in the kernel's shape: which weights go to the integer above.

    Args:
        network: Where the layer is.
        layer: It.
        grid: Where its weights may go.
        given: What it gets from the layers rounded before, batch first.
        wanted: What the float layer makes of what the float model gives it.
        options: How long, how hard.
        seed: Of the batches.
    """
    tf = _tf.tensorflow()
    model = build_model(alone(network, layer, linear=False), "tf_keras")
    start = np.clip((grid.rest - _GAMMA) / (_ZETA - _GAMMA), 1e-6, 1.0 - 1e-6)
    choice = tf.Variable(np.log(start / (1.0 - start)).astype(np.float32))
    step = _stepper(model, model.get_layer(layer.name).weights[0], grid, choice, options)
    with _tf.quiet():
        compiled = tf.function(step, reduce_retracing=True)
        generator = np.random.default_rng(seed)
        for number in range(options.steps):
            batch = generator.integers(0, len(given), min(options.batch_size, len(given)))
            inputs = (given[batch], wanted[batch], *_pressure(options, number))
            compiled(*(tf.constant(one, tf.float32) for one in inputs))
    up: Array = (choice.numpy() >= 0) & (grid.rest > 0)
    return up


def _stepper(
    model: Any, kernel: Any, grid: _Grid, choice: Any, options: AdaRound
) -> Callable[[Any, Any, Any, Any], None]:
    """What does one step of Adam on a batch, with the regulariser's exponent and weight."""
    tf = _tf.tensorflow()
    below, size = (tf.constant(part, tf.float32) for part in (grid.below, grid.step))
    # What is on a level already stays: zeros, and the largest weights.
    between = tf.constant(grid.rest > 0)
    optimizer = _tf.tf_keras().optimizers.Adam(options.learning_rate)
    optimizer.build([choice])

    def step(x: Any, y: Any, beta: Any, weight: Any) -> None:
        sigmoid = tf.sigmoid(choice)
        stretched = sigmoid * (_ZETA - _GAMMA) + _GAMMA
        soft = tf.where(between, tf.clip_by_value(stretched, 0.0, 1.0), 0.0)
        bends = between & (stretched > 0) & (stretched < 1)
        slope = tf.where(bends, sigmoid * (1 - sigmoid), 0.0)
        kernel.assign(below + size * soft)
        with tf.GradientTape() as tape:
            difference = model(x, training=False) - y
            loss = tf.reduce_mean(tf.reduce_sum(tf.square(difference), axis=-1))
        of_kernel = tape.gradient(loss, kernel) * size
        apart = 2.0 * soft - 1.0
        of_choice = -2.0 * beta * tf.abs(apart) ** (beta - 1.0) * tf.sign(apart)
        gradient = (of_kernel + weight * of_choice) * slope * (_ZETA - _GAMMA)
        optimizer.apply_gradients([(gradient, choice)])

    return step


def _pressure(options: AdaRound, number: int) -> tuple[float, float]:
    """Exponent and weight of the regulariser in a step."""
    gone = max(0.0, (number / options.steps - _WARM_UP) / (1.0 - _WARM_UP))
    beta = _SHARPEST + (_SOFTEST - _SHARPEST) * (1.0 + np.cos(np.pi * gone)) / 2.0
    return float(beta), options.regularization if gone > 0 else 0.0


SPEC = StageSpec(
    AdaRound,
    summary="rounds each weight up or down, whichever suits what its layer makes",
    run=adaround,
    promises="the rounded integers in the file, each next to its weight",
    precedes=dict.fromkeys(
        ("correct_bias", "adaround"), "the weights are on the integers of the file already"
    ),
    follows=CHANGES_KERNELS,
)
