"""Conversion in a process of its own.

TensorFlow's converter leaks memory with every call and can end the whole process on a model that
it does not like. A training run that converts after every epoch must survive both. The model is
frozen here, so the other process needs neither the user's classes nor Keras.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress import _isolated
from tinycompress.artifacts import ConvertedModel, OutputAgreement, OutputQuality, TensorSpec
from tinycompress.conversion.calibrate import Samples, SampleSource
from tinycompress.conversion.convert import (
    PreparedModel,
    convert_model,
    convert_prepared,
    open_source,
    prepare,
)
from tinycompress.conversion.fixed_point import model as fixed_point
from tinycompress.conversion.frozen_files import read_graph, write_graph
from tinycompress.conversion.options import ConvertOptions

_GRAPH, _REQUEST, _TFLITE = "graph", "request.json", "model.tflite"
_OTHER = "other:"
"""Before the names of arrays that are neither inputs nor called like labels."""


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
    opened = open_source(source, calibration, evaluation)
    if opened.kind == "tflite":
        return convert_model(source, calibration, evaluation=evaluation, options=chosen)
    prepared = prepare(opened, calibration, evaluation, chosen)
    with tempfile.TemporaryDirectory(prefix="tinycompress-") as name:
        directory = Path(name)
        _write_request(directory, prepared, chosen)
        reply = _isolated.call(
            "tinycompress.conversion.isolated",
            directory,
            timeout_s=timeout_s,
            hint="the converter failed on this model; `tinycompress --debug convert` shows its"
            " own output",
        )
        return _converted(directory, reply)


def main(directory: Path) -> None:
    """What the other process does: convert what is in a directory and leave the reply there."""
    prepared, options = _read_request(directory)

    def answer() -> dict[str, Any]:
        converted = convert_prepared(prepared, options)
        (directory / _TFLITE).write_bytes(converted.tflite)
        return {**asdict(replace(converted, tflite=b"")), "tflite": _TFLITE}

    _isolated.write_reply(directory, answer)


def _write_request(directory: Path, prepared: PreparedModel, options: ConvertOptions) -> None:
    request = {
        "name": prepared.name,
        "warnings": prepared.warnings,
        "where": {part: getattr(prepared, part).where for part in ("calibration", "evaluation")},
        "options": asdict(options),
    }
    (directory / _REQUEST).write_text(json.dumps(request), encoding="utf-8")
    write_graph(directory, _GRAPH, prepared.frozen)
    fixed_point.write(directory, prepared.fixed)
    for part in ("calibration", "evaluation"):
        samples: Samples = getattr(prepared, part)
        arrays: dict[str, Any] = {f"x{i}": values for i, values in enumerate(samples.inputs)}
        arrays |= samples.labels
        arrays |= {f"{_OTHER}{name}": values for name, values in samples.others.items()}
        np.savez(directory / f"{part}.npz", **arrays)


def _read_request(directory: Path) -> tuple[PreparedModel, ConvertOptions]:
    request = json.loads((directory / _REQUEST).read_text(encoding="utf-8"))
    frozen = read_graph(directory, _GRAPH)
    where, inputs = request["where"], len(frozen.inputs)
    prepared = PreparedModel(
        name=request["name"],
        frozen=frozen,
        calibration=_read_samples(directory, "calibration", where, inputs),
        evaluation=_read_samples(directory, "evaluation", where, inputs),
        warnings=tuple(request["warnings"]),
        fixed=fixed_point.read(directory),
    )
    return prepared, ConvertOptions(**request["options"])


def _read_samples(directory: Path, part: str, where: Mapping[str, str], inputs: int) -> Samples:
    with np.load(directory / f"{part}.npz", allow_pickle=False) as arrays:
        return Samples(
            where[part],
            tuple(arrays[f"x{index}"] for index in range(inputs)),
            {name: arrays[name] for name in arrays.files if not name.startswith(("x", _OTHER))},
            {
                name.removeprefix(_OTHER): arrays[name]
                for name in arrays.files
                if name.startswith(_OTHER)
            },
        )


def _converted(directory: Path, reply: Mapping[str, Any]) -> ConvertedModel:
    return ConvertedModel(
        tflite=(directory / _TFLITE).read_bytes(),
        sha256=reply["sha256"],
        inputs=tuple(_spec(spec) for spec in reply["inputs"]),
        outputs=tuple(_spec(spec) for spec in reply["outputs"]),
        activations=reply["activations"],
        quality=tuple(OutputQuality.from_json(one) for one in reply["quality"]),
        agreement=tuple(OutputAgreement.from_json(one) for one in reply["agreement"]),
        judged_samples=reply["judged_samples"],
        warnings=tuple(reply["warnings"]),
        not_integer=tuple(reply["not_integer"]),
        integer_inside=reply["integer_inside"],
    )


def _spec(fields: Mapping[str, Any]) -> TensorSpec:
    return TensorSpec(**{**fields, "shape": tuple(fields["shape"])})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
