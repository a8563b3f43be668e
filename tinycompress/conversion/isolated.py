"""Conversion in a process of its own.

TensorFlow's converter leaks memory with every call and can end the whole process on a model that
it does not like. A training run that converts after every epoch must survive both. The model is
frozen here, so the other process needs neither the user's classes nor Keras.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress import _proc, errors
from tinycompress.artifacts import ConvertedModel, TensorSpec
from tinycompress.conversion.calibrate import Samples, SampleSource
from tinycompress.conversion.convert import (
    ConvertOptions,
    PreparedModel,
    convert_model,
    convert_prepared,
    open_source,
    prepare,
)
from tinycompress.conversion.frozen import FrozenGraph

_LOG = logging.getLogger(__name__)
_GRAPH, _REQUEST, _REPLY, _TFLITE = "graph.pb", "request.json", "reply.json", "model.tflite"


def convert_in_subprocess(
    source: Path | str | object,
    calibration: SampleSource | None,
    *,
    evaluation: SampleSource | None = None,
    options: ConvertOptions | None = None,
    timeout_s: float = 600.0,
) -> ConvertedModel:
    """As `convert.convert_model`, but the converter runs in another process.

    Args:
        source: As in `convert.convert_model`.
        calibration: As in `convert.convert_model`.
        evaluation: As in `convert.convert_model`.
        options: How to convert.
        timeout_s: Seconds after which the other process is ended.

    Raises:
        ConfigError: As `convert.convert_model`.
        ModelError: As `convert.convert_model`.
        ToolError: The converter crashed or took too long.
    """
    chosen = options or ConvertOptions()
    opened = open_source(source, calibration)
    if opened.kind == "tflite":
        return convert_model(source, calibration, evaluation=evaluation, options=chosen)
    prepared = prepare(opened, calibration, evaluation, chosen)
    with tempfile.TemporaryDirectory(prefix="tinycompress-") as name:
        directory = Path(name)
        _write_request(directory, prepared, chosen)
        finished = _proc.run(
            [sys.executable, "-m", "tinycompress.conversion.isolated", directory],
            timeout_s=timeout_s,
            env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
            hint="the converter failed on this model; `tinycompress --debug convert` shows its"
            " own output",
        )
        _LOG.debug("converter process: %s", finished.stderr)
        return _read_reply(directory)


def main(directory: Path) -> None:
    """What the other process does: convert what is in a directory and leave the reply there."""
    prepared, options = _read_request(directory)
    try:
        converted = convert_prepared(prepared, options)
    except errors.TinyCompressError as error:
        reasons = error.reasons if isinstance(error, errors.ModelError) else ()
        reply: dict[str, Any] = {
            "error": type(error).__name__,
            "message": error.message.removesuffix("".join(f"\n  - {line}" for line in reasons)),
            "reasons": reasons,
            "hint": error.hint,
        }
    else:
        (directory / _TFLITE).write_bytes(converted.tflite)
        reply = asdict(converted)
        del reply["tflite"]
    (directory / _REPLY).write_text(json.dumps(reply))


def _write_request(directory: Path, prepared: PreparedModel, options: ConvertOptions) -> None:
    request = {
        "name": prepared.name,
        "warnings": prepared.warnings,
        "inputs": prepared.frozen.inputs,
        "outputs": prepared.frozen.outputs,
        "where": {part: getattr(prepared, part).where for part in ("calibration", "evaluation")},
        "options": asdict(options),
    }
    (directory / _REQUEST).write_text(json.dumps(request))
    (directory / _GRAPH).write_bytes(prepared.frozen.graph_def)
    for part in ("calibration", "evaluation"):
        samples: Samples = getattr(prepared, part)
        arrays: dict[str, Any] = {f"x{i}": values for i, values in enumerate(samples.inputs)}
        if samples.targets is not None:
            arrays["y"] = samples.targets
        np.savez(directory / f"{part}.npz", **arrays)


def _read_request(directory: Path) -> tuple[PreparedModel, ConvertOptions]:
    request = json.loads((directory / _REQUEST).read_text())
    frozen = FrozenGraph(
        (directory / _GRAPH).read_bytes(), tuple(request["inputs"]), tuple(request["outputs"])
    )
    prepared = PreparedModel(
        name=request["name"],
        frozen=frozen,
        calibration=_read_samples(directory, "calibration", request),
        evaluation=_read_samples(directory, "evaluation", request),
        warnings=tuple(request["warnings"]),
    )
    return prepared, ConvertOptions(**request["options"])


def _read_samples(directory: Path, part: str, request: Mapping[str, Any]) -> Samples:
    with np.load(directory / f"{part}.npz", allow_pickle=False) as arrays:
        return Samples(
            request["where"][part],
            tuple(arrays[f"x{index}"] for index in range(len(request["inputs"]))),
            arrays["y"] if "y" in arrays.files else None,
        )


def _read_reply(directory: Path) -> ConvertedModel:
    reply = json.loads((directory / _REPLY).read_text())
    if reply.get("error") == "ModelError":
        raise errors.ModelError(
            reply["message"], reasons=tuple(reply["reasons"]), hint=reply["hint"]
        )
    if "error" in reply:
        raised: type[errors.TinyCompressError] = getattr(errors, reply["error"])
        raise raised(reply["message"], hint=reply["hint"])
    return ConvertedModel(
        tflite=(directory / _TFLITE).read_bytes(),
        sha256=reply["sha256"],
        inputs=tuple(_spec(spec) for spec in reply["inputs"]),
        outputs=tuple(_spec(spec) for spec in reply["outputs"]),
        float_accuracy=reply["float_accuracy"],
        int8_accuracy=reply["int8_accuracy"],
        warnings=tuple(reply["warnings"]),
    )


def _spec(fields: Mapping[str, Any]) -> TensorSpec:
    return TensorSpec(**{**fields, "shape": tuple(fields["shape"])})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
