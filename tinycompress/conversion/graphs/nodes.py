"""Making nodes of a TensorFlow graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress import _tf


def imported(graph_def: Any) -> Any:
    """The graph that TensorFlow makes of it, with all shapes that it infers."""
    graph = _tf.tensorflow().Graph()
    with graph.as_default():
        _tf.tensorflow().graph_util.import_graph_def(graph_def, name="")
    return graph


def constant(name: str, value: npt.NDArray[Any] | np.generic) -> Any:
    """A Const node."""
    tf = _tf.tensorflow()
    node = tf.compat.v1.NodeDef(name=name, op="Const")
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    node.attr["dtype"].type = node.attr["value"].tensor.dtype
    return node


def reshape(node: Any, source: str, shape: Sequence[int], kind: int) -> Any:
    """Make a node the Reshape of a tensor of some kind; the constant that it takes."""
    sizes = constant(f"{node.name}/shape", np.array(shape, np.int32))
    node.ClearField("attr")
    node.op, node.input[:] = "Reshape", [source, sizes.name]
    node.attr["T"].type, node.attr["Tshape"].type = kind, sizes.attr["dtype"].type
    return sizes
