"""What goes into a stage, what comes out of it, and what a stage declares of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from tinycompress.compression.checks.promises import Promises
from tinycompress.compression.network.kernels import kernel_layers
from tinycompress.compression.network.network import Layer, Network
from tinycompress.compression.stages.options import LayerChoice, StageOptions
from tinycompress.compression.training.trainer import Trainer

OptionsT = TypeVar("OptionsT", bound=StageOptions)

Table = Mapping[str, Any]
"""A ``[[stage]]`` table as it is in the file, not validated yet."""


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


@dataclass(frozen=True, eq=False)
class StageSpec(Generic[OptionsT]):
    """Everything that is to be known of a kind of stage.

    Attributes:
        options: What it can be told; the value of its ``kind`` is the stage's name.
        summary: What it does, in a line of the documentation.
        run: Does it; None for a stage that leaves the network as it is.
        saves: What of the device's figures it lowers, and on what condition; empty if none.
        promises: What every later stage keeps and every file is checked for, in words; empty if
            nothing.
        precedes: Kinds that it must come before, and why.
        follows: Kinds that it must come after, where both are, and why.
        last: Why no stage that changes the network can follow; empty if one can.
        conflict: What is wrong with the table of this stage at an index among the tables of all
            stages; empty if nothing.
        needs_board: What in the options is measured on a board, as in ``target = 'ram'``; empty if
            nothing.
        takes_untrained: Whether a recipe that begins with it takes a model that only guesses, and
            whether it wins back what the stage before it has lost.
        takes_channels: Whether layers have fewer channels after it.
        by_core: Whether the network that it makes depends on `Trainer.channel_multiple`.
    """

    options: type[OptionsT]
    summary: str
    run: Callable[[State, OptionsT, Trainer], State] | None
    saves: str = ""
    promises: str = ""
    precedes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    follows: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    last: str = ""
    conflict: Callable[[Sequence[Table], int], str] = lambda tables, index: ""
    needs_board: Callable[[OptionsT], str] = lambda options: ""
    takes_untrained: bool = False
    takes_channels: bool = False
    by_core: Callable[[OptionsT], bool] = lambda options: False

    @property
    def kind(self) -> str:
        """Its name in a recipe."""
        return str(self.options.model_fields["kind"].default)


def left_as_they_are(network: Network, layers: Iterable[Layer]) -> tuple[str, ...]:
    """A note on the layers with a kernel that a stage does not work on; empty if there is none."""
    names = {layer.name for layer in layers}
    left = [
        f"{layer.name} ({layer.kind})"
        for layer in kernel_layers(network)
        if layer.name not in names
    ]
    return (f"left as they are: {', '.join(left)}",) if left else ()


def chosen(layers: tuple[Layer, ...], choice: LayerChoice) -> tuple[Layer, ...]:
    """The layers that a stage works on: those it is not told to skip."""
    return tuple(
        layer
        for layer in layers
        if layer.name not in choice.skip and layer.kind not in choice.skip_types
    )
