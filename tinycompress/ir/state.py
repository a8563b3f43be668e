"""Whether a model has state that operators keep from one inference to the next."""

from __future__ import annotations

from tinycompress.ir.graph import Model

_STATEFUL = frozenset(
    {"VAR_HANDLE", "CALL_ONCE", "SVDF", "LSTM", "RNN", "CUSTOM"}
    | {f"{way}DIRECTIONAL_SEQUENCE_{cell}" for way in ("UNI", "BI") for cell in ("LSTM", "RNN")}
)


def keeps_state(model: Model) -> bool:
    """Whether an inference may depend on the one before; of a custom operator nobody can tell."""
    return any(
        any(tensor.is_variable for tensor in graph.tensors)
        or any(op.kind in _STATEFUL for op in graph.ops)
        for graph in model.graphs
    )
