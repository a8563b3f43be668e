"""What goes into a stage and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tinycompress import _tf
from tinycompress.compression.checks.promises import Projection, Promises
from tinycompress.compression.network.build import build_model, weights_of
from tinycompress.compression.network.network import Layer, Network
from tinycompress.compression.run.options import Distill, FineTune, LayerChoice
from tinycompress.compression.stages.training import Trainer, fine_tune


@dataclass(frozen=True, eq=False)
class State:
    """A model on its way through a recipe.

    ``export_model`` is the tf_keras model to convert where it is more than the network: the one
    with the int8 ranges that quantisation-aware training found. ``notes`` are of the last stage.
    """

    network: Network
    promises: Promises = field(default_factory=Promises)
    notes: tuple[str, ...] = ()
    export_model: Any = None


def chosen(layers: tuple[Layer, ...], choice: LayerChoice) -> tuple[Layer, ...]:
    """The layers that a stage works on: those it is not told to skip."""
    return tuple(
        layer
        for layer in layers
        if layer.name not in choice.skip and layer.kind not in choice.skip_types
    )


def train_network(
    network: Network,
    trainer: Trainer,
    options: FineTune,
    distill: Distill | None,
    projections: Mapping[str, Projection],
    *,
    label: str,
) -> Network:
    """Fine-tune a network while projections keep the kernels of some layers where they belong.

    Returns:
        The network with trained weights.
    """
    if options.epochs == 0:
        return network
    _tf.make_deterministic(trainer.seed)
    model = build_model(network, "tf_keras")
    kernels = {
        name: (model.get_layer(name).weights[0], project) for name, project in projections.items()
    }
    fine_tune(model, trainer, options, distill, kernels=kernels, label=label)
    return weights_of(model, network)
