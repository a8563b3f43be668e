"""``build --json``, for firmware and for a framework's project, and ``flash --json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tinycompress.artifacts import EngineName, ExactTo, Obtained
from tinycompress.schemas.base import (
    Accuracy,
    Count,
    Output,
    Part,
    Sealed,
    Sha256,
    Simplification,
    TflmEncoding,
)
from tinycompress.schemas.bench import BenchAnswer, Flash
from tinycompress.schemas.quality import Judged


class Arena(Part):
    """How large an arena is that no generator can compute, and how that was found out."""

    needed_bytes: Count
    margin_bytes: Count
    obtained: Obtained
    used_bytes: Count | None


class Budgets(Part):
    """Budgets that were kept; null for what was not asked for."""

    flash_budget_bytes: Count | None
    flash_bytes: Count
    latency_budget_us: float | None
    latency_us: float | None
    more_arena_bytes: int


class Update(Part):
    """Files of an earlier project that are not as written; paths relative to the directory."""

    kept: list[str]
    outdated: list[str]
    overwritten: list[str]
    removed: list[str]


class ProjectFacts(Judged):
    """What firmware and a framework's project have in common."""

    directory: str
    board: str
    engine: EngineName
    exact_to: ExactTo
    model_sha256: Sha256
    tflite_bytes: Count
    activations: str
    accuracy: Accuracy
    tflm_encoding: TflmEncoding | None
    arena: Arena | None
    warnings: list[str]
    trades: list[str]
    simplification: Simplification | None
    budgets: Budgets | None
    update: Update


class Toolchain(Part):
    """What compiled the firmware."""

    name: str
    version: str


class LinkedRam(Part):
    """RAM of the linked ELF in bytes; nothing has run and used any yet."""

    arena_bytes: Count
    static_bytes: Count
    stack_reserved_bytes: Count
    reserved_bytes: Count


class BuildFlash(Flash):
    """With what the board has."""

    board_bytes: Count


class BuildRam(LinkedRam):
    """With what the board has."""

    board_bytes: Count


class LayerWeights(Part):
    """How a layer's weights are encoded in flash."""

    encoding: str
    detail: str
    bits_per_weight: float
    encoded_bytes: Count
    int8_bytes: Count


class BuildLayer(Part):
    """One operator that runs on the device, in execution order."""

    name: str
    op: str
    macs: int
    kernel: str
    constants_bytes: Count
    """Of flash: constants and parameters; 0 where that is not known."""
    weights: LayerWeights | None
    """Null where they lie in flash as they are."""


class FlashAnswer(Output):
    """``flash``: how the firmware was written, and whether the board answered as it."""

    schema_: Literal["tinycompress.flash"] = Field(alias="schema")
    directory: str
    method: str
    checked: bool
    port: str | None


class LinkedFacts(Part):
    """What a build directory tells as well: docs/comparing.md."""

    board: str
    engine: EngineName
    exact_to: ExactTo
    model_sha256: Sha256
    toolchain: Toolchain
    build_id: str
    elf_sha256: Sha256
    flash: Flash
    ram: LinkedRam
    macs: int
    recomputed_macs: int
    layers: list[BuildLayer]


class Limit(Part):
    """A limit of a budget file, and what there is."""

    name: Literal["flash", "ram", "arena", "latency", "accuracy"]
    limit: float
    value: float
    unit: Literal["bytes", "us", "share"]
    obtained: str
    kept: bool
    excess: float
    """By how much it is not kept; 0 if it is."""


class BuildAnswer(Sealed, ProjectFacts):
    """Firmware that was built; ``flashed``, ``bench`` and ``limits`` where that was asked for."""

    schema_: Literal["tinycompress.build"] = Field(alias="schema")
    toolchain: Toolchain
    build_id: str
    elf: str
    elf_sha256: Sha256
    images: dict[str, str]
    flash: BuildFlash
    ram: BuildRam
    macs: int
    recomputed_macs: int
    layers: list[BuildLayer]
    flashed: FlashAnswer | None = None
    bench: BenchAnswer | None = None
    limits: list[Limit] | None = None


class FrameworkProject(Output, ProjectFacts):
    """A project that a framework's own tools compile."""

    schema_: Literal["tinycompress.framework-project"] = Field(alias="schema")
    framework: Literal["arduino", "zephyr"]
    project_id: str | None
    arena_bytes: Count
    weights_bytes: Count
    compiled: Literal[False]
    commands: list[str]
    """They compile it."""
