"""What the stages hand on to each other: frozen dataclasses, no behaviour beyond small sums.

A stage is ``stage(artifact, options) -> artifact``. Packages on the same floor never import each
other; they meet here.
"""

from __future__ import annotations

from tinycompress.artifacts.choices import (
    Activations,
    BuiltBy,
    EngineName,
    ExactTo,
    FrameworkName,
    LinkKind,
    Machine,
    Obtained,
    Optimize,
    TflmCompression,
    ToolchainChoice,
    ToolchainName,
    TransportName,
    Weights,
)
from tinycompress.artifacts.firmware import (
    BuiltFirmware,
    FirmwareProject,
    FlashSizes,
    ProjectUpdate,
    RamSizes,
)
from tinycompress.artifacts.measured import (
    BenchResult,
    ClockCheck,
    LayerCost,
    OutputAccuracy,
    Spread,
)
from tinycompress.artifacts.model import (
    ConvertedModel,
    Finding,
    LayerAgreement,
    LutCompression,
    LutTensor,
    TensorSpec,
)
from tinycompress.artifacts.sources import (
    ArenaFigure,
    GeneratedSources,
    LayerInfo,
    Simplification,
    WeightsInfo,
)
from tinycompress.artifacts.weighed import WeighedLayer, WeighedModel

__all__ = [
    "Activations",
    "ArenaFigure",
    "BenchResult",
    "BuiltBy",
    "BuiltFirmware",
    "ClockCheck",
    "ConvertedModel",
    "EngineName",
    "ExactTo",
    "Finding",
    "FirmwareProject",
    "FlashSizes",
    "FrameworkName",
    "GeneratedSources",
    "LayerAgreement",
    "LayerCost",
    "LayerInfo",
    "LinkKind",
    "LutCompression",
    "LutTensor",
    "Machine",
    "Obtained",
    "Optimize",
    "OutputAccuracy",
    "ProjectUpdate",
    "RamSizes",
    "Simplification",
    "Spread",
    "TensorSpec",
    "TflmCompression",
    "ToolchainChoice",
    "ToolchainName",
    "TransportName",
    "WeighedLayer",
    "WeighedModel",
    "Weights",
    "WeightsInfo",
]
