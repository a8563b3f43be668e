"""What ``convert`` answers: what was written, and what it is worth."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress._console import results_console
from tinycompress.artifacts import ConvertedModel
from tinycompress.cli.answers import next_steps
from tinycompress.cli.answers.common import (
    accuracy_json,
    conversion_lines,
    judgement_json,
    schema,
    spec_json,
    tflm_encoding_json,
)
from tinycompress.cli.answers.tflm import print_verdict, verdict_json
from tinycompress.cli.invocation import invocation, tell, warn
from tinycompress.cli.options import print_json
from tinycompress.pipeline.engines.tflm_verdict import TflmVerdict


def show_convert(
    converted: ConvertedModel, verdict: TflmVerdict, output: Path, *, as_json: bool
) -> None:
    """Show a converted model and what TensorFlow Lite Micro says of it; quiet: only its path."""
    if as_json:
        print_json(convert_json(converted, verdict, output))
        return
    warn(converted.warnings)
    if invocation().quiet:
        click.echo(output)
        return
    _print_convert(converted, output)
    print_verdict(verdict)
    step = next_steps.after_convert(
        output, encoded=converted.tflm_encoding is not None, precision=converted.precision
    )
    tell([f"next: {step}"])


def convert_json(
    converted: ConvertedModel, verdict: TflmVerdict, output: Path
) -> dict[str, object]:
    """The result of ``convert``."""
    return {
        **schema("convert"),
        "tflite": str(output),
        "tflite_bytes": len(converted.tflite),
        "sha256": converted.sha256,
        "inputs": [spec_json(spec) for spec in converted.inputs],
        "outputs": [spec_json(spec) for spec in converted.outputs],
        "activations": converted.activations,
        "accuracy": accuracy_json(converted),
        **judgement_json(converted.quality, converted.agreement, converted.judged_samples),
        "warnings": list(converted.warnings),
        "tflm_encoding": tflm_encoding_json(converted),
        "tflm": verdict_json(verdict),
    }


def _print_convert(converted: ConvertedModel, output: Path) -> None:
    """What was written and what it is worth."""
    console = results_console()
    for line in (f"wrote {output}", *conversion_lines(converted)):
        console.print(line, markup=False, soft_wrap=True)
    for way, specs in (("input", converted.inputs), ("output", converted.outputs)):
        for spec in specs:
            console.print(
                f"{way} {spec.name}: {spec.dtype} {list(spec.shape)}, "
                f"real = {spec.scale:.9g} * (stored - {spec.zero_point})",
                markup=False, soft_wrap=True,
            )  # fmt: skip
