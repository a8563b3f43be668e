"""KL divergence of a network's outputs: how far a change moves what the network says.

ZeroQ measures sensitivity so (Cai et al., ZeroQ: A Novel Zero Shot Quantization Framework, 2020):
it needs no labels, and says more than the accuracy, which does not move until a class changes.
"""

from __future__ import annotations

import numpy as np

from tinycompress.compression.data.tasks import Task
from tinycompress.compression.network.network import Array

_SMALLEST = 1e-7
"""The least probability: float32 softmax rounds smaller ones to zero."""


def kl_divergence(task: Task, reference: Array, changed: Array) -> float:
    """KL divergence of changed outputs from reference ones, in nats, the mean over samples.

    Of classes it is that of their probabilities, the mean over positions; of binary outputs that of
    Bernoulli variables, their sum. Other values are taken as the means of Gaussians with the
    variance that the reference has over the samples, their mean.

    Args:
        task: Of this output.
        reference: Outputs of the network as it is, batch first.
        changed: Outputs with the change, the same shape.
    """
    before = reference.reshape(len(reference), -1).astype(np.float64)
    after = changed.reshape(len(changed), -1).astype(np.float64)
    if task.kind == "regression":
        variance = np.maximum(np.var(before, axis=0), np.finfo(np.float32).tiny)
        return float(np.mean((before - after) ** 2 / (2.0 * variance)))
    if task.kind == "binary":
        p, q = (_bernoulli(task, values) for values in (before, after))
        terms = p * np.log(p / q) + (1.0 - p) * np.log((1.0 - p) / (1.0 - q))
        return float(np.mean(terms.sum(axis=1)))
    p, q = (_probabilities(task, values) for values in (before, after))
    return float(np.mean(np.sum(p * np.log(p / q), axis=1)))


def _bernoulli(task: Task, values: Array) -> Array:
    if task.from_logits:
        values = 0.5 * (1.0 + np.tanh(0.5 * values))
    return np.clip(values, _SMALLEST, 1.0 - _SMALLEST)


def _probabilities(task: Task, values: Array) -> Array:
    """Of every position: float64 ``[samples * positions, classes]``, each row sums to 1."""
    rows = values.reshape(-1, task.classes)
    if task.from_logits:
        rows = np.exp(rows - rows.max(axis=1, keepdims=True))
    rows = np.maximum(rows, _SMALLEST)
    shares: Array = rows / rows.sum(axis=1, keepdims=True)
    return shares
