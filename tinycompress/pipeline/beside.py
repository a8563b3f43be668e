"""Several integer models of one float model beside each other: what each is worth, and costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import ExactTo, LayerAgreement
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.accuracy import float_accuracy, labels_for
from tinycompress.conversion.calibrate import choose, read_samples
from tinycompress.conversion.frozen import freeze, input_specs
from tinycompress.conversion.load import load_model
from tinycompress.errors import ConfigError
from tinycompress.ir.reader import read_model
from tinycompress.pipeline.comparing import Comparison, compare
from tinycompress.pipeline.files import read_file
from tinycompress.pipeline.inspecting import Inspection, inspect

Key = tuple[str, str, int]
"""An operator wherever it is found: kind, layer, and which of that layer's."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One integer model. ``accuracy`` is None without labels."""

    comparison: Comparison
    inspection: Inspection
    activations: str
    accuracy: float | None

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
    """Candidates in the order in which they were given.

    ``accuracy_samples`` is how many samples accuracy was counted on; 0 without labels.
    """

    float_path: Path
    float_accuracy: float | None
    accuracy_samples: int
    candidates: tuple[Candidate, ...]

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
    options = ConvertOptions(exact_to=exact_to)
    candidates = []
    for model in models:
        progress(f"compare {Path(model).name}")
        comparison = compare(float_model, model, data, samples=samples, exact_to=exact_to)
        checked = convert_model(Path(model), Path(data), options=options)
        inspection = inspect(model, board=board, exact_to=exact_to)
        candidates.append(
            Candidate(comparison, inspection, checked.activations, checked.quantized_accuracy)
        )
    if not candidates:
        raise ConfigError("there are no models to compare", hint="name .tflite files")
    progress("count the float model's accuracy")
    share, count = _float_accuracy(Path(float_model), Path(models[0]), Path(data), options)
    return Beside(Path(float_model), share, count, tuple(candidates))


def _float_accuracy(
    path: Path, quantised: Path, data: Path, options: ConvertOptions
) -> tuple[float | None, int]:
    """The float model's share, on the samples that the integer models are counted on."""
    source = load_model(path)
    given = read_samples(data, input_specs(source))
    chosen = choose(given, options.evaluation_samples, options.seed)
    model = read_model(read_file(quantised))
    labels, _ = labels_for(chosen, model)
    if labels is None:
        return None, 0
    frozen = freeze(source, tuple(values.shape[1:] for values in chosen.inputs))
    return float_accuracy(frozen, chosen, labels, model), len(labels)
