"""What each layer of a network costs when it alone is pruned, clustered or given fewer bits."""

from tinycompress.compression.sensitivity.measure import (
    SensitivityOptions,
    measure_sensitivity,
)
from tinycompress.compression.sensitivity.table import (
    Change,
    LayerSensitivity,
    Point,
    SensitivityTable,
)

__all__ = [
    "Change",
    "LayerSensitivity",
    "Point",
    "SensitivityOptions",
    "SensitivityTable",
    "measure_sensitivity",
]
