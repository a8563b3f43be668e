"""The benchmark: time, memory, exactness and accuracy of built firmware on its board."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import (
    BenchResult,
    BuiltFirmware,
    CascadeResult,
    ClockCheck,
    FirmwareProject,
    LayerCost,
    LayerInfo,
    Machine,
    Obtained,
    RamSizes,
    Spread,
)
from tinycompress.boards import Board
from tinycompress.device.link import Link
from tinycompress.errors import ConfigError, DeviceError
from tinycompress.ir.reader import read_model
from tinycompress.ir.state import keeps_state
from tinycompress.measurement.answers import AnswerLog, identity_of, samples_sha256
from tinycompress.measurement.cascades.costs import cascade_result, spread
from tinycompress.measurement.clock import clock_note
from tinycompress.measurement.comparison import Comparison, compare
from tinycompress.measurement.meters import Cost
from tinycompress.measurement.outliers import outlier_note
from tinycompress.measurement.protocol.client import (
    DEFAULT_RETRIES,
    DEFAULT_RUN_TIMEOUT_S,
    DEFAULT_TIMEOUT_S,
    DeviceClient,
)
from tinycompress.measurement.samples import Samples, StoredSamples, random_samples, stored_samples
from tinycompress.measurement.session import Arrays, Session

RANDOM_SAMPLES = 5
"""How many random inputs are compared when the user gave no samples."""

RANDOM_STREAM_SAMPLES = 50
"""The same for a model that keeps state, which may be long in coming round its buffers."""

_STACK_SHARE_NOTED = 0.9


@dataclass(frozen=True)
class BenchOptions:
    """How to measure.

    ``runs`` timed inferences follow ``warmup`` ones that do not count. The time-outs (seconds) and
    the number of ``retries`` of a request matter on a serial line only.
    """

    runs: int = 5
    warmup: int = 1
    timeout_s: float = DEFAULT_TIMEOUT_S
    run_timeout_s: float = DEFAULT_RUN_TIMEOUT_S
    retries: int = DEFAULT_RETRIES

    def __post_init__(self) -> None:
        if self.runs < 1 or self.warmup < 0 or self.retries < 0:
            raise ConfigError(
                f"runs {self.runs}, warmup {self.warmup}, retries {self.retries}: at least 1, 0, 0"
            )
        if self.timeout_s <= 0 or self.run_timeout_s <= 0:
            raise ConfigError(
                f"time-outs {self.timeout_s} s and {self.run_timeout_s} s must be positive"
            )


@dataclass(frozen=True)
class Measured:
    """What the device told, before it becomes a result."""

    costs: tuple[Cost, ...]
    machine: Machine
    obtained: Obtained
    layers: tuple[LayerCost, ...]
    samples: int
    comparison: Comparison
    ram: RamSizes
    clock: ClockCheck | None
    notes: tuple[str, ...]
    samples_sha256: str
    cascade: CascadeResult | None = None


def bench(
    built: BuiltFirmware,
    board: Board,
    link: Link,
    *,
    tflite: bytes,
    samples: Samples | None = None,
    options: BenchOptions | None = None,
    resume: Path | None = None,
    progress: Progress = no_progress,
) -> BenchResult:
    """Measure firmware on the board that runs it.

    Args:
        built: The firmware; the device must prove to run this very build.
        board: Its board.
        link: Open connection to the device; stays the caller's to close.
        tflite: The model file that it was built from.
        samples: Inputs to check, with labels for accuracy; None takes a few random ones.
        options: How to measure.
        resume: File that keeps the device's answers to ``samples`` until all are there, so that
            an interrupted run goes on where it was; None keeps nothing.
        progress: Told what is under way.

    Raises:
        ConfigError: The samples do not fit the model, ``tflite`` is another model, or ``resume``
            cannot be written.
        DeviceError: The device is silent, is another build, stops, or contradicts itself.
    """
    options = options or BenchOptions()
    _require_same_model(tflite, built)
    stored = _prepare(samples, built, tflite)
    progress("connect")
    session = _connect(built, board, link, options)
    costs = _timed_runs(session, stored, options, progress)
    clock = session.clock()
    layers = _profiled_run(
        session, stored.sample(0), built.project.layers, progress, len(built.project.stages)
    )
    log = _answer_log(resume, built, stored, link, session)
    try:
        comparison = compare(session, stored, built, tflite, log=log, progress=progress)
    finally:
        if log is not None:
            log.close()
    ram = session.ram()
    measured = Measured(
        costs=tuple(costs),
        machine=session.machine,
        obtained=session.meter.obtained,
        layers=layers,
        samples=stored.count,
        comparison=comparison,
        ram=ram,
        clock=clock,
        notes=(
            *_sample_notes(samples, stored),
            *comparison.notes,
            *_board_notes(ram, clock),
            *_framework_notes(built.project),
            *_outlier_notes(costs, session),
            *session.meter.notes,
            *_bound_notes(costs),
        ),
        samples_sha256=samples_sha256(stored),
        cascade=cascade_result(
            built.project.stages, comparison.by_stage, comparison.ran, session.meter.obtained
        ),
    )
    result = _result(measured, built, board, link, options)
    if log is not None:
        log.remove()
    return result


def fits(built: BuiltFirmware, ram: RamSizes, board: Board) -> bool:
    """Whether flash and RAM, the reserved stack included, are within what the board has."""
    return built.flash.total_bytes <= board.flash_bytes and ram.reserved_bytes <= board.ram_bytes


def _require_same_model(tflite: bytes, built: BuiltFirmware) -> None:
    if hashlib.sha256(tflite).hexdigest() != built.project.model_sha256:
        raise ConfigError(
            f"the model file is not the one that {built.project.directory} was built from",
            hint="build the project again: tinycompress build",
        )


def _connect(built: BuiltFirmware, board: Board, link: Link, options: BenchOptions) -> Session:
    client = DeviceClient(
        link,
        timeout_s=options.timeout_s,
        run_timeout_s=options.run_timeout_s,
        retries=options.retries,
        elf=built.elf,
    )
    return Session(client, link, built, board)


def _answer_log(
    path: Path | None, built: BuiltFirmware, stored: StoredSamples, link: Link, session: Session
) -> AnswerLog | None:
    if path is None:
        return None
    sizes = tuple(spec.size_bytes for spec in built.project.outputs)
    return AnswerLog(path, identity_of(built, stored, link, session.machine), sizes)


def _result(
    measured: Measured, built: BuiltFirmware, board: Board, link: Link, options: BenchOptions
) -> BenchResult:
    costs, obtained = measured.costs, measured.obtained
    return BenchResult(
        board_id=board.id,
        engine=built.project.engine,
        toolchain=built.toolchain,
        transport=link.transport,
        machine=measured.machine,
        build_id=built.build_id,
        runs=options.runs,
        instructions=_count_spread([cost.instructions for cost in costs], obtained),
        cycles=_count_spread([cost.cycles for cost in costs], obtained),
        latency_us=spread([cost.us for cost in costs], obtained),
        ram=measured.ram,
        flash=built.flash,
        oracle=built.project.exact_to,
        samples=measured.samples,
        mismatched_samples=measured.comparison.mismatched_samples,
        not_compared=measured.comparison.not_compared,
        fits=fits(built, measured.ram, board),
        layers=measured.layers,
        notes=measured.notes,
        clock=measured.clock,
        quality=measured.comparison.quality,
        kept_samples=measured.comparison.kept_samples,
        cycles_upper_bound=_cycles_upper_bound(costs),
        cascade=measured.cascade,
        recomputed_macs=built.project.recomputed_macs,
        latency_budget_us=built.project.latency_budget_us,
        model_sha256=built.project.model_sha256,
        elf_sha256=built.elf_sha256,
        samples_sha256=measured.samples_sha256,
    )


def _prepare(samples: Samples | None, built: BuiltFirmware, tflite: bytes) -> StoredSamples:
    if samples is None:
        return random_samples(tflite, RANDOM_SAMPLES, stream=RANDOM_STREAM_SAMPLES)
    stateful = keeps_state(read_model(tflite))
    project = built.project
    return stored_samples(samples, project.inputs, project.answers, stateful=stateful)


def _timed_runs(
    session: Session, stored: StoredSamples, options: BenchOptions, progress: Progress
) -> list[Cost]:
    costs = []
    total = options.warmup + options.runs
    for index in range(total):
        (cost,) = session.infer(stored.sample(index % stored.count)).costs
        progress("time the model", index + 1, total)
        if index >= options.warmup:
            costs.append(cost)
    return costs


def _profiled_run(
    session: Session,
    sample: Arrays,
    layers: Sequence[LayerInfo],
    progress: Progress,
    stages: int,
) -> tuple[LayerCost, ...]:
    """Cost of each layer; the profiled run has to compute what the plain one does."""
    progress("profile the layers")
    profiled = session.profile(sample)
    # A profile is of all stages of a cascade, whatever its gates say.
    if profiled.outputs != session.infer(sample, stages=(1 << stages) - 1).outputs:
        raise DeviceError("the profiled run computes other bytes than the plain one", phase="RUN")
    return tuple(
        LayerCost(
            name=layer.name,
            op=layer.op,
            macs=layer.macs,
            instructions=cost.instructions,
            cycles=cost.cycles,
        )
        for layer, cost in zip(layers, profiled.costs, strict=True)
    )


def _cycles_upper_bound(costs: Sequence[Cost]) -> int | None:
    bounds = [
        cost.cycles + cost.flash_wait_cycles
        for cost in costs
        if cost.cycles is not None and cost.flash_wait_cycles is not None
    ]
    return max(bounds, default=None)


def _bound_notes(costs: Sequence[Cost]) -> list[str]:
    """How much the wait states that the cycle model leaves out can be at most."""
    bound = _cycles_upper_bound(costs)
    most = max((cost.cycles for cost in costs if cost.cycles is not None), default=0)
    if bound is None or not most:
        return []
    return [
        f"with all wait states of the flash it takes at most {bound:,} cycles, "
        f"{bound / most:.1f} times as many: an upper bound, as if no cache spared any"
    ]


def _count_spread(values: Sequence[int | None], obtained: Obtained) -> Spread | None:
    """A spread of whole numbers; so is the median of an even number of runs."""
    found = spread(values, obtained)
    return None if found is None else replace(found, median=round(found.median))


def _sample_notes(samples: Samples | None, stored: StoredSamples) -> list[str]:
    if samples is None:
        return [f"no samples were given: {stored.count} random inputs were compared"]
    return list(stored.notes)


def _outlier_notes(costs: Sequence[Cost], session: Session) -> list[str]:
    # On an emulated board runs differ by their inputs alone.
    if session.machine == "emulated":
        return []
    note = outlier_note([cost.us for cost in costs if cost.us is not None])
    return [] if note is None else [note]


def _stack_notes(ram: RamSizes) -> list[str]:
    peak, reserved = ram.stack_peak_bytes or 0, ram.stack_reserved_bytes
    if reserved and peak >= reserved:
        return [f"all {reserved} bytes of the stack were used: it may have overflowed"]
    if peak > _STACK_SHARE_NOTED * reserved:
        return [f"the stack came near its end: {peak} of {reserved} bytes"]
    return []


def _framework_notes(project: FirmwareProject) -> list[str]:
    if project.framework == "cmake":
        return []
    name = project.framework.capitalize()
    return [
        f"{name} compiled the firmware with flags of its own, its interrupts are in the times, and "
        "static RAM is all that its linker set aside, stacks included",
    ]


def _board_notes(ram: RamSizes, clock: ClockCheck | None) -> list[str]:
    off = None if clock is None else clock_note(clock)
    return [*_stack_notes(ram), *([] if off is None else [off])]
