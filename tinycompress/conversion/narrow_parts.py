"""Parts of an output that int8 has no steps for: scores of 0..1 next to boxes of 0..640.

An output has one scale. What varies by less than a few steps of it is as good as constant on the
device, and neither the file nor its operators look wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import TensorSpec
from tinycompress.conversion.calibrate import Floats, Samples
from tinycompress.conversion.frozen import FrozenGraph, predict
from tinycompress.ir.graph import Graph, Model
from tinycompress.ir.specs import output_specs

_FEW_STEPS = 4
_MOST_SAMPLES = 100
_ONE_RANGE = frozenset({"SOFTMAX", "LOG_SOFTMAX", "LOGISTIC", "TANH", "ARG_MAX", "ARG_MIN"})
"""Their values mean one thing, and a class that no sample shows is no loss."""


def narrow_parts(frozen: FrozenGraph, samples: Samples, model: Model) -> tuple[str, ...]:
    """A warning for every run of values, along an output's last axis, with too few steps.

    Args:
        frozen: The float model.
        samples: What it is run on, the first 100 at most.
        model: The integer model that was made of it.
    """
    specs = output_specs(model.main)
    if not any(_may_mix(model.main, index) for index in range(len(specs))):
        return ()
    chosen = samples.take(np.arange(min(len(samples), _MOST_SAMPLES)))
    outputs = predict(frozen, chosen.inputs)
    return tuple(
        text
        for index, (values, spec) in enumerate(zip(outputs, specs, strict=True))
        if _may_mix(model.main, index)
        for text in _warnings(values, spec)
    )


def _may_mix(graph: Graph, index: int) -> bool:
    tensor = graph.tensors[graph.outputs[index]]
    made_by = {op.kind for op in graph.ops if tensor.index in op.outputs}
    quantised = tensor.quantization is not None and not tensor.quantization.per_channel
    return quantised and len(tensor.shape) > 1 and tensor.shape[-1] > 1 and not made_by & _ONE_RANGE


def _warnings(values: Floats, spec: TensorSpec) -> Iterator[str]:
    parts = values.reshape(-1, values.shape[-1])
    low, high = parts.min(axis=0), parts.max(axis=0)
    spread = high - low
    # What never changes has nothing to lose.
    narrow = (spread > 0) & (spread < _FEW_STEPS * spec.scale)
    for first, last in _runs(narrow):
        run = slice(first, last + 1)
        steps = int(spread[run].max() / spec.scale)
        left = f"they have {steps + 1} steps at most" if steps else "they are lost"
        where = f"value {first}" if first == last else f"values {first}..{last}"
        yield (
            f"{where} of output '{spec.name}' never left {low[run].min():.3g} .."
            f" {high[run].max():.3g} on the samples, and one step of the {spec.dtype} output is"
            f" {spec.scale:.3g}: {left}; give them an output of their own"
        )


def _runs(flags: npt.NDArray[np.bool_]) -> Sequence[tuple[int, int]]:
    """First and last index of every run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]
