"""What stages have in common in what they can be told; each one adds keys of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field, model_validator

from tinycompress.compression.options import Options
from tinycompress.compression.training.options import Distill, FineTune

Ratio = Annotated[float, Field(gt=0, lt=1)]
Names = Annotated[tuple[str, ...], Field(strict=False)]
"""Layer names or class names; a TOML array."""


class StageOptions(Options):
    """One ``[[stage]]`` table. A stage's own class gives ``kind`` one value, its name."""

    kind: str

    def layer_names(self) -> Mapping[str, Iterable[str]]:
        """By key, the names of layers that the table mentions."""
        return {}

    def layer_types(self) -> Mapping[str, Iterable[str]]:
        """By key, the classes of layers that the table mentions."""
        return {}


class TrainedStage(StageOptions):
    """Base of stages that fine-tune."""

    fine_tune: FineTune = FineTune()
    distill: Distill | None = None

    @model_validator(mode="after")
    def _outputs_are_taught(self) -> TrainedStage:
        epochs, alone = self.fine_tune.epochs, self.distill and self.distill.feature_epochs
        if alone and epochs and alone >= epochs:
            raise ValueError(
                f"distill.feature_epochs {alone} leaves none of {epochs} epochs for the outputs"
            )
        return self


class LayerChoice(StageOptions):
    """Which layers a stage leaves alone, by name and by class."""

    skip: Names = ()
    skip_types: Names = ()

    def layer_names(self) -> Mapping[str, Iterable[str]]:
        """By key, the names of layers that the table mentions."""
        return {"skip": self.skip}

    def layer_types(self) -> Mapping[str, Iterable[str]]:
        """By key, the classes of layers that the table mentions."""
        return {"skip_types": self.skip_types}
