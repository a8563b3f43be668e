"""The calibrators that there are, by the names that users know them by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.calibrators.base import Calibrator
from tinycompress.calibrators.kl import kl
from tinycompress.calibrators.minmax import minmax
from tinycompress.calibrators.mse import mse
from tinycompress.calibrators.percentile import percentile

CALIBRATORS: Mapping[str, Calibrator] = MappingProxyType(
    {
        "minmax": minmax,
        "percentile": percentile(99.99),
        "percentile-99.9": percentile(99.9),
        "percentile-99.999": percentile(99.999),
        "mse": mse,
        "kl": kl,
    }
)

PLAIN = "minmax"
"""What the converter does by itself."""
AUTO = "auto"
"""Tries the others on the calibration samples: see `tinycompress.conversion.best_ranges`."""


def calibrator_names() -> tuple[str, ...]:
    """What a user may choose."""
    return (*CALIBRATORS, AUTO)
