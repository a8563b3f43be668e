"""What a caller chooses about a conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from tinycompress.artifacts import Activations, ExactTo, WeightType
from tinycompress.calibrators.registry import PLAIN, calibrator_names
from tinycompress.errors import ConfigError


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert.

    Attributes:
        activations: Type of the activations, of inputs and outputs too; weights are int8 with
            either. None is int8 for a model that is converted, and whatever a ``.tflite`` has.
        weights: Integers of the weights: int8, or int4 from -7 to 7, which the file holds as int8;
            see `int4_weights`.
        calibration_samples: At most so many samples set the ranges.
        evaluation_samples: At most so many labelled samples are classified to count accuracy.
        seed: Which samples are drawn when there are more.
        per_channel_dense: One weight scale for every output of a Dense layer, as TensorFlow 2.16
            and newer do by default, instead of one for the layer. Convolutions have one for every
            channel either way.
        per_tensor_weights: One weight scale for every layer, convolutions too: not beside
            ``per_channel_dense``.
        calibrator: What sets the ranges of int8 activations: a name of
            `calibrators.registry.calibrator_names`. int16 activations have ``minmax`` alone.
        symmetric_activations: Whether the zero point of every int8 activation is 0, except where
            an operator fixes it; those of int16 always are.
        exact_to: Runtime that must have the operators, and that accuracy is counted on.
        require_integers: Whether a ``.tflite`` that is not fully integer is refused; who builds it
            asks the engine instead.
        accuracy_drop_warning: Warn if the file's score of an output is lower than float's by more
            than this.
        max_accuracy_drop: Refuse the file if it is lower by more than this, 0 to 1; a share of
            classes, F1, R² or AUC, of every output with labels. None refuses none.
        judge: Whether the file is run on samples at all; not where the caller does it.
        streaming: Whether the file takes one time step per invocation and keeps its state; what it
            is judged by are whole windows.
    """

    activations: Activations | None = None
    weights: WeightType = "int8"
    calibration_samples: int = 500
    evaluation_samples: int = 500
    seed: int = 0
    per_channel_dense: bool = False
    per_tensor_weights: bool = False
    calibrator: str = PLAIN
    symmetric_activations: bool = False
    exact_to: ExactTo = "tflm"
    require_integers: bool = True
    accuracy_drop_warning: float = 0.02
    max_accuracy_drop: float | None = None
    judge: bool = True
    streaming: bool = False

    def __post_init__(self) -> None:
        if self.activations not in (None, *get_args(Activations)):
            raise ConfigError(f"activations is {self.activations!r}; allowed: 'int8' or 'int16'")
        if self.weights not in get_args(WeightType):
            raise ConfigError(f"weights is {self.weights!r}; allowed: 'int8' or 'int4'")
        self._require_ranges()
        for name in ("calibration_samples", "evaluation_samples"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed: 1 or more")
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}; allowed: 0 or more")
        for name in ("accuracy_drop_warning", "max_accuracy_drop"):
            drop = getattr(self, name)
            if drop is not None and not 0 <= drop <= 1:
                raise ConfigError(f"{name} is {drop}; allowed: 0 to 1")

    def _require_ranges(self) -> None:
        if self.calibrator not in calibrator_names():
            raise ConfigError(
                f"calibrator is {self.calibrator!r}; allowed: {', '.join(calibrator_names())}"
            )
        if self.per_tensor_weights and self.per_channel_dense:
            raise ConfigError("per_tensor_weights and per_channel_dense exclude each other")
        if self.streaming and (self.activations == "int16" or self.chooses_ranges):
            raise ConfigError(
                "a stream has int8 activations with one plain range for all time steps",
                hint="leave the calibrator, symmetric activations and int16 out",
            )
        if self.activations == "int16" and self.chooses_ranges:
            raise ConfigError(
                "calibrators are for int8 activations; the 65,536 steps of int16 are fine enough"
                " for any range",
                hint="leave the calibrator and symmetric activations out",
            )

    @property
    def chooses_ranges(self) -> bool:
        """Whether ranges are other than the converter's own."""
        return self.calibrator != PLAIN or self.symmetric_activations
