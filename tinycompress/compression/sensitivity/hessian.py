"""The trace of the Hessian of the loss, kernel by kernel, by Hutchinson's estimator.

For a vector v of random signs, the mean of v'Hv is the trace of H. HAWQ-V2 (Dong et al., 2020)
ranks layers by it. One probe has signs for all kernels at once: what other kernels add to a
kernel's product has a mean of zero, and one product serves all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress._progress import Progress
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, targets
from tinycompress.compression.network.network import Array
from tinycompress.compression.training.losses import output_loss

_BATCH = 64
_LEAST_PROBES = 8
_PRECISE = 0.05
"""A standard error of so much of the trace is as good as needed to rank layers."""


@dataclass(frozen=True)
class Trace:
    """The estimate of one kernel's trace, with its standard error."""

    value: float
    error: float


def hessian_traces(
    model: Any,
    kernels: Sequence[Sequence[Any]],
    tasks: Sequence[Task],
    data: Data,
    *,
    probes: int,
    seed: int,
    progress: Progress,
) -> tuple[Trace, ...]:
    """Estimate the trace of the Hessian of the mean loss, for each of some kernels.

    It ends before the last probe once every trace that matters is known to 5 %: those below a
    hundredth of the largest do not.

    Args:
        model: A tf_keras model.
        kernels: Variables of it, one or several for each kernel.
        tasks: Of its outputs: which loss it is.
        data: Labelled samples.
        probes: At most so many.
        seed: Of the random signs.
        progress: Told of every probe.

    Returns:
        One estimate for every kernel.
    """
    generator = np.random.default_rng(seed)
    parts = [part for kernel in kernels for part in kernel]
    first = np.cumsum([0, *(len(kernel) for kernel in kernels[:-1])])
    products = _products(model, parts, tasks)
    found: list[Array] = []
    for probe in range(probes):
        progress("sensitivity: Hessian", probe, probes)
        signs = [
            generator.choice(np.array([-1.0, 1.0], np.float32), size=tuple(part.shape))
            for part in parts
        ]
        found.append(np.add.reduceat(_mean_products(products, signs, tasks, data), first))
        if len(found) >= _LEAST_PROBES and _is_precise(np.array(found)):
            break
    progress("sensitivity: Hessian", probes, probes)
    values = np.array(found)
    errors = _standard_errors(values)
    return tuple(
        Trace(float(value), float(error))
        for value, error in zip(values.mean(axis=0), errors, strict=True)
    )


def _standard_errors(values: Array) -> Array:
    if len(values) < 2:
        return np.full(values.shape[1], np.inf)
    errors: Array = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return errors


def _is_precise(values: Array) -> bool:
    traces = np.abs(values.mean(axis=0))
    matters = traces >= 0.01 * traces.max()
    return bool(np.all(_standard_errors(values)[matters] <= _PRECISE * traces[matters]))


def _mean_products(
    products: Callable[..., list[Any]], signs: list[Array], tasks: Sequence[Task], data: Data
) -> Array:
    """v'Hv for every kernel, of the mean loss over all samples; float64."""
    total = np.zeros(len(signs))
    for start in range(0, len(data), _BATCH):
        batch = data.take(np.arange(start, min(start + _BATCH, len(data))))
        wanted = [targets(task, labels) for task, labels in zip(tasks, batch.labels, strict=True)]
        total += np.array(
            [float(one) for one in products(list(batch.inputs), wanted, signs)], np.float64
        )
    return total / len(data)


def _products(model: Any, kernels: Sequence[Any], tasks: Sequence[Task]) -> Any:
    """A function from a batch to v'Hv of every kernel, for the sum of the samples' losses."""
    tf = _tf.tensorflow()
    losses = [output_loss(task, None) for task in tasks]

    def products(inputs: list[Any], wanted: list[Any], signs: list[Any]) -> list[Any]:
        with tf.GradientTape() as outer:
            outer.watch(kernels)
            with tf.GradientTape() as inner:
                inner.watch(kernels)
                results = model(inputs if len(inputs) > 1 else inputs[0], training=False)
                outputs = results if isinstance(results, (list, tuple)) else [results]
                total = tf.add_n(
                    [
                        tf.reduce_sum(loss(truth, output))
                        for loss, truth, output in zip(losses, wanted, outputs, strict=True)
                    ]
                )
            slopes = inner.gradient(total, kernels)
            along = tf.add_n(
                [tf.reduce_sum(g * v) for g, v in zip(slopes, signs, strict=True) if g is not None]
            )
        curved = outer.gradient(along, kernels)
        return [
            tf.constant(0.0) if h is None else tf.reduce_sum(h * v)
            for h, v in zip(curved, signs, strict=True)
        ]

    return tf.function(products, reduce_retracing=True)
