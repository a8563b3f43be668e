"""The figures of a result, each with its unit, what is better, and how it was got.

A figure is a *total* or a *part*: totals are what a board's owner budgets with, parts are what they
are made of. A change that makes one part larger and the total smaller is a good one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tinycompress.measurement.reading import ReadResult

Better = Literal["lower", "higher"]
Unit = Literal["", "bytes", "us", "share", "score", "yes or no"]


@dataclass(frozen=True)
class Figure:
    """One figure of one result.

    Attributes:
        name: Its key in JSON, such as ``flash.total_bytes``.
        label: What people read, at most 16 characters.
        value: The figure; of runs, their median. Of ``yes or no``, 1 is yes.
        unit: Of the value; shares are from 0 to 1, a ``score`` is at most 1 and may be below 0.
        better: Which way is better.
        obtained: How it was got: measured, emulated, unknown, linked (read from the ELF), counted,
            compared or estimated.
        part: Whether it is a part of another figure.
        strict: Whether any change for the worse counts, whatever the limit.
        low: Least of the runs, None where there were none.
        high: Greatest of the runs, likewise.
        runs: How many.
        assumed_spread: What stands for the spread where nothing was run more than once.
    """

    name: str
    label: str
    value: float
    unit: Unit
    obtained: str
    better: Better = "lower"
    part: bool = False
    strict: bool = False
    low: float | None = None
    high: float | None = None
    runs: int | None = None
    assumed_spread: float = 0.0

    @property
    def spread(self) -> float:
        """Between the least and the greatest of the runs."""
        if self.low is None or self.high is None:
            return self.assumed_spread
        return self.high - self.low


@dataclass(frozen=True)
class Row:
    """Something that both results may have by its name: a layer, or a stage of a compression.

    ``kind`` is the operator or the stage. ``figures`` are all parts.
    """

    name: str
    kind: str
    figures: tuple[Figure, ...]


def figures_of(result: ReadResult) -> tuple[Figure, ...]:
    """All figures of a result as a whole, in the order in which they are shown."""
    makers = {"bench": _of_bench, "build": _of_build, "compress": _of_compression}
    return tuple(makers[result.kind](result.data))


def rows_of(result: ReadResult) -> tuple[Row, ...]:
    """Its layers; of a compression, its stages."""
    if result.kind == "compress":
        return tuple(
            Row(f"{row['index']}: {row['stage']}", str(row["stage"]), tuple(_of_stage(row)))
            for row in result.data["rows"]
        )
    if result.kind == "build":
        return tuple(
            Row(layer["name"], layer["op"], tuple(_of_built_layer(layer)))
            for layer in result.data["layers"]
        )
    obtained, spread = _obtained(result.data), _relative_spread(result.data)
    return tuple(
        Row(layer["name"], layer["op"], tuple(_of_benched_layer(layer, obtained, spread)))
        for layer in result.data["layers"]
    )


_FLASH = (
    ("total_bytes", "flash"), ("weights_bytes", "  weights"), ("kernels_bytes", "  kernels"),
    ("runtime_bytes", "  runtime"), ("platform_bytes", "  platform"),
)  # fmt: skip
_RAM = (
    ("reserved_bytes", "RAM reserved"), ("used_bytes", "RAM used"), ("arena_bytes", "  arena"),
    ("static_bytes", "  static"), ("stack_reserved_bytes", "  stack reserved"),
    ("stack_peak_bytes", "  stack peak"),
)  # fmt: skip
_ONLY_A_RUN_TELLS = ("used_bytes", "stack_peak_bytes")


def _of_bench(data: Mapping[str, Any]) -> Iterator[Figure]:
    yield from _qualities(data["quality"])
    different = data["exact"]["mismatched_samples"]
    if different is not None:
        yield Figure(
            "exact.mismatched_samples", "unlike oracle", different, "", "compared", strict=True
        )
    yield from _times(data)
    yield from _memory(data, ran=_obtained(data))
    yield Figure("macs", "MACs", data["macs"], "", "counted", part=True)
    yield _truth("fits", "fits", data["fits"])
    if data["latency"]["within_budget"] is not None:
        yield _truth("latency.within_budget", "in time budget", data["latency"]["within_budget"])


def _truth(name: str, label: str, value: bool) -> Figure:
    return Figure(name, label, int(value), "yes or no", "compared", better="higher", strict=True)


def _qualities(outputs: list[dict[str, Any]]) -> Iterator[Figure]:
    several = len(outputs) > 1
    for one in outputs:
        index, name = one["index"], one["score_name"]
        number = f" {index}" if several else ""
        if one["score"] is not None:
            yield Figure(
                f"quality[{index}].score", f"{name}{number}", one["score"],
                "share" if one["kind"] == "classes" else "score", "counted", better="higher",
            )  # fmt: skip
        if one["mean_absolute_error"] is not None:
            yield Figure(
                f"quality[{index}].mean_absolute_error", f"mean error{number}",
                one["mean_absolute_error"], "", "counted",
            )  # fmt: skip


_TIMES: tuple[tuple[str, str, Unit], ...] = (
    ("us", "latency", "us"), ("cycles", "cycles", ""), ("instructions", "instructions", ""),
)  # fmt: skip


def _times(data: Mapping[str, Any]) -> Iterator[Figure]:
    latency = data["latency"]
    for key, label, unit in _TIMES:
        found = latency[key]
        if found is not None:
            yield Figure(
                f"latency.{key}", label, found["median"], unit, found["obtained"],
                low=found["min"], high=found["max"], runs=data["runs"],
            )  # fmt: skip
    bound = latency["cycles_upper_bound"]
    if bound is not None:
        yield Figure(
            "latency.cycles_upper_bound", "cycles at most", bound, "", "estimated", part=True
        )


def _obtained(data: Mapping[str, Any]) -> str:
    """How figures of a run were got: as its time was."""
    latency = data.get("latency", {})
    for key in ("us", "cycles", "instructions"):
        if latency.get(key) is not None:
            return str(latency[key]["obtained"])
    return "unknown"


def _relative_spread(data: Mapping[str, Any]) -> float:
    """Between the fastest and the slowest run, as a share of the median."""
    for key in ("us", "cycles", "instructions"):
        found = data["latency"][key]
        if found is not None and found["median"]:
            return float((found["max"] - found["min"]) / found["median"])
    return 0.0


def _memory(data: Mapping[str, Any], ran: str = "") -> Iterator[Figure]:
    for key, label in _FLASH:
        part = key != "total_bytes"
        yield Figure(f"flash.{key}", label, data["flash"][key], "bytes", "linked", part=part)
    for key, label in _RAM:
        value = data["ram"].get(key)
        if value is not None:
            obtained = ran if key in _ONLY_A_RUN_TELLS else "linked"
            part = key not in ("reserved_bytes", "used_bytes")
            yield Figure(f"ram.{key}", label, value, "bytes", obtained, part=part)


def _of_build(data: Mapping[str, Any]) -> Iterator[Figure]:
    """A directory does not tell of accuracy and the size of the file; ``--json`` does."""
    for kind, value in data.get("accuracy", {}).items():
        if value is not None:
            yield Figure(
                f"accuracy.{kind}", f"{kind} accuracy", value, "share", "counted", better="higher",
                part=kind == "float",
            )  # fmt: skip
    yield from _memory(data)
    yield Figure("macs", "MACs", data["macs"], "", "counted", part=True)
    if "tflite_bytes" in data:
        yield Figure("tflite_bytes", ".tflite", data["tflite_bytes"], "bytes", "counted", part=True)


def _of_benched_layer(
    layer: Mapping[str, Any], obtained: str, relative_spread: float
) -> Iterator[Figure]:
    """A layer is measured once; its spread is taken to be that of the whole, in proportion."""
    for key in ("cycles", "instructions"):
        value = layer[key]
        if value is not None:
            assumed = value * relative_spread
            yield Figure(key, key, value, "", obtained, part=True, assumed_spread=assumed)
    yield Figure("macs", "MACs", layer["macs"], "", "counted", part=True)


def _of_built_layer(layer: Mapping[str, Any]) -> Iterator[Figure]:
    yield Figure(
        "constants_bytes", "constants", layer["constants_bytes"], "bytes", "counted", part=True
    )
    yield Figure("macs", "MACs", layer["macs"], "", "counted", part=True)


_STAGE: tuple[tuple[str, str, Unit, bool], ...] = (
    ("int8_accuracy", "int accuracy", "share", False),
    ("float_accuracy", "float accuracy", "share", True),
    ("parameters", "parameters", "", True),
    ("nonzero_parameters", "not zero", "", True),
    ("macs", "MACs", "", True),
    ("tflite_bytes", ".tflite", "bytes", False),
)  # fmt: skip
_STAGE_FIGURES: tuple[tuple[str, str, Unit, bool], ...] = (
    ("latency_us", "latency", "us", False),
    ("instructions", "instructions", "", False),
    ("flash_bytes", "flash", "bytes", False),
    ("weights_bytes", "  weights", "bytes", True),
    ("kernels_bytes", "  kernels", "bytes", True),
    ("ram_reserved_bytes", "RAM reserved", "bytes", False),
    ("ram_bytes", "RAM used", "bytes", False),
    ("arena_bytes", "  arena", "bytes", True),
)
_LINKED = ("flash_bytes", "weights_bytes", "kernels_bytes", "ram_reserved_bytes", "arena_bytes")


def _of_compression(data: Mapping[str, Any]) -> Iterator[Figure]:
    """Of the result: of its last stage."""
    yield from _of_stage(data["rows"][-1])


def _of_stage(row: Mapping[str, Any]) -> Iterator[Figure]:
    for key, label, unit, part in _STAGE:
        better: Better = "higher" if unit == "share" else "lower"
        yield Figure(key, label, row[key], unit, "counted", better=better, part=part)
    figures = row["figures"]
    for key, label, unit, part in _STAGE_FIGURES:
        if key in figures:
            how = "linked" if key in _LINKED else "emulated"
            yield Figure(f"figures.{key}", label, figures[key], unit, how, part=part)
    if "fits" in figures:
        yield _truth("figures.fits", "fits", bool(figures["fits"]))
