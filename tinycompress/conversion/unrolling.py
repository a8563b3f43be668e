"""Recurrent layers traced without their loop: TensorFlow's converter cannot quantise loops.

An unrolled layer computes what the loop computes. The fused operator that TensorFlow Lite has for
an LSTM does not: it starts from the state that the inference before left, as a stateful layer.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

from tinycompress import _tf
from tinycompress.conversion.load import SourceModel
from tinycompress.errors import ModelError

MAX_STEPS = 128
"""Longer sequences keep their loop: each step is a dozen operators in file, flash and run time."""
_NO_DROPOUT = MappingProxyType({"dropout": 0.0, "recurrent_dropout": 0.0})


@contextlib.contextmanager
def without_loops(source: SourceModel) -> Iterator[dict[str, int]]:
    """Unroll the recurrent layers of a Keras model while it is traced in the block.

    Yields:
        The time steps of every layer that had a loop, by its name: filled while tracing. Those of
        more than `MAX_STEPS` still have it.

    Raises:
        ModelError: A layer is stateful.
    """
    steps: dict[str, int] = {}
    with contextlib.ExitStack() as stack:
        for layer in _recurrent_layers(source):
            if not layer.unroll:
                stack.enter_context(_attributes(layer, call=_unrolled(layer, steps)))
            for cell in layer._flatten_layers(include_self=False):
                if getattr(cell, "dropout", 0) or getattr(cell, "recurrent_dropout", 0):
                    # Keras 3 draws the masks even where it uses none, and random numbers have a
                    # variable that counts them.
                    stack.enter_context(_attributes(cell, **_NO_DROPOUT))
        yield steps


def _recurrent_layers(source: SourceModel) -> list[Any]:
    """The LSTM, GRU, SimpleRNN and RNN layers of a Keras model, in wrappers too."""
    if source.kind == "saved_model":
        return []
    keras = _tf.keras() if source.kind == "keras" else _tf.tf_keras()
    layers = [one for one in source.model._flatten_layers() if isinstance(one, keras.layers.RNN)]
    stateful = tuple(f"{type(one).__name__} {one.name!r}" for one in layers if one.stateful)
    if stateful:
        raise ModelError(
            f"{source.name} has layers with stateful=True: their state is a variable, and constants"
            " are all that an integer file has",
            reasons=stateful,
            hint="build the model with stateful=False and give it a whole window each time;"
            " docs/streaming.md says how to keep state on the board",
        )
    return layers


def _unrolled(layer: Any, steps: dict[str, int]) -> Callable[..., Any]:
    original = layer.call

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        sequences = args[0] if args else next(iter(kwargs.values()))
        first = sequences[0] if isinstance(sequences, list | tuple) else sequences
        length = first.shape[0 if getattr(layer, "time_major", False) else 1]
        if length is None:
            return original(*args, **kwargs)
        steps[layer.name] = int(length)
        if length > MAX_STEPS:
            return original(*args, **kwargs)
        # tf_keras decides when a layer is made whether it may take another function with a loop.
        with _attributes(layer, unroll=True, _could_use_gpu_kernel=False):
            return original(*args, **kwargs)

    return call


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
