"""``convert --json``, and the answers of ``inspect --json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tinycompress.artifacts import ExactTo
from tinycompress.schemas.base import (
    Accuracy,
    Count,
    Output,
    Part,
    Sha256,
    Share,
    Simplification,
    Tensor,
    TflmEncoding,
    TflmVerdict,
)
from tinycompress.schemas.quality import Judged


class ConvertAnswer(Output, Judged):
    """An integer ``.tflite`` that was written."""

    schema_: Literal["tinycompress.convert"] = Field(alias="schema")
    tflite: str
    tflite_bytes: Count
    sha256: Sha256
    inputs: list[Tensor]
    outputs: list[Tensor]
    activations: str
    accuracy: Accuracy
    warnings: list[str]
    tflm_encoding: TflmEncoding | None
    tflm: TflmVerdict


class AotNeeds(Part):
    """What the AOT engine makes of a model; null where it refuses it."""

    exact_to: ExactTo
    refused: list[str]
    arena_bytes: Count | None
    weights_bytes: Count | None
    peak_layer: str | None
    simplification: Simplification | None
    obtained: Literal["estimated"]


class BoardRoom(Part):
    """What a board has."""

    board: str
    flash_bytes: Count
    ram_bytes: Count
    stack_reserved_bytes: Count


class InspectLayer(Part):
    """One operator of the file."""

    index: Count
    name: str
    op: str
    dtype: str
    output_shapes: list[list[int]]
    macs: Count
    weights_bytes: Count


class InspectAnswer(Output):
    """What is in a ``.tflite``."""

    schema_: Literal["tinycompress.inspect"] = Field(alias="schema")
    model: str
    tflite_bytes: Count
    sha256: Sha256
    inputs: list[Tensor]
    outputs: list[Tensor]
    macs: Count
    activations: list[str]
    not_integer: list[str]
    integer_inside: bool
    aot: AotNeeds
    board: BoardRoom | None
    layers: list[InspectLayer]
    tflm: TflmVerdict


class SourceInput(Part):
    """An input of a float model; a size of null is any."""

    name: str
    shape: list[int | None]


class SourceLayer(Part):
    """A layer before conversion."""

    name: str
    class_: str = Field(alias="class")
    output_shape: list[int | None]
    parameters: Count
    macs: Count | None
    operators: list[str]


class InspectSourceAnswer(Output):
    """What is in a Keras model or SavedModel."""

    schema_: Literal["tinycompress.inspect_source"] = Field(alias="schema")
    model: str
    kind: str
    inputs: list[SourceInput]
    parameters: Count
    macs: Count | None
    refused: list[str]
    layers: list[SourceLayer]


class LayerAgreement(Part):
    """An operator beside the float model's value in its place."""

    index: Count
    name: str
    op: str
    shape: list[int]
    float_name: str | None
    found_by: Literal["name", "order"] | None
    equal: bool
    snr_db: float | None
    """Null where nothing was found, or the two are equal."""


class InspectCompareAnswer(Output, Judged):
    """``inspect INT8 --compare FLOAT``: layer by layer."""

    schema_: Literal["tinycompress.inspect_compare"] = Field(alias="schema")
    float_model: str
    int8_model: str
    int8_sha256: Sha256
    samples: Count
    least_db: float
    first_diverging: str | None
    layers: list[LayerAgreement]
    activations: str
    warnings: list[str]


class WeighedLayer(Part):
    """The weights of one layer, as they are and encoded."""

    name: str
    op: str
    int8_bytes: Count
    zero_share: Share
    distinct_values: Count
    encoding: str | None
    detail: str
    bits_per_weight: float
    encoded_bytes: Count
    more_cost: int | None
    code_bytes: dict[str, int]
    further_bytes: dict[str, int]


class InspectWeightsAnswer(Output):
    """``inspect --weights``: what weights take encoded, and could take."""

    schema_: Literal["tinycompress.inspect_weights"] = Field(alias="schema")
    model: str
    board: str | None
    cost_unit: str
    int8_bytes: Count
    encoded_bytes: Count
    code_bytes: dict[str, int]
    simplification: Simplification | None
    obtained: Literal["estimated"]
    layers: list[WeighedLayer]


class Candidate(Judged):
    """One integer model of several beside a float model."""

    model: str
    int8_sha256: Sha256
    """Of the integer model, whatever its activations."""
    float_model: str
    samples: Count
    least_db: float
    first_diverging: str | None
    layers: list[LayerAgreement]
    activations: str
    warnings: list[str]
    accuracy: Share | None
    tflite_bytes: Count
    refused: list[str]
    arena_bytes: Count | None
    weights_bytes: Count | None
    board: dict[str, float] | None
    """What it costs on the board that was named."""


class InspectBesideAnswer(Output):
    """``inspect A B --compare FLOAT``: several integer models of one float model."""

    schema_: Literal["tinycompress.inspect_beside"] = Field(alias="schema")
    float_model: str
    float_accuracy: Share | None
    accuracy_samples: Count
    models: list[Candidate]
