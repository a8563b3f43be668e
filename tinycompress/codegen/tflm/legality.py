"""Every reason why stock TFLM cannot run a model, found before anything is generated."""

from __future__ import annotations

from collections.abc import Iterator

from tinycompress.codegen.legality import OTHER_LAYERS, Reason, in_few_lines
from tinycompress.codegen.tflm.ops import OTHER_SUBGRAPHS, method_of
from tinycompress.errors import ModelError
from tinycompress.ir.graph import DType, Graph, Model, Op
from tinycompress.ir.summary import unlike_integer

_REWRITES = {
    "CONV_3D": "Conv2D layers over the frames as channels",
    "GELU": "ReLU6 or HardSwish",
    "POW": "Multiply a tensor by itself",
    "REDUCE_PROD": "Multiply layers",
    "REVERSE_SEQUENCE": "a plain reversal of a fixed axis",
    "SELECT": "tf.where on tensors of equal shape (SELECT_V2)",
    "TILE": "Concatenate copies, or UpSampling2D",
    "TOPK_V2": "tf.argmax, or choose the classes on the host",
    "LSTM": "keras.layers.LSTM with a fixed batch, converted to UNIDIRECTIONAL_SEQUENCE_LSTM",
}
_BORDER_TYPES = frozenset(
    {DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32, DType.BOOL}
)


def refusals(model: Model) -> tuple[str, ...]:
    """Every reason, each naming operator, layer and value; none if TFLM has all that it needs.

    TFLM has float kernels, too. They are refused: what they compute depends on the compiler and the
    C library, so that nobody can promise its bytes.
    """
    graph = model.main
    ops = in_few_lines(_op_reasons(graph))
    return (*_border_reasons(graph), *_graph_reasons(model), *ops)


def check_legality(model: Model) -> None:
    """Refuse what stock TFLM cannot run.

    Raises:
        ModelError: With every reason.
    """
    reasons = refusals(model)
    if reasons:
        count = f"{len(reasons)} reason" + ("s" if len(reasons) > 1 else "")
        raise ModelError(
            f"TensorFlow Lite Micro cannot run the model, for {count}:",
            reasons=reasons,
            hint=OTHER_LAYERS,
        )


def _border_reasons(graph: Graph) -> Iterator[str]:
    for role, indices in (("input", graph.inputs), ("output", graph.outputs)):
        if not indices:
            yield f"the model has no {role}"
        for index in indices:
            tensor = graph.tensors[index]
            if tensor.dtype not in _BORDER_TYPES:
                yield f"{role} '{tensor.name}' is {tensor.dtype.value}"
            if tensor.is_constant:
                yield f"{role} '{tensor.name}' is constant"
            if tensor.elements == 0:
                yield f"{role} '{tensor.name}' is empty: {list(tensor.shape)}"


def _graph_reasons(model: Model) -> Iterator[str]:
    if not model.main.ops:
        yield "the model has no operator"
    if len(model.graphs) > 1:
        others = len(model.graphs) - 1
        yield (
            f"{others} further subgraph{'s' if others > 1 else ''} (control flow or state that an "
            "operator sets up): this engine runs the first subgraph only"
        )


def _op_reasons(graph: Graph) -> Iterator[Reason]:
    for op in graph.ops:
        where = f"op {op.index} {_kind(op)} '{graph.layer_name(op)}'"
        unlike = unlike_integer(graph, op)
        if unlike is not None:
            yield Reason(where, unlike, op)
        elif method_of(op) is not None:
            continue
        elif op.kind in OTHER_SUBGRAPHS:
            text = "needs subgraphs or variables, which this engine does not set up"
            yield Reason(where, text, op)
        else:
            instead = _REWRITES.get(op.kind)
            rewrite = f"; instead: {instead}" if instead else ""
            yield Reason(where, f"TensorFlow Lite Micro does not have it{rewrite}", op)


def _kind(op: Op) -> str:
    return f"CUSTOM ({op.custom_code})" if op.kind == "CUSTOM" else op.kind
