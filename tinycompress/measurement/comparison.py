"""Every sample through the device and the oracle: equal bytes, and accuracy.

The samples of a model that keeps state are a stream: both sides reset it where a stream begins
(`StoredSamples.begins_stream`), and keep it from one sample to the next everywhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinycompress._progress import Progress
from tinycompress.artifacts import BuiltFirmware, OutputQuality
from tinycompress.codegen.tolerance import allowed_ulps
from tinycompress.errors import DeviceError, ModelError
from tinycompress.ir.reader import read_model
from tinycompress.measurement.answers import AnswerLog, Outputs
from tinycompress.measurement.enclosed.kept_samples import kept_samples
from tinycompress.measurement.exactness import worst_excess
from tinycompress.measurement.judged import label_notes, qualities
from tinycompress.measurement.meters import Cost
from tinycompress.measurement.samples import StoredSamples
from tinycompress.measurement.session import Session
from tinycompress.oracle import open_oracle
from tinycompress.quality.notes import chance_notes


@dataclass(frozen=True)
class Comparison:
    """Device against oracle over all samples; None for what could not be told.

    ``not_compared`` says why the oracle gave no outputs; ``kept_samples``, ``allowed_ulps`` and
    ``worst_ulps`` are as in `BenchResult`. Of a cascade, ``by_stage`` has the costs of its stages
    for each sample that was run now, and ``ran`` which of them ran.
    """

    mismatched_samples: int | None
    quality: tuple[OutputQuality, ...] = ()
    notes: tuple[str, ...] = ()
    not_compared: str | None = None
    kept_samples: bytes = b""
    by_stage: tuple[tuple[Cost, ...], ...] = ()
    ran: tuple[bytes, ...] = ()
    allowed_ulps: int = 0
    worst_ulps: float | None = None


def compare(
    session: Session,
    stored: StoredSamples,
    built: BuiltFirmware,
    tflite: bytes,
    *,
    log: AnswerLog | None,
    progress: Progress,
) -> Comparison:
    """Send every sample through the device and through the oracle.

    Args:
        session: The device.
        stored: The samples.
        built: The firmware that the device runs.
        tflite: The model file that it was built from.
        log: Keeps the device's answers; those that it has already are not asked for again.
        progress: Told how many are done.

    Raises:
        DeviceError: The device stopped; the hint says how to go on.
        ConfigError: The log cannot be written.
    """
    by_stage: list[tuple[Cost, ...]] = []
    project = built.project
    device = _device_outputs(session, stored, log, progress, by_stage if project.stages else None)
    notes = (*_stream_notes(stored), *_earlier_notes(log, stored.count), *_same_notes(device))
    reason = None
    try:
        host: list[Outputs] | None = _oracle_outputs(stored, built, tflite, progress)
    except ModelError as error:
        host, reason = None, error.message
        notes = (*notes, f"outputs were not compared: {reason}")
    allowed = _allowed(built, tflite)
    mismatched, worst = None, None
    if host is not None:
        mismatched, worst = _differing(built, device, host, allowed)
    found = qualities(stored, project.answers, tflite, device, host)
    kept = kept_samples(stored, project.answers, tflite, device)
    doubts = (*chance_notes(found), *label_notes(stored, project.answers))
    ran = tuple(outputs[-1] for outputs in device[len(device) - len(by_stage) :])
    return Comparison(
        mismatched, found, (*notes, *doubts), reason, kept, tuple(by_stage), ran,
        allowed_ulps=max(allowed), worst_ulps=worst if max(allowed) else None,
    )  # fmt: skip


def _allowed(built: BuiltFirmware, tflite: bytes) -> tuple[int, ...]:
    """The bound of each output; TensorFlow Lite Micro's kernels are the oracle's own.

    Stages of a cascade are integers, and which of them ran is one more output.
    """
    if built.project.engine != "aot" or built.project.stages:
        return (0,) * len(built.project.outputs)
    return allowed_ulps(read_model(tflite), built.project.exact_to)


def _differing(
    built: BuiltFirmware, device: Sequence[Outputs], host: Sequence[Outputs], allowed: Sequence[int]
) -> tuple[int, float]:
    """How many samples are beyond the bound of some output, and the largest difference in ULP."""
    found = [
        worst_excess(told, wanted, built.project.outputs, allowed)
        for told, wanted in zip(device, host, strict=True)
    ]
    return sum(not within for within, _ in found), max((worst for _, worst in found), default=0.0)


def _device_outputs(
    session: Session,
    stored: StoredSamples,
    log: AnswerLog | None,
    progress: Progress,
    by_stage: list[tuple[Cost, ...]] | None,
) -> list[Outputs]:
    """The device's answers; ``by_stage`` gets what stages of a cascade cost, for each sample."""
    outputs = [] if log is None else list(log.earlier)
    try:
        if log is not None:
            _replay(session, stored, log, progress)
        for index in range(len(outputs), stored.count):
            # What is no stream has no need of the host: the model itself resets what it must.
            reset = stored.begins is not None and stored.begins_stream(index)
            infer = session.infer if by_stage is None else session.infer_by_stage
            inference = infer(stored.sample(index), reset=reset)
            answer = inference.outputs
            outputs.append(answer)
            if by_stage is not None:
                by_stage.append(inference.costs)
            if log is not None:
                log.add(answer)
            progress("run the samples", index + 1, stored.count)
    except DeviceError as error:
        if log is not None and error.hint is None:
            error.hint = log.hint
        elif log is not None:
            error.hint = f"{error.hint}; {log.hint}"
        raise
    return outputs


def _replay(session: Session, stored: StoredSamples, log: AnswerLog, progress: Progress) -> None:
    """Bring back the state that the device had after its last answer in the log.

    Raises:
        DeviceError: The device comes to another answer than it had there.
    """
    done = len(log.earlier)
    if done in (0, stored.count) or stored.begins_stream(done):
        return
    last = done - 1
    begin = next(index for index in range(last, -1, -1) if stored.begins_stream(index))
    for index in range(begin, last):
        session.advance(stored.sample(index), reset=stored.begins_stream(index))
        progress("run the stream up to where it was", index + 1 - begin, done - begin)
    again = session.infer(stored.sample(last), reset=stored.begins_stream(last)).outputs
    if again != log.earlier[last]:
        raise DeviceError(
            f"the device answers sample {last} otherwise than before the interruption",
            phase="RUN",
            hint=f"delete {log.path} to start from the first sample",
        )


def _stream_notes(stored: StoredSamples) -> tuple[str, ...]:
    if stored.begins is None:
        return ()
    streams = int(stored.begins.sum())
    if streams == 1:
        how = "one stream in their order, its state reset at the beginning only"
    else:
        how = f"{streams} streams, its state reset at the beginning of each"
    return (f"the model keeps state: {stored.count} samples were run as {how}",)


def _earlier_notes(log: AnswerLog | None, count: int) -> tuple[str, ...]:
    if log is None or not log.earlier:
        return ()
    return (
        f"{len(log.earlier)} of {count} samples were answered by this build in an earlier run that "
        "was interrupted",
    )


def _same_notes(device: list[Outputs]) -> tuple[str, ...]:
    if len(device) < 2 or len(set(device)) > 1:
        return ()
    return (
        f"all {len(device)} samples give the same output: that it is the oracle's shows little; "
        "take samples that the model tells apart",
    )


def _oracle_outputs(
    stored: StoredSamples, built: BuiltFirmware, tflite: bytes, progress: Progress
) -> list[Outputs]:
    outputs = []
    oracle = open_oracle(tflite, built.project.exact_to)
    try:
        for index in range(stored.count):
            infer = oracle.run if stored.begins_stream(index) else oracle.step
            arrays = infer(*stored.sample(index))
            outputs.append(tuple(array.tobytes() for array in arrays))
            progress("run the oracle", index + 1, stored.count)
    finally:
        oracle.close()
    return outputs
