"""What was measured of firmware."""

from __future__ import annotations

from dataclasses import dataclass, field

from tinycompress.artifacts.choices import (
    BuiltBy,
    EngineName,
    ExactTo,
    LinkKind,
    Machine,
    Obtained,
)
from tinycompress.artifacts.firmware import FlashSizes, RamSizes
from tinycompress.artifacts.quality import OutputQuality


@dataclass(frozen=True)
class Spread:
    """Median, minimum and maximum over the counted runs, and how they were got."""

    median: float
    min: float
    max: float
    obtained: Obtained


@dataclass(frozen=True)
class LayerCost:
    """What one layer cost; a figure that cannot be had on this transport is None."""

    name: str
    op: str
    macs: int
    instructions: int | None
    cycles: int | None


@dataclass(frozen=True)
class OutputAccuracy:
    """Shares of samples, 0 to 1, whose class one output says, on the device and on the host.

    ``index`` and ``name`` are the output's. ``host_int8`` is None where the oracle cannot run the
    model. ``chance`` is what an answer that ignores the samples reaches: the share of the most
    frequent label, or one part in the number of classes where all labels are the same.
    """

    index: int
    name: str
    device: float
    host_int8: float | None
    chance: float


@dataclass(frozen=True)
class ClockCheck:
    """Frequency of a board's tick counter as its file says and as the host's clock has it.

    ``uncertainty`` is relative: 0.01 is one per cent.
    """

    expected_hz: float
    measured_hz: float
    uncertainty: float


@dataclass(frozen=True)
class StageCost:
    """One stage of a cascade over the samples.

    ``ran`` of ``samples`` asked it; the spreads are over those that did, None if none did or where
    the link cannot tell. Its gate and what it kept count for it.
    """

    name: str
    gate: str
    samples: int
    ran: int
    instructions: Spread | None
    cycles: Spread | None
    latency_us: Spread | None


@dataclass(frozen=True)
class CascadeResult:
    """What a cascade took over the samples: means of one inference, and each stage.

    ``mean_...`` is over all samples, those that asked few stages and those that asked all; None
    where the link cannot tell.
    """

    samples: int
    mean_instructions: float | None
    mean_cycles: float | None
    mean_latency_us: float | None
    obtained: Obtained
    stages: tuple[StageCost, ...]


@dataclass(frozen=True)
class BenchResult:
    """One benchmark of one firmware on one board.

    A figure that the board or the link cannot give is None: a real board counts no instructions,
    and QEMU, which does, has no notion of time. ``machine`` is what the device says of itself,
    ``transport`` only how it was reached: an emulated board may answer at a port. ``clock`` is None
    on emulated boards, and where the model is too fast to tell. ``cycles_upper_bound`` are cycles
    of the slowest run if no cache ever spared it a wait state of the flash; None where none was
    modelled or flash does not wait. ``quality`` is of the outputs for which there are labels,
    ``accuracies`` of those among them that tell classes.
    ``recomputed_macs`` and ``latency_budget_us`` as in `FirmwareProject`. Where ``oracle`` does not
    run the model, ``not_compared`` says why, and ``mismatched_samples`` is None. ``model_sha256``
    is of the ``.tflite``, ``elf_sha256`` of the firmware, ``samples_sha256`` of the samples as the
    device got them; None where a result was made otherwise. ``kept_samples`` is an ``.npz`` of the
    answers to labelled samples, and of the samples answered worst; empty without labels.
    ``cascade`` is None of a single model.
    """

    board_id: str
    engine: EngineName
    toolchain: BuiltBy
    transport: LinkKind
    machine: Machine
    build_id: str
    runs: int
    instructions: Spread | None
    cycles: Spread | None
    latency_us: Spread | None
    ram: RamSizes
    flash: FlashSizes
    oracle: ExactTo
    samples: int
    mismatched_samples: int | None
    fits: bool
    layers: tuple[LayerCost, ...]
    notes: tuple[str, ...] = field(default=())
    clock: ClockCheck | None = None
    not_compared: str | None = None
    cycles_upper_bound: int | None = None
    recomputed_macs: int = 0
    latency_budget_us: float | None = None
    model_sha256: str | None = None
    elf_sha256: str | None = None
    samples_sha256: str | None = None
    quality: tuple[OutputQuality, ...] = ()
    kept_samples: bytes = field(default=b"", repr=False)
    cascade: CascadeResult | None = None

    @property
    def keeps_latency(self) -> bool | None:
        """Whether the slowest run kept the budget; None without one, or where time is not known."""
        if self.latency_budget_us is None or self.latency_us is None:
            return None
        return self.latency_us.max <= self.latency_budget_us

    @property
    def accuracies(self) -> tuple[OutputAccuracy, ...]:
        """Of the outputs that tell classes, with their chance."""
        return tuple(
            OutputAccuracy(one.index, one.name, one.score, one.host_score, one.chance)
            for one in self.quality
            if one.kind == "classes" and one.score is not None and one.chance is not None
        )

    @property
    def device_accuracy(self) -> float | None:
        """Accuracy on the device if there are labels for exactly one output."""
        return self.accuracies[0].device if len(self.accuracies) == 1 else None

    @property
    def host_int8_accuracy(self) -> float | None:
        """Accuracy of the same model on the host, likewise."""
        return self.accuracies[0].host_int8 if len(self.accuracies) == 1 else None
