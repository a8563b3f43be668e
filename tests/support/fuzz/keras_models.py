"""Random Keras models, converted by TensorFlow: sequential and branched ones, of either Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.cases.kernels import BOTH, EXTREMES, Array
from support.fuzz.keras_layers import (
    ACTIVATIONS,
    ANY,
    OF_KERAS_3,
    OTHER,
    RARE_ACTIVATIONS,
    SAME,
    Shape,
)
from support.fuzz.runner import Fuzzer, differences, is_refused_by_oracle, is_sanitized, options_of
from tinycompress import _tf
from tinycompress.codegen.verdict import require_aot
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.convert import prepare
from tinycompress.conversion.load import wrap_model
from tinycompress.conversion.quantize import to_integers
from tinycompress.errors import ModelError, TinyCompressError
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs

_MAX_ELEMENTS = 4096


class KerasMaker:
    """Makes one model from a seed. One in four is of tf_keras, the others of Keras 3."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.old = seed % 4 == 3
        self.keras: Any = _tf.tf_keras() if self.old else _tf.keras()
        self.layers: Any = self.keras.layers
        self.kinds: list[str] = []

    def model(self) -> Any:
        """A model with random weights: a chain of layers in one of three, else with branches."""
        self.keras.backend.clear_session()
        self.keras.utils.set_random_seed(int(self.rng.integers(2**31)))
        inputs = self._input()
        make = self._sequential if self.rng.random() < 0.33 else self._branched
        model = make(inputs)
        for weight in model.weights:
            self._randomise(weight)
        return model

    def pick(self, *values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def activation(self) -> str:
        """The name of an activation function; one in six is a rare one."""
        if self.rng.random() < 5 / 6:
            return str(self.pick(*ACTIVATIONS))
        return str(self.pick(*RARE_ACTIVATIONS, *(() if self.old else OF_KERAS_3)))

    def number(self, low: int, high: int) -> int:
        """From ``low`` to ``high``, both included."""
        return int(self.rng.integers(low, high + 1))

    def _input(self) -> Any:
        if self.rng.random() < 0.1:
            return self.keras.Input((self.number(2, 8),), batch_size=1, dtype="int32")
        rank = self.pick(3, 3, 3, 2, 2, 1)
        if rank == 3:
            shape = [self.number(3, 16), self.number(3, 16), self.number(1, 5)]
        else:
            shape = [self.number(3, 20) for _ in range(rank)]
        return self.keras.Input(shape, batch_size=1)

    def _sequential(self, x: Any) -> Any:
        chain, y = [x], x
        if _is_integer(x):
            chain.append(self._embedding())
            y = chain[-1](x)
        for _ in range(self.number(1, 8)):
            chain.append(self._layer(y))
            y = chain[-1](y)
        return self.keras.Sequential(chain)

    def _branched(self, x: Any) -> Any:
        inputs, outputs = [x], []
        x = self._embedding()(x) if _is_integer(x) else x
        for _ in range(self.number(1, 4)):
            x = self._sliced(x) if self.rng.random() < 0.15 else x
            x = self._chain(x, self.number(0, 3))
            if self.rng.random() < 0.7:
                x = self._joined(self._parts(x, inputs))
            if self.rng.random() < 0.15:
                outputs.append(x)
        heads = self.pick(1, 1, 1, 2, 3)
        self.kinds += ["several heads"] if heads > 1 else []
        outputs += [self._layer(x)(x) for _ in range(heads)]
        return self.keras.Model(inputs, outputs)

    def _embedding(self) -> Any:
        self.kinds.append("Embedding")
        return self.layers.Embedding(self.number(2, 20), self.number(1, 6))

    def _sliced(self, x: Any) -> Any:
        """Some of the places along the first axis, or one of them."""
        size = int(x.shape[1])
        first = self.number(0, size - 1)
        if len(x.shape) > 2 and self.rng.random() < 0.3:
            self.kinds.append("slice of one")
            return x[:, first]
        self.kinds.append("slice")
        return x[:, first : self.number(first + 1, size)]

    def _chain(self, x: Any, count: int, *, same: bool = False) -> Any:
        for _ in range(count):
            x = self._layer(x, same=same)(x)
        return x

    def _parts(self, x: Any, inputs: list[Any]) -> list[Any]:
        """Two or three tensors of one shape."""
        if self.rng.random() < 0.2:
            other = self.keras.Input(x.shape[1:], batch_size=1)
            inputs.append(other)
        else:
            other = self._chain(x, self.number(0, 2), same=True)
        parts = [self._chain(x, self.number(1, 2), same=True), other]
        return parts if self.rng.random() < 0.7 else [*parts, x]

    def _joined(self, parts: list[Any]) -> Any:
        if len(parts[0].shape) == 3 and self.rng.random() < 0.3:
            self.kinds.append("MultiHeadAttention")
            attention = self.layers.MultiHeadAttention(
                self.number(1, 3), self.number(1, 6), use_bias=bool(self.rng.random() < 0.8)
            )
            return attention(parts[0], parts[1])
        kinds = ["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"]
        kind = self.pick(*kinds, *(["Subtract"] if len(parts) == 2 else []))
        size = int(np.prod(parts[0].shape[1:]))
        if kind == "Concatenate" and size * len(parts) > _MAX_ELEMENTS:
            kind = "Add"
        self.kinds.append(kind)
        if kind == "Concatenate":
            axis = self.number(1, len(parts[0].shape) - 1)
            return self.layers.Concatenate(axis=axis)(parts)
        return getattr(self.layers, kind)()(parts)

    def _layer(self, x: Any, *, same: bool = False) -> Any:
        """A random layer that can follow ``x``; ``same``: of which the shape does not change."""
        shape = tuple(int(n) for n in x.shape[1:])
        makers = [*ANY, *SAME[len(shape)]]
        if not same:
            makers += OTHER[len(shape)]
        while True:
            layer = makers[int(self.rng.integers(len(makers)))](self, shape)
            if layer is None:
                continue
            out = layer.compute_output_shape((1, *shape))
            if 0 < int(np.prod(out[1:])) <= _MAX_ELEMENTS and len(out) > 1:
                self.kinds.append(type(layer).__name__)
                return layer

    def _randomise(self, weight: Any) -> None:
        """Weights with a spread of their own, variances above zero."""
        if "seed" in weight.name or "int" in str(weight.dtype):
            return
        spread = float(np.exp(self.rng.uniform(np.log(0.05), np.log(0.8))))
        values = self.rng.standard_normal(weight.shape) * spread
        if "variance" in weight.name or "gamma" in weight.name:
            values = np.abs(values) + 0.2
        weight.assign(values.astype(np.float32))


def converted(model: Any, rng: np.random.Generator) -> bytes:
    """The int8 file, calibrated with random samples of a random range; one in six is 16x8."""
    spread, centre = float(np.exp(rng.uniform(-2, 2))), float(rng.normal())
    words = [layer.input_dim for layer in model.layers if type(layer).__name__ == "Embedding"]
    samples = [
        rng.integers(0, min(words), (16, *map(int, x.shape[1:])))
        if _is_integer(x)
        else rng.standard_normal((16, *map(int, x.shape[1:]))) * spread + centre
        for x in model.inputs
    ]
    keys = ["x"] if len(samples) == 1 else [f"x{number}" for number in range(len(samples))]
    data = {
        key: values if values.dtype.kind == "i" else values.astype(np.float32)
        for key, values in zip(keys, samples, strict=True)
    }
    options = ConvertOptions(per_channel_dense=bool(rng.random() < 0.5))
    if rng.random() < 1 / 6:
        # Past what one runtime lacks: each oracle says for itself what it refuses.
        prepared = prepare(wrap_model(model), data, None, options)
        return to_integers(
            prepared.frozen,
            prepared.calibration,
            activations="int16",
            per_channel_dense=options.per_channel_dense,
        )
    return convert_model(model, data, options=options).tflite


def run_keras(fuzzer: Fuzzer, seed: int, variant: int) -> None:
    """Make, convert and compare one model with both oracles."""
    maker = KerasMaker(seed)
    try:
        tflite = converted(maker.model(), maker.rng)
    except ModelError as error:
        fuzzer.tally.refused[f"by the conversion: {_first(error)}"] += 1
        return
    for exact_to in BOTH:
        options = options_of(variant, exact_to)
        try:
            require_aot(read_model(tflite), options)
        except ModelError as error:
            fuzzer.tally.refused[f"from Keras: {_first(error)}"] += 1
            continue
        what = f"Keras, seed {seed}, variant {variant}, exact to {exact_to}"
        try:
            samples = _samples(tflite, maker.rng)
            found = differences(tflite, options, samples, sanitized=is_sanitized(variant))
        except TinyCompressError as error:
            if is_refused_by_oracle(error):
                fuzzer.tally.refused[f"by the oracle: {error.message[:100]}"] += 1
                continue
            found = {0: str(error)}
        fuzzer.tally.graphs[f"{exact_to}, from Keras"] += 1
        fuzzer.tally.operators.update(f"Keras {kind}" for kind in maker.kinds)
        if found:
            text = f"{what}: {'; '.join(f'output {i}: {how}' for i, how in found.items())}"
            fuzzer.note(f"keras-{seed}-{exact_to}", text, tflite)


def _is_integer(x: Any) -> bool:
    """Whether a symbolic tensor is of indices."""
    return "int" in str(x.dtype)


def _first(error: ModelError) -> str:
    """The rule of the first reason, without names and values."""
    text = error.reasons[0] if error.reasons else error.message
    return text.split(": ")[1 if ": " in text else 0][:100]


def _samples(tflite: bytes, rng: np.random.Generator) -> list[tuple[Array, ...]]:
    """Random inputs over the whole range, and inputs of one value; indices that there are."""
    graph = read_model(tflite).main
    specs = input_specs(graph)
    if any(spec.dtype == "int32" for spec in specs):
        return list(zip(*random_inputs(graph, 8), strict=True))

    def drawn(shape: Shape, dtype: str) -> Array:
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max + 1, shape).astype(dtype)

    found = [tuple(drawn(spec.shape, spec.dtype) for spec in specs) for _ in range(6)]
    for value in EXTREMES:
        found.append(tuple(np.full(spec.shape, value, spec.dtype) for spec in specs))
    return found
