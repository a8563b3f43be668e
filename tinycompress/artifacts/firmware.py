"""A project, and the firmware that was compiled of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinycompress.artifacts.choices import (
    BuiltBy,
    EngineName,
    ExactTo,
    FrameworkName,
    TransportName,
)
from tinycompress.artifacts.model import TensorSpec
from tinycompress.artifacts.sources import ArenaFigure, ArenaPlan, LayerInfo, StageInfo


@dataclass(frozen=True)
class ProjectUpdate:
    """What writing into the directory of an earlier project did to files that are not as written.

    Paths are relative to the project, sorted. ``kept``: edited by the user, left as they are.
    ``outdated``: those of ``kept`` of which this run had another version than the run before.
    ``overwritten``: edited, replaced or removed because that was forced. ``removed``: unedited
    files of the earlier run that are made no longer.
    """

    kept: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    overwritten: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class FirmwareProject:
    """A generated project on disk; ``tinycompress.json`` in it holds the same facts.

    ``project_id`` (40 hexadecimal digits, a hash of the model and all sources) is who the firmware
    says it is where a framework links it; None where our linker notes a build id. ``update`` is of
    the run that wrote it, empty where it was only read. ``recomputed_macs``: what patches do beyond
    the model's own work, for rows that two of them need; below zero where they leave out more rows
    that nothing reads. ``latency_budget_us``: what one inference may take at most, in microseconds.
    ``plan``: what lies where in the arena; None where the runtime decides. ``model_name`` is the
    model's, for people, as its file was called; ``command`` makes the project again from the model
    file in it. ``stages`` as in `GeneratedSources`.
    """

    directory: Path
    board_id: str
    engine: EngineName
    exact_to: ExactTo
    model_sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[LayerInfo, ...]
    arena_bytes: int
    weights_bytes: int
    transport: TransportName = "uart"
    arena: ArenaFigure | None = None
    framework: FrameworkName = "cmake"
    project_id: str | None = None
    update: ProjectUpdate = ProjectUpdate()
    recomputed_macs: int = 0
    latency_budget_us: float | None = None
    plan: ArenaPlan | None = None
    model_name: str = ""
    command: tuple[str, ...] = ()
    stages: tuple[StageInfo, ...] = ()

    @property
    def answers(self) -> tuple[TensorSpec, ...]:
        """The outputs that the model gives: of a cascade without which stages ran."""
        return self.outputs[:-1] if self.stages else self.outputs

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the model: those of its layers without what is recomputed."""
        return sum(layer.macs for layer in self.layers) - self.recomputed_macs


@dataclass(frozen=True)
class FlashSizes:
    """Bytes of flash that the linked ELF occupies, by what they are for."""

    weights_bytes: int
    kernels_bytes: int
    runtime_bytes: int
    platform_bytes: int

    @property
    def total_bytes(self) -> int:
        """All bytes that are flashed."""
        return self.weights_bytes + self.kernels_bytes + self.runtime_bytes + self.platform_bytes


@dataclass(frozen=True)
class RamSizes:
    """Bytes of RAM from the linked ELF; ``stack_peak_bytes`` is None until a run painted it.

    There are two totals. *Reserved* holds the whole stack that the linker sets aside: budget with
    it. *Used* holds the stack that a run has reached.
    """

    arena_bytes: int
    static_bytes: int
    stack_reserved_bytes: int
    stack_peak_bytes: int | None = None

    @property
    def reserved_bytes(self) -> int:
        """Arena, other static data and the reserved stack: what the firmware takes of the board."""
        return self.arena_bytes + self.static_bytes + self.stack_reserved_bytes

    @property
    def used_bytes(self) -> int | None:
        """Arena, other static data and the stack's measured peak; None before a run."""
        if self.stack_peak_bytes is None:
            return None
        return self.arena_bytes + self.static_bytes + self.stack_peak_bytes


@dataclass(frozen=True)
class BuiltFirmware:
    """A linked project; ``warnings`` are what its compiler said, and why it was not another."""

    project: FirmwareProject
    elf: Path
    images: Mapping[str, Path]
    build_id: str
    elf_sha256: str
    toolchain: BuiltBy
    toolchain_version: str
    flags: tuple[str, ...]
    flash: FlashSizes
    ram: RamSizes
    warnings: tuple[str, ...] = ()
