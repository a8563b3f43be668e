"""What all JSON outputs have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Version = Literal[1]


class Part(BaseModel):
    """An object within an output. Keys that a later version adds are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Error(Part):
    """Why a command failed."""

    code: Count
    """The exit code."""
    message: str
    hint: str | None
    """The next thing to do, if anybody knows."""
    details: dict[str, Any]
    """What there is beyond that, by the kind of error: docs/json.md."""


class Output(Part):
    """One JSON object on stdout. ``error`` is there where the command failed after its answer."""

    schema_version: Version
    """Counts changes that readers must follow: docs/json.md."""
    error: Error | None = None


class Sealed(Output):
    """An output that tells by a hash of its own whether it was cut or edited since."""

    content_sha256: Sha256
    """SHA-256 of all other keys as compact JSON in ASCII with sorted keys."""


class ErrorAlone(Part):
    """What a command prints that failed before it had an answer."""

    schema_: Literal["tinycompress.error"] = Field(alias="schema")
    schema_version: Version
    error: Error


class Tensor(Part):
    """An input or output of a model: real = scale * (stored - zero_point)."""

    name: str
    shape: list[int]
    dtype: str
    scale: float
    zero_point: int


class Simplification(Part):
    """What the AOT engine left out of a model, whose outputs are the same for all inputs."""

    removed_channels: Count
    removed_inputs: Count
    macs_before: Count
    macs_after: Count
    constants_before_bytes: Count
    constants_after_bytes: Count


class EncodedTensor(Part):
    """Weights of one layer that TFLite Micro's DECODE decodes."""

    layer: str
    method: str
    detail: str
    before_bytes: Count
    after_bytes: Count


class TflmEncoding(Part):
    """What encoded weights for TFLite Micro's DECODE did to a model file."""

    before_bytes: Count
    after_bytes: Count
    code_bytes: Count
    code_obtained: Literal["measured", "estimated"]
    decoded_peak_bytes: Count
    tensors: list[EncodedTensor]
    proof_samples: Count
    decoded_weights: Count
    decode_cycles: Count


class TflmVerdict(Part):
    """What stock TensorFlow Lite Micro says of a model."""

    refused: list[str]
    host_arena_bytes: Count | None
    """The least arena on this PC; a 32-bit board needs less."""
    obtained: Literal["estimated"]


Accuracy = dict[str, Share | None]
"""By what computed: ``float``, ``int8``, ``int16``; null where there are no labels."""
