"""``bench --json``, the bundle of ``bench -o``, and ``bench --all --json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tinycompress.artifacts import (
    BuiltBy,
    EngineName,
    ExactTo,
    LinkKind,
    Machine,
    Obtained,
)
from tinycompress.schemas.base import Count, Output, Part, Sealed, Sha256, Share
from tinycompress.schemas.quality import Quality


class Spread(Part):
    """Over the counted runs."""

    median: float
    min: float
    max: float
    obtained: Obtained


class Latency(Part):
    """What one inference takes; null where the board or the link cannot tell."""

    instructions: Spread | None
    cycles: Spread | None
    cycles_upper_bound: Count | None
    """Of the slowest run, if no cache ever spared it a wait state of the flash."""
    us: Spread | None
    budget_us: float | None
    within_budget: bool | None


class Clock(Part):
    """A real board's tick counter beside the host's clock."""

    expected_hz: float
    measured_hz: float
    uncertainty: float
    """Relative."""
    agrees: bool


class BenchRam(Part):
    """RAM in bytes; ``used`` has the stack that was reached, ``reserved`` all of it."""

    arena_bytes: Count
    static_bytes: Count
    stack_peak_bytes: Count | None
    stack_reserved_bytes: Count
    used_bytes: Count | None
    reserved_bytes: Count


class Flash(Part):
    """Flash of the linked ELF; the parts add up to the total."""

    weights_bytes: Count
    kernels_bytes: Count
    runtime_bytes: Count
    platform_bytes: Count
    total_bytes: Count


class Exact(Part):
    """How many samples give other bytes than the oracle; null where it does not run the model."""

    exact_to: ExactTo
    oracle: ExactTo | None
    not_compared: str | None
    samples: Count
    mismatched_samples: Count | None


class AccuracyOfOutput(Part):
    """One output that tells classes."""

    index: Count
    name: str
    device: Share
    host_int8: Share | None
    chance: Share


class BenchAccuracy(Part):
    """Of outputs that tell classes; ``device`` and ``host_int8`` where it is one output."""

    device: Share | None
    host_int8: Share | None
    outputs: list[AccuracyOfOutput]


class BenchLayer(Part):
    """One layer, in execution order."""

    name: str
    op: str
    macs: int
    instructions: Count | None
    cycles: Count | None


class BenchStage(Part):
    """One stage of a cascade; costs are of the samples that asked it, null if none did."""

    name: str
    gate: str
    """What lets it run, in words; empty where it always does."""
    samples: Count
    ran: Count
    share: Share
    """``ran`` of ``samples``."""
    instructions: Spread | None
    cycles: Spread | None
    us: Spread | None


class BenchCascade(Part):
    """What a cascade took over the samples; means are of one inference."""

    samples: Count
    mean_instructions: float | None
    mean_cycles: float | None
    mean_us: float | None
    obtained: Obtained
    stages: list[BenchStage]


class BenchAnswer(Sealed):
    """One benchmark of one firmware on one board; ``summary.json`` of a bundle is the same."""

    schema_: Literal["tinycompress.bench"] = Field(alias="schema")
    board: str
    engine: EngineName
    toolchain: BuiltBy
    transport: LinkKind
    machine: Machine
    build_id: str
    model_sha256: Sha256 | None
    elf_sha256: Sha256 | None
    samples_sha256: Sha256 | None
    """Of the samples as the device got them."""
    runs: Count
    latency: Latency
    clock: Clock | None
    ram: BenchRam
    flash: Flash
    exact: Exact
    accuracy: BenchAccuracy
    quality: list[Quality]
    fits: bool
    macs: int
    recomputed_macs: int
    layers: list[BenchLayer]
    cascade: BenchCascade | None = None
    """Null of a single model."""
    notes: list[str]


class Compiler(Part):
    """What compiled the firmware."""

    name: str
    version: str
    flags: list[str]


class Manifest(Sealed):
    """``manifest.json`` of a bundle: hashes of its files, and versions of all that had a part."""

    schema_: Literal["tinycompress.measurement.manifest"] = Field(alias="schema")
    model_sha256: Sha256
    elf_sha256: Sha256
    build_id: str
    files: dict[str, Sha256]
    compiler: Compiler
    versions: dict[str, str | None]


class BoardFailure(Part):
    """Why one board of a roster has no result, or one that breaks a promise."""

    message: str
    hint: str | None
    exit_code: Count


class BoardOutcome(Part):
    """One board of a roster."""

    name: str
    directory: str
    port: str | None
    bundle: str | None
    result: BenchAnswer | None
    error: BoardFailure | None


class RosterAnswer(Output):
    """``bench --all``: every board in the roster's order."""

    schema_: Literal["tinycompress.bench-all"] = Field(alias="schema")
    boards: list[BoardOutcome]
