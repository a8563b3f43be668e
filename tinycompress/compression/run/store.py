"""Stages on disk: each one is written as a whole when it is finished, and found again by its key.

The key is a hash of everything that the stage's result depends on: the model, the data, the seed,
the version, and all options of this stage and those before it. Another key is another result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress._files import write_bytes, write_text
from tinycompress._tf import KerasName
from tinycompress._version import __version__
from tinycompress.compression.checks.promises import Promises
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.result import StageRow
from tinycompress.compression.run.workspace import (
    MODEL,
    REPORT,
    STAGE_FACTS,
    STAGES,
    TFLITE,
    new_result,
    new_stage,
)


@dataclass(frozen=True, eq=False)
class StoredStage:
    """One finished stage."""

    network: Network
    promises: Promises
    row: StageRow
    tflite: bytes


def stage_name(index: int, kind: str) -> str:
    """Name of the directory that a stage is kept in."""
    return f"{index:02d}-{kind}"


def stage_directory(directory: Path, index: int, kind: str) -> Path:
    """Where a stage is kept below the result directory."""
    return directory / STAGES / stage_name(index, kind)


def save_stage(path: Path, key: str, stage: StoredStage, keras: KerasName) -> None:
    """Write a finished stage; one that was there under another key is replaced.

    Raises:
        ConfigError: The place cannot be written; what was there before is still there.
    """
    model = build_model(stage.network, keras)
    with new_stage(path) as temporary:
        model.save(str(temporary / MODEL))
        write_bytes(temporary / TFLITE, stage.tflite)
        facts = {
            "key": key,
            "promises": stage.promises.to_json(),
            "row": stage.row.to_json(),
        }
        write_text(temporary / STAGE_FACTS, json.dumps(facts, indent=2) + "\n")


def stored_row(path: Path) -> StageRow | None:
    """The figures of a stage that is kept somewhere; None if they cannot be read."""
    try:
        facts = json.loads((path / STAGE_FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return StageRow.from_json(facts["row"])


def load_stage(path: Path, key: str, keras: KerasName) -> StoredStage | None:
    """Find a finished stage again; None if it is not there, damaged, or has another key."""
    try:
        facts = json.loads((path / STAGE_FACTS).read_text(encoding="utf-8"))
        tflite = (path / TFLITE).read_bytes()
    except (OSError, ValueError):
        return None
    if not isinstance(facts, dict) or facts.get("key") != key:
        return None
    row = StageRow.from_json(facts["row"])
    if hashlib.sha256(tflite).hexdigest() != row.tflite_sha256:
        return None
    module = _tf.keras() if keras == "keras" else _tf.tf_keras()
    with _tf.quiet():
        model = module.models.load_model(str(path / MODEL), compile=False)
    return StoredStage(read_network(model), Promises.from_json(facts["promises"]), row, tflite)


def save_result(directory: Path, model: Any, tflite: bytes, facts: dict[str, Any]) -> None:
    """Write the final model, file and report at the top of the result directory."""
    with new_result(directory) as temporary:
        model.save(str(temporary / MODEL))
        write_bytes(temporary / TFLITE, tflite)
        write_text(temporary / REPORT, json.dumps(facts, indent=2) + "\n")


def first_key(network: Network, data: Iterable[Data], seed: int, settings: str) -> str:
    """Key of the model before the first stage."""
    digest = hashlib.sha256(f"{__version__}|{seed}|{settings}".encode())
    for name, layer in network.layers.items():
        config = json.dumps(dict(layer.config), sort_keys=True, default=_plain)
        digest.update(f"|{name}|{layer.kind}|{config}|{layer.trainable}".encode())
        for weight in layer.weights:
            _add(digest, weight)
    digest.update(repr((network.inputs, network.calls, network.outputs)).encode())
    for part in data:
        for array in (*part.inputs, *part.labels, *part.anomalous.values()):
            _add(digest, array)
    return digest.hexdigest()


def next_key(previous: str, options: str) -> str:
    """Key of a stage from that of the stage before it."""
    return hashlib.sha256(f"{previous}|{options}".encode()).hexdigest()


def _add(digest: Any, array: Array) -> None:
    digest.update(f"|{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).tobytes())


def _plain(value: Any) -> Any:
    """What a configuration holds beyond plain values: arrays, and slices in the index of one."""
    return value.tolist() if hasattr(value, "tolist") else repr(value)
