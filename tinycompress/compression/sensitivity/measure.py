"""Measure how sensitive the layers of a network are: one kernel at a time is changed, in place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from tinycompress import _tf
from tinycompress._progress import Progress, no_progress
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, mean_score, tasks_of, tasks_without_labels
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.kernels import (
    kernel_layers,
    kernel_of,
    macs_of_layer,
)
from tinycompress.compression.network.network import Array, Layer, Network
from tinycompress.compression.network.variables import KernelVariable
from tinycompress.compression.sensitivity.changes import changed_kernel
from tinycompress.compression.sensitivity.divergence import kl_divergence
from tinycompress.compression.sensitivity.hessian import Trace, hessian_traces
from tinycompress.compression.sensitivity.table import (
    Change,
    LayerSensitivity,
    Point,
    SensitivityTable,
)
from tinycompress.errors import ConfigError

SPARSITIES = (0.3, 0.5, 0.7, 0.8, 0.9)
CLUSTERS = (32, 16, 8, 4)
BITS = (8, 4, 3, 2, 1)
_FEW_SAMPLES = 64


@dataclass(frozen=True)
class SensitivityOptions:
    """What is measured, and on how much.

    Attributes:
        sparsities: Shares of zeros that each layer is pruned to, between 0 and 1.
        clusters: Numbers of values that the integers of each layer share, 2 to 256.
        bits: Bits of each layer's weights, 1 to 8.
        samples: At most so many samples are drawn.
        hessian: Whether the Hessian's traces are estimated where there are labels.
        hessian_samples: At most so many of the samples are used for that.
        hessian_probes: At most so many random vectors are.
        seed: Which samples are drawn, and the vectors.
    """

    sparsities: tuple[float, ...] = SPARSITIES
    clusters: tuple[int, ...] = CLUSTERS
    bits: tuple[int, ...] = BITS
    samples: int = 256
    hessian: bool = True
    hessian_samples: int = 128
    hessian_probes: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("sparsities", 0.0, 1.0), ("clusters", 2, 256), ("bits", 1, 8),
        ):  # fmt: skip
            wrong = [value for value in getattr(self, name) if not low <= value <= high]
            if wrong:
                raise ConfigError(f"{name}: {wrong[0]}; allowed: {low:g} to {high:g}")
        for name in ("samples", "hessian_samples", "hessian_probes"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed: 1 or more")

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is done to every layer."""
        return (
            *(Change("prune", share) for share in self.sparsities),
            *(Change("cluster", count) for count in self.clusters),
            *(Change("bits", bits) for bits in self.bits),
        )


def measure_sensitivity(
    network: Network,
    data: Data,
    *,
    options: SensitivityOptions | None = None,
    layers: Collection[str] | None = None,
    progress: Progress = no_progress,
) -> SensitivityTable:
    """Measure what changes of single layers cost a network.

    BatchNormalization is folded first: what is changed are the kernels that the int8 file holds.
    One model is built; for every point one kernel of it is replaced and put back. Activations stay
    float. Of all points the KL divergence of the outputs is measured, as ZeroQ does (Cai et al.,
    2020); with labels the accuracy too, and once for every layer the trace of the Hessian of the
    loss, as HAWQ-V2 does (Dong et al., 2020).

    Args:
        network: A trained network.
        data: Samples of any number; ``labels`` is empty where there are none.
        options: What is measured, on how much.
        layers: Names of the layers to change; None changes each that has a kernel.
        progress: Told of every point.

    Returns:
        One row for every such layer, in order of first use.

    Raises:
        ConfigError: There is no layer with a kernel, labels do not fit the outputs, or an output is
            not finite.
    """
    options = options or SensitivityOptions()
    folded = fold_batch_norms(network)
    changed = tuple(
        layer for layer in kernel_layers(folded) if layers is None or layer.name in layers
    )
    if not changed:
        raise ConfigError(f"model {network.name!r} has no layer with a kernel to change")
    sample = _drawn(data, options.samples, options.seed)
    bench = _Bench(folded, _tasks(folded, data), sample)
    points = _points(bench, changed, options, progress)
    traces, used = _traces(bench, changed, options, progress)
    return SensitivityTable(
        model=network.name,
        samples=len(sample),
        hessian_samples=used,
        seed=options.seed,
        accuracy=bench.accuracy(bench.reference),
        layers=tuple(_row(folded, *each) for each in zip(changed, points, traces, strict=True)),
        notes=_notes(len(sample), bool(data.labels)),
    )


def _row(
    network: Network, layer: Layer, points: tuple[Point, ...], trace: Trace | None
) -> LayerSensitivity:
    return LayerSensitivity(
        layer.name,
        layer.kind,
        int(kernel_of(layer).size),
        macs_of_layer(network, layer),
        points,
        None if trace is None else trace.value,
        None if trace is None else trace.error,
    )


def _tasks(network: Network, data: Data) -> tuple[Task, ...]:
    return tasks_of(network, data) if data.labels else tasks_without_labels(network)


def _drawn(data: Data, count: int, seed: int) -> Data:
    order = np.random.default_rng(seed).permutation(len(data))
    return data.take(np.sort(order[:count]))


def _notes(samples: int, labelled: bool) -> tuple[str, ...]:
    notes = []
    if samples < _FEW_SAMPLES:
        notes.append(f"{samples} samples are few: below {_FEW_SAMPLES} the figures are noisy")
    if not labelled:
        notes.append("there are no labels: neither accuracy nor the Hessian's trace is known")
    return tuple(notes)


class _Bench:
    """A model whose kernels are changed in place, with the outputs that it has unchanged."""

    def __init__(self, network: Network, tasks: tuple[Task, ...], data: Data) -> None:
        self.model = build_model(network, "tf_keras")
        self.tasks, self.data = tasks, data
        self.reference = predict(self.model, data.inputs)
        if not all(np.all(np.isfinite(output)) for output in self.reference):
            raise ConfigError(
                f"model {network.name!r} has outputs that are not finite on these samples",
                hint="are the samples scaled as they were for training?",
            )

    def kernel(self, layer: Layer) -> KernelVariable:
        """What holds a layer's kernel."""
        return KernelVariable(self.model.get_layer(layer.name))

    def point(self, layer: Layer, change: Change, seed: int) -> Point:
        """What a change of a layer costs; the kernel is put back."""
        kernel = kernel_of(layer)
        changed = changed_kernel(kernel, layer.kind, change, seed=seed)
        variable = self.kernel(layer)
        try:
            variable.assign(changed)
            outputs = predict(self.model, self.data.inputs)
        finally:
            variable.assign(kernel)
        divergences = [
            kl_divergence(task, before, after)
            for task, before, after in zip(self.tasks, self.reference, outputs, strict=True)
        ]
        error = float(np.sum((changed.astype(np.float64) - kernel) ** 2))
        return Point(change, float(np.sum(divergences)), self.accuracy(outputs), error)

    def accuracy(self, outputs: tuple[Array, ...]) -> float | None:
        """Score of outputs; None without labels."""
        if not self.data.labels:
            return None
        return mean_score(self.tasks, self.data, outputs)


def _points(
    bench: _Bench, layers: Sequence[Layer], options: SensitivityOptions, progress: Progress
) -> list[tuple[Point, ...]]:
    """What every change of every layer costs."""
    count = len(options.changes)
    found = []
    for number, layer in enumerate(layers):
        points = []
        for position, change in enumerate(options.changes):
            done = number * count + position
            progress(f"sensitivity: {layer.name}", done, len(layers) * count)
            points.append(bench.point(layer, change, options.seed))
        found.append(tuple(points))
    return found


def _traces(
    bench: _Bench, layers: Sequence[Layer], options: SensitivityOptions, progress: Progress
) -> tuple[tuple[Trace | None, ...], int]:
    """The trace of every layer with how many samples it was taken on."""
    if not bench.data.labels or not options.hessian:
        return (None,) * len(layers), 0
    data = _drawn(bench.data, options.hessian_samples, options.seed)
    with _tf.quiet():
        traces = hessian_traces(
            bench.model,
            [bench.kernel(layer).parts for layer in layers],
            bench.tasks,
            data,
            probes=options.hessian_probes,
            seed=options.seed,
            progress=progress,
        )
    return traces, len(data)
