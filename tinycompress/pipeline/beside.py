"""Several integer models of one float model beside each other: what each is worth, and costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import ExactTo, LayerAgreement, OutputQuality
from tinycompress.errors import ConfigError
from tinycompress.pipeline.comparing import Comparison, compare
from tinycompress.pipeline.inspecting import Inspection, inspect

Key = tuple[str, str, int]
"""An operator wherever it is found: kind, layer, and which of that layer's."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One integer model: how it agrees with the float model and how good it is; what it takes."""

    comparison: Comparison
    inspection: Inspection

    @property
    def activations(self) -> str:
        """What the file works on."""
        return self.comparison.activations

    @property
    def accuracy(self) -> float | None:
        """Of the one output that tells classes; None without labels."""
        found = [one for one in self.comparison.quality if one.kind == "classes"]
        return found[0].score if len(found) == 1 else None

    def layers(self) -> dict[Key, LayerAgreement]:
        """Its layers, in execution order."""
        found: dict[Key, LayerAgreement] = {}
        for layer in self.comparison.layers:
            number = 0
            while (layer.op, layer.name, number) in found:
                number += 1
            found[layer.op, layer.name, number] = layer
        return found


@dataclass(frozen=True, eq=False)
class Beside:
    """Candidates in the order in which they were given."""

    float_path: Path
    candidates: tuple[Candidate, ...]

    @property
    def float_quality(self) -> tuple[OutputQuality, ...]:
        """What is known of the float model: ``float_score`` of every output with labels."""
        return self.candidates[0].comparison.quality

    @property
    def float_accuracy(self) -> float | None:
        """Of the one output that tells classes; None without labels."""
        found = [one for one in self.float_quality if one.kind == "classes"]
        return found[0].float_score if len(found) == 1 else None

    @property
    def accuracy_samples(self) -> int:
        """How many samples scores were counted on; 0 without labels."""
        return self.candidates[0].comparison.judged_samples if self.float_quality else 0

    @property
    def accepted(self) -> tuple[Path, ...]:
        """Files of the candidates that the AOT engine takes."""
        found = (candidate.inspection for candidate in self.candidates)
        return tuple(one.path for one in found if not one.refused)

    def operators(self) -> tuple[Key, ...]:
        """All operators in execution order; what only some candidates have lies between."""
        order: list[Key] = []
        for candidate in self.candidates:
            place = 0
            for key in candidate.layers():
                if key not in order:
                    order.insert(place, key)
                place = order.index(key) + 1
        return tuple(order)


def compare_beside(
    float_model: str | Path,
    models: Sequence[str | Path],
    data: str | Path,
    *,
    samples: int = 32,
    board: str | Path | None = None,
    exact_to: ExactTo = "tflm",
    progress: Progress = no_progress,
) -> Beside:
    """Put integer models that were made from one float model beside each other.

    Args:
        float_model: ``.keras``, ``.h5`` or SavedModel.
        models: ``.tflite`` files, of int8 or int16 activations.
        data: ``.npz`` with samples ``x`` and, for accuracy, labels ``y``.
        samples: At most so many of them are compared layer by layer; accuracy takes more.
        board: For the arena that its core's kernels need.
        exact_to: Whose arithmetic the models are run with.
        progress: Told what is under way.

    Raises:
        ConfigError: A file or the data are unusable.
        ModelError: A model cannot be run, or their inputs differ.
    """
    candidates = []
    for model in models:
        progress(f"compare {Path(model).name}")
        comparison = compare(float_model, model, data, samples=samples, exact_to=exact_to)
        inspection = inspect(model, board=board, exact_to=exact_to)
        candidates.append(Candidate(comparison, inspection))
    if not candidates:
        raise ConfigError("there are no models to compare", hint="name .tflite files")
    return Beside(Path(float_model), tuple(candidates))
