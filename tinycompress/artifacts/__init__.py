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
    Precision,
    QualityKind,
    ScoreName,
    TemplateName,
    TflmCompression,
    TflmMethod,
    ToolchainChoice,
    ToolchainName,
    TransportName,
    Weights,
    WeightType,
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
    EncodedTensor,
    Finding,
    LayerAgreement,
    TensorSpec,
    TflmEncoding,
)
from tinycompress.artifacts.quality import (
    ChannelAgreement,
    ChannelQuality,
    ClassQuality,
    OutputAgreement,
    OutputQuality,
)
from tinycompress.artifacts.sources import (
    ArenaFigure,
    ArenaPlan,
    BufferKind,
    GeneratedSources,
    LayerInfo,
    PlannedBuffer,
    Simplification,
    WeightsInfo,
)
from tinycompress.artifacts.weighed import WeighedLayer, WeighedModel

__all__ = [
    "Activations",
    "ArenaFigure",
    "ArenaPlan",
    "BenchResult",
    "BufferKind",
    "BuiltBy",
    "BuiltFirmware",
    "ChannelAgreement",
    "ChannelQuality",
    "ClassQuality",
    "ClockCheck",
    "ConvertedModel",
    "EncodedTensor",
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
    "Machine",
    "Obtained",
    "Optimize",
    "OutputAccuracy",
    "OutputAgreement",
    "OutputQuality",
    "PlannedBuffer",
    "Precision",
    "ProjectUpdate",
    "QualityKind",
    "RamSizes",
    "ScoreName",
    "Simplification",
    "Spread",
    "TemplateName",
    "TensorSpec",
    "TflmCompression",
    "TflmEncoding",
    "TflmMethod",
    "ToolchainChoice",
    "ToolchainName",
    "TransportName",
    "WeighedLayer",
    "WeighedModel",
    "WeightType",
    "Weights",
    "WeightsInfo",
]
