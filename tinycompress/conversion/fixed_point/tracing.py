"""A model of QKeras or HGQ2 layers in words that TensorFlow's converter knows, while it is traced.

Quantisers of variables become the constants that they make. A quantiser of an activation becomes
FakeQuant with the very range of its int8 tensor. The layers stay the user's own, and get their
quantisers back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tinycompress import _tf
from tinycompress.conversion.fixed_point.grids import Grid
from tinycompress.conversion.fixed_point.planning import Constant, FixedPlan, Swap

_ABSENT = object()


@contextlib.contextmanager
def without_quantizers(plan: FixedPlan | None) -> Iterator[None]:
    """Let the layers of a plan compute what their int8 form does inside the block."""
    swaps = [] if plan is None else plan.swaps
    before = [swap.layer.__dict__.get(swap.attribute, _ABSENT) for swap in swaps]
    try:
        for swap in swaps:
            # Past Keras's own __setattr__, which would track what is set as state of the layer.
            object.__setattr__(swap.layer, swap.attribute, _callable(swap))
        yield
    finally:
        for swap, value in zip(swaps, before, strict=True):
            if value is _ABSENT:
                swap.layer.__dict__.pop(swap.attribute, None)
            else:
                object.__setattr__(swap.layer, swap.attribute, value)


def _callable(swap: Swap) -> Callable[..., Any]:
    tf = _tf.tensorflow()
    by = swap.by
    if isinstance(by, Constant):
        return lambda *args, **kwargs: tf.constant(by.value, tf.float32)
    if isinstance(by, tuple):
        return lambda values, **kwargs: [
            value if grid is None else on_int8(value, grid)
            for value, grid in zip(values, by, strict=True)
        ]
    return lambda value, **kwargs: on_int8(value, by)


def on_int8(value: Any, grid: Grid) -> Any:
    """The values of a tensor on a grid, clipped at its ends, as operators of an int8 file do it.

    The upper end is where int8 saturates. Where int8 reaches below the lower end, an operator clips
    there: ReLU, which is fused into the operator before it, or MAXIMUM. An input of the model has
    no operator before it, and gets its steps before ReLU.
    """
    tf = _tf.tensorflow()
    if grid.low == 0:
        if grid.clips_low and _made_by(value) == "Placeholder":
            value = _faked(value, grid)
        return _faked(tf.nn.relu(value), grid)
    value = _faked(value, grid)
    if grid.clips_low:
        value = tf.maximum(value, tf.constant(grid.low * grid.step, tf.float32))
    return value


def _faked(value: Any, grid: Grid) -> Any:
    low, high = grid.int8_range
    fake = _tf.tensorflow().quantization.fake_quant_with_min_max_vars
    return fake(value, low, high, 8, False)


def _made_by(value: Any) -> str:
    """The operation of a TensorFlow graph that makes a value."""
    op = value.op
    while op.type in ("Identity", "Cast"):
        op = op.inputs[0].op
    return str(op.type)
