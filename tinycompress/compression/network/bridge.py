"""The bridge between Keras 3 and tf_keras: the same layers, the same weights, the same outputs.

TF-MOT takes tf_keras models only and users have Keras 3 models. A model crosses layer by layer,
and its outputs are compared on random inputs before anything goes on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress._tf import KerasName
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.network.read import read_network
from tinycompress.errors import ModelError

_SAMPLES = 4
_UNKNOWN_SIZE = 16
_SEED = 20_240_229
_FEW_INDICES = 2
RELATIVE_TOLERANCE = 1e-4
"""Largest allowed difference of outputs, relative to the largest magnitude of an output."""


def to_tf_keras(model: Any) -> Any:
    """Rebuild a model in tf_keras; a tf_keras model is rebuilt flat too.

    Args:
        model: A built Sequential or Functional model of either Keras.

    Returns:
        A flat functional ``tf_keras.Model`` with equal outputs.

    Raises:
        ModelError: What cannot cross is named; or the outputs differ.
    """
    return _cross(model, "tf_keras")


def to_keras(model: Any) -> Any:
    """Rebuild a model in Keras 3.

    Args:
        model: A built Sequential or Functional model of either Keras.

    Returns:
        A flat functional ``keras.Model`` with equal outputs.

    Raises:
        ModelError: What cannot cross is named; or the outputs differ.
    """
    return _cross(model, "keras")


def build_checked(network: Network, keras: KerasName, reference: Any, *, what: str) -> Any:
    """Build a network and compare its outputs with those of a model that it must equal.

    Args:
        network: What to build.
        keras: Which Keras to build it in.
        reference: A model of either Keras with the same inputs and outputs.
        what: The step that is checked, for the message.

    Raises:
        ModelError: The outputs differ by more than float32 rounding explains.
    """
    model = build_model(network, keras)
    require_equal_outputs(reference, model, what=what)
    return model


def require_equal_outputs(expected: Any, actual: Any, *, what: str) -> None:
    """Compare two models, of either Keras, on the same random inputs.

    Raises:
        ModelError: An output differs by more than RELATIVE_TOLERANCE, or is not finite.
    """
    samples = random_inputs(expected)
    for index, (one, other) in enumerate(
        zip(predict(expected, samples), predict(actual, samples), strict=True)
    ):
        if not np.all(np.isfinite(one)):
            raise ModelError(
                f"output {index} of model {expected.name!r} is not finite on random input",
                hint="check the weights for NaN; was the training stopped after it diverged?",
            )
        limit = RELATIVE_TOLERANCE * max(1.0, float(np.max(np.abs(one), initial=0.0)))
        worst = float(np.max(np.abs(one - other), initial=0.0))
        if one.shape != other.shape or not worst <= limit:
            raise ModelError(
                f"{what}: output {index} of model {expected.name!r} changed by {worst:.3g};"
                f" allowed: {limit:.3g}",
                hint=_MASK_HINT
                if any(map(_masks, expected.layers))
                else "this is a fault of the rebuilding; please report the model's summary",
            )


_MASK_HINT = (
    "the model masks steps, which not every layer is told of in the same way: use mask_zero=False"
    " and no Masking layer, with sequences that are padded with a word or step of its own"
)


def _masks(layer: Any) -> bool:
    return type(layer).__name__ == "Masking" or bool(getattr(layer, "mask_zero", False))


def random_inputs(model: Any) -> tuple[Array, ...]:
    """The same few samples for every model with the same inputs, batch first.

    Of float32, or indices that every Embedding of the model has.
    """
    generator = np.random.default_rng(_SEED)
    sizes = [layer.input_dim for layer in model.layers if type(layer).__name__ == "Embedding"]
    return tuple(
        _random_input(generator, tensor, min(sizes, default=_FEW_INDICES))
        for tensor in model.inputs
    )


def _random_input(generator: np.random.Generator, tensor: Any, indices: int) -> Array:
    shape = tuple(_UNKNOWN_SIZE if size is None else int(size) for size in tensor.shape[1:])
    dtype = np.dtype(getattr(tensor.dtype, "name", tensor.dtype))
    if dtype.kind in "iu":
        return generator.integers(0, indices, (_SAMPLES, *shape)).astype(dtype)
    return generator.standard_normal((_SAMPLES, *shape), dtype=np.float32)


def predict(model: Any, inputs: tuple[Array, ...], *, batch: int = 256) -> tuple[Array, ...]:
    """Inference of a model of either Keras, without a progress bar.

    Args:
        model: The model.
        inputs: One array per input, batch first.
        batch: Samples at a time.

    Returns:
        One array per output, batch first.
    """
    chunks = []
    for start in range(0, len(inputs[0]), batch):
        parts = [_fed(array[start : start + batch]) for array in inputs]
        result = model(parts if len(parts) > 1 else parts[0], training=False)
        results = result if isinstance(result, (list, tuple)) else [result]
        chunks.append([item.numpy() for item in results])
    return tuple(np.concatenate(items) for items in zip(*chunks, strict=True))


def _fed(values: Array) -> Array:
    """Indices as they are, everything else in float32."""
    return values if values.dtype in (np.int32, np.int64) else np.asarray(values, np.float32)


def keras_name(model: Any) -> KerasName:
    """Which Keras a model is of; TypeError for what is no model (read_network says it kindly)."""
    name = _tf.keras_of(model)
    if name is None:
        raise TypeError(f"{type(model).__name__} is no Keras model")
    return name


def _cross(model: Any, target: KerasName) -> Any:
    network = read_network(model)
    return build_checked(network, target, model, what=f"rebuilding in {target}")
