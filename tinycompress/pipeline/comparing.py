"""A float model beside the integer model that was made from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tinycompress.artifacts import ExactTo, LayerAgreement, OutputAgreement, OutputQuality
from tinycompress.conversion import ConvertOptions
from tinycompress.conversion.accuracy import judge_beside
from tinycompress.conversion.compare import compare_layers, first_diverging
from tinycompress.conversion.early import check_samples
from tinycompress.conversion.load import load_model
from tinycompress.errors import ConfigError
from tinycompress.ir.reader import read_model
from tinycompress.ir.summary import activation_types
from tinycompress.pipeline.files import read_file
from tinycompress.quality.signal import LEAST_AGREEMENT_DB


@dataclass(frozen=True)
class Comparison:
    """Layer by layer; ``first_diverging`` is the first below ``least_db``, None if there is none.

    ``unmatched`` are its layers that have no counterpart in the float model. ``int8_sha256`` is of
    the integer model's file. ``quality``, ``agreement`` and ``warnings`` are as in
    `ConvertedModel`, counted on
    ``judged_samples``; ``activations`` is what the file works on.
    """

    float_path: Path
    int8_path: Path
    samples: int
    layers: tuple[LayerAgreement, ...]
    first_diverging: LayerAgreement | None
    least_db: float = LEAST_AGREEMENT_DB
    int8_sha256: str = ""
    quality: tuple[OutputQuality, ...] = ()
    agreement: tuple[OutputAgreement, ...] = ()
    warnings: tuple[str, ...] = ()
    activations: str = "int8"
    judged_samples: int = 0

    @property
    def unmatched(self) -> tuple[LayerAgreement, ...]:
        """Layers without a counterpart."""
        return tuple(layer for layer in self.layers if layer.snr_db is None)


def compare(
    float_model: str | Path,
    int8_model: str | Path,
    data: str | Path,
    *,
    samples: int = 32,
    exact_to: ExactTo = "tflm",
) -> Comparison:
    """Say, layer by layer, how well an integer model computes what a float model does.

    Args:
        float_model: ``.keras``, ``.h5`` or SavedModel.
        int8_model: ``.tflite``.
        data: ``.npz`` with samples ``x`` and, for scores, labels ``y``.
        samples: At most so many of them are compared layer by layer; outputs on more.
        exact_to: Whose arithmetic that is run with.

    Raises:
        ConfigError: A file or the data are unusable.
        ModelError: A model cannot be run, or their inputs differ.
    """
    if samples < 1:
        raise ConfigError(f"samples is {samples}; allowed: 1 or more")
    tflite = read_file(Path(int8_model))
    check_samples(Path(float_model), [Path(data)])
    source = load_model(Path(float_model))
    if source.kind == "tflite":
        raise ConfigError(
            f"{float_model} is a .tflite; the float model is a .keras, .h5 or SavedModel",
            hint="tinycompress inspect int8.tflite --compare float.keras --data samples.npz",
        )
    layers = compare_layers(source, tflite, Path(data), samples=samples, exact_to=exact_to)
    options = ConvertOptions(exact_to=exact_to)
    found, judged_samples = judge_beside(
        source, tflite, Path(data),
        samples=options.evaluation_samples, seed=options.seed, exact_to=exact_to,
        drop_warning=options.accuracy_drop_warning,
    )  # fmt: skip
    return Comparison(
        Path(float_model), Path(int8_model), samples, layers, first_diverging(layers),
        int8_sha256=hashlib.sha256(tflite).hexdigest(),
        quality=found.quality, agreement=found.agreement, warnings=found.warnings,
        judged_samples=judged_samples,
        activations=" and ".join(activation_types(read_model(tflite))),
    )  # fmt: skip
