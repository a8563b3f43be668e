"""Stage ``low_rank``: layers become chains of thinner ones, where that pays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tinycompress.compression.checks.promises import projections
from tinycompress.compression.factors.base import Factored
from tinycompress.compression.factors.ranks import Wish
from tinycompress.compression.factors.registry import FACTORISATIONS, Method
from tinycompress.compression.network.kernels import kernel_layers, macs
from tinycompress.compression.network.network import Network
from tinycompress.compression.stages.base import StageSpec, State, chosen
from tinycompress.compression.stages.options import LayerChoice, Ratio, TrainedStage
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

_LEAST_ENERGY = 1e-6
_SEARCH_STEPS = 20
_FIGURES = {"latency": "latency_us", "flash": "flash_bytes"}
_UNITS = {"latency": "us", "flash": "bytes"}


class LowRank(TrainedStage, LayerChoice):
    """Layers become chains of thinner ones where that saves something.

    ``method``: ``svd`` splits Dense layers and 1x1 convolutions, the others convolutions of more
    positions: ``tucker`` and ``cp`` into 1x1 convolutions with a thin window between them,
    ``spatial`` into a column and a row.

    The rank is the least that keeps the share ``energy`` of the squared singular values, or
    ``rank_ratio`` of the full rank where that is given, or with ``vbmf`` what stands out of the
    noise. With ``macs_budget`` it is the least that keeps the largest share of energy, the same for
    all layers, with which the model has at most so many MACs.

    ``keep``: a chain stays where it has fewer MACs than the layer; with ``latency`` or ``flash``
    where the firmware on the board takes less of that as well.
    """

    kind: Literal["low_rank"] = "low_rank"
    method: Method = "svd"
    energy: Annotated[float, Field(gt=0, lt=1)] = 0.95
    rank_ratio: Ratio | None = None
    vbmf: bool = False
    macs_budget: Annotated[int, Field(ge=1)] | None = None
    keep: Literal["macs", "latency", "flash"] = "macs"

    @model_validator(mode="after")
    def _one_criterion(self) -> LowRank:
        given = self.model_fields_set & {"energy", "rank_ratio", "macs_budget"}
        if self.vbmf:
            given = given | {"vbmf"}
        if len(given) > 1:
            raise ValueError(f"{' and '.join(sorted(given))} exclude each other")
        return self

    @property
    def wish(self) -> Wish:
        """How ranks are chosen."""
        if self.vbmf:
            return Wish(vbmf=True)
        return Wish(ratio=self.rank_ratio) if self.rank_ratio else Wish(energy=self.energy)


def low_rank(state: State, options: LowRank, trainer: Trainer) -> State:
    """Split every layer that gets cheaper by it, and fine-tune.

    A layer stays whole where the rank that is asked for costs as many MACs as it has, or where it
    is shared.

    Returns:
        The model with split layers: ``name`` keeps its outputs, the others of its chain, called
        ``name_…``, come before it.

    Raises:
        ConfigError: The budget cannot be kept; the nearest that can is named. Or what fits tensors
            is not installed.
    """
    if options.macs_budget is not None:
        options = _within_budget(state.network, options, options.macs_budget)
    network, notes = _all_split(state.network, options, trainer)
    network = train_network(
        network,
        trainer,
        options.fine_tune,
        options.distill,
        projections(network, state.promises, trainer.seed),
        label="low_rank",
    )
    return State(network, state.promises, notes or ("no layer could be split",))


def _all_split(
    network: Network, options: LowRank, trainer: Trainer | None = None
) -> tuple[Network, tuple[str, ...]]:
    """The network with all layers in factors that stay so; on the board only with a trainer."""
    factorisation, notes = FACTORISATIONS[options.method], []
    for layer in chosen(kernel_layers(network), options):
        calls = network.calls_of(layer.name)
        if not factorisation.takes(layer) or len(calls) != 1:
            continue
        found = factorisation.run(network, calls[0], options.wish)
        split = network.replace_call(calls[0], found.chain)
        why = _why_whole(network, split, options, trainer)
        notes.append(f"{layer.name}: {_told(found, why)}")
        network = network if why else split
    return network, tuple(notes)


def _told(found: Factored, why: str) -> str:
    return f"kept whole; {found.ranks} would not lower {why}" if why else found.ranks


def _why_whole(whole: Network, split: Network, options: LowRank, trainer: Trainer | None) -> str:
    """What a chain would not save; empty if it stays."""
    if macs(split) >= macs(whole):
        return "its MACs"
    if options.keep == "macs" or trainer is None or trainer.cost is None:
        return ""
    figure = _FIGURES[options.keep]
    before, after = (trainer.cost(one, figure) for one in (whole, split))
    if after < before:
        return ""
    return f"the {options.keep}: {after:,.0f} {_UNITS[options.keep]} after {before:,.0f}"


def _within_budget(network: Network, options: LowRank, budget: int) -> LowRank:
    """The same options by energy: the largest share with which the budget is kept."""

    def by_energy(energy: float) -> LowRank:
        return options.model_copy(update={"energy": energy, "macs_budget": None})

    def cost(energy: float) -> int:
        return macs(_all_split(network, by_energy(energy))[0])

    low, high = _LEAST_ENERGY, 1.0 - _LEAST_ENERGY
    if cost(low) > budget:
        raise ConfigError(
            f"low_rank: a budget of {budget:,} MACs cannot be kept; the nearest that can is"
            f" {cost(low):,} of now {macs(network):,}",
            hint="raise macs_budget, or skip fewer layers",
        )
    for _ in range(_SEARCH_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(middle) <= budget else (low, middle)
    return by_energy(low)


def _needs_board(options: LowRank) -> str:
    return "" if options.keep == "macs" else f"keep = {options.keep!r}"


SPEC = StageSpec(
    LowRank,
    summary="splits Dense layers and convolutions into thinner ones: SVD, Tucker, CP, or rows and"
    " columns",
    run=low_rank,
    saves="flash, latency",
    precedes=dict.fromkeys(
        ("prune", "cluster", "weight_bits"),
        "the factors of a pruned or clustered kernel are neither",
    ),
    needs_board=_needs_board,
)
