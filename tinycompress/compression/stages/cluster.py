"""Stage ``cluster``: at most k distinct weights per kernel, per output channel, or in the file.

TF-MOT's clustering leaves depthwise convolutions out, clusters by channel for Conv2D only, and its
clusters were seen to fall apart before a BatchNormalization and in later stages. So k-means is done
here on the folded kernels of all layers, and the shared values are trained by projection (see
``promises``), which is how weight sharing was first trained (Han et al., Deep Compression, 2015).

A convolution's channels have scales of their own in the int8 file: k values of its kernel become k
other integers in every channel, and one codebook for the layer has no use. With ``shared`` it is
the integers that are clustered (see ``shared_integers``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from tinycompress.compression.checks.kmeans import Initialization, kmeans, nearest
from tinycompress.compression.checks.promises import (
    ClusterPromise,
    Promises,
    Signs,
    moving,
    projections,
)
from tinycompress.compression.checks.shared_integers import (
    LEAST_WITH_ZERO,
    clustered,
    trained_ternary,
)
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.integers import SCALED_ALIKE, file_integers, scaled_rows
from tinycompress.compression.network.kernels import (
    GATES,
    channel_rows,
    distinct_values,
    from_channel_rows,
    kernel_layers,
    kernel_of,
    with_kernel,
)
from tinycompress.compression.network.network import Array, Layer, Network
from tinycompress.compression.stages.base import StageSpec, State, Table, chosen, left_as_they_are
from tinycompress.compression.stages.options import LayerChoice, TrainedStage
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

_Count = Annotated[int, Field(ge=2, le=256)]
_THRESHOLD = 0.05


class Cluster(TrainedStage, LayerChoice):
    """Every kernel (or every output channel of it) has at most ``clusters`` distinct weights.

    Zeros that pruning made stay zero with ``keep_sparsity``; zero is then one of the values. With
    ``shared`` every layer of the int8 file has at most ``clusters`` distinct weights: 3 are ternary
    weights, 2 binary ones. Depthwise and transposed convolutions are then left alone.
    ``layer_clusters`` has other numbers for layers by name.

    ``asymmetric``: of three shared values the two that are not zero have magnitudes of their own,
    which begin with the weights above ``threshold`` times the largest (trained ternary
    quantisation, Zhu et al. 2017). ``signs``: two shared values are trained as any others, or as
    BinaryConnect does (Courbariaux et al. 2015): ``clipped``, and ``stochastic``, which draws signs
    while it trains, for the signs alone at its end.
    """

    kind: Literal["cluster"] = "cluster"
    clusters: _Count = 16
    layer_clusters: dict[str, _Count] = Field(default_factory=dict)
    initialization: Initialization = "kmeans++"
    per_channel: bool = False
    shared: bool = False
    keep_sparsity: bool = True
    asymmetric: bool = False
    threshold: Annotated[float, Field(ge=0, lt=1)] = _THRESHOLD
    signs: Signs = "fitted"

    @model_validator(mode="after")
    def _one_of_both(self) -> Cluster:
        if self.shared and self.per_channel:
            raise ValueError("shared = true has one codebook a layer; leave per_channel out")
        if self.asymmetric and not (self.shared and self.clusters == LEAST_WITH_ZERO):
            raise ValueError("asymmetric is for shared = true with clusters = 3")
        if self.threshold != _THRESHOLD and not self.asymmetric:
            raise ValueError("threshold goes with asymmetric = true")
        if self.signs != "fitted" and not (self.shared and self.clusters == 2):
            raise ValueError(f"signs = {self.signs!r} is for shared = true with clusters = 2")
        if self.layer_clusters and (self.asymmetric or self.signs != "fitted"):
            raise ValueError("layer_clusters goes with neither asymmetric nor signs")
        return self

    def of_layer(self, layer: Layer) -> Cluster:
        """The same for one layer, whose number of clusters ``clusters`` is.

        The file has one scale for a recurrent layer's kernel, or for each gate of it: values that
        are shared in it are shared integers of themselves.
        """
        clusters = self.layer_clusters.get(layer.name, self.clusters)
        update: dict[str, object] = {"clusters": clusters}
        if layer.kind in GATES:
            update |= {"shared": False, "asymmetric": False, "signs": "fitted"}
        return self.model_copy(update=update)

    def layer_names(self) -> Mapping[str, Iterable[str]]:
        """By key, the names of layers that the table mentions."""
        return {**super().layer_names(), "layer_clusters": self.layer_clusters}


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
    layers = _layers_to_cluster(network, options)
    promises = state.promises
    if not options.keep_sparsity:
        promises = replace(promises, sparse={})
    own = {layer.name: options.of_layer(layer) for layer in layers}
    changed = [
        with_kernel(layer, _clustered(layer, own[layer.name], promises, trainer.seed))
        for layer in layers
    ]
    network = network.with_layers(changed)
    promises = state.promises.with_clustered(
        {
            name: ClusterPromise(
                mine.clusters, mine.per_channel, mine.shared, mine.signs, mine.asymmetric
            )
            for name, mine in own.items()
        }
    )
    network = train_network(
        network,
        trainer,
        options.fine_tune,
        options.distill,
        projections(network, promises, trainer.seed),
        label="cluster",
    )
    return State(network, promises, _notes(network, layers, options))


def _layers_to_cluster(network: Network, options: Cluster) -> tuple[Layer, ...]:
    layers = chosen(kernel_layers(network), options)
    if options.shared:
        known = (*SCALED_ALIKE, *GATES)
        layers = tuple(layer for layer in layers if layer.kind in known)
    if not layers:
        raise ConfigError(
            "cluster: no layer is left to cluster",
            hint=f"see skip and skip_types; shared is for {', '.join((*SCALED_ALIKE, *GATES))}",
        )
    names = {layer.name for layer in layers}
    left = [name for name in options.layer_clusters if name not in names]
    if left:
        raise ConfigError(
            f"cluster: layer {left[0]!r} has layer_clusters, and is not clustered",
            hint=f"clustered are {', '.join(sorted(names))}",
        )
    return layers


def _notes(network: Network, layers: Sequence[Layer], options: Cluster) -> tuple[str, ...]:
    kernels = [network.layers[layer.name] for layer in layers]
    if not options.shared:
        most = max(distinct_values(kernel_of(layer)) for layer in kernels)
        return (f"{most} distinct values in the most varied kernel",)
    most = max(distinct_values(file_integers(kernel_of(layer), layer.kind)) for layer in kernels)
    notes = left_as_they_are(network, layers)
    return (*notes, f"{most} distinct integers in the most varied layer")


def _clustered(layer: Layer, options: Cluster, promises: Promises, seed: int) -> Array:
    kernel = kernel_of(layer)
    generator = np.random.default_rng(seed)
    if options.shared:
        return _shared(layer, options, moving(layer.name, kernel, promises), generator)
    keep_zeros = layer.name in promises.sparse
    if not options.per_channel:
        row = kernel.reshape(-1)
        return _row(row, options, keep_zeros, generator).reshape(kernel.shape)
    rows = channel_rows(kernel, layer.kind)
    done = np.stack([_row(row, options, keep_zeros, generator) for row in rows])
    return from_channel_rows(done, kernel.shape, layer.kind)


def _shared(layer: Layer, options: Cluster, free: Array, generator: np.random.Generator) -> Array:
    kernel = layer.weights[0]
    rows = scaled_rows(kernel, layer.kind)
    largest = np.max(np.abs(rows), axis=1, keepdims=True)
    if options.clusters < LEAST_WITH_ZERO and not (largest.all() and free.all()):
        raise ConfigError(
            f"cluster: layer {layer.name!r} has weights that stay zero, and {options.clusters}"
            " shared values have no room for it",
            hint="set clusters to 3 or more, or skip the layer",
        )
    if options.asymmetric:
        return trained_ternary(kernel, layer.kind, free, options.threshold)
    return clustered(kernel, layer.kind, free, options.clusters, options.initialization, generator)


def _row(row: Array, options: Cluster, keep_zeros: bool, generator: np.random.Generator) -> Array:
    result = np.zeros_like(row)
    moving = row != 0 if keep_zeros else np.ones(row.shape, bool)
    clusters = options.clusters - int(not moving.all())
    values = row[moving]
    if values.size:
        centroids = kmeans(values, clusters, options.initialization, generator)
        result[moving] = centroids[nearest(values, centroids)]
    return result


def _undoes_pruning(tables: Sequence[Table], index: int) -> str:
    pruned = any(table.get("kind") == "prune" for table in tables[:index])
    if pruned and tables[index].get("keep_sparsity") is False:
        return "keep_sparsity = false after prune would undo the pruning; leave it out"
    if pruned and tables[index].get("shared") and tables[index].get("clusters") == 2:
        return "clusters = 2 has no room for the zeros of prune; set 3 or more"
    return ""


SPEC = StageSpec(
    Cluster,
    summary="lets the weights of a kernel, of an output channel, or the integers of a layer in the"
    " file share a few values",
    run=cluster,
    saves="flash, if encoded",
    promises="at most k distinct weights, or integers in the file",
    precedes=dict.fromkeys(
        ("cluster", "weight_bits"), "a weight has one grid or codebook; set it in one stage"
    ),
    conflict=_undoes_pruning,
)
