"""One cell: a network of one framework, all the way to the emulated board, and through a recipe."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from support.models.road import Verdict, road_verdict

import tinycompress
from benchmarks.layers.case import Case, network_of, samples_of
from benchmarks.layers.foreign import file_of
from benchmarks.layers.outcome import Answer, Cell, Kind
from benchmarks.layers.torch_cases import TORCH_CASES
from tinycompress import _tf
from tinycompress._files import write_text
from tinycompress.artifacts import ConvertedModel, ExactTo
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.errors import ModelError, TinyCompressError

BOARD = "arduino_nano_33_ble"
_LONGEST = 200
RUNTIMES: tuple[ExactTo, ...] = ("tflm", "litert")
COLUMNS = ("Keras 3", "tf_keras", "tf.keras .h5", "SavedModel")
COMPRESSED = ("Keras 3", "tf_keras")
"""Columns whose networks go through a recipe; a ``.h5`` file holds the same network as tf_keras's
``.keras``, and a SavedModel holds no layers."""

RECIPE: Mapping[str, Any] = {
    "schema": 1, "name": "short", "description": "Prunes and clusters.",
    "limits": {"max_accuracy_drop": 1.0},
    "stage": [
        {"kind": "prune", "sparsity": 0.2, "fine_tune": {"epochs": 1, "learning_rate": 1e-4}},
        {"kind": "cluster", "clusters": 32, "fine_tune": {"epochs": 1, "learning_rate": 1e-4}},
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Roads:
    """Where it is kept what a file came to on the emulated board, by the file's content."""

    directory: Path
    product: str

    def verdict(self, tflite: bytes, exact_to: ExactTo) -> Verdict:
        """Build and run a file, unless these bytes have been."""
        digest = hashlib.sha256(f"{self.product}\0{exact_to}\0".encode() + tflite).hexdigest()
        kept = self.directory / f"{digest[:32]}.json"
        if kept.is_file():
            return Verdict(**json.loads(kept.read_text(encoding="utf-8")))
        with TemporaryDirectory(prefix="tc-layers-") as place:
            file = Path(place) / "model.tflite"
            file.write_bytes(tflite)
            found = road_verdict(file, BOARD, "zig", exact_to)
        write_text(kept, json.dumps({"outcome": found.outcome, "detail": found.detail}))
        return found


def keras_cell(case: Case, column: str, roads: Roads) -> Cell:
    """Make, convert, build, run and compress a network of Keras."""
    with TemporaryDirectory(prefix="tc-layers-") as place:
        try:
            model, source = saved(case, column, Path(place))
        except AttributeError as error:
            return Cell(case.name, column, Answer("absent", str(error)))
        except Exception as error:
            return _unmade(case, column, error)
        samples = samples_of(case)
        try:
            labels = _labels(model, samples)
        except Exception as error:
            return _unmade(case, column, error)
        cell = converted_cell(case.name, column, source, samples, roads)
        if column not in COMPRESSED:
            return cell
        exact_to: ExactTo = "litert" if cell.runtime == "litert" else "tflm"
        answer = _answer(lambda: _compressed(source, samples, labels, exact_to))
        # Where it lies is this run's own.
        answer = replace(answer, text=answer.text.replace(f"{source.parent}/", ""))
        return Cell(**{**vars(cell), "compressed": answer})


def _unmade(case: Case, column: str, error: Exception) -> Cell:
    said = " ".join(str(error).split())[:_LONGEST]
    return Cell(case.name, column, Answer("unmade", f"its own framework fails: {said}"))


def saved(case: Case, column: str, place: Path) -> tuple[Any, Path]:
    """The network, and the file or directory that its user would give."""
    keras = _tf.tf_keras() if column in ("tf_keras", "tf.keras .h5") else _tf.keras()
    with _tf.quiet():
        model = network_of(case, keras)
        if column == "SavedModel":
            model.export(str(place / "exported"), verbose=False)
            return model, place / "exported"
        path = place / ("model.h5" if column == "tf.keras .h5" else "model.keras")
        model.save(str(path))
    return model, path


def foreign_cell(row: str, column: str, files: Path, roads: Roads) -> Cell:
    """Check, build and run what another framework's tools made of a network.

    Args:
        row: Name of the case.
        column: Of the table.
        files: Directory that `foreign` wrote.
        roads: What is known of files.
    """
    if row not in TORCH_CASES:
        return Cell(row, column, Answer("absent"))
    source = file_of(files, row, ".tflite")
    if not source.is_file():
        why = file_of(files, row, ".txt")
        said = why.read_text(encoding="utf-8") if why.is_file() else "its tools were not run"
        return Cell(row, column, Answer("unmade", said[:_LONGEST]))
    return converted_cell(row, column, source, {}, roads)


def converted_cell(
    row: str, column: str, source: Path, samples: Mapping[str, Any], roads: Roads
) -> Cell:
    """Convert a file and run it; with LiteRT's arithmetic where TFLM's does not do."""
    found: list[Cell] = []
    for exact_to in RUNTIMES:
        cell = _converted(row, column, source, samples, roads, exact_to)
        if cell.made.kind == "exact":
            return cell
        found.append(cell)
    return found[0]


def _converted(
    row: str, column: str, source: Path, samples: Mapping[str, Any], roads: Roads,
    exact_to: ExactTo,
) -> Cell:  # fmt: skip
    made: list[ConvertedModel] = []
    options = ConvertOptions(exact_to=exact_to, require_integers=False)

    def convert() -> None:
        made.append(convert_model(source, dict(samples) or None, options=options))

    answer = _answer(convert)
    if not made:
        text = answer.text.replace(f"{source.parent}/", "")
        return Cell(row, column, Answer(answer.kind, text, answer.hint), exact_to)
    verdict = roads.verdict(made[0].tflite, exact_to)
    ratios = [one.snr_db for one in made[0].agreement]
    known = [ratio for ratio in ratios if math.isfinite(ratio)]
    kind: Kind = "wrong"
    if verdict.outcome in ("exact", "refused"):
        kind = "exact" if verdict.outcome == "exact" else "refused"
    ratio = min(known) if known else None
    return Cell(row, column, Answer(kind, verdict.detail), exact_to, ratio)


def _labels(model: Any, samples: Mapping[str, Any]) -> list[Any]:
    """What the model says is what it shall go on saying: no task has to be learned."""
    inputs = list(samples.values())
    said = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return [np.asarray(one) for one in (said if isinstance(said, list | tuple) else [said])]


def _compressed(
    source: Path, samples: Mapping[str, Any], labels: list[Any], exact_to: ExactTo
) -> None:
    named = {f"y{index}": one for index, one in enumerate(labels)}
    data = {**samples, **({"y": labels[0]} if len(labels) == 1 else named)}
    tinycompress.compress(source, RECIPE, data, val=data, exact_to=exact_to)


def _answer(step: Callable[[], None]) -> Answer:
    try:
        step()
    except ModelError as error:
        reason = error.reasons[0] if error.reasons else ""
        summary = error.message.splitlines()[0]
        return Answer(
            "refused", f"{summary.rstrip(':')}: {reason}" if reason else summary, error.hint or ""
        )
    except TinyCompressError as error:
        return Answer("refused", error.message, error.hint or "")
    except Exception as error:  # A traceback is a finding like any other.
        return Answer("wrong", f"{type(error).__name__}: {str(error)[:300]}")
    return Answer("exact")
