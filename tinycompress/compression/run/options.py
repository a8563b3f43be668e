"""What each stage can be told: one frozen, validated class per kind of stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Ratio = Annotated[float, Field(gt=0, lt=1)]
Names = Annotated[tuple[str, ...], Field(strict=False)]
"""Layer names or class names; a TOML array."""


class Options(BaseModel):
    """Base: frozen, no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class FineTune(Options):
    """How the weights are trained after a stage changed them.

    ``epochs`` may be 0: no training. ``learning_rate`` is the optimizer's: constant, or with
    ``decay = "cosine"`` falling to zero over the steps as a cosine does.
    ``early_stop_epochs``: stop after so many epochs without a better validation loss, and take the
    best weights; None trains all epochs.
    """

    epochs: Annotated[int, Field(ge=0, le=10_000)] = 2
    optimizer: Literal["adam", "sgd", "rmsprop"] = "adam"
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    decay: Literal["none", "cosine"] = "none"
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 64
    early_stop_epochs: Annotated[int, Field(ge=1, le=10_000)] | None = None


class Distill(Options):
    """A teacher guides the fine-tuning.

    ``soft`` is Hinton's cross-entropy of outputs softened by ``temperature``, ``logits`` is Ba and
    Caruana's squared error of logits. ``weight`` is the teacher's share of the loss; the labels
    have the rest.
    """

    method: Literal["soft", "logits"] = "soft"
    temperature: Annotated[float, Field(gt=0, le=100)] = 4.0
    weight: Annotated[float, Field(gt=0, le=1)] = 0.5


class TrainedStage(Options):
    """Base of stages that fine-tune."""

    fine_tune: FineTune = FineTune()
    distill: Distill | None = None


class LayerChoice(Options):
    """Which layers a stage leaves alone, by name and by class."""

    skip: Names = ()
    skip_types: Names = ()


class Prune(TrainedStage, LayerChoice):
    """Weights of small magnitude become zero and stay zero.

    ``sparsity`` is the share of zeros of every kernel (``scope = "layer"``) or of all kernels
    together, ranked by magnitude (``"global"``); ``layer_sparsity`` has other shares for layers by
    name. ``polynomial`` rises from ``initial_sparsity``
    over the first ``ramp`` of the training steps; ``constant`` prunes at once. ``rounds`` repeats
    pruning and fine-tuning with rising targets. ``block_size`` prunes whole blocks of Dense
    kernels; ``m_by_n = [2, 4]`` makes 2 of 4 consecutive weights zero, which sets the sparsity.
    """

    kind: Literal["prune"] = "prune"
    sparsity: Ratio = 0.5
    scope: Literal["layer", "global"] = "layer"
    layer_sparsity: dict[str, Ratio] = Field(default_factory=dict)
    schedule: Literal["constant", "polynomial"] = "polynomial"
    initial_sparsity: Annotated[float, Field(ge=0, lt=1)] = 0.0
    ramp: Annotated[float, Field(gt=0, le=1)] = 0.6
    rounds: Annotated[int, Field(ge=1, le=100)] = 1
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

    @property
    def target(self) -> float:
        """Share of zeros that is asked for."""
        return self.sparsity if self.m_by_n is None else self.m_by_n[0] / self.m_by_n[1]

    def target_of(self, layer: str) -> float:
        """Share of zeros that is asked for in one layer."""
        return self.layer_sparsity.get(layer, self.target)


class Cluster(TrainedStage, LayerChoice):
    """Every kernel (or every output channel of it) has at most ``clusters`` distinct weights.

    Zeros that pruning made stay zero with ``keep_sparsity``; zero is then one of the values.
    """

    kind: Literal["cluster"] = "cluster"
    clusters: Annotated[int, Field(ge=2, le=256)] = 16
    initialization: Literal["linear", "kmeans++", "density", "random"] = "kmeans++"
    per_channel: bool = False
    keep_sparsity: bool = True


class Qat(TrainedStage):
    """Fine-tuning with int8 rounding in the loop; zeros and clusters of earlier stages are kept."""

    kind: Literal["qat"] = "qat"


class LowRank(TrainedStage, LayerChoice):
    """Dense layers and 1x1 convolutions become two thinner ones where that saves MACs.

    The rank is the least that keeps the share ``energy`` of the squared singular values, or
    ``rank_ratio`` of the full rank where that is given. With ``macs_budget`` it is the least that
    keeps the largest share of energy, the same for all layers, with which the model has at most so
    many MACs.
    """

    kind: Literal["low_rank"] = "low_rank"
    energy: Annotated[float, Field(gt=0, lt=1)] = 0.95
    rank_ratio: Ratio | None = None
    macs_budget: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_criterion(self) -> LowRank:
        given = self.model_fields_set & {"energy", "rank_ratio", "macs_budget"}
        if len(given) > 1:
            raise ValueError(f"{' and '.join(sorted(given))} exclude each other")
        return self


class PruneChannels(TrainedStage, LayerChoice):
    """Whole filters and neurons go, and the shapes with them.

    ``ratio`` is the share that goes: of channels (``target = "ratio"``), of the model's MACs, of
    its parameters, or of the RAM or latency that the board takes for it. ``budget`` says instead
    what may stay: MACs, parameters, bytes of RAM or microseconds. Channel counts stay
    multiples of ``multiple``, and at least ``min_channels``. With ``bn_gamma`` the fine-tuning
    before pruning can have the L1 penalty ``gamma_l1`` of network slimming for ``slim_epochs``.
    """

    kind: Literal["prune_channels"] = "prune_channels"
    ratio: Ratio = 0.5
    target: Literal["ratio", "macs", "parameters", "ram", "latency"] = "ratio"
    budget: Annotated[float, Field(gt=0)] | None = None
    importance: Literal["l1", "l2", "bn_gamma", "fpgm", "apoz", "mean_activation", "taylor"] = "l1"
    scope: Literal["layer", "global"] = "layer"
    multiple: Annotated[int, Field(ge=1, le=64)] = 1
    min_channels: Annotated[int, Field(ge=1, le=4096)] = 1
    slim_epochs: Annotated[int, Field(ge=0, le=1000)] = 0
    gamma_l1: Annotated[float, Field(gt=0, le=1)] = 1e-4
    samples: Annotated[int, Field(ge=1, le=100_000)] = 256

    @model_validator(mode="after")
    def _one_measure(self) -> PruneChannels:
        if self.budget is not None and self.target == "ratio":
            raise ValueError("budget needs a target: 'macs', 'parameters', 'ram' or 'latency'")
        if self.budget is not None and "ratio" in self.model_fields_set:
            raise ValueError("budget and ratio exclude each other")
        return self

    @model_validator(mode="after")
    def _slimming_needs_gamma(self) -> PruneChannels:
        if self.slim_epochs and self.importance != "bn_gamma":
            raise ValueError("slim_epochs goes with importance = 'bn_gamma' only")
        return self


class Train(TrainedStage):
    """Nothing but fine-tuning, by itself or with a teacher."""

    kind: Literal["train"] = "train"


class Convert(Options):
    """How the integer file is made after every stage: its type, and which samples set the ranges.

    ``activations`` are those of the file; its weights are int8 with either.
    """

    kind: Literal["convert"] = "convert"
    activations: Literal["int8", "int16"] = "int8"
    calibration_samples: Annotated[int, Field(ge=1, le=100_000)] = 500
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    balance_classes: bool = True


Stage = Annotated[
    Prune | Cluster | Qat | LowRank | PruneChannels | Train | Convert, Field(discriminator="kind")
]
