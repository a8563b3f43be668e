"""Recurrent layers traced without their loop: TensorFlow's converter cannot quantise loops.

An LSTM is one operator, where that computes what the layer does (`fusing`). Anything else is
unrolled: each time step with operators of its own.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tinycompress import _tf
from tinycompress.conversion.load import SourceModel
from tinycompress.conversion.recurrent.fusing import fused, why_not_called, why_not_fused
from tinycompress.conversion.recurrent.stepping import can_step, stepped
from tinycompress.errors import ModelError

MAX_STEPS = 128
"""Longer sequences keep their loop: each step is a dozen operators in file, flash and run time."""
_NO_DROPOUT = MappingProxyType({"dropout": 0.0, "recurrent_dropout": 0.0})


@dataclass
class Recurrent:
    """What became of the recurrent layers of a model: filled while it is traced.

    Attributes:
        steps: Time steps of every layer that had a loop and is no operator, by its name. Those of
            more than `MAX_STEPS` still have it.
        reasons: Why each of these is no operator, by its name.
    """

    steps: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def without_loops(
    source: SourceModel, unroll_because: str | None, *, stateful: bool = False
) -> Iterator[Recurrent]:
    """Fuse or unroll the recurrent layers of a Keras model while it is traced in the block.

    Args:
        source: The model.
        unroll_because: Why no layer may become an operator; None: those may that can.
        stateful: Whether layers may be stateful; they are traced from their first state.

    Raises:
        ModelError: A layer is stateful.
    """
    found = Recurrent()
    with contextlib.ExitStack() as stack:
        for layer in _wrappers(source):
            stack.enter_context(_attributes(layer, call=_whole_sequence(layer)))
        for layer in _recurrent_layers(source, stateful=stateful):
            reason = unroll_because or why_not_fused(_keras(source), layer)
            stack.enter_context(_attributes(layer, call=_without_loop(layer, found, reason)))
            for cell in layer._flatten_layers(include_self=False):
                if getattr(cell, "dropout", 0) or getattr(cell, "recurrent_dropout", 0):
                    # Keras 3 draws the masks even where it uses none, and random numbers have a
                    # variable that counts them.
                    stack.enter_context(_attributes(cell, **_NO_DROPOUT))
        yield found


def _keras(source: SourceModel) -> Any:
    return _tf.keras() if source.kind == "keras" else _tf.tf_keras()


def _recurrent_layers(source: SourceModel, *, stateful: bool) -> list[Any]:
    """The LSTM, GRU, SimpleRNN and RNN layers of a Keras model, in wrappers too."""
    if source.kind == "saved_model":
        return []
    keras = _keras(source)
    layers = [one for one in source.model._flatten_layers() if isinstance(one, keras.layers.RNN)]
    keeping = tuple(f"{type(one).__name__} {one.name!r}" for one in layers if one.stateful)
    if keeping and not stateful:
        raise ModelError(
            f"{source.name} has layers with stateful=True: a file that takes a whole window starts"
            " each from zero",
            reasons=keeping,
            hint="keep their state on the device with convert --streaming; or build the model with"
            " stateful=False and the same weights",
        )
    return layers


_EACH_STEP_ALONE = frozenset(
    {"Activation", "BatchNormalization", "Dense", "Dropout", "LayerNormalization", "LeakyReLU",
     "ReLU", "Softmax"}
)  # fmt: skip
"""Layers that compute along the last dimension, and thus the same for all steps at once."""


def _wrappers(source: SourceModel) -> list[Any]:
    """The TimeDistributed layers of a Keras model whose layer may take all steps at once."""
    if source.kind == "saved_model":
        return []
    keras = _keras(source)
    return [
        one
        for one in source.model._flatten_layers()
        if isinstance(one, keras.layers.TimeDistributed)
        and type(one.layer).__name__ in _EACH_STEP_ALONE
        and type(one.layer).__module__.split(".")[0] == keras.__name__.split(".")[0]
        and getattr(one.layer, "axis", -1) in (-1, [-1])
    ]


def _whole_sequence(layer: Any) -> Callable[..., Any]:
    """A call of TimeDistributed that does not unroll its steps: there is nothing between them."""

    @functools.wraps(layer.call)
    def call(inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return layer.layer(inputs)

    return call


def _without_loop(layer: Any, found: Recurrent, reason: str | None) -> Callable[..., Any]:
    original = layer.call
    signature = inspect.signature(original)

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        sequences = next(iter(given.values()))
        why = reason or why_not_called(sequences, given.get("mask"), given.get("initial_state"))
        if why is None:
            return fused(layer, sequences)
        found.reasons[layer.name] = why
        if can_step(sequences, given.get("mask"), given.get("initial_state")):
            if not layer.unroll:
                found.steps[layer.name] = int(sequences.shape[1])
            if sequences.shape[1] <= MAX_STEPS:
                return stepped(layer, sequences)
        return _unrolled(layer, functools.partial(original, *args, **kwargs), sequences, found)

    return call


def _unrolled(layer: Any, call: Callable[[], Any], sequences: Any, found: Recurrent) -> Any:
    if layer.unroll:
        return call()
    first = sequences[0] if isinstance(sequences, list | tuple) else sequences
    length = first.shape[0 if getattr(layer, "time_major", False) else 1]
    if length is None:
        return call()
    found.steps[layer.name] = int(length)
    if length > MAX_STEPS:
        return call()
    # tf_keras decides when a layer is made whether it may take another function with a loop.
    with _attributes(layer, unroll=True, _could_use_gpu_kernel=False):
        return call()


@contextlib.contextmanager
def _attributes(layer: Any, **values: Any) -> Iterator[None]:
    """Give a layer attributes inside the block, past Keras's own __setattr__, which tracks them."""
    before = dict(layer.__dict__)
    try:
        for name, value in values.items():
            object.__setattr__(layer, name, value)
        yield
    finally:
        for name in values:
            if name in before:
                object.__setattr__(layer, name, before[name])
            else:
                layer.__dict__.pop(name, None)


def why_unrolled(activations: str | None, chooses_ranges: bool) -> str | None:
    """Why an LSTM cannot be the one operator there is for it, whatever the layer is."""
    if activations == "int16":
        return "the operator of an LSTM computes in 8 bits, not in 16"
    if chooses_ranges:
        return "calibrators look at the tensors of single steps"
    return None


def unrolled_warnings(steps: Mapping[str, int], reasons: Mapping[str, str]) -> tuple[str, ...]:
    """What to tell of layers that are unrolled: their time steps and why, by their names."""
    return tuple(
        f"the loop of layer {name!r} was unrolled: {count} time steps, each with operators of its"
        f" own on the same weights ({reasons[name]})"
        for name, count in steps.items()
    )
