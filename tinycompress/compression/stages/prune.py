"""Stage ``prune``: TF-MOT's magnitude pruning, with the masks applied and checked for certain.

TF-MOT prunes only at steps that its schedule's frequency (100 by default) divides: a short
training prunes nothing and says nothing. Here the schedule is laid out over the steps that there
are, and the kernels are masked to the target at the end whatever the schedule did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from tinycompress import _tf
from tinycompress.compression.checks.promises import SparsePromise, projections
from tinycompress.compression.criteria.weights import WEIGHTS, WeightCriterion
from tinycompress.compression.network.build import build_model, weights_of
from tinycompress.compression.network.kernels import (
    PRUNABLE,
    kernel_layers,
    kernel_of,
    sparsity,
    with_kernel,
)
from tinycompress.compression.network.network import Array, Layer, Network
from tinycompress.compression.stages.base import StageSpec, State, Table, chosen
from tinycompress.compression.stages.masks import (
    block_mask,
    global_sparsities,
    m_by_n_mask,
    magnitude_mask,
)
from tinycompress.compression.stages.options import LayerChoice, Ratio, TrainedStage
from tinycompress.compression.stages.prune_by_scores import Rewind, Scoring, pruned_by_scores
from tinycompress.compression.training.entropy import coded_kernels
from tinycompress.compression.training.fine_tune import fine_tune, projected
from tinycompress.compression.training.trainer import Trainer, steps_per_epoch
from tinycompress.errors import ConfigError

_UPDATES = 50
"""At most about so many mask updates in one training; each one sorts every kernel."""


class Prune(TrainedStage, LayerChoice):
    """Weights of small magnitude become zero and stay zero.

    ``sparsity`` is the share of zeros of every kernel (``scope = "layer"``) or of all kernels
    together, ranked by magnitude (``"global"``); ``layer_sparsity`` has other shares for layers by
    name. ``polynomial`` rises from ``initial_sparsity``
    over the first ``ramp`` of the training steps; ``constant`` prunes at once. ``rounds`` repeats
    pruning and fine-tuning with rising targets. ``block_size`` prunes whole blocks of Dense
    kernels; ``m_by_n = [2, 4]`` makes 2 of 4 consecutive weights zero, which sets the sparsity.

    ``criterion`` scores weights otherwise than by magnitude, on ``samples`` of the training data;
    ``rewind`` takes what is left back to the weights that the stage began with, after every round
    (``"weights"`` or true); or, with ``"learning_rate"``, the rate alone, which must fall. Either
    prunes at once, round by round.
    """

    kind: Literal["prune"] = "prune"
    sparsity: Ratio = 0.5
    scope: Literal["layer", "global"] = "layer"
    layer_sparsity: dict[str, Ratio] = Field(default_factory=dict)
    schedule: Literal["constant", "polynomial"] = "polynomial"
    initial_sparsity: Annotated[float, Field(ge=0, lt=1)] = 0.0
    ramp: Annotated[float, Field(gt=0, le=1)] = 0.6
    rounds: Annotated[int, Field(ge=1, le=100)] = 1
    criterion: WeightCriterion = "magnitude"
    rewind: Literal["weights", "learning_rate"] | bool = False
    samples: Annotated[int, Field(ge=1, le=100_000)] = 1024
    block_size: Annotated[
        tuple[Annotated[int, Field(ge=1, le=64)], Annotated[int, Field(ge=1, le=64)]],
        Field(strict=False),
    ] = (1, 1)
    block_pooling: Literal["average", "max"] = "average"
    m_by_n: (
        Annotated[
            tuple[Annotated[int, Field(ge=1, le=15)], Annotated[int, Field(ge=2, le=16)]],
            Field(strict=False),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _fitting_together(self) -> Prune:
        if self.initial_sparsity > self.sparsity:
            raise ValueError(
                f"initial_sparsity {self.initial_sparsity} is above sparsity {self.sparsity}"
            )
        if self.m_by_n is not None:
            zeros, of = self.m_by_n
            if zeros >= of:
                raise ValueError(f"m_by_n {list(self.m_by_n)} leaves no weight; allowed: m < n")
            if self.block_size != (1, 1) or self.scope == "global":
                raise ValueError("m_by_n goes with neither block_size nor scope = 'global'")
            if "sparsity" in self.model_fields_set and abs(self.sparsity - zeros / of) > 1e-9:
                raise ValueError(
                    f"m_by_n {list(self.m_by_n)} is a sparsity of {zeros / of:g}, not"
                    f" {self.sparsity:g}; leave sparsity out"
                )
        if self.layer_sparsity and (self.scope == "global" or self.m_by_n is not None):
            raise ValueError("layer_sparsity goes with neither scope = 'global' nor m_by_n")
        if self.block_size != (1, 1) and self.scope == "global":
            raise ValueError("block_size does not go with scope = 'global'")
        return self

    @model_validator(mode="after")
    def _scores_prune_at_once(self) -> Prune:
        if not self.by_scores:
            return self
        if self.rewind == "learning_rate" and self.fine_tune.decay == "none":
            raise ValueError(
                "rewind = 'learning_rate' begins its fall anew, and it does not fall: set"
                " fine_tune.decay to 'cosine'"
            )
        why = "rewind" if self.rewind else f"criterion = {self.criterion!r}"
        gradual = ("schedule", "initial_sparsity", "ramp", "block_size", "m_by_n")
        wrong = [name for name in gradual if name in self.model_fields_set]
        if wrong:
            raise ValueError(f"{why} prunes weight by weight and at once: no {', '.join(wrong)}")
        return self

    @property
    def by_scores(self) -> bool:
        """Whether weights are scored here, in place of TF-MOT's pruning by magnitude."""
        return self.rewind is not False or self.criterion != "magnitude"

    @property
    def target(self) -> float:
        """Share of zeros that is asked for."""
        return self.sparsity if self.m_by_n is None else self.m_by_n[0] / self.m_by_n[1]

    def target_of(self, layer: str) -> float:
        """Share of zeros that is asked for in one layer."""
        return self.layer_sparsity.get(layer, self.target)

    def layer_names(self) -> Mapping[str, Iterable[str]]:
        """By key, the names of layers that the table mentions."""
        return {**super().layer_names(), "layer_sparsity": self.layer_sparsity}


def prune(state: State, options: Prune, trainer: Trainer) -> State:
    """Prune a network and fine-tune what is left.

    Args:
        state: The model and what was promised of it.
        options: What to prune and how.
        trainer: Data and teacher.

    Returns:
        The pruned model, with a promise for every pruned layer.

    Raises:
        ConfigError: Nothing to prune, a target that empties a layer, or a block or pattern that a
            layer cannot have.
    """
    layers = _layers_to_prune(state.network, options)
    if options.by_scores:
        return _by_scores(state, tuple(layer.name for layer in layers), options, trainer)
    network = state.network
    reached = {layer.name: sparsity(kernel_of(layer)) for layer in layers}
    for number in range(1, options.rounds + 1):
        part = number / options.rounds
        names = [layer.name for layer in layers]
        targets = _targets(network, names, options, part)
        ramp = {
            name: _Ramp(
                start=max(reached[name], options.initial_sparsity if number == 1 else 0.0),
                end=max(targets[name], reached[name]),
            )
            for name in names
        }
        network = _trained(network, state, ramp, options, trainer, number)
        network = _masked(network, ramp, options)
        reached = {name: sparsity(kernel_of(network.layers[name])) for name in names}
    promised = {
        name: SparsePromise(
            _promised(network, name, ramp[name].end, options), options.m_by_n, options.block_size
        )
        for name in ramp
    }
    return State(network, state.promises.with_sparse(promised), _notes(network, options))


def _by_scores(state: State, names: tuple[str, ...], options: Prune, trainer: Trainer) -> State:
    def targets(scores: Mapping[str, Array], part: float) -> dict[str, float]:
        if options.scope == "global":
            return global_sparsities(scores, options.target * part)
        return {name: options.target_of(name) * part for name in names}

    rewind: Rewind = "weights" if options.rewind is True else options.rewind or "nothing"
    scoring = Scoring(WEIGHTS[options.criterion], options.samples, options.rounds, rewind)
    network = pruned_by_scores(
        state.network, names, targets, scoring, trainer, options.fine_tune, options.distill
    )
    promised = {name: SparsePromise(sparsity(kernel_of(network.layers[name]))) for name in names}
    return State(network, state.promises.with_sparse(promised), _notes(network, options))


@dataclass(frozen=True)
class _Ramp:
    start: float
    end: float


def _layers_to_prune(network: Network, options: Prune) -> tuple[Layer, ...]:
    layers = chosen(
        tuple(layer for layer in kernel_layers(network) if layer.kind in PRUNABLE), options
    )
    if not layers:
        raise ConfigError(
            "prune: no layer is left to prune",
            hint=f"prunable are {', '.join(PRUNABLE)}; see skip and skip_types",
        )
    names = {layer.name for layer in layers}
    problems = [
        f"layer {name!r} has a layer_sparsity, and is not pruned"
        for name in options.layer_sparsity
        if name not in names
    ]
    for layer in layers:
        kernel, target = kernel_of(layer), options.target_of(layer.name)
        if options.block_size != (1, 1) and kernel.ndim != 2:
            problems.append(f"layer {layer.name!r} ({layer.kind}): blocks are for Dense only")
        if options.m_by_n is not None and layer.kind not in ("Dense", "Conv2D"):
            problems.append(f"layer {layer.name!r} ({layer.kind}): m_by_n is for Dense and Conv2D")
        if options.scope == "layer" and kernel.size * (1 - target) < 0.5:
            problems.append(
                f"layer {layer.name!r}: sparsity {target:g} leaves none of its"
                f" {kernel.size} weights"
            )
    if problems:
        raise ConfigError(
            "\n  - ".join(("prune: some layers cannot be pruned so", *problems)),
            hint="skip them: skip = [...] or skip_types = [...]",
        )
    return layers


def _targets(network: Network, names: list[str], options: Prune, part: float) -> dict[str, float]:
    """Sparsity of every layer when a part of the way to the target is gone."""
    if options.scope == "layer":
        return {name: options.target_of(name) * part for name in names}
    kernels = {name: kernel_of(network.layers[name]) for name in names}
    return global_sparsities(kernels, options.target * part)


def _trained(
    network: Network,
    state: State,
    ramp: dict[str, _Ramp],
    options: Prune,
    trainer: Trainer,
    number: int,
) -> Network:
    tune = options.fine_tune
    if tune.epochs == 0:
        return network
    _tf.make_deterministic(trainer.seed)
    tfmot = _tf.tfmot().sparsity.keras
    steps = tune.epochs * steps_per_epoch(trainer, tune)
    plain = build_model(network, "tf_keras")

    def wrap(layer: Any) -> Any:
        if layer.name not in ramp:
            return layer
        if type(layer).__name__ == "Conv1DTranspose":  # which TF-MOT's own list lacks
            layer.get_prunable_weights = lambda: [layer.kernel]
        parameters = _parameters(ramp[layer.name], options, steps)
        wrapper = tfmot.prune_low_magnitude(layer, **parameters)
        # The wrapper would hand masks of steps to layers that have no argument for them.
        wrapper._call_spec.expects_mask_arg = layer._call_spec.expects_mask_arg
        return wrapper

    with _tf.quiet():
        model = _tf.tf_keras().models.clone_model(plain, clone_function=wrap)
    fine_tune(
        model,
        trainer,
        tune,
        options.distill,
        kernels=projected(plain, projections(network, state.promises, trainer.seed)),
        coded=coded_kernels(network, lambda name: plain.get_layer(name).weights[0]),
        callbacks=(tfmot.UpdatePruningStep(),),
        first_best_epoch=ceil(tune.epochs * options.ramp),
        label=f"prune round {number}",
    )
    # The wrappers hold the layers of the plain model, not copies.
    return weights_of(plain, network)


def _parameters(ramp: _Ramp, options: Prune, steps: int) -> dict[str, Any]:
    tfmot = _tf.tfmot().sparsity.keras
    last = max(1, round(steps * options.ramp))
    every = max(1, last // _UPDATES)
    schedule: Any
    if options.schedule == "polynomial" and last > every and ramp.end > ramp.start:
        schedule = tfmot.PolynomialDecay(
            ramp.start, ramp.end, begin_step=0, end_step=last // every * every, frequency=every
        )
    else:
        schedule = tfmot.ConstantSparsity(ramp.end, begin_step=0, frequency=every)
    return {
        "pruning_schedule": schedule,
        "block_size": options.block_size,
        "block_pooling_type": "AVG" if options.block_pooling == "average" else "MAX",
        "sparsity_m_by_n": options.m_by_n,
    }


def _masked(network: Network, ramp: dict[str, _Ramp], options: Prune) -> Network:
    changed = []
    for name, item in ramp.items():
        layer = network.layers[name]
        kernel = kernel_of(layer)
        changed.append(with_kernel(layer, kernel * _mask(kernel, options, item.end)))
    return network.with_layers(changed)


def _mask(kernel: Array, options: Prune, target: float) -> Array:
    if options.m_by_n is not None:
        return m_by_n_mask(kernel, options.m_by_n)
    if options.block_size != (1, 1):
        return block_mask(kernel, options.block_size, options.block_pooling, target)
    return magnitude_mask(kernel, target)


def _promised(network: Network, name: str, target: float, options: Prune) -> float:
    """The target, or what whole blocks and groups that the kernel's edge cuts short allow."""
    if options.m_by_n is None and options.block_size == (1, 1):
        return target
    return min(target, sparsity(kernel_of(network.layers[name])))


def _notes(network: Network, options: Prune) -> tuple[str, ...]:
    left = [
        f"{layer.name} ({layer.kind})"
        for layer in kernel_layers(network)
        if layer.kind not in PRUNABLE
    ]
    notes = [f"left dense: {', '.join(left)}"] if left else []
    zeros = sum(int(np.sum(kernel_of(layer) == 0)) for layer in kernel_layers(network))
    total = sum(kernel_of(layer).size for layer in kernel_layers(network))
    notes.append(f"{zeros} of {total} kernel weights are zero ({zeros / total:.1%})")
    return tuple(notes)


def _brings_weights_back(tables: Sequence[Table], index: int) -> str:
    sparsity = _sparsity_in(tables[index])
    earlier = [table for table in tables[:index] if table.get("kind") == "prune"]
    reached = max((_sparsity_in(table) or 0.0 for table in earlier), default=0.0)
    if sparsity is None or tables[index].get("m_by_n") is not None or sparsity >= reached:
        return ""
    return (
        f"sparsity {sparsity:g} is below the {reached:g} that an earlier stage made;"
        " zeros do not come back"
    )


def _sparsity_in(table: Table) -> float | None:
    value = table.get("sparsity", Prune.model_fields["sparsity"].default)
    return float(value) if isinstance(value, int | float) else None


SPEC = StageSpec(
    Prune,
    summary="makes weights zero, those of small magnitude or by another criterion: one by one, in"
    " blocks, or m of n",
    run=prune,
    saves="flash, if encoded",
    promises="at least so many zeros, in whole blocks, m of n",
    precedes={
        "cluster": "pruning would break the clusters; cluster keeps the zeros of prune",
        "weight_bits": "pruning needs no grid; weight_bits keeps the zeros of prune",
    },
    conflict=_brings_weights_back,
)
