"""Promises: what a stage reached, later ones must keep, and training is projected back to.

A promise is held by projection: after every training step the kernel is put back onto the set that
keeps it. Masked weights go back to zero; weights that share a value get the mean of what the step
made of them, so that the shared values go on learning; those that share the integers of the file
are told in ``shared_integers``. TF-MOT's own preserving schemes
(``tfmot.experimental.combine``) do not hold: they leave depthwise layers out, recount the clusters
from the weights (up to 1024, else they give up with a warning), and pad channels that have fewer
values with ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from tinycompress.compression.checks.binary_weights import BinaryWeights
from tinycompress.compression.checks.shared_integers import SharedIntegers
from tinycompress.compression.network.integers import (
    file_integers,
    from_scaled_rows,
    grid_integers,
)
from tinycompress.compression.network.kernels import (
    channel_rows,
    distinct_per_channel,
    distinct_values,
    from_channel_rows,
    kernel_of,
    sparsity,
)
from tinycompress.compression.network.network import Array, Layer, Network

Projection = Callable[[Array], Array]
"""Puts a kernel back onto what was promised."""

Signs = Literal["fitted", "clipped", "stochastic"]
"""How binary weights are trained."""


@dataclass(frozen=True)
class SparsePromise:
    """At least the share ``sparsity`` of a kernel is zero.

    With ``m_by_n`` so many of consecutive ones are; with ``block_size`` that share is in whole
    blocks of zeros, inputs and outputs of a matrix.
    """

    sparsity: float
    m_by_n: tuple[int, int] | None = None
    block_size: tuple[int, int] = (1, 1)

    def broken_by(self, kernel: Array) -> str:
        """What is wrong with a kernel, of a network or of a file; empty if nothing."""
        found, what = sparsity(kernel), "sparsity"
        if self.block_size != (1, 1):
            height, width = self.block_size
            found, what = block_sparsity(kernel, self.block_size), f"sparsity in {height}x{width}"
            what += " blocks"
        # Rounding to whole weights may leave one weight more than the share allows.
        if found < self.sparsity - 1.0 / kernel.size:
            return f"{what} {found:.4f}, promised {self.sparsity:.4f}"
        if self.m_by_n and not has_m_by_n(kernel, self.m_by_n):
            return f"the pattern {self.m_by_n} is broken"
        return ""


@dataclass(frozen=True)
class ClusterPromise:
    """At most ``clusters`` distinct values in a kernel, or in each output channel of it.

    With ``shared`` at most so many distinct integers in the whole layer of the int8 file.
    ``signs`` is how binary ones are trained: fitted as any others, or as `BinaryWeights` are,
    ``clipped`` or ``stochastic``. ``asymmetric`` ones are -n, zero and p.
    """

    clusters: int
    per_channel: bool
    shared: bool = False
    signs: Signs = "fitted"
    asymmetric: bool = False

    def broken_by(self, integers: Array) -> str:
        """What is wrong with the values of a kernel's integers; empty if nothing.

        How many there are is counted elsewhere, by channel or in all.
        """
        held = np.unique(integers)
        if self.asymmetric and (np.sum(held < 0) > 1 or np.sum(held > 0) > 1):
            return f"the integers {_listed(held)} are not zero and one value of either sign"
        if self.signs != "fitted" and (0 in held or np.unique(np.abs(held)).size > 1):
            return f"the integers {_listed(held)} are not a value with either sign"
        return ""


@dataclass(frozen=True)
class GridPromise:
    """The integers of a layer in the int8 file are `grid_integers` of so many bits, 1 to 7."""

    bits: int


@dataclass(frozen=True)
class RoundedPromise:
    """The int8 file holds these very integers, whatever is trained later.

    ``sha256`` is of their bytes as int8, in the shape and order of the kernel; ``per_tensor``
    whether the file has one scale for the layer even if it is a convolution.
    """

    sha256: str
    per_tensor: bool = False

    @staticmethod
    def of(layer: Layer, *, per_tensor: bool) -> RoundedPromise:
        """That a layer keeps the integers that its kernel has now."""
        return RoundedPromise(_digest(_kernel_integers(layer, per_tensor)), per_tensor)

    def broken_by(self, integers: Array) -> str:
        """What is wrong with the integers of a kernel, in its shape; empty if nothing."""
        return "" if _digest(integers) == self.sha256 else "the integers are not the rounded ones"


def _listed(integers: Array) -> str:
    return ", ".join(str(one) for one in integers)


def _kernel_integers(layer: Layer, per_tensor: bool) -> Array:
    kernel = layer.weights[0]
    rows = file_integers(kernel, layer.kind, per_tensor=per_tensor)
    return from_scaled_rows(rows, kernel.shape, layer.kind, per_tensor=per_tensor)


def _digest(integers: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(integers.astype(np.int8)).tobytes()).hexdigest()


@dataclass(frozen=True)
class Promises:
    """By layer name."""

    sparse: Mapping[str, SparsePromise] = field(default_factory=lambda: MappingProxyType({}))
    clustered: Mapping[str, ClusterPromise] = field(default_factory=lambda: MappingProxyType({}))
    gridded: Mapping[str, GridPromise] = field(default_factory=lambda: MappingProxyType({}))
    rounded: Mapping[str, RoundedPromise] = field(default_factory=lambda: MappingProxyType({}))

    def with_sparse(self, more: Mapping[str, SparsePromise]) -> Promises:
        """These promises and more."""
        return replace(self, sparse={**self.sparse, **more})

    def with_clustered(self, more: Mapping[str, ClusterPromise]) -> Promises:
        """These promises and more."""
        return replace(self, clustered={**self.clustered, **more})

    def with_gridded(self, more: Mapping[str, GridPromise]) -> Promises:
        """These promises and more."""
        return replace(self, gridded={**self.gridded, **more})

    def with_rounded(self, more: Mapping[str, RoundedPromise]) -> Promises:
        """These promises and more."""
        return replace(self, rounded={**self.rounded, **more})

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "sparse": {
                name: {
                    "sparsity": p.sparsity,
                    "m_by_n": p.m_by_n and list(p.m_by_n),
                    "block_size": list(p.block_size),
                }
                for name, p in self.sparse.items()
            },
            "clustered": {
                name: {
                    "clusters": p.clusters,
                    "per_channel": p.per_channel,
                    "shared": p.shared,
                    "signs": p.signs,
                    "asymmetric": p.asymmetric,
                }
                for name, p in self.clustered.items()
            },
            "gridded": {name: {"bits": p.bits} for name, p in self.gridded.items()},
            "rounded": {
                name: {"sha256": p.sha256, "per_tensor": p.per_tensor}
                for name, p in self.rounded.items()
            },
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Promises:
        """The inverse of :meth:`to_json`."""
        return Promises(
            {
                name: SparsePromise(
                    p["sparsity"],
                    tuple(p["m_by_n"]) if p["m_by_n"] else None,
                    tuple(p["block_size"]),
                )
                for name, p in value["sparse"].items()
            },
            {name: ClusterPromise(**p) for name, p in value["clustered"].items()},
            {name: GridPromise(**p) for name, p in value.get("gridded", {}).items()},
            {name: RoundedPromise(**p) for name, p in value.get("rounded", {}).items()},
        )


def broken_promises(network: Network, promises: Promises) -> tuple[str, ...]:
    """Which promises the kernels of a network break; one line each, empty if all are kept."""
    problems = []
    for name, sparse in promises.sparse.items():
        problem = sparse.broken_by(kernel_of(network.layers[name]))
        if problem:
            problems.append(f"layer {name!r}: {problem}")
    for name, cluster in promises.clustered.items():
        layer = network.layers[name]
        count, what = _distinct(layer, cluster)
        if count > cluster.clusters:
            problems.append(
                f"layer {name!r}: {count} distinct {what}, promised at most {cluster.clusters}"
            )
        elif cluster.shared:
            problem = cluster.broken_by(file_integers(kernel_of(layer), layer.kind))
            if problem:
                problems.append(f"layer {name!r}: {problem}")
    for name, grid in promises.gridded.items():
        layer = network.layers[name]
        problems += off_grid(name, file_integers(layer.weights[0], layer.kind), grid)
    for name, rounded in promises.rounded.items():
        layer = network.layers[name]
        problem = rounded.broken_by(_kernel_integers(layer, rounded.per_tensor))
        if problem:
            problems.append(f"layer {name!r}: {problem}")
    return tuple(problems)


def off_grid(name: str, integers: Array, promise: GridPromise) -> list[str]:
    """What is wrong with the integers of a layer that were promised to be on a grid."""
    off = np.setdiff1d(integers, grid_integers(promise.bits))
    if not off.size:
        return []
    return [
        f"layer {name!r}: {off.size} distinct integers such as {off[0]} are not on the grid of the"
        f" promised {promise.bits} bits"
    ]


def _distinct(layer: Layer, promise: ClusterPromise) -> tuple[int, str]:
    """How many different values a kernel has where a promise counts them, and of what."""
    kernel = kernel_of(layer)
    if promise.shared:
        return distinct_values(file_integers(kernel, layer.kind)), "integers in the kernel"
    if promise.per_channel:
        return distinct_per_channel(kernel, layer.kind), "weights in one channel"
    return distinct_values(kernel), "weights in the kernel"


def has_m_by_n(kernel: Array, m_by_n: tuple[int, int]) -> bool:
    """Whether every n consecutive input weights of an output hold at least m zeros.

    Groups that the end of the input channels cuts short are exempt: TF-MOT pads them.
    """
    zeros, size = m_by_n
    rows = np.moveaxis(kernel, -1, 0)  # [out, ..., in]
    whole = rows.shape[-1] // size * size
    groups = rows[..., :whole].reshape(-1, size)
    return bool(np.all((groups == 0).sum(axis=1) >= zeros))


def block_sparsity(kernel: Array, block_size: tuple[int, int]) -> float:
    """Share of a matrix ``[inputs, outputs]`` that lies in blocks of zeros.

    Blocks are counted from the first input and output; those that the edge cuts short are blocks,
    too.
    """
    height, width = block_size
    inputs, outputs = kernel.shape
    padded = np.pad(kernel != 0, ((0, -inputs % height), (0, -outputs % width)))
    blocks = padded.reshape(padded.shape[0] // height, height, padded.shape[1] // width, width)
    used = np.repeat(np.repeat(blocks.any(axis=(1, 3)), height, 0), width, 1)
    return float(1.0 - np.mean(used[:inputs, :outputs]))


def projections(network: Network, promises: Promises, seed: int) -> dict[str, Projection]:
    """By layer name, what keeps its kernel as the network's kernels keep the promises now.

    Args:
        network: Where the layers are.
        promises: What is kept.
        seed: Of what is drawn, for each layer by itself.
    """
    found: dict[str, Projection] = {}
    for name in {**promises.sparse, **promises.clustered, **promises.gridded, **promises.rounded}:
        layer = network.layers[name]
        kernel = kernel_of(layer)
        free = moving(name, kernel, promises)
        cluster = promises.clustered.get(name)
        if name in promises.rounded:
            found[name] = held(kernel)
        elif name in promises.gridded:
            bits = promises.gridded[name].bits
            found[name] = SharedIntegers.on_grid(kernel, layer.kind, free, bits)
        elif cluster is None:
            found[name] = masked(kernel != 0)
        elif cluster.shared and cluster.signs != "fitted":
            drawn = (seed, *name.encode()) if cluster.signs == "stochastic" else None
            found[name] = BinaryWeights(kernel, layer.kind, free, draws=drawn)
        elif cluster.shared:
            found[name] = SharedIntegers.of(kernel, layer.kind, free, asymmetric=cluster.asymmetric)
        else:
            found[name] = shared_values(layer, cluster.per_channel)
    return found


def moving(name: str, kernel: Array, promises: Promises) -> Array:
    """bool, in the shape of a layer's kernel: the weights that no promise holds to zero."""
    return kernel != 0 if name in promises.sparse else np.ones(kernel.shape, bool)


def masked(mask: Array) -> Projection:
    """Projection that zeroes what the mask leaves out."""
    keep = mask.astype(np.float32)
    return lambda kernel: (kernel * keep).astype(np.float32)


def held(kernel: Array) -> Projection:
    """Projection that takes every step back."""
    return lambda changed: kernel


def shared_values(layer: Layer, per_channel: bool) -> Projection:
    """Projection that keeps equal what is equal now, and zero what is zero now."""
    kernel, kind = kernel_of(layer), layer.kind
    rows = channel_rows(kernel, kind) if per_channel else kernel.reshape(1, -1)
    groups = np.empty(rows.shape, np.int64)
    zero_groups: list[int] = []
    count = 0
    for index, row in enumerate(rows):
        values, inverse = np.unique(row, return_inverse=True)
        groups[index] = inverse.reshape(row.shape) + count
        zero_groups += [count + int(i) for i in np.flatnonzero(values == 0)]
        count += values.size
    flat = groups.reshape(-1)
    sizes = np.bincount(flat, minlength=count)

    def project(changed: Array) -> Array:
        arranged = channel_rows(changed, kind) if per_channel else changed.reshape(1, -1)
        values = np.bincount(flat, weights=arranged.reshape(-1), minlength=count) / sizes
        values[zero_groups] = 0.0
        shared = values.astype(np.float32)[groups]
        if per_channel:
            return from_channel_rows(shared, changed.shape, kind)
        return shared.reshape(changed.shape)

    return project
