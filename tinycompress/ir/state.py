"""Whether a model has state that operators keep from one inference to the next."""

from __future__ import annotations

from tinycompress.ir.cascade.models import remembers, stage_model
from tinycompress.ir.graph import Model, Op
from tinycompress.ir.signal import SIGNAL_STATE, is_signal

RESET_METADATA = "tinycompress.reset_state"
"""Name of the metadata of a file whose state is reset; see docs/streaming.md."""
EVERY_INFERENCE = b"every inference"
"""What that metadata says: when."""

_STATEFUL = frozenset(
    {"VAR_HANDLE", "CALL_ONCE", "SVDF", "LSTM", "RNN", "CUSTOM"}
    | {f"{way}DIRECTIONAL_SEQUENCE_{cell}" for way in ("UNI", "BI") for cell in ("LSTM", "RNN")}
)


def has_state(model: Model) -> bool:
    """Whether operators leave something for the next inference; of a custom one nobody can tell."""
    return any(
        any(tensor.is_variable for tensor in graph.tensors)
        or any(_may_keep_state(op) for op in graph.ops)
        for graph in model.graphs
    )


def keeps_state(model: Model) -> bool:
    """Whether an inference may depend on the one before: there is state, and no reset of it."""
    if model.stages:
        alone = (stage_model(model, stage) for stage in model.stages)
        return remembers(model.stages) or any(map(keeps_state, alone))
    return has_state(model) and not model.resets_state


def _may_keep_state(op: Op) -> bool:
    return op.custom_code in SIGNAL_STATE if is_signal(op) else op.kind in _STATEFUL
