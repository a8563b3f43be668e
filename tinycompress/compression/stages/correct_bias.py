"""Stage ``correct_bias``: what rounding the weights does to the mean of a channel is taken back.

Source: Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction (2019):
empirical bias correction. Rounded weights shift the mean of every output channel, most where a
channel has few weights. Layer by layer, the mean over data that the rounded model makes before the
activation is compared with the float model's, and the difference taken off the bias.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import bias_of, fold_batch_norms
from tinycompress.compression.network.integers import with_int8
from tinycompress.compression.network.kernels import OUTPUT_AXES, with_kernel
from tinycompress.compression.network.network import Array, Layer, Network
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


class CorrectBias(LayerChoice):
    """Biases that make up for what rounding the weights does to the mean of every channel.

    ``samples`` of the training data show the means; no labels are needed.
    """

    kind: Literal["correct_bias"] = "correct_bias"
    samples: Annotated[int, Field(ge=1, le=100_000)] = 512


def correct_bias(state: State, options: CorrectBias, trainer: Trainer) -> State:
    """Fold BatchNormalization, round the kernels as the int8 file does, and correct the biases.

    Args:
        state: The model and what was promised of it.
        options: On how much data, and which layers not.
        trainer: Data; how the file scales weights.

    Returns:
        The model with the weights of the file, and a promise for every layer that was rounded.

    Raises:
        ConfigError: No layer is left to work on.
    """
    network = fold_batch_norms(state.network)
    per_tensor = trainer.per_tensor_weights
    layers = roundable(network, state.promises, options, stage="correct_bias")
    data = drawn(trainer, options.samples)
    network = network.with_layers(_with_a_bias(layer) for layer in layers)
    work = network.with_layers(
        with_kernel(layer, with_int8(layer.weights[0], layer.kind, per_tensor=per_tensor))
        for layer in (network.layers[one.name] for one in layers)
    )
    inputs = {layer.name: network.calls_of(layer.name)[0].inputs[0] for layer in layers}
    before, now = Inside(network, inputs.values()), Inside(work, inputs.values())
    shifts = []
    for done, name in enumerate(inputs):
        trainer.progress("correct_bias", done, len(layers))
        rounded = work.layers[name]
        wanted = _means(network, network.layers[name], before.of(inputs[name], data))
        shift = _means(network, rounded, now.of(inputs[name], data)) - wanted
        bias = (rounded.weights[1] - shift).astype(np.float32)
        corrected = replace(rounded, weights=(rounded.weights[0], bias))
        now.assign(corrected)
        work = work.with_layers([corrected])
        shifts.append(float(np.max(np.abs(shift))))
    worst = int(np.argmax(shifts))
    promises = state.promises.with_rounded(promised(work, layers, per_tensor=per_tensor))
    return State(
        work,
        promises,
        (
            f"biases of {len(layers)} layers corrected on {len(data)} samples, by at most"
            f" {shifts[worst]:.3g} ({layers[worst].name})",
            *left_as_they_are(network, layers),
        ),
    )


def _means(network: Network, layer: Layer, values: Array) -> Array:
    """Mean of every output channel before the activation; float64.

    It is what the layer makes of the mean of its inputs, as all but the activation is linear.
    """
    model = build_model(alone(network, layer, linear=True), "tf_keras")
    mean = values.astype(np.float64).mean(axis=0, keepdims=True)
    (made,) = predict(model, (mean,))
    means: Array = made.reshape(-1, made.shape[-1]).astype(np.float64).mean(axis=0)
    return means


def _with_a_bias(layer: Layer) -> Layer:
    kernel = layer.weights[0]
    channels = int(np.prod([kernel.shape[axis] for axis in OUTPUT_AXES[layer.kind]]))
    return replace(layer.with_config(use_bias=True), weights=(kernel, bias_of(layer, channels)))


SPEC = StageSpec(
    CorrectBias,
    summary="rounds the weights as the file does, and corrects the biases for what that does to"
    " the means of channels",
    run=correct_bias,
    promises="the rounded integers in the file",
    precedes=dict.fromkeys(
        ("correct_bias", "adaround"), "it compares with weights that are not rounded yet"
    ),
    follows=CHANGES_KERNELS,
)
