"""Recurrent layers traced step by step, under names by which `ir.steps` finds the steps again."""

from __future__ import annotations

from typing import Any

from tinycompress import _tf
from tinycompress.ir.steps import INITIAL_SCOPE, STEPS_SCOPE, step_scope


def can_step(sequences: Any, mask: Any, initial_state: Any) -> bool:
    """Whether `stepped` computes what a layer's call does: no mask, and it starts from zeros."""
    if mask is not None or initial_state is not None or isinstance(sequences, list | tuple):
        return False
    return bool(sequences.shape.is_fully_defined() and sequences.shape[0] == 1)


def stepped(layer: Any, sequences: Any) -> Any:
    """The layer's output, each step from the layer's own cell.

    The first state is a node of its own kind, which freezing keeps: whoever converts the graph may
    feed it, so that the first step is computed as all others are.

    Args:
        layer: An RNN layer, built, that is not stateful.
        sequences: Tensor of shape (1, time steps, ...).

    Returns:
        What the layer's own call returns.
    """
    tf = _tf.tensorflow()
    cell, count = layer.cell, int(sequences.shape[1])
    backwards = bool(layer.go_backwards)
    structure = _first_states(cell, sequences.dtype)
    with tf.name_scope(STEPS_SCOPE):
        states = [_fed(each, i) for i, each in enumerate(tf.nest.flatten(structure))]
        outputs = []
        for step in range(count):
            with tf.name_scope(step_scope(step)):
                row = sequences[:, count - 1 - step if backwards else step]
                given = tf.nest.pack_sequence_as(structure, states)
                output, left = cell(row, given, training=False)
                states = tf.nest.flatten(left)
            outputs.append(output)
    whole = tf.stack(outputs, axis=1) if layer.return_sequences else outputs[-1]
    return [whole, *states] if layer.return_state else whole


def _fed(state: Any, number: int) -> Any:
    """A first state as a node that may be fed; one that is not zero stays as it is."""
    tf = _tf.tensorflow()
    value = tf.get_static_value(state)
    if value is None or value.any():
        return state
    return tf.identity(state, f"{INITIAL_SCOPE}{number}")


def _first_states(cell: Any, dtype: Any) -> list[Any]:
    """The states of shape (1, units) that a cell begins with, in either Keras."""
    try:
        found = cell.get_initial_state(batch_size=1)
    except (TypeError, ValueError):
        found = cell.get_initial_state(inputs=None, batch_size=1, dtype=dtype)
    return list(found) if isinstance(found, list | tuple) else [found]
