"""The benchmark: time, memory, exactness and accuracy of built firmware on its board."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import (
    BenchResult,
    BuiltFirmware,
    ClockCheck,
    LayerCost,
    LayerInfo,
    Obtained,
    RamSizes,
    Spread,
    TensorSpec,
)
from tinycompress.boards import Board
from tinycompress.device.link import Link
from tinycompress.errors import ConfigError, DeviceError, ModelError
from tinycompress.ir.quantize import dequantize
from tinycompress.ir.reader import read_model
from tinycompress.measurement.client import (
    DEFAULT_RETRIES,
    DEFAULT_RUN_TIMEOUT_S,
    DEFAULT_TIMEOUT_S,
    DeviceClient,
)
from tinycompress.measurement.clock import clock_note
from tinycompress.measurement.meters import Cost
from tinycompress.measurement.samples import Samples, StoredSamples, random_samples, stored_samples
from tinycompress.measurement.session import Arrays, Session, output_array
from tinycompress.oracle import Oracle

RANDOM_SAMPLES = 5
"""How many random inputs are compared when the user gave no samples."""

_CLAMPED_SHARE_NOTED = 0.01
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
class Comparison:
    """Device against oracle over all samples; None for what could not be told."""

    mismatched_samples: int | None
    device_accuracy: float | None
    host_int8_accuracy: float | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What the device told, before it becomes a result."""

    costs: tuple[Cost, ...]
    obtained: Obtained
    layers: tuple[LayerCost, ...]
    samples: int
    comparison: Comparison
    ram: RamSizes
    clock: ClockCheck | None
    notes: tuple[str, ...]


def bench(
    built: BuiltFirmware,
    board: Board,
    link: Link,
    *,
    tflite: bytes,
    samples: Samples | None = None,
    options: BenchOptions | None = None,
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
        progress: Told what is under way.

    Raises:
        ConfigError: The samples do not fit the model, or ``tflite`` is another model.
        DeviceError: The device is silent, is another build, stops, or contradicts itself.
    """
    options = options or BenchOptions()
    _require_same_model(tflite, built)
    stored = _prepare(samples, built)
    progress("connect")
    session = _connect(built, board, link, options)
    costs = _timed_runs(session, stored, options, progress)
    clock = session.clock()
    layers = _profiled_run(session, stored.sample(0), built.project.layers, progress)
    comparison = _compare(session, stored, built, tflite, progress)
    ram = session.ram()
    measured = Measured(
        costs=tuple(costs),
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
            *session.meter.notes,
        ),
    )
    return _result(measured, built, board, link, options)


def fits(built: BuiltFirmware, ram: RamSizes, board: Board) -> bool:
    """Whether flash and RAM, with the stack as ``ram`` has it, are within what the board has."""
    return built.flash.total_bytes <= board.flash_bytes and ram.total_bytes <= board.ram_bytes


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


def _result(
    measured: Measured, built: BuiltFirmware, board: Board, link: Link, options: BenchOptions
) -> BenchResult:
    costs, obtained = measured.costs, measured.obtained
    return BenchResult(
        board_id=board.id,
        engine=built.project.engine,
        toolchain=built.toolchain,
        transport=link.transport,
        build_id=built.build_id,
        runs=options.runs,
        instructions=_spread([cost.instructions for cost in costs], obtained),
        cycles=_spread([cost.cycles for cost in costs], obtained),
        latency_us=_spread([cost.us for cost in costs], obtained),
        ram=measured.ram,
        flash=built.flash,
        oracle=built.project.exact_to,
        samples=measured.samples,
        mismatched_samples=measured.comparison.mismatched_samples,
        device_accuracy=measured.comparison.device_accuracy,
        host_int8_accuracy=measured.comparison.host_int8_accuracy,
        fits=fits(built, measured.ram, board),
        layers=measured.layers,
        notes=measured.notes,
        clock=measured.clock,
    )


def _prepare(samples: Samples | None, built: BuiltFirmware) -> StoredSamples:
    if samples is None:
        return random_samples(built.project.inputs, RANDOM_SAMPLES)
    return stored_samples(samples, built.project.inputs, _elements(built.project.outputs[0]))


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
    session: Session, sample: Arrays, layers: Sequence[LayerInfo], progress: Progress
) -> tuple[LayerCost, ...]:
    """Cost of each layer; the profiled run has to compute what the plain one does."""
    progress("profile the layers")
    profiled = session.profile(sample)
    if profiled.outputs != session.infer(sample).outputs:
        raise DeviceError("the profiled run computes other bytes than the plain one", phase="RUN")
    return tuple(
        LayerCost(
            name=layer.name,
            op=layer.op,
            macs=layer.macs,
            instructions=_rounded(cost.instructions),
            cycles=_rounded(cost.cycles),
        )
        for layer, cost in zip(layers, profiled.costs, strict=True)
    )


def _compare(
    session: Session,
    stored: StoredSamples,
    built: BuiltFirmware,
    tflite: bytes,
    progress: Progress,
) -> Comparison:
    """Send every sample through the device and through the oracle."""
    project = built.project
    device: list[tuple[bytes, ...]] = []
    for index in range(stored.count):
        device.append(session.infer(stored.sample(index)).outputs)
        progress("run the samples", index + 1, stored.count)
    notes: tuple[str, ...] = ()
    try:
        host: list[tuple[bytes, ...]] | None = _oracle_outputs(stored, built, tflite, progress)
    except ModelError as error:
        host, notes = None, (f"outputs were not compared: {error.message}",)
    mismatched = None if host is None else sum(d != h for d, h in zip(device, host, strict=True))
    if stored.labels is None:
        return Comparison(mismatched, None, None, notes)
    if len(project.outputs) != 1:
        several = f"no accuracy: the model has {len(project.outputs)} outputs"
        return Comparison(mismatched, None, None, (*notes, several))
    threshold = threshold_of(tflite) if _elements(project.outputs[0]) == 1 else 0.0

    def accuracy(outputs: list[tuple[bytes, ...]]) -> float:
        chosen = [predicted_class(one[0], project.outputs[0], threshold) for one in outputs]
        return float(np.mean(np.asarray(chosen) == stored.labels))

    on_host = None if host is None else accuracy(host)
    return Comparison(mismatched, accuracy(device), on_host, notes)


def _oracle_outputs(
    stored: StoredSamples, built: BuiltFirmware, tflite: bytes, progress: Progress
) -> list[tuple[bytes, ...]]:
    outputs = []
    oracle = Oracle(tflite, built.project.exact_to)
    try:
        for index in range(stored.count):
            arrays = oracle.run(*stored.sample(index))
            outputs.append(tuple(array.tobytes() for array in arrays))
            progress("run the oracle", index + 1, stored.count)
    finally:
        oracle.close()
    return outputs


def predicted_class(stored: bytes, spec: TensorSpec, threshold: float) -> int:
    """The class that an output says: its first greatest element; of one element, 1 above a limit.

    Args:
        stored: The output's bytes.
        spec: The output.
        threshold: Limit for an output of one element, in real units.
    """
    array = output_array(stored, spec)
    if array.size > 1:
        return int(array.argmax())
    if array.dtype.kind in "iu":
        return int(dequantize(array, spec).item() > threshold)
    return int(array.item() > threshold)


def threshold_of(tflite: bytes) -> float:
    """Where a single output changes from class 0 to 1: a probability at 0.5, a logit at 0."""
    graph = read_model(tflite).main
    made_by = [op.kind for op in graph.ops if graph.outputs[0] in op.outputs]
    return 0.5 if made_by == ["LOGISTIC"] else 0.0


def _elements(spec: TensorSpec) -> int:
    return int(np.prod(spec.shape))


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)


def _spread(values: Sequence[float | None], obtained: Obtained) -> Spread | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(statistics.median(known), min(known), max(known), obtained)


def _sample_notes(samples: Samples | None, stored: StoredSamples) -> list[str]:
    if samples is None:
        return [f"no samples were given: {stored.count} random inputs were compared"]
    notes = list(stored.notes)
    if stored.clamped_share > _CLAMPED_SHARE_NOTED:
        notes.append(
            f"{stored.clamped_share:.0%} of the input values are beyond what the model's input can "
            "represent: were the samples scaled as for training?"
        )
    return notes


def _stack_notes(ram: RamSizes) -> list[str]:
    peak, reserved = ram.stack_peak_bytes or 0, ram.stack_reserved_bytes
    if reserved and peak >= reserved:
        return [f"all {reserved} bytes of the stack were used: it may have overflowed"]
    if peak > _STACK_SHARE_NOTED * reserved:
        return [f"the stack came near its end: {peak} of {reserved} bytes"]
    return []


def _board_notes(ram: RamSizes, clock: ClockCheck | None) -> list[str]:
    off = None if clock is None else clock_note(clock)
    return [*_stack_notes(ram), *([] if off is None else [off])]
