"""docs/networks.md from the figures of `benchmarks.whole_networks.run`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.performance_page import table

Figures = Mapping[str, Any]

_PERCENT, _MS = 100.0, 1000.0
_HEAD = """\
# Whole networks of five kinds

Written by `make networks`; do not edit. Five small networks that the [corpus](corpus.md) has
nothing like are trained with Keras 3 in a minute or so each, and then take the road of every model:
`compress` with a recipe, `build`, and `bench` on the emulated Nano 33 BLE (AOT engine, exact to
TensorFlow Lite Micro). Every test sample goes through the device, and its output bytes are compared
with TensorFlow Lite Micro's.

"""
_QUALITY = """\
## Is it still good?

The same test samples, and the same code for all four columns: the float network as trained, its
plain int8 file, the int8 file after the recipe, and the answers of the device.
[Quality](measuring.md#quality) says what each score is. The mean average precision takes a box as
right that overlaps an object of its class by half.

"""
_COLUMNS = ("float", "int8", "compressed", "device")


def page(figures: Figures) -> str:
    """The page."""
    networks = figures["networks"]
    sections = "".join(_section(one) for one in networks.values())
    return (
        _HEAD
        + table(_COST_HEADS, [row for one in networks.values() for row in _costs(one)], 2)
        + "\n" + _QUALITY
        + table(
            ("network", "score", "test samples", "float", "int8", "int8, compressed", "device"),
            [row for one in networks.values() for row in _qualities(one)], 2,
        )
        + f"\n## The networks\n\n{sections}"
    )  # fmt: skip


_COST_HEADS = (
    "network", "file", "parameters", "not zero", "MACs", ".tflite, bytes", "flash, bytes",
    "RAM used, bytes", "latency, ms", "exact",
)  # fmt: skip


def _costs(one: Figures) -> Iterator[list[str]]:
    """The plain int8 file and the compressed one, which went through `bench` as well."""
    first, last, device = one["rows"][0], one["rows"][-1], one["device"]
    yield [
        one["title"], "int8", *_size(first), *_firmware(first["figures"], "ram_bytes"), ""
    ]  # fmt: skip
    wrong = device["mismatched_samples"]
    exact = "not compared" if wrong is None else f"{one['samples'] - wrong} of {one['samples']}"
    yield ["", "compressed", *_size(last), *_firmware(device, "ram_used_bytes"), exact]


def _size(row: Figures) -> list[str]:
    keys = ("parameters", "nonzero_parameters", "macs", "tflite_bytes")
    return [f"{row[key]:,}" for key in keys]


def _firmware(found: Figures, ram: str) -> list[str]:
    sizes = [f"{found[key]:,.0f}" for key in ("flash_bytes", ram)]
    return [*sizes, f"{found['latency_us'] / _MS:.2f}"]


def _qualities(one: Figures) -> Iterator[list[str]]:
    scores = one["scores"]
    title = one["title"]
    for place, output in enumerate(scores["float"]["outputs"]):
        of = f" of `{_layer(output['output'])}`" if len(scores["float"]["outputs"]) > 1 else ""
        each = [scores[column]["outputs"][place] for column in _COLUMNS]
        for key, name in (("score", output["score_name"]), *_MORE):
            if output.get(key) is None:
                continue
            cells = [_score(said, key) for said in each]
            yield [title, f"{name}{of}", f"{one['samples']}", *cells]
            title = ""
    for name in scores["float"]["together"]:
        cells = [f"{scores[column]['together'][name]:.4f}" for column in _COLUMNS]
        yield [title, name, f"{one['samples']}", *cells]


_MORE = (("mean_iou", "mean IoU"), ("mean_absolute_error", "mean absolute error"))


def _layer(output: str) -> str:
    """The layer that makes an output, of the name that the converter gave it."""
    parts = output.split("/")
    return parts[1] if len(parts) > 2 else output


def _score(said: Figures, key: str) -> str:
    if key == "score" and said["kind"] == "classes":
        return f"{_PERCENT * said[key]:.2f} %"
    return f"{said[key]:.4f}"


def _section(one: Figures) -> str:
    stages = ", then ".join(f"`{_told(stage)}`" for stage in one["recipe"])
    notes = [
        *(note for row in one["rows"] for note in row["notes"]), *one["device"]["notes"],
    ]  # fmt: skip
    told = "".join(f"- {note}\n" for note in dict.fromkeys(notes))
    noted = f"What the tools told:\n\n{told}\n" if told else ""
    recipe = f"Recipe: {stages}; firmware for {one['optimize']}."
    return f"### {one['title']}\n\n{one['about']} {recipe}\n\n{noted}"


def _told(stage: Figures) -> str:
    options = (
        f"{key} = {value}" for key, value in stage.items() if key not in ("kind", "fine_tune")
    )
    return f"{stage['kind']}, {', '.join(options)}, {stage['fine_tune']['epochs']} epochs"
