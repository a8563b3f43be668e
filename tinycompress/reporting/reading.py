"""From what is on disk to what is shown: each result as a subject of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tinycompress.errors import ConfigError
from tinycompress.measurement.reading import read_object, read_result
from tinycompress.reporting import benched, compressed, searched
from tinycompress.reporting.subjects import Agreement, LayerRow, Subject
from tinycompress.reporting.words import clean

_COMPARE = "tinycompress.inspect_compare"
_SUPPORTED_VERSION = 1
_SUBJECT = TypeAdapter(Subject)


def read_subjects(paths: Sequence[Path], errors: Path | None) -> tuple[Subject, ...]:
    """Read every result, and join it with the error of its layers.

    Args:
        paths: Bundles and directories, as `measurement.reading.read_result` takes them, or results
            of ``fit``.
        errors: What ``inspect --compare --json`` printed; None where there is none.

    Raises:
        ConfigError: One of them is no result, is of another version, or was cut or edited.
    """
    subjects = [_read(path) for path in paths]
    agreement = None if errors is None else read_agreement(errors)
    if agreement is not None:
        subjects = _joined(subjects, agreement, errors)
    return _labelled(subjects)


def _read(path: Path) -> Subject:
    if searched.is_search(path):
        return _whole(path, lambda: searched.subject_of(path))
    found = read_result(path)
    found.require_whole()
    make = compressed.subject_of if found.kind == "compress" else benched.subject_of
    return _whole(path, lambda: make(found))


def _whole(path: Path, make: Callable[[], Subject]) -> Subject:
    """A subject whose figures are all there, and are figures.

    Raises:
        ConfigError: One of them is not.
    """
    try:
        subject = _SUBJECT.validate_python(asdict(make()))
        _require_possible(subject)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _garbled(path, f"{where} ({first['msg']})") from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise _garbled(path, str(error)) from error
    return subject


def _garbled(path: Path, what: str) -> ConfigError:
    return ConfigError(
        f"{path} lacks or garbles {what}; it was written by another version",
        hint="make the result again",
    )


def _require_possible(subject: Subject) -> None:
    """Refuse figures that cannot be together.

    Raises:
        ValueError: Which.
    """
    if any(not memory.total_bytes for memory in subject.memories):
        raise ValueError("flash or ram: firmware of no bytes")
    for score in subject.scores:
        if any(len(row) != len(score.confusion) for row in score.confusion):
            raise ValueError("quality: a confusion matrix that is not square")
    plan = subject.plan
    if plan is None:
        return
    if not 0 <= plan.peak_layer < len(subject.layers) or not subject.arena_bytes:
        raise ValueError("plan: a peak in a layer, or an arena, that is not there")
    for buffer in plan.buffers:
        end = buffer.offset_bytes + buffer.size_bytes
        in_time = -1 <= buffer.first_layer <= buffer.last_layer <= len(subject.layers)
        if not (0 <= buffer.offset_bytes < end <= subject.arena_bytes and in_time):
            raise ValueError(f"plan: a buffer outside of the arena, {buffer.name!r}")


def read_agreement(path: Path) -> Agreement:
    """What ``inspect --compare --json`` printed.

    Raises:
        ConfigError: The file is something else, or of another version.
    """
    table = read_object(path)
    if table.get("schema") != _COMPARE or table.get("schema_version") != _SUPPORTED_VERSION:
        raise ConfigError(
            f"{path} is of the schema {table.get('schema')!r}, version "
            f"{table.get('schema_version')!r}, not {_COMPARE!r}, version {_SUPPORTED_VERSION}",
            hint="tinycompress inspect int8.tflite --compare float.keras --data x.npz --json",
        )
    try:
        return Agreement(
            float_model=table["float_model"],
            samples=table["samples"],
            least_db=float(table["least_db"]),
            first_diverging=table["first_diverging"],
            int8_sha256=table.get("int8_sha256", ""),
            layers=tuple(
                LayerRow(
                    one["name"], one["op"], 0,
                    snr_db=None if one["snr_db"] is None else float(one["snr_db"]),
                    snr_equal=bool(one["equal"]),
                )
                for one in table["layers"]
            ),
        )  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} lacks or garbles {error}", hint="make it again") from error


def _joined(subjects: Iterable[Subject], agreement: Agreement, path: Path | None) -> list[Subject]:
    """Every subject of the model that was compared gets the errors of its layers."""
    joined = [
        _with_errors(subject, agreement) if _is_of(subject, agreement) else subject
        for subject in subjects
    ]
    if all(subject.agreement is None for subject in joined):
        raise ConfigError(
            f"{path} is of another model than any of the results",
            hint="compare the .tflite that the firmware was built from with its float model",
        )
    return joined


def _is_of(subject: Subject, agreement: Agreement) -> bool:
    """Whether they are of one file; by names of layers where that is not told."""
    if agreement.int8_sha256 and subject.model_sha256:
        return agreement.int8_sha256 == subject.model_sha256
    names = {layer.name for layer in agreement.layers}
    return any(layer.name in names for layer in subject.layers)


def _with_errors(subject: Subject, agreement: Agreement) -> Subject:
    errors = {layer.name: layer for layer in agreement.layers}
    layers = tuple(
        replace(one, snr_db=errors[one.name].snr_db, snr_equal=errors[one.name].snr_equal)
        if one.name in errors
        else one
        for one in subject.layers
    )
    return replace(subject, layers=layers, agreement=agreement)


def _labelled(subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    """Labels that tell subjects apart: model and board, and the path where those are the same."""
    wanted = [clean(one.label) for one in subjects]
    shown = [
        label if wanted.count(label) == 1 else f"{label} ({clean(Path(one.path).name)})"
        for one, label in zip(subjects, wanted, strict=True)
    ]
    if len(set(shown)) < len(shown):
        shown = [f"{number}: {label}" for number, label in enumerate(shown, 1)]
    return tuple(replace(one, label=label) for one, label in zip(subjects, shown, strict=True))


__all__ = ["read_agreement", "read_subjects"]
