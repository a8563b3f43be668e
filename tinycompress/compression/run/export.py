"""From a network to its int8 file, and what that file costs where it is to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinycompress.artifacts import LayerAgreement
from tinycompress.compression.network.bridge import require_equal_outputs
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.result import Compare, Evaluate, Export, StageFigures
from tinycompress.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Exported:
    """An int8 file with the float network that it was made from, BatchNormalization folded.

    ``model`` is the tf_keras model that was converted.
    """

    network: Network
    folded: Network
    model: Any
    tflite: bytes


@dataclass(frozen=True, eq=False)
class Exporter:
    """Makes and measures int8 files.

    Attributes:
        export: Makes them.
        calibration: One array per input, batch first.
        evaluate: Measures them; None measures nothing.
        compare: Compares them with the float model; None compares nothing.
    """

    export: Export
    calibration: tuple[Array, ...]
    evaluate: Evaluate | None = None
    compare: Compare | None = None

    def exported(self, network: Network, model: Any = None) -> Exported:
        """Fold and convert a network.

        Args:
            network: What to convert.
            model: A tf_keras model to convert instead, with int8 ranges of its own.

        Raises:
            ModelError: The model cannot be rebuilt or exported.
        """
        plain = build_model(network, "tf_keras")
        network = read_network(plain)
        folded = fold_batch_norms(network)
        if model is None:
            model = build_model(folded, "tf_keras")
            require_equal_outputs(plain, model, what="folding")
        return Exported(network, folded, model, self.export(model, self.calibration))

    def figures(self, tflite: bytes) -> StageFigures:
        """What ``evaluate`` says of a file; nothing without one."""
        return {} if self.evaluate is None else dict(self.evaluate(tflite))

    def agreement(self, network: Network, tflite: bytes) -> tuple[LayerAgreement, ...]:
        """How a file agrees with the network that it was made from; empty without ``compare``."""
        if self.compare is None:
            return ()
        folded = build_model(fold_batch_norms(network), "tf_keras")
        return self.compare(folded, tflite, self.calibration)

    def cost(self, network: Network, figure: str) -> float:
        """One figure of the int8 file of a network; infinite where it does not even fit.

        Args:
            network: What to convert and measure.
            figure: Its name, such as ``ram_bytes``.

        Raises:
            ConfigError: It fits, and nothing gives that figure.
        """
        found = self.figures(self.exported(network).tflite)
        if figure not in found and found.get("fits"):
            raise ConfigError(
                f"nothing gives {figure} on this board: it counts {', '.join(found)}",
                hint="take another target",
            )
        return float(found.get(figure, float("inf")))
