"""What a compression run reports and keeps: one row per stage, and the files behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from tinycompress.artifacts import Activations, LayerAgreement, OutputQuality
from tinycompress.compression.checks.invariants import KernelFacts
from tinycompress.compression.network.network import Array
from tinycompress.compression.run.recipe import Recipe
from tinycompress.quality.plain import quality_from_json, quality_json

StageFigures = Mapping[str, int | float]
"""Figures that the caller measures on an exported file, such as ``flash_bytes``."""

Evaluate = Callable[[bytes], StageFigures]
"""Measures one exported file: builds it for a board, for example."""


class Compare(Protocol):
    """Says, layer by layer, how an int8 file agrees with the float model that it was made from."""

    def __call__(
        self, model: Any, tflite: bytes, samples: tuple[Array, ...]
    ) -> tuple[LayerAgreement, ...]:
        """Compare a tf_keras model; ``samples`` has one array per input, batch first."""


class Export(Protocol):
    """Makes the int8 file of a model; the same model and samples give the same bytes."""

    def __call__(self, model: Any, calibration: tuple[Array, ...]) -> bytes:
        """Convert a tf_keras model; ``calibration`` has one array per input, batch first."""


_SAVES_NOTHING = "saves nothing"


@dataclass(frozen=True)
class StageRow:
    """One row of the report.

    Accuracies are the means of the outputs' scores on the validation data, accuracy of classes,
    macro F1 of labels, R² of values; ``quality`` has each by its name, of the integer file beside
    the float model of the stage. ``int8_accuracy`` is that of the integer file, whose
    ``activations`` may be int16. ``figures`` are what
    ``evaluate`` returned, and ``measured_on`` says where.
    """

    index: int
    stage: str
    float_accuracy: float
    int8_accuracy: float
    parameters: int
    nonzero_parameters: int
    macs: int
    tflite_bytes: int
    tflite_sha256: str
    kernels: tuple[KernelFacts, ...]
    figures: StageFigures = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    measured_on: str = ""
    activations: Activations = "int8"
    quality: tuple[OutputQuality, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            **asdict(replace(self, figures={}, quality=())),
            "figures": dict(self.figures),
            "quality": [quality_json(one) for one in self.quality],
        }

    def with_figures(
        self, figures: StageFigures, measured_on: str, previous: StageRow | None
    ) -> StageRow:
        """The row with what its file takes where it was measured, and what that does not save.

        Args:
            figures: As ``evaluate`` returned them.
            measured_on: Name of the place.
            previous: The row before, measured there too; None for the first.
        """
        row = replace(
            self,
            figures=figures,
            measured_on=measured_on,
            notes=tuple(note for note in self.notes if not note.startswith(_SAVES_NOTHING)),
        )
        return replace(row, notes=row.notes + _saves_nothing(row, previous))

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> StageRow:
        """The inverse of :meth:`to_json`."""
        fields = dict(value)
        fields["kernels"] = tuple(KernelFacts(**fact) for fact in value["kernels"])
        fields["notes"] = tuple(value["notes"])
        fields["quality"] = tuple(quality_from_json(one) for one in value.get("quality", ()))
        return StageRow(**fields)


def _saves_nothing(row: StageRow, previous: StageRow | None) -> tuple[str, ...]:
    """What a stage did not save on the device, as a note; empty if it saved flash."""
    if previous is None:
        return ()
    now, before, where = row.tflite_bytes, previous.tflite_bytes, "in the .tflite"
    # A model that does not fit has no bytes in flash.
    if "flash_bytes" in row.figures and "flash_bytes" in previous.figures:
        now, before = int(row.figures["flash_bytes"]), int(previous.figures["flash_bytes"])
        where = "on the device"
    if now < before:
        return ()
    return (f"{_SAVES_NOTHING} {where}: {now} bytes after {before}",)


RowListener = Callable[[StageRow], None]
"""Told of every finished stage, also of one that an earlier run finished."""


def no_listener(row: StageRow) -> None:
    """Listen to nothing."""


@dataclass(frozen=True, eq=False)
class CompressionResult:
    """A finished run.

    ``model`` is the compressed float model in the Keras that the user's model is of; ``tflite`` is
    the int8 file after the last stage. ``rows[0]`` is the model before compression.
    """

    recipe: Recipe
    rows: tuple[StageRow, ...]
    model: Any
    tflite: bytes
    directory: Path | None
