"""What an int8 file loses of its float model's outputs, and of the labels, as notes of a stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinycompress.compression.data.tasks import Task, target_of
from tinycompress.compression.network.network import Array
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import output_specs
from tinycompress.quality.collapse import collapse_warnings, has_one_range, label_warnings
from tinycompress.quality.signal import agreement_of


def lost_in_integers(
    tflite: bytes,
    in_float: Sequence[Array],
    stored: Sequence[Array],
    tasks: Sequence[Task],
    labels: Sequence[Array],
) -> tuple[str, ...]:
    """Values of outputs that collapse, or that the file's integers do not reach.

    Args:
        tflite: The file.
        in_float: What the float model answers, one array per output, batch first.
        stored: What the file answers, as it stores it.
        tasks: Of the outputs.
        labels: Of the same samples, one array per output.
    """
    return tuple(_lost(tflite, in_float, stored, tasks, labels))


def _lost(
    tflite: bytes,
    in_float: Sequence[Array],
    stored: Sequence[Array],
    tasks: Sequence[Task],
    labels: Sequence[Array],
) -> Iterator[str]:
    graph = read_model(tflite).main
    outputs = zip(output_specs(graph), in_float, stored, strict=True)
    for index, (spec, wanted, values) in enumerate(outputs):
        found = agreement_of(index, spec, wanted, values)
        told = collapse_warnings(found, spec, one_range=has_one_range(graph, index))
        yield from told
        target = target_of(tasks[index], labels[index])
        if target.kind == "regression" and not any("saturates" in text for text in told):
            yield from label_warnings(target.values, spec)
