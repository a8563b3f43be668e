"""LSTM layers traced as the one operator that TensorFlow Lite has for them.

TensorFlow's converter makes UNIDIRECTIONALSEQUENCE_LSTM of a call of a function with the attribute
``api_implements``, whatever the function computes (prepare_composite_functions_tf.cc and
lstm_utils.cc, ``ConvertKerasLSTMLayer``). tf_keras marks its own loop in this way, Keras 3 does
not, and freezing a graph loses the mark. So a layer is traced as a call that freezing leaves alone,
and in the frozen graph that call becomes one which the converter knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.conversion.graphs.nodes import constant

_MARK = "lstm"
"""How the value of ``api_implements`` begins, with an underscore."""
_NAME = "tinycompress_lstm"
_SIZES = re.compile(_NAME + r"_(\d+)_(\d+)_(\d+)_sizes")
"""Time steps, features and units in the name of a function."""
CALL = "PartitionedCall"
"""What a frozen graph calls a node that calls a function: there are no others than of `mark`."""
LSTM_OPERANDS = (0, 3, 4)
"""Of such a call: input (1, time steps, features), weights and recurrent weights."""
_KEPT = MappingProxyType({"_noinline": True})
_GATES = 4
SEQUENCE = 1
"""Which result of the converter's function is the hidden state of every step."""


def why_not_fused(keras: Any, layer: Any) -> str | None:
    """What of an RNN layer's configuration the operator lacks; None: nothing.

    Args:
        keras: The Keras that the layer is of.
        layer: The layer.
    """
    cell = layer.cell
    if type(layer) not in (keras.layers.LSTM, keras.layers.RNN) or (
        type(cell) is not keras.layers.LSTMCell
    ):
        kind = type(cell if type(layer) is keras.layers.RNN else layer).__name__
        return f"TensorFlow Lite has no operator {kind}"
    if cell.activation is not keras.activations.tanh:
        return f"its activation is {_name(cell.activation)}, not tanh"
    if cell.recurrent_activation is not keras.activations.sigmoid:
        return f"its recurrent activation is {_name(cell.recurrent_activation)}, not sigmoid"
    if layer.return_state:
        return "it returns its state"
    return "its time comes first" if getattr(layer, "time_major", False) else None


def why_not_called(sequences: Any, mask: Any, initial_state: Any) -> str | None:
    """What of a layer's call the operator lacks; None: nothing."""
    if initial_state is not None or isinstance(sequences, list | tuple):
        return "it starts from a state that it is given"
    if mask is not None:
        return "it is masked"
    if not sequences.shape.is_fully_defined():
        return f"its input has the shape {sequences.shape}"
    if sequences.shape[0] != 1:
        return f"it runs on {sequences.shape[0]} sequences at once"
    return None


def fused(layer: Any, sequences: Any) -> Any:
    """The layer's output as a call that `mark` finds in the frozen graph.

    Args:
        layer: An LSTM layer, built.
        sequences: Tensor of shape (1, time steps, features).

    Returns:
        Tensor of shape (1, time steps, units) or (1, units).
    """
    tf = _tf.tensorflow()
    cell = layer.cell
    x = tf.cast(sequences, tf.float32)
    if layer.go_backwards:
        x = tf.reverse(x, [1])
    weights = [cell.kernel, cell.recurrent_kernel, *([cell.bias] if cell.use_bias else [])]

    sizes = (int(x.shape[1]), int(x.shape[2]), int(cell.units))

    def sequence_of(*operands: Any) -> Any:
        return _recurrence(*operands)[1]

    sequence_of.__name__ = "_".join((_NAME, *map(str, sizes), "sizes"))
    # Neither a constant argument nor a result that nobody takes: freezing would make another
    # function of it.
    called = tf.function(sequence_of, autograph=False, experimental_attributes=_KEPT)
    sequence = called(x, *(tf.cast(tf.convert_to_tensor(one), tf.float32) for one in weights))
    # The operator gives every step, and nothing else may be taken of it.
    chosen = sequence if layer.return_sequences else sequence[:, -1]
    return tf.cast(chosen, sequences.dtype)


def mark(graph_def: Any) -> bool:
    """Turn the calls of `fused` in a frozen graph, in place, into what the converter fuses.

    Returns:
        Whether there are any.
    """
    added: list[Any] = []
    functions: dict[str, Any] = {}
    for node in graph_def.node:
        found = _SIZES.search(node.attr["f"].func.name) if node.op == CALL else None
        if found is None:
            continue
        sizes = (int(found[1]), int(found[2]), int(found[3]))
        name = "_".join((_MARK, *map(str, sizes)))
        if name not in functions:
            functions[name] = _function(name, sizes)
        added += _marked(node, functions[name], sizes)
    graph_def.node.extend(added)
    kept = [one for one in graph_def.library.function if not _SIZES.search(one.signature.name)]
    kept += [functions[name] for name in sorted(functions)]
    copies = [type(one).FromString(one.SerializeToString()) for one in kept]
    del graph_def.library.function[:]
    graph_def.library.function.extend(copies)
    return bool(functions)


def _marked(node: Any, function: Any, sizes: tuple[int, int, int]) -> Iterator[Any]:
    """Make a call that of the marked function; the nodes that this needs."""
    tf = _tf.tensorflow()
    steps, _, units = sizes
    x, kernel, recurrent, *bias = node.input
    state = constant(f"{node.name}/state", np.zeros((1, units), np.float32))
    yield state
    if not bias:
        yield (no_bias := constant(f"{node.name}/bias", np.zeros(_GATES * units, np.float32)))
        bias = [no_bias.name]
    call = type(node)(name=f"{node.name}/operator", op=CALL)
    call.input.extend([x, state.name, state.name, kernel, recurrent, *bias])
    call.attr["f"].func.name = function.signature.name
    float32 = tf.float32.as_datatype_enum
    call.attr["Tin"].list.type.extend([float32] * len(call.input))
    call.attr["Tout"].list.type.extend([float32] * len(function.signature.output_arg))
    last = tf.TensorShape((1, units)).as_proto()
    sequence = tf.TensorShape((1, steps, units)).as_proto()
    scalar = tf.TensorShape(()).as_proto()
    call.attr["_output_shapes"].list.shape.extend([last, sequence, last, last, scalar])
    yield call
    # What reads the call goes on reading a node of its name.
    node.op, node.input[:] = "Identity", [f"{call.name}:{SEQUENCE}"]
    node.ClearField("attr")
    node.attr["T"].type = float32


def _function(name: str, sizes: tuple[int, int, int]) -> Any:
    """The function that the converter takes for Keras's LSTM: six operands and five results."""
    tf = _tf.tensorflow()
    steps, features, units = sizes

    def lstm(x: Any, hidden: Any, cell: Any, kernel: Any, recurrent: Any, bias: Any) -> list[Any]:
        last_cell, sequence = _recurrence(x, kernel, recurrent, bias, (hidden, cell))
        last = sequence[:, -1]
        return [last, sequence, last, last_cell, tf.constant(0.0)]

    shapes = [(1, steps, features), (1, units), (1, units)]
    shapes += [(features, _GATES * units), (units, _GATES * units), (_GATES * units,)]
    traced = tf.function(lstm, autograph=False).get_concrete_function(
        *(tf.TensorSpec(shape, tf.float32) for shape in shapes)
    )
    function = type(traced.function_def).FromString(traced.function_def.SerializeToString())
    function.signature.name = name
    function.attr["api_implements"].s = name.encode()
    function.attr["time_major"].b = function.attr["go_backwards"].b = False
    return function


def _recurrence(
    x: Any, kernel: Any, recurrent: Any, bias: Any = 0.0, state: tuple[Any, Any] | None = None
) -> tuple[Any, Any]:
    """The last cell state, and the hidden states of all steps, as both Kerases compute them."""
    tf = _tf.tensorflow()
    zero = tf.zeros((x.shape[0], recurrent.shape[0]))
    hidden, cell = state or (zero, zero)
    steps = []
    for step in range(x.shape[1]):
        sums = x[:, step] @ kernel + hidden @ recurrent + bias
        enter, forget, candidate, leave = tf.split(sums, _GATES, axis=1)
        cell = tf.sigmoid(forget) * cell + tf.sigmoid(enter) * tf.tanh(candidate)
        hidden = tf.sigmoid(leave) * tf.tanh(cell)
        steps.append(hidden)
    return cell, tf.stack(steps, axis=1)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", function))
