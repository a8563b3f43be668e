"""Stage ``cluster``: at most k distinct weights per kernel or per output channel of it.

TF-MOT's clustering leaves depthwise convolutions out, clusters by channel for Conv2D only, and its
clusters were seen to fall apart before a BatchNormalization and in later stages. So k-means is done
here on the folded kernels of all layers, and the shared values are trained by projection (see
``promises``), which is how weight sharing was first trained (Han et al., Deep Compression, 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from tinycompress.compression.checks.promises import ClusterPromise, projections
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.kernels import (
    channel_rows,
    distinct_values,
    from_channel_rows,
    kernel_layers,
    with_kernel,
)
from tinycompress.compression.network.network import Array, Layer
from tinycompress.compression.stages.base import StageSpec, State, Table, chosen
from tinycompress.compression.stages.options import LayerChoice, TrainedStage
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

Initialization = Literal["linear", "kmeans++", "density", "random"]
_LLOYD_ROUNDS = 100


class Cluster(TrainedStage, LayerChoice):
    """Every kernel (or every output channel of it) has at most ``clusters`` distinct weights.

    Zeros that pruning made stay zero with ``keep_sparsity``; zero is then one of the values.
    """

    kind: Literal["cluster"] = "cluster"
    clusters: Annotated[int, Field(ge=2, le=256)] = 16
    initialization: Initialization = "kmeans++"
    per_channel: bool = False
    keep_sparsity: bool = True


def cluster(state: State, options: Cluster, trainer: Trainer) -> State:
    """Fold BatchNormalization, cluster every kernel and fine-tune the shared values.

    Args:
        state: The model and what was promised of it.
        options: How many clusters and how.
        trainer: Data and teacher.

    Returns:
        The clustered model, with a promise for every clustered layer.

    Raises:
        ConfigError: No layer to cluster, or too few clusters to keep zeros.
    """
    network = fold_batch_norms(state.network)
    layers = chosen(kernel_layers(network), options)
    if not layers:
        raise ConfigError("cluster: no layer is left to cluster", hint="see skip and skip_types")
    changed = []
    for layer in layers:
        keep = options.keep_sparsity and layer.name in state.promises.sparse
        changed.append(with_kernel(layer, _clustered(layer, options, keep, trainer.seed)))
    network = network.with_layers(changed)
    promise = ClusterPromise(options.clusters, options.per_channel)
    promises = state.promises.with_clustered({layer.name: promise for layer in layers})
    network = train_network(
        network,
        trainer,
        options.fine_tune,
        options.distill,
        projections(network, promises),
        label="cluster",
    )
    most = max(distinct_values(network.layers[layer.name].weights[0]) for layer in layers)
    return State(network, promises, (f"{most} distinct values in the most varied kernel",))


def _clustered(layer: Layer, options: Cluster, keep_zeros: bool, seed: int) -> Array:
    kernel = layer.weights[0]
    generator = np.random.default_rng(seed)
    if not options.per_channel:
        row = kernel.reshape(-1)
        return _row(row, options, keep_zeros, generator).reshape(kernel.shape)
    rows = channel_rows(kernel, layer.kind)
    done = np.stack([_row(row, options, keep_zeros, generator) for row in rows])
    return from_channel_rows(done, kernel.shape, layer.kind)


def _row(row: Array, options: Cluster, keep_zeros: bool, generator: np.random.Generator) -> Array:
    result = np.zeros_like(row)
    moving = row != 0 if keep_zeros else np.ones(row.shape, bool)
    clusters = options.clusters - int(not moving.all())
    values = row[moving]
    if values.size:
        centroids = kmeans(values, clusters, options.initialization, generator)
        result[moving] = centroids[nearest(values, centroids)]
    return result


def kmeans(
    values: Array, clusters: int, initialization: Initialization, generator: np.random.Generator
) -> Array:
    """Centroids of k-means in one dimension, ascending float32; fewer where values repeat.

    Args:
        values: float32 ``[n]``.
        clusters: At most so many centroids.
        initialization: Where they start.
        generator: For the starts that are random.
    """
    unique = np.unique(values).astype(np.float64)
    if unique.size <= clusters:
        return unique.astype(np.float32)
    centroids = np.unique(_initial(values.astype(np.float64), clusters, initialization, generator))
    for _ in range(_LLOYD_ROUNDS):
        owner = nearest(values, centroids)
        counts = np.bincount(owner, minlength=centroids.size)
        sums = np.bincount(owner, weights=values, minlength=centroids.size)
        used = counts > 0
        moved = np.unique(sums[used] / counts[used])
        if moved.size == centroids.size and np.allclose(moved, centroids, rtol=1e-7, atol=0):
            break
        centroids = moved
    return centroids.astype(np.float32)


def nearest(values: Array, centroids: Array) -> Array:
    """Index of the nearest of ascending centroids, for each value."""
    middles = (centroids[1:] + centroids[:-1]) / 2.0
    return np.searchsorted(middles, values)


def _initial(
    values: Array, clusters: int, initialization: Initialization, generator: np.random.Generator
) -> Array:
    if initialization == "linear":
        return np.linspace(values.min(), values.max(), clusters)
    if initialization == "density":
        return np.quantile(values, (np.arange(clusters) + 0.5) / clusters)
    if initialization == "random":
        return generator.uniform(values.min(), values.max(), clusters)
    chosen_values = [values[generator.integers(values.size)]]
    distance = (values - chosen_values[0]) ** 2
    while len(chosen_values) < clusters:
        total = distance.sum()
        if total <= 0:
            break
        chosen_values.append(values[generator.choice(values.size, p=distance / total)])
        distance = np.minimum(distance, (values - chosen_values[-1]) ** 2)
    return np.array(chosen_values)


def _undoes_pruning(tables: Sequence[Table], index: int) -> str:
    pruned = any(table.get("kind") == "prune" for table in tables[:index])
    if pruned and tables[index].get("keep_sparsity") is False:
        return "keep_sparsity = false after prune would undo the pruning; leave it out"
    return ""


SPEC = StageSpec(
    Cluster,
    summary="lets the weights of a kernel, or of an output channel, share a few values",
    run=cluster,
    promises="at most k distinct weights",
    precedes={"cluster": "the model is clustered already; set clusters in one stage"},
    conflict=_undoes_pruning,
)
